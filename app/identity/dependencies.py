"""Who is asking: every room's routes begin with this."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from app.core.actor import Actor
from app.core.database import Database
from app.core.errors import Unauthorized
from app.identity import service

bearer = HTTPBearer(
    auto_error=False, scheme_name="api_key", bearerFormat="puente_<prefix>_<secret>", description="An API key."
)
BearerDep = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def get_actor(request: Request, credentials: BearerDep) -> Actor:
    """The actor whose key came with the request."""
    if credentials is None:
        raise Unauthorized("Send your API key as Authorization: Bearer <key>.")
    database: Database = request.app.state.database
    # A transaction of its own, over before the request's begins: noting the use of a key must neither be undone
    # with a failed request nor hold the key's row while a long one runs.
    async with database.transaction() as session:
        return await service.authenticate(session, credentials.credentials)


ActorDep = Annotated[Actor, Depends(get_actor)]
