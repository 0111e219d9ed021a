"""What sign-in signs, seals and blinds with: everything comes from one seed that is not in the database."""

import hmac
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.errors import CannotStart, Internal
from app.core.key_files import KeyFile
from app.core.settings import Settings

FILE: Final = "token.key"
SEED_BYTES: Final = 32
NONCE_BYTES: Final = 12


class SealUnreadable(Internal):
    """A secret was sealed with another key than the present one, or has been altered."""

    code = "seal-unreadable"
    title = "A stored secret cannot be read"


@dataclass(frozen=True)
class TokenKeys:
    """Keys for each purpose, derived from one seed."""

    seed: bytes = field(repr=False)

    @cached_property
    def signing(self) -> Ed25519PrivateKey:
        """Signs access tokens."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def seal(self, plain: bytes, *, owner: bytes) -> bytes:
        """`plain` so that only this keyring can read it, and only as `owner`'s."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, plain, owner)

    def unseal(self, sealed: bytes, *, owner: bytes) -> bytes:
        """What was sealed as `owner`'s.

        Raises:
            SealUnreadable: it was sealed with another key or for another owner, or altered.
        """
        try:
            return self._sealing.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner)
        except InvalidTag as failure:
            raise SealUnreadable from failure

    def blind(self, *parts: str) -> bytes:
        """A digest that says nothing to whoever has the database alone; equal parts have equal digests."""
        # A length before each part: no two sequences run together into one.
        content = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return hmac.digest(self._blinding, content, "sha256")

    @cached_property
    def _sealing(self) -> AESGCM:
        return AESGCM(self._derive(b"puente second factor"))

    @cached_property
    def _blinding(self) -> bytes:
        return self._derive(b"puente blinding")

    def _derive(self, purpose: bytes) -> bytes:
        return HKDF(SHA256(), SEED_BYTES, salt=None, info=purpose).derive(self.seed)


class TokenKeySource:
    """The keyring of the settings, read or made when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def keyring(self) -> TokenKeys:
        """The keyring.

        Raises:
            CannotStart: the key is malformed, or can neither be read nor kept.
        """
        return TokenKeys(token_seed(self._settings))


def token_seed(settings: Settings) -> bytes:
    """The seed from the settings, or the one in the state folder, made when there is none."""
    if settings.token_key is not None:
        return seed_of(settings.token_key.get_secret_value(), "PUENTE_TOKEN_KEY")
    file = KeyFile(settings.state_dir / FILE, "token key", "PUENTE_TOKEN_KEY")
    return seed_of((file.read() or file.make(os.urandom(SEED_BYTES).hex())).decode(errors="replace"), str(file.path))


def seed_of(text: str, source: str) -> bytes:
    """The 32 bytes that `text` spells in hexadecimal."""
    try:
        seed = bytes.fromhex(text)
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise CannotStart(f"{source}: the token key must be 32 bytes in hexadecimal.")
    return seed
