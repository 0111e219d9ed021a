"""OAuth clients over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status
from starlette.responses import Response

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.idempotency import IdempotencyReplyWithheld
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.identity import clients
from app.identity.account_schemas import ClientCreate, ClientCreated, ClientOut, ClientQuery
from app.identity.dependencies import may
from app.identity.errors import ClientMayNot, ClientNotFound, OrganisationNotFound
from app.identity.permissions import Resource, Verb
from app.identity.scopes import ScopeNotYours, ScopesTooNarrow

router = Router(prefix="/v1", tag="identity")

MayCreateApiKey = Annotated[Actor, may(Verb.CREATE, Resource.API_KEY)]
MayReadApiKey = Annotated[Actor, may(Verb.READ, Resource.API_KEY)]
MayRemoveApiKey = Annotated[Actor, may(Verb.REMOVE, Resource.API_KEY)]


@router.post(
    "/organisations/{organisation_id}/oauth-clients",
    operation_id="create_client",
    summary="Register an OAuth client",
    status_code=status.HTTP_201_CREATED,
    responses=problems(OrganisationNotFound, ScopeNotYours, ClientMayNot, IdempotencyReplyWithheld),
)
async def create_client(
    organisation_id: UUID, given: ClientCreate, session: SessionDep, actor: MayCreateApiKey, response: Response
) -> ClientCreated:
    """Register a program that acts for you in your own organisation, within scopes; the reply alone shows its secret.

    It may do what both its scopes and your role permit, and ends with your access. Tokens: `POST /v1/oauth/token`.
    """
    client, text = await clients.create_client(session, actor, organisation_id, given)
    response.headers["Cache-Control"] = "no-store"
    return ClientCreated(**ClientOut.model_validate(client).model_dump(), client_secret=text)


@router.get(
    "/organisations/{organisation_id}/oauth-clients",
    operation_id="list_clients",
    summary="List OAuth clients",
    responses=problems(OrganisationNotFound),
)
async def list_clients(
    organisation_id: UUID, query: Annotated[ClientQuery, Query()], session: SessionDep, actor: MayReadApiKey
) -> Page[ClientOut]:
    """List OAuth clients, revoked ones included, without their secrets: all of them for an admin, else your own."""
    return Page[ClientOut].model_validate(await clients.list_clients(session, actor, organisation_id, query))


@router.post(
    "/oauth-clients/{client_id}/rotate-secret",
    operation_id="rotate_client_secret",
    summary="Replace a client's secret",
    responses=problems(ClientNotFound, ScopesTooNarrow, ClientMayNot, IdempotencyReplyWithheld),
)
async def rotate_client_secret(
    client_id: UUID, session: SessionDep, actor: MayCreateApiKey, response: Response
) -> ClientCreated:
    """Replace the secret of your own client; the old one stops working at once, tokens given out in ten minutes."""
    client, text = await clients.rotate_secret(session, actor, client_id)
    response.headers["Cache-Control"] = "no-store"
    return ClientCreated(**ClientOut.model_validate(client).model_dump(), client_secret=text)


@router.delete(
    "/oauth-clients/{client_id}",
    operation_id="revoke_client",
    summary="Revoke an OAuth client",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(ClientNotFound),
)
async def revoke_client(client_id: UUID, session: SessionDep, actor: MayRemoveApiKey) -> None:
    """End a client's access, for good and at once, tokens given out included."""
    await clients.revoke_client(session, actor, client_id)
