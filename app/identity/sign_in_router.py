"""Signing in, and going on from there, over HTTP: for whoever is not known yet."""

import binascii
from base64 import b64decode
from typing import Annotated, Final
from urllib.parse import unquote_plus

from fastapi import Form, status
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import BadRequest
from app.core.problems import problems
from app.core.routing import Router
from app.identity import clients, sessions, tokens
from app.identity import sign_in as signing_in
from app.identity.account_schemas import Jwks, SessionCreate, SessionStarted, TokenForm, TokenOut
from app.identity.dependencies import AddressDep, DatabaseDep, TokenKeysDep, counted_attempt
from app.identity.errors import (
    OAuthInvalidClient,
    OAuthInvalidGrant,
    OAuthInvalidRequest,
    OAuthInvalidScope,
    OAuthUnsupportedGrantType,
    OrganisationNeeded,
    SecondFactorNeeded,
    SignInFailed,
    SignInLocked,
)

router = Router(prefix="/v1", tag="sign-in", repeatable=False)

TOKEN_TYPE: Final = "Bearer"  # noqa: S105 - how a token is sent
EXPIRES_IN: Final = int(tokens.LIFETIME.total_seconds())


@router.post(
    "/sessions",
    operation_id="create_session",
    summary="Sign in",
    status_code=status.HTTP_201_CREATED,
    responses=problems(SignInFailed, SecondFactorNeeded, OrganisationNeeded, SignInLocked),
)
async def create_session(
    given: SessionCreate,
    request: Request,
    database: DatabaseDep,
    keyring: TokenKeysDep,
    address: AddressDep,
    response: Response,
) -> SessionStarted:
    """Begin a session with e-mail address and password, and with a second factor when one is set up.

    The access token works for ten minutes, the refresh token once. The session ends after 30 idle minutes, after 12
    hours, or when it is revoked. Whatever is wrong, the answer is `sign-in-failed`; only a right password is told
    that a code (`second-factor-needed`) or an organisation (`organisation-needed`) is missing. After five failures in a
    quarter of an hour your address must wait for the rest of another.
    """
    # Not the password: what the rates remember is a fast hash.
    known_as = keyring.blind("known account", given.email.lower()).hex()
    async with counted_attempt(request, known_as):
        started = await signing_in.sign_in(database, keyring, given, address)
    response.headers["Cache-Control"] = "no-store"
    return SessionStarted(
        session_id=started.session.id,
        member_id=started.session.member_id,
        organisation_id=started.session.organisation_id,
        mfa=started.mfa,
        access_token=started.access_token,
        token_type=TOKEN_TYPE,
        expires_in=EXPIRES_IN,
        refresh_token=started.refresh_token,
        session_expires_at=started.session.expires_at,
    )


@router.post(
    "/oauth/token",
    operation_id="create_token",
    summary="Get an access token",
    responses=problems(
        BadRequest,
        OAuthInvalidRequest,
        OAuthInvalidClient,
        OAuthInvalidGrant,
        OAuthUnsupportedGrantType,
        OAuthInvalidScope,
    ),
)
async def create_token(
    form: Annotated[TokenForm, Form()],
    request: Request,
    database: DatabaseDep,
    keyring: TokenKeysDep,
    response: Response,
) -> TokenOut:
    """Get the next tokens of a session, or a token for an OAuth client (RFC 6749).

    `refresh_token` spends the refresh token: sent a second time, it ends the session, since somebody has copied it.
    `client_credentials` takes the client's id and secret as parameters or by HTTP Basic. Refusals are problems whose
    `error` is the word the RFC has for it.
    """
    sent = (await request.form()).multi_items()
    if len({name for name, _ in sent}) < len(sent):
        raise OAuthInvalidRequest("No parameter may be sent twice.")
    response.headers["Cache-Control"] = "no-store"
    match form.grant_type:
        case None:
            raise OAuthInvalidRequest("Send grant_type.")
        case "refresh_token":
            return await continue_session(request, database, keyring, form)
        case "client_credentials":
            return await sign_client_in(request, database, keyring, form)
    raise OAuthUnsupportedGrantType("Send refresh_token or client_credentials as grant_type.")


async def continue_session(request: Request, database: DatabaseDep, keyring: TokenKeysDep, form: TokenForm) -> TokenOut:
    """The next tokens of a session."""
    if form.refresh_token is None:
        raise OAuthInvalidRequest("Send refresh_token.")
    async with counted_attempt(request, form.refresh_token):
        following = await sessions.refresh(database, keyring, form.refresh_token)
    return TokenOut(
        access_token=following.access_token,
        token_type=TOKEN_TYPE,
        expires_in=EXPIRES_IN,
        refresh_token=following.refresh_token,
        scope=None,
    )


async def sign_client_in(request: Request, database: DatabaseDep, keyring: TokenKeysDep, form: TokenForm) -> TokenOut:
    """A token for an OAuth client."""
    client_id, secret = client_credentials(request, form)
    async with counted_attempt(request, f"{client_id}:{secret}"):
        text, scopes = await clients.sign_in(database, keyring, client_id, secret, form.scope)
    return TokenOut(
        access_token=text,
        token_type=TOKEN_TYPE,
        expires_in=EXPIRES_IN,
        refresh_token=None,
        scope=" ".join(sorted(scopes)),
    )


def client_credentials(request: Request, form: TokenForm) -> tuple[str, str]:
    """The client's id and secret, by HTTP Basic or as parameters, but not both (RFC 6749, 2.3)."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        if form.client_id is not None or form.client_secret is not None:
            raise OAuthInvalidRequest("Send the client's credentials once.")
        try:
            client_id, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise OAuthInvalidClient("The Authorization header cannot be read.") from None
        if not colon:
            raise OAuthInvalidClient("The Authorization header cannot be read.")
        return unquote_plus(client_id), unquote_plus(secret)
    if form.client_id is None or form.client_secret is None:
        raise OAuthInvalidClient("Send the client's id and secret.")
    return form.client_id, form.client_secret


@router.get("/oauth/jwks", operation_id="get_jwks", summary="Read the public keys")
async def get_jwks(keyring: TokenKeysDep) -> Jwks:
    """The keys with which access tokens can be checked (RFC 7517). Whether the session still stands, only we know."""
    keys = [
        {**tokens.public_jwk(key), "kid": kid, "use": "sig", "alg": tokens.ALGORITHM}
        for kid, key in tokens.verification_keys(keyring).items()
    ]
    return Jwks.model_validate({"keys": keys})
