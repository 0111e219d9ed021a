"""Reading and writing what was counted and declared."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.fairness.models import DeclaredAttributes, DeclaredStanding, ShortlistPopulation


async def list_populations(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, limit: int
) -> Sequence[ShortlistPopulation]:
    """What was counted of shortlists, oldest first."""
    statement = select(ShortlistPopulation).where(*conditions)
    ordered = statement.order_by(col(ShortlistPopulation.ranked_at), col(ShortlistPopulation.shortlist_id))
    return (await session.exec(ordered.limit(limit))).all()


def ranked_between(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Shortlists frozen from `start` and before `end`."""
    return (col(ShortlistPopulation.ranked_at) >= start) & (col(ShortlistPopulation.ranked_at) < end)


async def list_standings(session: AsyncSession, shortlist_ids: Collection[UUID]) -> Sequence[DeclaredStanding]:
    """How people who declared something fared in these rankings."""
    statement = select(DeclaredStanding).where(col(DeclaredStanding.shortlist_id).in_(shortlist_ids))
    return (await session.exec(statement)).all()


async def declarers(session: AsyncSession) -> Sequence[UUID]:
    """Everybody who has declared something."""
    return (await session.exec(select(DeclaredAttributes.engineer_id))).all()


async def list_declared(session: AsyncSession, engineer_ids: Collection[UUID]) -> Sequence[DeclaredAttributes]:
    """What these people declared, still sealed."""
    statement = select(DeclaredAttributes).where(col(DeclaredAttributes.engineer_id).in_(engineer_ids))
    return (await session.exec(statement)).all()


async def forget_declared(session: AsyncSession, engineer_id: UUID) -> bool:
    """Delete what somebody declared; say whether there was anything."""
    statement = delete(DeclaredAttributes).where(col(DeclaredAttributes.engineer_id) == engineer_id)
    gone = await session.exec(statement.returning(col(DeclaredAttributes.engineer_id)))
    return gone.one_or_none() is not None
