"""Reading weights and proposals; ownership is part of every statement."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.pages import Rows, Sorts, list_rows
from app.matchmaking.weights.errors import WeightProposalNotFound
from app.matchmaking.weights.models import RankingWeights, WeightProposal
from app.matchmaking.weights.schemas import ProposalQuery, VersionQuery

VERSION_SORTS: Final[Sorts] = {"created_at": RankingWeights.created_at}  # type: ignore[dict-item]
PROPOSAL_SORTS: Final[Sorts] = {"created_at": WeightProposal.created_at}  # type: ignore[dict-item]


async def current_weights(session: AsyncSession, organisation_id: UUID) -> RankingWeights | None:
    """The weights of a client that hold, if it has any."""
    statement = select(RankingWeights).where(col(RankingWeights.organisation_id) == organisation_id)
    return (await session.exec(statement.order_by(col(RankingWeights.version).desc()).limit(1))).one_or_none()


async def list_versions(session: AsyncSession, organisation_id: UUID, query: VersionQuery) -> Rows[RankingWeights]:
    """One page of a client's versions."""
    statement = select(RankingWeights).where(col(RankingWeights.organisation_id) == organisation_id)
    return await list_rows(session, statement, query, VERSION_SORTS, tie=col(RankingWeights.id))


async def list_proposals(session: AsyncSession, organisation_id: UUID, query: ProposalQuery) -> Rows[WeightProposal]:
    """One page of the proposals made for a client."""
    statement = select(WeightProposal).where(col(WeightProposal.organisation_id) == organisation_id)
    return await list_rows(session, statement, query, PROPOSAL_SORTS, tie=col(WeightProposal.id))


async def get_proposal(session: AsyncSession, proposal_id: UUID, visible: ColumnElement[bool]) -> WeightProposal:
    """A proposal."""
    statement = select(WeightProposal).where(col(WeightProposal.id) == proposal_id, visible)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise WeightProposalNotFound("There is no proposal of that id.")
    return found


async def applied_as(session: AsyncSession, proposal_ids: Collection[UUID]) -> dict[UUID, int]:
    """The version that each of these proposals was applied as, of those that were."""
    statement = select(RankingWeights.proposal_id, RankingWeights.version)
    rows = await session.exec(statement.where(col(RankingWeights.proposal_id).in_(proposal_ids)))
    return {proposal_id: version for proposal_id, version in rows if proposal_id is not None}
