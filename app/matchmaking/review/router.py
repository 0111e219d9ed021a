"""Decisions on shortlists over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, status

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.keyring import PersonErased
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb
from app.matchmaking.errors import ShortlistNotFound
from app.matchmaking.review import service
from app.matchmaking.review.errors import ShortlistEntryNotFound
from app.matchmaking.review.schemas import DecisionCreate, DecisionOut, DecisionQuery

router = Router(prefix="/v1/shortlists", tag="shortlists")

MayDecide = Annotated[Actor, may(Verb.CREATE, Resource.SHORTLIST_DECISION)]
MayReadDecisions = Annotated[Actor, may(Verb.READ, Resource.SHORTLIST_DECISION)]
Rank = Annotated[int, Path(ge=1, le=100, description="The candidate's place on the shortlist.", examples=[1])]


@router.post(
    "/{shortlist_id}/entries/{rank}/decisions",
    operation_id="decide_on_candidate",
    status_code=status.HTTP_201_CREATED,
    responses=problems(ShortlistNotFound, ShortlistEntryNotFound, PersonErased),
)
async def decide_on_candidate(
    shortlist_id: UUID, rank: Rank, given: DecisionCreate, session: SessionDep, actor: MayDecide
) -> DecisionOut:
    """Decide about a candidate: to advance, to hold or to decline. It is added to what was decided before, and counts.

    People decide: OAuth clients are refused, and nothing is ever decided by a score.
    """
    return await service.decide(session, actor, shortlist_id, rank, given)


@router.get("/{shortlist_id}/decisions", operation_id="list_decisions", responses=problems(ShortlistNotFound))
async def list_decisions(
    shortlist_id: UUID, query: Annotated[DecisionQuery, Query()], session: SessionDep, actor: MayReadDecisions
) -> Page[DecisionOut]:
    """List what was decided on a shortlist, beside the place and the score that the ranking gave each candidate."""
    return Page[DecisionOut].model_validate(await service.list_decisions(session, actor, shortlist_id, query))
