"""Role requests over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.errors import PreconditionFailed, PreconditionRequired
from app.core.etags import NOT_MODIFIED, IfMatchDep, set_etag
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.demand import service
from app.demand.errors import IllegalRequestMove, RequestArchived, RequestNotFound
from app.demand.models import Request
from app.demand.policy import names_client
from app.demand.schemas import RequestCreate, RequestOut, RequestPatch, RequestQuery
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb

router = Router(prefix="/v1/requests", tag="requests")

MayCreateRequest = Annotated[Actor, may(Verb.CREATE, Resource.REQUEST)]
MayReadRequest = Annotated[Actor, may(Verb.READ, Resource.REQUEST)]
MayChangeRequest = Annotated[Actor, may(Verb.CHANGE, Resource.REQUEST)]

_CHANGE = (RequestNotFound, PreconditionFailed, PreconditionRequired)


@router.post("", operation_id="create_request", status_code=status.HTTP_201_CREATED)
async def create_request(
    body: RequestCreate,
    response: Response,
    session: SessionDep,
    actor: MayCreateRequest,
) -> RequestOut:
    """Ask for a role."""
    request = await service.create_request(session, actor, body)
    response.headers["Location"] = f"/v1/requests/{request.id}"
    set_etag(response, request.version)
    return _out(request, actor)


@router.get("", operation_id="list_requests")
async def list_requests(
    query: Annotated[RequestQuery, Query()],
    session: SessionDep,
    actor: MayReadRequest,
) -> Page[RequestOut]:
    """List requests: a client its own, a recruiter all, a supplier those opened to suppliers."""
    rows = await service.list_requests(session, actor, query)
    return Page[RequestOut](items=[_out(request, actor) for request in rows.items], next_cursor=rows.next_cursor)


@router.get("/{request_id}", operation_id="get_request", responses=problems(RequestNotFound) | NOT_MODIFIED)
async def get_request(request_id: UUID, response: Response, session: SessionDep, actor: MayReadRequest) -> RequestOut:
    """Read one request."""
    request = await service.get_request(session, actor, request_id)
    set_etag(response, request.version)
    return _out(request, actor)


@router.patch("/{request_id}", operation_id="change_request", responses=problems(*_CHANGE, RequestArchived))
async def change_request(
    request_id: UUID,
    body: RequestPatch,
    response: Response,
    session: SessionDep,
    actor: MayChangeRequest,
    if_match: IfMatchDep,
) -> RequestOut:
    """Change a request: fields left out stay, lists are replaced whole, null forgets."""
    request = await service.change_request(session, actor, request_id, if_match, body)
    set_etag(response, request.version)
    return _out(request, actor)


@router.post("/{request_id}/archive", operation_id="archive_request", responses=problems(*_CHANGE, IllegalRequestMove))
async def archive_request(
    request_id: UUID,
    response: Response,
    session: SessionDep,
    actor: MayChangeRequest,
    if_match: IfMatchDep,
) -> RequestOut:
    """Archive a request for good; its shortlists stay readable."""
    request = await service.archive_request(session, actor, request_id, if_match)
    set_etag(response, request.version)
    return _out(request, actor)


def _out(request: Request, actor: Actor) -> RequestOut:
    out = RequestOut.model_validate(request)
    return out if names_client(actor) else out.model_copy(update={"organisation_id": None})
