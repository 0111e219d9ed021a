"""Who is asking: every room's routes begin with this."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from app.core import idempotency
from app.core.actor import Actor
from app.core.database import Database, SessionDep
from app.core.errors import Unauthorized
from app.core.rates import Rates
from app.identity import service

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
        async with database.transaction() as session:
            actor = await service.authenticate(session, credentials.credentials)
    except Unauthorized:
        await rates.count_failure(request.scope, credentials.credentials)
        raise
    rates.remember(credentials.credentials)
    if actor.key_id is not None and actor.organisation_id is not None:
        await rates.count_request(request.scope, actor.key_id, actor.organisation_id)
    await idempotency.begin(request, own, actor)
    return actor


ActorDep = Annotated[Actor, Depends(get_actor)]
