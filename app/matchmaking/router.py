"""Shortlists over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Body, Depends, Header, Query, Request, Response, status

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.languages import HEADER, LONGEST, preferred
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.demand.errors import RequestArchived, RequestNotFound
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb
from app.matchmaking import candidates, presentation, service
from app.matchmaking.engine import Engine
from app.matchmaking.errors import NothingToRankBy, PoolUnsettled, ShortlistNotFound
from app.matchmaking.flags import service as flags
from app.matchmaking.models import Shortlist
from app.matchmaking.schemas import (
    CandidateExplanationOut,
    ShortlistCreate,
    ShortlistOut,
    ShortlistQuery,
    ShortlistSummaryOut,
)
from app.talent.errors import EngineerNotFound
from app.talent.redaction import sight_of
from matching import LANGUAGES, words_in

router = Router(prefix="/v1", tag="shortlists")

MayCreateShortlist = Annotated[Actor, may(Verb.CREATE, Resource.SHORTLIST)]
MayReadShortlist = Annotated[Actor, may(Verb.READ, Resource.SHORTLIST)]
MayReadExplanation = Annotated[Actor, may(Verb.READ, Resource.EXPLANATION)]

TELLING: Final[dict[str, Any]] = {
    "headers": {
        "Content-Language": {
            "description": "Language of the reasons. What was frozen in English words stays English.",
            "schema": {"type": "string", "enum": list(LANGUAGES)},
        },
        "Vary": {"description": "What else decides the reply.", "schema": {"type": "string"}},
    }
}
"""What a reply in words says of its language."""


def get_language(
    wanted: Annotated[
        str,
        Header(
            alias=HEADER,
            description="Language of the reasons: English, Spanish or Portuguese, in the caller's order of preference. "
            "English where none of them is named, or the header makes no sense.",
            json_schema_extra={"maxLength": LONGEST},
            examples=["es-MX, es;q=0.9, en;q=0.5"],
        ),
    ] = "",
) -> str:
    """The language that the caller likes best."""
    return preferred(wanted, LANGUAGES)


LanguageDep = Annotated[str, Depends(get_language)]


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
    responses=problems(RequestNotFound, RequestArchived, PoolUnsettled, NothingToRankBy)
    | {status.HTTP_201_CREATED: TELLING},
)
async def create_shortlist(
    request_id: UUID,
    session: SessionDep,
    actor: MayCreateShortlist,
    engine: EngineDep,
    language: LanguageDep,
    body: Annotated[ShortlistCreate, Body()] = ShortlistCreate(),  # noqa: B008 - frozen
) -> Response:
    """Rank every listed engineer for a request and freeze the best, each with the reasons for their place."""
    shortlist = await service.create_shortlist(session, actor, engine, request_id, size=body.size)
    reply = await _reply(session, actor, shortlist, language)
    reply.status_code = status.HTTP_201_CREATED
    reply.headers["Location"] = f"/v1/shortlists/{shortlist.id}"
    return reply


@router.get(
    "/requests/{request_id}/shortlists",
    operation_id="list_shortlists",
    responses=problems(RequestNotFound) | {status.HTTP_200_OK: TELLING},
)
async def list_shortlists(
    request_id: UUID,
    query: Annotated[ShortlistQuery, Query()],
    session: SessionDep,
    actor: MayReadShortlist,
    language: LanguageDep,
    response: Response,
) -> Page[ShortlistSummaryOut]:
    """List the shortlists made for a request, without their candidates."""
    rows = await service.list_shortlists(session, actor, request_id, query)
    items = [presentation.summary(shortlist, sight_of(actor), words_in(language)) for shortlist in rows.items]
    response.headers.update(_in(language))
    return Page[ShortlistSummaryOut].model_validate({"items": items, "next_cursor": rows.next_cursor})


@router.get(
    "/shortlists/{shortlist_id}",
    operation_id="get_shortlist",
    response_model=ShortlistOut,
    responses=problems(ShortlistNotFound) | {status.HTTP_200_OK: TELLING},
)
async def get_shortlist(
    shortlist_id: UUID, session: SessionDep, actor: MayReadShortlist, language: LanguageDep
) -> Response:
    """Read a shortlist as it was frozen; clients see candidates without their identity."""
    return await _reply(session, actor, await service.get_shortlist(session, actor, shortlist_id), language)


@router.get(
    "/requests/{request_id}/candidates/{engineer_id}/explanation",
    operation_id="explain_candidate",
    response_model=CandidateExplanationOut,
    responses=problems(RequestNotFound, EngineerNotFound, RequestArchived, PoolUnsettled, NothingToRankBy)
    | {status.HTTP_200_OK: TELLING},
)
async def explain_candidate(
    request_id: UUID,
    engineer_id: UUID,
    session: SessionDep,
    actor: MayReadExplanation,
    engine: EngineDep,
    language: LanguageDep,
) -> Response:
    """Say how a listed engineer stands to a request now, on a shortlist or not: why, why not, and what would help.

    A firm asks about its own engineers, for requests opened to suppliers; a client about those whom one of its
    shortlists for the request shows.
    """
    heard = await candidates.explain_candidate(session, actor, engine, request_id, engineer_id)
    body = presentation.explanation_json(heard, sight_of(actor), language)
    return Response(body, media_type="application/json", headers=_in(language))


async def _reply(session: SessionDep, actor: Actor, shortlist: Shortlist, wanted: str) -> Response:
    identities = await service.identities(session, actor, shortlist)
    found = await flags.open_flags(session, actor, [entry.engineer_id for entry in shortlist.entries])
    language = presentation.spoken(shortlist, wanted)
    body = presentation.shortlist_json(shortlist, identities, sight_of(actor), language, found)
    return Response(body, media_type="application/json", headers=_in(language))


def _in(language: str) -> dict[str, str]:
    return {"Content-Language": language, "Vary": HEADER}
