"""Reading and writing what people made of shortlists; ownership is part of every statement."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.pages import Rows, Sorts, list_rows
from app.matchmaking.errors import ShortlistNotFound
from app.matchmaking.models import Shortlist, ShortlistEntry
from app.matchmaking.review.errors import ShortlistEntryNotFound
from app.matchmaking.review.models import ShortlistDecision, ShortlistImpression
from app.matchmaking.review.schemas import DecisionQuery

SORTS: Final[Sorts] = {"created_at": ShortlistDecision.created_at}  # type: ignore[dict-item]


async def add_impression(session: AsyncSession, shortlist_id: UUID, member_id: UUID, slot: int, at: datetime) -> None:
    """Write down that a member sees a list, unless it stands there for this window."""
    seen = {"shortlist_id": shortlist_id, "member_id": member_id, "slot": slot, "at": at}
    await session.exec(insert(ShortlistImpression).values(seen).on_conflict_do_nothing())


async def client_of(session: AsyncSession, shortlist_id: UUID, visible: ColumnElement[bool]) -> UUID:
    """The client whose shortlist it is."""
    statement = select(Shortlist.organisation_id).where(col(Shortlist.id) == shortlist_id, visible)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise ShortlistNotFound("There is no shortlist of that id.")
    return found


async def lock_entry(session: AsyncSession, shortlist_id: UUID, rank: int) -> ShortlistEntry:
    """A place on a shortlist, held until the transaction ends, so that decisions about it come one after the other."""
    statement = (
        select(ShortlistEntry)
        .where(col(ShortlistEntry.shortlist_id) == shortlist_id, col(ShortlistEntry.rank) == rank)
        .with_for_update()
    )
    entry = (await session.exec(statement)).one_or_none()
    if entry is None:
        raise ShortlistEntryNotFound("The shortlist has no candidate in that place.")
    return entry


async def last_number(session: AsyncSession, shortlist_id: UUID, rank: int) -> int:
    """Number of the last decision about a candidate; nought before the first."""
    statement = select(func.max(ShortlistDecision.number)).where(
        col(ShortlistDecision.shortlist_id) == shortlist_id, col(ShortlistDecision.rank) == rank
    )
    return (await session.exec(statement)).one() or 0


async def list_decisions(session: AsyncSession, shortlist_id: UUID, query: DecisionQuery) -> Rows[ShortlistDecision]:
    """One page of the decisions on a shortlist."""
    statement = select(ShortlistDecision).where(col(ShortlistDecision.shortlist_id) == shortlist_id)
    if query.current is not None:
        statement = statement.where(_replaced() != query.current)
    return await list_rows(session, statement, query, SORTS, tie=col(ShortlistDecision.id))


async def current_ids(session: AsyncSession, shortlist_ids: Collection[UUID]) -> set[UUID]:
    """The decisions on these lists that count."""
    statement = select(ShortlistDecision.id).where(col(ShortlistDecision.shortlist_id).in_(shortlist_ids), ~_replaced())
    return set((await session.exec(statement)).all())


async def current_decisions(session: AsyncSession, shortlist_ids: Collection[UUID]) -> Sequence[ShortlistDecision]:
    """The last decision about each candidate of these lists that anything was decided about."""
    statement = select(ShortlistDecision).where(col(ShortlistDecision.shortlist_id).in_(shortlist_ids), ~_replaced())
    return (await session.exec(statement)).all()


async def places(session: AsyncSession, shortlist_id: UUID) -> dict[int, tuple[UUID, int]]:
    """The engineer in each place of a list, and their score in billionths."""
    statement = select(ShortlistEntry.rank, ShortlistEntry.engineer_id, ShortlistEntry.score)
    rows = await session.exec(statement.where(col(ShortlistEntry.shortlist_id) == shortlist_id))
    return {rank: (engineer_id, score) for rank, engineer_id, score in rows}


async def decisions_about(session: AsyncSession, engineer_id: UUID) -> Sequence[ShortlistDecision]:
    """Everything that was decided about an engineer, oldest first."""
    here = and_(
        col(ShortlistEntry.shortlist_id) == ShortlistDecision.shortlist_id,
        col(ShortlistEntry.rank) == ShortlistDecision.rank,
    )
    statement = select(ShortlistDecision).join(ShortlistEntry, here)
    statement = statement.where(col(ShortlistEntry.engineer_id) == engineer_id)
    return (await session.exec(statement.order_by(col(ShortlistDecision.created_at), col(ShortlistDecision.id)))).all()


async def reviewed_lists(session: AsyncSession, organisation_id: UUID, since: datetime | None) -> Sequence[UUID]:
    """A client's lists that somebody has seen and decided on, oldest first; with `since`, those made from then on."""
    statement = select(Shortlist.id).where(col(Shortlist.organisation_id) == organisation_id, *_reviewed(since))
    return (await session.exec(statement.order_by(col(Shortlist.created_at), col(Shortlist.id)))).all()


async def clients_with_decisions(session: AsyncSession, since: datetime | None) -> Sequence[UUID]:
    """The clients who have such lists, in order."""
    statement = select(Shortlist.organisation_id).where(*_reviewed(since)).distinct()
    return sorted((await session.exec(statement)).all())


async def load_lists(session: AsyncSession, shortlist_ids: Collection[UUID]) -> Sequence[ShortlistEntry]:
    """The places of these lists, list by list."""
    statement = select(ShortlistEntry).where(col(ShortlistEntry.shortlist_id).in_(shortlist_ids))
    return (await session.exec(statement.order_by(col(ShortlistEntry.shortlist_id), col(ShortlistEntry.rank)))).all()


def _reviewed(since: datetime | None) -> list[Any]:
    seen = exists().where(col(ShortlistImpression.shortlist_id) == Shortlist.id)
    decided = exists().where(col(ShortlistDecision.shortlist_id) == Shortlist.id)
    return [seen, decided, *([] if since is None else [col(Shortlist.created_at) >= since])]


def _replaced() -> ColumnElement[bool]:
    """Whether another decision about the same candidate came later."""
    later = aliased(ShortlistDecision)
    return exists().where(
        later.shortlist_id == ShortlistDecision.shortlist_id,  # type: ignore[arg-type]
        later.rank == ShortlistDecision.rank,  # type: ignore[arg-type]
        later.number > ShortlistDecision.number,  # type: ignore[arg-type]
    )
