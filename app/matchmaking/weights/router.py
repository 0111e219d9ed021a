"""Ranking weights and proposals for them over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response, status

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.errors import PreconditionFailed, PreconditionRequired
from app.core.etags import NOT_MODIFIED, IfMatchDep, set_etag
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.identity.dependencies import may
from app.identity.errors import OrganisationNotFound
from app.identity.permissions import Resource, Verb
from app.matchmaking.weights import service
from app.matchmaking.weights.errors import ProposalOutdated, WeightProposalNotFound
from app.matchmaking.weights.schemas import (
    ProposalApplication,
    ProposalQuery,
    RankingWeightsOut,
    RankingWeightsPut,
    VersionQuery,
    WeightProposalOut,
)

router = Router(prefix="/v1", tag="weights")

MayReadWeights = Annotated[Actor, may(Verb.READ, Resource.RANKING_WEIGHTS)]
MayChangeWeights = Annotated[Actor, may(Verb.CHANGE, Resource.RANKING_WEIGHTS)]


@router.get(
    "/organisations/{organisation_id}/ranking-weights",
    operation_id="get_ranking_weights",
    responses=problems(OrganisationNotFound) | NOT_MODIFIED,
)
async def get_ranking_weights(
    organisation_id: UUID, session: SessionDep, actor: MayReadWeights, response: Response
) -> RankingWeightsOut:
    """Read what counts how much for a client: its own weights, or the defaults as version 0.

    They rank every request of the client that sets no weights of its own; each shortlist says which it went by.
    """
    found = await service.get_weights(session, actor, organisation_id)
    set_etag(response, found.version)
    return found


@router.put(
    "/organisations/{organisation_id}/ranking-weights",
    operation_id="replace_ranking_weights",
    responses=problems(OrganisationNotFound, PreconditionFailed, PreconditionRequired),
)
async def replace_ranking_weights(
    organisation_id: UUID,
    given: RankingWeightsPut,
    session: SessionDep,
    actor: MayChangeWeights,
    if_match: IfMatchDep,
    response: Response,
) -> RankingWeightsOut:
    """Set what counts how much for a client: a new version, which its next shortlists go by; the old ones are kept."""
    made = await service.replace_weights(session, actor, organisation_id, given, if_match)
    set_etag(response, made.version)
    return made


@router.get(
    "/organisations/{organisation_id}/ranking-weights/versions",
    operation_id="list_ranking_weights_versions",
    responses=problems(OrganisationNotFound),
)
async def list_ranking_weights_versions(
    organisation_id: UUID, query: Annotated[VersionQuery, Query()], session: SessionDep, actor: MayReadWeights
) -> Page[RankingWeightsOut]:
    """List every version of a client's weights: who set it, when and why."""
    return Page[RankingWeightsOut].model_validate(await service.list_versions(session, actor, organisation_id, query))


@router.get(
    "/organisations/{organisation_id}/weight-proposals",
    operation_id="list_weight_proposals",
    responses=problems(OrganisationNotFound),
)
async def list_weight_proposals(
    organisation_id: UUID, query: Annotated[ProposalQuery, Query()], session: SessionDep, actor: MayReadWeights
) -> Page[WeightProposalOut]:
    """List what `puente calibrate` has proposed from a client's decisions, with the figures for and against it."""
    return Page[WeightProposalOut].model_validate(await service.list_proposals(session, actor, organisation_id, query))


@router.post(
    "/weight-proposals/{proposal_id}/apply",
    operation_id="apply_weight_proposal",
    status_code=status.HTTP_201_CREATED,
    responses=problems(WeightProposalNotFound, ProposalOutdated),
)
async def apply_weight_proposal(
    proposal_id: UUID,
    session: SessionDep,
    actor: MayChangeWeights,
    response: Response,
    given: Annotated[ProposalApplication, Body()] = ProposalApplication(),  # noqa: B008 - frozen
) -> RankingWeightsOut:
    """Apply proposed weights: a new version of the client's, which names the proposal and who applied it.

    People apply proposals: OAuth clients are refused. So is a proposal made from an older version than the present one.
    """
    made = await service.apply_proposal(session, actor, proposal_id, note=given.note)
    set_etag(response, made.version)
    return made
