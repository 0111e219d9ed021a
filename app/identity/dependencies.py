"""Who is asking: every room's routes begin with this."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from app.audit import service as audit
from app.core import idempotency
from app.core.actor import Actor
from app.core.aftermath import when_refused
from app.core.database import Database, SessionDep
from app.core.errors import DomainError, Forbidden, NotFound, Unauthorized
from app.core.rates import Rates
from app.core.tenancy import SIGN_IN, assume, tenancy_of
from app.identity import service
from app.identity.events import AccessDenied
from app.identity.permissions import Resource, Verb, require

SENSITIVE: Final = frozenset({Resource.ENGINEER_CONTACT, Resource.ENGINEER_DOCUMENT, Resource.AUDIT_EVENT})
"""Of these a record is kept also when what was asked for is not there for the actor."""

bearer = HTTPBearer(
    auto_error=False, scheme_name="api_key", bearerFormat="puente_<prefix>_<secret>", description="An API key."
)
BearerDep = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def get_actor(request: Request, credentials: BearerDep, own: SessionDep) -> Actor:
    """The actor whose key came with the request; a request answered before goes no further than here."""
    if credentials is None:
        raise Unauthorized("Send your API key as Authorization: Bearer <key>.")
    database: Database = request.app.state.database
    rates: Rates = request.app.state.rates
    await rates.admit_attempt(request.scope, credentials.credentials)
    try:
        # A transaction of its own, over before the request's begins: noting the use of a key must neither be undone
        # with a failed request nor hold the key's row while a long one runs.
        async with database.transaction(SIGN_IN) as session:
            actor = await service.authenticate(session, credentials.credentials)
    except Unauthorized:
        await rates.count_failure(request.scope, credentials.credentials)
        raise
    rates.remember(credentials.credentials)
    if actor.key_id is not None and actor.organisation_id is not None:
        await rates.count_request(request.scope, actor.key_id, actor.organisation_id)
    await assume(own, tenancy_of(actor))
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
