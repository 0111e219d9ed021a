"""Reading engineers; ownership is part of every statement."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.interfaces import ORMOption
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.keyring import PersonKey, person_keys, stored_key
from app.core.pages import Rows, Sorts, list_rows
from app.talent.errors import EngineerNotFound
from app.talent.lifecycle import EngineerStatus
from app.talent.models import Engineer, EngineerContact, EngineerSkill
from app.talent.schemas import EngineerQuery

LISTS: Final = ("skills", "languages", "certifications", "domains")
FOUND_AT_ONCE: Final = 100
THERE: Final = col(Engineer.status) != EngineerStatus.ERASED
"""What is left of somebody who was erased is found by nobody; rooms that keep its id are told that it is erased."""
SORTS: Final[Sorts] = {"created_at": Engineer.created_at, "updated_at": Engineer.updated_at}  # type: ignore[dict-item]


def whole() -> list[ORMOption]:
    """Load every list of a profile, one statement each."""
    return [selectinload(getattr(Engineer, name)) for name in LISTS]


async def get_engineer(session: AsyncSession, engineer_id: UUID, visible: ColumnElement[bool]) -> Engineer:
    """A whole profile. Its key comes with it: nothing else is read as often."""
    statement = (
        select(Engineer, col(PersonKey.master_key_id), col(PersonKey.wrapped))
        .outerjoin(PersonKey, col(PersonKey.engineer_id) == col(Engineer.id))
        .where(col(Engineer.id) == engineer_id, visible, THERE)
        .options(*whole())
    )
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise EngineerNotFound("There is no engineer of that id.")
    engineer, master_key_id, wrapped = found
    engineer.open(stored_key(session, engineer.id, master_key_id, wrapped))
    return engineer


async def lock_engineer(session: AsyncSession, engineer_id: UUID, visible: ColumnElement[bool]) -> Engineer:
    """A whole profile, held until the transaction ends."""
    statement = (
        select(Engineer)
        .where(col(Engineer.id) == engineer_id, visible, THERE)
        .options(*whole())
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return await _found(session, (await session.exec(statement)).one_or_none())


async def load_engineers(session: AsyncSession, engineer_ids: Sequence[UUID]) -> Sequence[Engineer]:
    """Whole profiles by id, in no particular order, those that exist."""
    statement = select(Engineer).where(col(Engineer.id).in_(engineer_ids)).options(*whole())
    return await opened(session, (await session.exec(statement.execution_options(populate_existing=True))).all())


async def bare_engineers(session: AsyncSession, engineer_ids: Sequence[UUID]) -> Sequence[Engineer]:
    """Engineers by id, without their lists."""
    engineers = (await session.exec(select(Engineer).where(col(Engineer.id).in_(engineer_ids)))).all()
    return await opened(session, engineers, lists=False)


async def offers(session: AsyncSession, organisation_id: UUID | None, engineer_id: UUID) -> bool:
    """Whether an engineer is of this organisation."""
    statement = select(Engineer.id).where(
        col(Engineer.id) == engineer_id, col(Engineer.organisation_id) == organisation_id
    )
    return (await session.exec(statement)).one_or_none() is not None


async def list_engineers(session: AsyncSession, query: EngineerQuery, conditions: Sequence[Any]) -> Rows[Engineer]:
    """One page of whole profiles."""
    statement = select(Engineer).where(THERE, *conditions).options(*whole())
    rows = await list_rows(session, statement, query, SORTS, tie=col(Engineer.id))
    await opened(session, rows.items)
    return rows


async def find_by_contact(
    session: AsyncSession, hashed: ColumnElement[bool], visible: ColumnElement[bool]
) -> Sequence[Engineer]:
    """Whole profiles whose contact data has this hash, newest first."""
    holders = select(EngineerContact.engineer_id).where(hashed)
    statement = select(Engineer).where(col(Engineer.id).in_(holders), visible, THERE).options(*whole())
    newest_first = statement.order_by(col(Engineer.id).desc()).limit(FOUND_AT_ONCE)
    return await opened(session, (await session.exec(newest_first)).all())


async def opened(session: AsyncSession, engineers: Sequence[Engineer], *, lists: bool = True) -> Sequence[Engineer]:
    """The same engineers with what was sealed of them, as far as their keys are there in this transaction."""
    keys = await person_keys(session, [engineer.id for engineer in engineers])
    for engineer in engineers:
        engineer.open(keys.get(engineer.id), lists=lists)
    return engineers


async def listed_ids(session: AsyncSession, *, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Ids of listed engineers in order, for walking over all of them."""
    statement = select(Engineer.id).where(col(Engineer.status) == EngineerStatus.LISTED)
    if after is not None:
        statement = statement.where(col(Engineer.id) > after)
    return (await session.exec(statement.order_by(col(Engineer.id)).limit(limit))).all()


async def count_listed(session: AsyncSession) -> int:
    """How many engineers are listed."""
    statement = select(func.count()).select_from(Engineer).where(col(Engineer.status) == EngineerStatus.LISTED)
    return (await session.exec(statement)).one()


async def count_engineers(session: AsyncSession, organisation_id: UUID) -> int:
    """How many engineers a firm has posted, archived ones included."""
    statement = select(func.count()).select_from(Engineer).where(col(Engineer.organisation_id) == organisation_id)
    return (await session.exec(statement)).one()


async def find_contact(session: AsyncSession, engineer_id: UUID) -> EngineerContact | None:
    """Contact data, if any was given."""
    return await session.get(EngineerContact, engineer_id)


def having_skill(known: str | None, word_hash: bytes) -> ColumnElement[bool]:
    """Engineers whose profile has a skill, by id or as a word that no concept went by."""
    found = col(EngineerSkill.word_hash) == word_hash
    if known is not None:
        found |= col(EngineerSkill.skill_id) == known
    return col(Engineer.id).in_(select(EngineerSkill.engineer_id).where(found))


async def _found(session: AsyncSession, engineer: Engineer | None) -> Engineer:
    if engineer is None:
        raise EngineerNotFound("There is no engineer of that id.")
    await opened(session, [engineer])
    return engineer
