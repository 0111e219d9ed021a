"""Who is asking: every room's routes begin with this."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, OAuth2
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from app.audit import service as audit
from app.core import idempotency
from app.core.actor import Actor
from app.core.aftermath import when_refused
from app.core.database import Database, SessionDep
from app.core.errors import DomainError, Forbidden, NotFound, Unauthorized
from app.core.rates import Rates, address_of
from app.core.tenancy import SIGN_IN, tenancy_of, work_for
from app.identity import clients, service, sessions, tokens
from app.identity.errors import (
    LinkNotUsable,
    OAuthInvalidGrant,
    OrganisationNeeded,
    SecondFactorNeeded,
    SecondFactorRequired,
)
from app.identity.events import AccessDenied
from app.identity.keys import KIND
from app.identity.permissions import Resource, Verb, require
from app.identity.scopes import ALL_SCOPES
from app.identity.token_keys import TokenKeys, TokenKeySource

SENSITIVE: Final = frozenset(
    {Resource.ENGINEER_CONTACT, Resource.ENGINEER_DOCUMENT, Resource.PERSONAL_DATA, Resource.AUDIT_EVENT}
)
"""Of these a record is kept also when what was asked for is not there for the actor."""

TOKEN_URL: Final = "/v1/oauth/token"  # noqa: S105 - an address
FAILURES: Final = (Unauthorized, OAuthInvalidGrant, LinkNotUsable)
RIGHT_SO_FAR: Final = (SecondFactorNeeded, OrganisationNeeded)

api_key = HTTPBearer(
    auto_error=False, scheme_name="api_key", bearerFormat="puente_<prefix>_<secret>", description="An API key."
)
access_token = HTTPBearer(
    auto_error=False,
    scheme_name="access_token",
    bearerFormat="JWT",
    description="The access token of a session: `POST /v1/sessions` begins one.",
)
oauth2 = OAuth2(
    auto_error=False,
    scheme_name="oauth2",
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(
            tokenUrl=TOKEN_URL,
            scopes={scope: f"To {scope.split(':')[1]} what is a {scope.split(':')[0]}." for scope in ALL_SCOPES},
        )
    ),
    description="The access token of an OAuth client.",
)
BearerDep = Annotated[HTTPAuthorizationCredentials | None, Depends(api_key)]
# They read the same header; asking for them documents that any of the three will do.
SessionSchemeDep = Annotated[HTTPAuthorizationCredentials | None, Depends(access_token)]
ClientSchemeDep = Annotated[str | None, Depends(oauth2)]


def get_database(request: Request) -> Database:
    """The database, for work in several transactions."""
    database: Database = request.app.state.database
    return database


def get_token_keys(request: Request) -> TokenKeys:
    """What sign-in signs and seals with."""
    source: TokenKeySource = request.app.state.token_keys
    return source.keyring


def get_address(request: Request) -> str:
    """The address the request came from; what proxies say counts only when they are trusted."""
    return address_of(request.scope)


DatabaseDep = Annotated[Database, Depends(get_database)]
TokenKeysDep = Annotated[TokenKeys, Depends(get_token_keys)]
AddressDep = Annotated[str, Depends(get_address)]


@asynccontextmanager
async def counted_attempt(request: Request, credential: str) -> AsyncIterator[None]:
    """Try a credential within what its address may still try; when the block refuses it, that counts."""
    rates: Rates = request.app.state.rates
    await rates.admit_attempt(request.scope, credential)
    try:
        yield
    except RIGHT_SO_FAR:
        raise
    except FAILURES:
        await rates.count_failure(request.scope, credential)
        raise
    rates.remember(credential)


async def authenticate(session: AsyncSession, keyring: TokenKeys, text: str) -> Actor:
    """The actor a credential speaks for, as the database knows it now.

    Raises:
        Unauthorized: whatever is wrong with it.
    """
    if text.startswith(KIND):
        return await service.authenticate(session, text)
    claims = tokens.read(keyring, text)
    if claims is None:
        raise Unauthorized
    if claims.client_id is not None:
        return await clients.authenticate(session, claims)
    return await sessions.authenticate(session, claims)


async def get_enrolling_actor(
    request: Request,
    credentials: BearerDep,
    keyring: TokenKeysDep,
    _session_scheme: SessionSchemeDep,
    _client_scheme: ClientSchemeDep,
    own: SessionDep,
) -> Actor:
    """Whoever sent the request, even in a session that must set up a second factor before it does anything else."""
    if credentials is None:
        raise Unauthorized("Send an API key or an access token as Authorization: Bearer <credential>.")
    database: Database = request.app.state.database
    rates: Rates = request.app.state.rates
    # A transaction of its own, over before the request's begins: noting the use of a credential must neither be
    # undone with a failed request nor hold its row while a long one runs.
    async with counted_attempt(request, credentials.credentials), database.transaction(SIGN_IN) as session:
        actor = await authenticate(session, keyring, credentials.credentials)
    if actor.credential_id is not None and actor.organisation_id is not None:
        await rates.count_request(request.scope, actor.credential_id, actor.organisation_id)
    work_for(own, tenancy_of(actor))
    return actor


EnrollingActorDep = Annotated[Actor, Depends(get_enrolling_actor)]


async def get_admitted_actor(actor: EnrollingActorDep) -> Actor:
    """Whoever sent the request, unless it must set up a second factor first."""
    if actor.must_enrol:
        raise SecondFactorRequired("Set up an authenticator with POST /v1/me/totp; this session can do nothing else.")
    return actor


AdmittedActorDep = Annotated[Actor, Depends(get_admitted_actor)]
"""For work in transactions of its own, which an Idempotency-Key cannot make one with its record."""


async def get_actor(request: Request, actor: AdmittedActorDep, own: SessionDep) -> Actor:
    """The actor whose credential came with the request; a request answered before goes no further than here."""
    await idempotency.begin(request, own, actor)
    return actor


ActorDep = Annotated[Actor, Depends(get_actor)]


@dataclass(frozen=True)
class May:
    """The actor, once the table has permitted it to do this to anything at all; whose things is part of each query."""

    verb: Verb
    resource: Resource

    async def __call__(self, request: Request, actor: ActorDep) -> Actor:
        """Refuse what the table does not permit; a refusal is recorded."""
        when_refused(request, tenancy_of(actor), partial(self._record, request, actor))
        require(actor, self.verb, self.resource)
        return actor

    async def _record(self, request: Request, actor: Actor, session: AsyncSession, refusal: DomainError) -> None:
        if isinstance(refusal, Forbidden) or (isinstance(refusal, NotFound) and self.resource in SENSITIVE):
            subject = named_in(request) or actor.member_id
            assert subject is not None  # noqa: S101 - whoever calls over HTTP is a member
            event = AccessDenied(subject, self.resource, self.verb, request.scope["route"].operation_id, refusal.code)
            await audit.record(session, actor, event)


def may(verb: Verb, resource: Resource) -> Any:
    """The actor of a route that only those may call whom the table permits this."""
    return Depends(May(verb, resource))


def named_in(request: Request) -> UUID | None:
    """The thing a request is about: the last id in its path."""
    for value in reversed(request.path_params.values()):
        try:
            return UUID(value)
        except ValueError:
            continue
    return None
