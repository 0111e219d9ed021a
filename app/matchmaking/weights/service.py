"""A client's weights: each change a version of its own, made by a person; and which weights a request is ranked by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, OrganisationKind
from app.core.database import refused_by
from app.core.errors import DomainError, Forbidden, PreconditionFailed
from app.core.etags import IfMatch
from app.core.pages import Rows
from app.demand.models import Request
from app.demand.weighing import require_balance
from app.identity import service as identity
from app.identity.errors import OrganisationNotFound
from app.identity.models import Organisation
from app.identity.permissions import Resource, Verb, reachable
from app.matchmaking.models import WeightsSource
from app.matchmaking.weights import queries
from app.matchmaking.weights.errors import ProposalOutdated
from app.matchmaking.weights.events import RankingWeightsSet
from app.matchmaking.weights.models import RankingWeights, WeightProposal
from app.matchmaking.weights.schemas import (
    ProposalQuery,
    RankingWeightsOut,
    RankingWeightsPut,
    VersionQuery,
    WeightProposalOut,
)
from matching import DEFAULT_WEIGHTS, PARTS
from matching.brief import WEIGHT_UNIT, share_weights

VERSION_TAKEN: Final = "uq_ranking_weights_organisation_id_version"
APPLIED: Final = "uq_ranking_weights_proposal_id"


@dataclass(frozen=True, slots=True)
class InForce:
    """The weights that a request is ranked by; `version` is of the client's, None of others."""

    source: WeightsSource
    version: int | None
    weights: Mapping[str, float]


async def weights_in_force(session: AsyncSession, request: Request) -> InForce:
    """A request's own weights, else its client's, else the defaults; each as a whole."""
    if request.weights is not None:
        return InForce(WeightsSource.REQUEST, None, request.weights)
    current = await queries.current_weights(session, request.organisation_id)
    if current is not None:
        return InForce(WeightsSource.CLIENT, current.version, current.weights)
    return InForce(WeightsSource.DEFAULT, None, DEFAULT_WEIGHTS)


async def client_weights(session: AsyncSession, organisation_id: UUID) -> tuple[int, Mapping[str, float]]:
    """Version and weights that hold for a client; nought and the defaults where it has none."""
    current = await queries.current_weights(session, organisation_id)
    return (0, DEFAULT_WEIGHTS) if current is None else (current.version, current.weights)


async def get_weights(session: AsyncSession, actor: Actor, organisation_id: UUID) -> RankingWeightsOut:
    """What counts how much for a client now."""
    await _get_client(session, actor, Verb.READ, organisation_id)
    current = await queries.current_weights(session, organisation_id)
    if current is not None:
        return out(current)
    return RankingWeightsOut(
        id=None,
        organisation_id=organisation_id,
        version=0,
        source=WeightsSource.DEFAULT,
        weights=dict(DEFAULT_WEIGHTS),
        note=None,
        proposal_id=None,
        created_by=None,
        created_at=None,
    )


async def replace_weights(
    session: AsyncSession, actor: Actor, organisation_id: UUID, given: RankingWeightsPut, if_match: IfMatch
) -> RankingWeightsOut:
    """Make a new version of a client's weights."""
    await _get_client(session, actor, Verb.CHANGE, organisation_id)
    version, _ = await client_weights(session, organisation_id)
    if_match.check(version)
    require_balance(given.weights, "/weights")
    fresh = RankingWeights(
        organisation_id=organisation_id,
        version=version + 1,
        weights=shares(given.weights.model_dump()),
        note=given.note,
        created_by=actor.member_id,
    )
    changed = PreconditionFailed("Somebody else has just changed them; read them again and repeat your change.")
    await _add(session, actor, fresh, changed)
    return out(fresh)


async def list_versions(
    session: AsyncSession, actor: Actor, organisation_id: UUID, query: VersionQuery
) -> Rows[RankingWeightsOut]:
    """Every version of a client's weights that there has been."""
    await _get_client(session, actor, Verb.READ, organisation_id)
    rows = await queries.list_versions(session, organisation_id, query)
    return Rows([out(row) for row in rows.items], rows.next_cursor)


async def list_proposals(
    session: AsyncSession, actor: Actor, organisation_id: UUID, query: ProposalQuery
) -> Rows[WeightProposalOut]:
    """What has been proposed for a client."""
    await _get_client(session, actor, Verb.READ, organisation_id)
    rows = await queries.list_proposals(session, organisation_id, query)
    applied = await queries.applied_as(session, [row.id for row in rows.items])
    items = [
        WeightProposalOut.model_validate({**row.model_dump(), "applied_as": applied.get(row.id)}) for row in rows.items
    ]
    return Rows(items, rows.next_cursor)


async def apply_proposal(
    session: AsyncSession, actor: Actor, proposal_id: UUID, *, note: str | None
) -> RankingWeightsOut:
    """Let a client be ranked for by proposed weights: a person answers for it.

    Raises:
        Forbidden: the actor is a program.
        ProposalOutdated: the weights are others by now than those it was made from.
    """
    owned = col(WeightProposal.organisation_id) == actor.organisation_id
    visible = reachable(actor, Verb.CHANGE, Resource.RANKING_WEIGHTS, owned=owned)
    proposal = await queries.get_proposal(session, proposal_id, visible)
    if actor.member_id is None or actor.client_id is not None:
        raise Forbidden("A person applies a proposal; a program may not.")
    version, _ = await client_weights(session, proposal.organisation_id)
    outdated = ProposalOutdated(f"It was made from version {proposal.base_version}; calibrate again.")
    if version != proposal.base_version:
        raise outdated
    fresh = RankingWeights(
        organisation_id=proposal.organisation_id,
        version=version + 1,
        weights=proposal.weights,
        note=note,
        proposal_id=proposal.id,
        created_by=actor.member_id,
    )
    await _add(session, actor, fresh, outdated)
    return out(fresh)


def shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights as shares of one, to the ten-thousandth; they add up exactly."""
    whole = share_weights(weights, frozenset(PARTS))
    return {part: weight / WEIGHT_UNIT for part, weight in whole.items()}


def out(row: RankingWeights) -> RankingWeightsOut:
    """A version as callers read it."""
    return RankingWeightsOut(**row.model_dump(), source=WeightsSource.CLIENT)


async def _add(session: AsyncSession, actor: Actor, fresh: RankingWeights, taken: DomainError) -> None:
    async with refused_by(session, {VERSION_TAKEN: taken, APPLIED: taken}):
        session.add(fresh)
    event = RankingWeightsSet(fresh.id, fresh.version, fresh.weights, fresh.proposal_id, owner_id=fresh.organisation_id)
    await audit.record(session, actor, event)


async def _get_client(session: AsyncSession, actor: Actor, verb: Verb, organisation_id: UUID) -> Organisation:
    missing = OrganisationNotFound("There is no such organisation.")
    if identity.confined_to(actor, verb, Resource.RANKING_WEIGHTS) not in {None, organisation_id}:
        raise missing
    organisation = await identity.get_organisation(session, actor, organisation_id)
    if organisation.kind is not OrganisationKind.CLIENT:
        raise missing
    return organisation
