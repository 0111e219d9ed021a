"""Reading and writing flags; ownership is part of every statement a caller's id goes into."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.keyring import person_keys
from app.core.pages import Rows, Sorts, list_rows
from app.matchmaking.flags.errors import FlagNotFound
from app.matchmaking.flags.lifecycle import FlagState
from app.matchmaking.flags.models import ProfileFlag
from app.matchmaking.flags.schemas import FlagQuery

SORTS: Final[Sorts] = {"found_at": col(ProfileFlag.found_at)}


async def flags_of(session: AsyncSession, engineer_ids: Sequence[UUID]) -> Sequence[ProfileFlag]:
    """Every flag of these engineers, oldest first, still sealed."""
    statement = select(ProfileFlag).where(col(ProfileFlag.engineer_id).in_(engineer_ids))
    return (await session.exec(statement.order_by(col(ProfileFlag.found_at), col(ProfileFlag.id)))).all()


async def add_flags(session: AsyncSession, flags: Sequence[ProfileFlag]) -> None:
    """Write flags; indexing again may race a change that has found the same."""
    rows = [flag.model_dump() for flag in flags]
    await session.exec(insert(ProfileFlag).values(rows).on_conflict_do_nothing())


async def remove_flags(session: AsyncSession, flag_ids: Sequence[UUID]) -> None:
    """Remove flags that nobody has decided about."""
    unjudged = col(ProfileFlag.state) == FlagState.OPEN
    await session.exec(delete(ProfileFlag).where(col(ProfileFlag.id).in_(flag_ids), unjudged))


async def forget_flags(session: AsyncSession, engineer_id: UUID) -> None:
    """Remove every flag of an engineer."""
    await session.exec(delete(ProfileFlag).where(col(ProfileFlag.engineer_id) == engineer_id))


async def list_flags(session: AsyncSession, query: FlagQuery, conditions: Sequence[Any]) -> Rows[ProfileFlag]:
    """One page of flags, unsealed."""
    statement = select(ProfileFlag).where(*conditions)
    if query.state is not None:
        statement = statement.where(col(ProfileFlag.state) == query.state)
    if query.kind is not None:
        statement = statement.where(col(ProfileFlag.kind) == query.kind)
    rows = await list_rows(session, statement, query, SORTS, tie=col(ProfileFlag.id))
    return Rows(await opened(session, rows.items), rows.next_cursor)


async def get_flag(session: AsyncSession, flag_id: UUID, visible: ColumnElement[bool]) -> ProfileFlag:
    """A flag, unsealed."""
    found = (await session.exec(select(ProfileFlag).where(col(ProfileFlag.id) == flag_id, visible))).all()
    return _found(await opened(session, found))


async def lock_flag(session: AsyncSession, flag_id: UUID, visible: ColumnElement[bool]) -> ProfileFlag:
    """A flag, unsealed and held until the transaction ends."""
    statement = select(ProfileFlag).where(col(ProfileFlag.id) == flag_id, visible)
    locking = statement.with_for_update().execution_options(populate_existing=True)
    return _found(await opened(session, (await session.exec(locking)).all()))


async def open_counts(
    session: AsyncSession, engineer_ids: Sequence[UUID], visible: ColumnElement[bool]
) -> dict[UUID, int]:
    """How many open flags each of these engineers has, of those who have any."""
    statement = (
        select(ProfileFlag.engineer_id, func.count())
        .where(col(ProfileFlag.engineer_id).in_(engineer_ids), col(ProfileFlag.state) == FlagState.OPEN, visible)
        .group_by(col(ProfileFlag.engineer_id))
    )
    return dict((await session.exec(statement)).all())


async def opened(session: AsyncSession, flags: Sequence[ProfileFlag]) -> list[ProfileFlag]:
    """The same flags unsealed, of people whose key is there."""
    keys = await person_keys(session, {flag.engineer_id for flag in flags})
    readable = [flag for flag in flags if flag.engineer_id in keys]
    for flag in readable:
        flag.open(keys[flag.engineer_id])
    return readable


def _found(flags: Sequence[ProfileFlag]) -> ProfileFlag:
    if not flags:
        raise FlagNotFound("There is no flag of that id.")
    return flags[0]
