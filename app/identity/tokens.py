"""Access tokens: JWTs signed with our own Ed25519 key, and the secrets that are no JWTs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from json import dumps
from typing import Any, Final
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from app.core.clock import utcnow
from app.core.ids import new_id
from app.identity.keys import random_text
from app.identity.token_keys import TokenKeys

ISSUER: Final = "puente"
AUDIENCE: Final = "puente-api"
ALGORITHM: Final = "EdDSA"
TYPE: Final = "at+jwt"
"""RFC 9068: an access token says so in its header, and nothing else does."""
USE: Final = "access"
LIFETIME: Final = timedelta(minutes=10)
LEEWAY: Final = timedelta(seconds=2)
REQUIRED: Final = ["iss", "aud", "sub", "jti", "iat", "nbf", "exp", "token_use"]
MAX_LENGTH: Final = 4096
SECRET_LENGTH: Final = 43
"""Letters and digits: 256 bits of chance."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token that is ours says: whose it is, and from which session or client it comes."""

    member_id: UUID
    session_id: UUID | None
    client_id: UUID | None
    scopes: frozenset[str] | None


def issue(
    keyring: TokenKeys,
    member_id: UUID,
    *,
    session_id: UUID | None = None,
    client_id: UUID | None = None,
    scopes: Collection[str] | None = None,
) -> str:
    """A token for ten minutes. It carries no role: what its owner may do is looked up whenever it is used."""
    now = utcnow()
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(member_id),
        "jti": str(new_id()),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "token_use": USE,
    }
    if session_id is not None:
        claims["sid"] = str(session_id)
    if client_id is not None:
        claims["cid"] = str(client_id)
    if scopes is not None:
        claims["scope"] = " ".join(sorted(scopes))
    headers = {"typ": TYPE, "kid": key_id(keyring.signing.public_key())}
    return jwt.encode(claims, keyring.signing, algorithm=ALGORITHM, headers=headers)


def read(keyring: TokenKeys, text: str) -> Claims | None:
    """What a token says; None unless it is an access token of ours that is valid now."""
    if len(text) > MAX_LENGTH or not text.isascii():
        return None
    try:
        header = jwt.get_unverified_header(text)
        # The header only chooses among our own keys; it names no place to fetch one from.
        key = verification_keys(keyring).get(header.get("kid", ""))
        if key is None or header.get("typ") != TYPE:
            return None
        claims = jwt.decode(
            text,
            key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            leeway=LEEWAY,
            options={"require": REQUIRED},
        )
        return claims_of(claims)
    # A ValueError is an id that is none; a TypeError or an AttributeError, a claim of another type.
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        return None


def claims_of(claims: dict[str, Any]) -> Claims | None:
    """The claims of a verified token; None when it is no access token of one session or one client."""
    if claims["token_use"] != USE or ("sid" in claims) == ("cid" in claims):
        return None
    scope = claims.get("scope")
    if ("cid" in claims) != (scope is not None):
        return None
    return Claims(
        UUID(claims["sub"]),
        UUID(claims["sid"]) if "sid" in claims else None,
        UUID(claims["cid"]) if "cid" in claims else None,
        None if scope is None else frozenset(scope.split()),
    )


def verification_keys(keyring: TokenKeys) -> dict[str, Ed25519PublicKey]:
    """Our public keys by their id."""
    public = keyring.signing.public_key()
    return {key_id(public): public}


def key_id(key: Ed25519PublicKey) -> str:
    """The thumbprint of a key (RFC 7638)."""
    members = {name: value for name, value in public_jwk(key).items() if name in {"crv", "kty", "x"}}
    return sha256(dumps(members, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def public_jwk(key: Ed25519PublicKey) -> dict[str, Any]:
    """A key as JSON (RFC 8037)."""
    return OKPAlgorithm.to_jwk(key, as_dict=True)


def new_secret(kind: str) -> tuple[str, bytes]:
    """A secret that says what it is for, and the digest that is kept of it."""
    text = f"puente-{kind}-{random_text(SECRET_LENGTH)}"
    return text, digest(text)


def digest(text: str) -> bytes:
    """What is stored of a secret. It is random, so a fast hash gives nothing away."""
    return sha256(text.encode(errors="surrogatepass")).digest()
