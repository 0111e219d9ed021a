"""Shortlists over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Query, Request, Response, status

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.demand.errors import RequestArchived, RequestNotFound
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb
from app.matchmaking import presentation, service
from app.matchmaking.engine import Engine
from app.matchmaking.errors import IndexOutdated, NothingToRankBy, PoolUnsettled, ShortlistNotFound
from app.matchmaking.models import Shortlist
from app.matchmaking.schemas import ShortlistCreate, ShortlistOut, ShortlistQuery, ShortlistSummaryOut
from app.talent.redaction import sight_of

router = Router(prefix="/v1", tag="shortlists")

MayCreateShortlist = Annotated[Actor, may(Verb.CREATE, Resource.SHORTLIST)]
MayReadShortlist = Annotated[Actor, may(Verb.READ, Resource.SHORTLIST)]


def get_engine(request: Request) -> Engine:
    """The engine of this process."""
    engine: Engine = request.app.state.engine
    return engine


EngineDep = Annotated[Engine, Depends(get_engine)]


@router.post(
    "/requests/{request_id}/shortlists",
    operation_id="create_shortlist",
    status_code=status.HTTP_201_CREATED,
    response_model=ShortlistOut,
    responses=problems(RequestNotFound, RequestArchived, PoolUnsettled, NothingToRankBy, IndexOutdated),
)
async def create_shortlist(
    request_id: UUID,
    session: SessionDep,
    actor: MayCreateShortlist,
    engine: EngineDep,
    body: Annotated[ShortlistCreate, Body()] = ShortlistCreate(),  # noqa: B008 - frozen
) -> Response:
    """Rank every listed engineer for a request and freeze the best, each with the reasons for their place."""
    shortlist = await service.create_shortlist(session, actor, engine, request_id, size=body.size)
    reply = await _reply(session, actor, shortlist)
    reply.status_code = status.HTTP_201_CREATED
    reply.headers["Location"] = f"/v1/shortlists/{shortlist.id}"
    return reply


@router.get("/requests/{request_id}/shortlists", operation_id="list_shortlists", responses=problems(RequestNotFound))
async def list_shortlists(
    request_id: UUID,
    query: Annotated[ShortlistQuery, Query()],
    session: SessionDep,
    actor: MayReadShortlist,
) -> Page[ShortlistSummaryOut]:
    """List the shortlists made for a request, without their candidates."""
    rows = await service.list_shortlists(session, actor, request_id, query)
    items = [presentation.summary(shortlist, sight_of(actor)) for shortlist in rows.items]
    return Page[ShortlistSummaryOut].model_validate({"items": items, "next_cursor": rows.next_cursor})


@router.get(
    "/shortlists/{shortlist_id}",
    operation_id="get_shortlist",
    response_model=ShortlistOut,
    responses=problems(ShortlistNotFound),
)
async def get_shortlist(shortlist_id: UUID, session: SessionDep, actor: MayReadShortlist) -> Response:
    """Read a shortlist as it was frozen; clients see candidates without their identity."""
    return await _reply(session, actor, await service.get_shortlist(session, actor, shortlist_id))


async def _reply(session: SessionDep, actor: Actor, shortlist: Shortlist) -> Response:
    identities = await service.identities(session, actor, shortlist)
    return Response(presentation.shortlist_json(shortlist, identities, sight_of(actor)), media_type="application/json")
