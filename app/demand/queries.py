"""Reading requests; ownership is part of every statement."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.interfaces import ORMOption
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.pages import Rows, Sorts, list_rows
from app.demand.errors import RequestNotFound
from app.demand.lifecycle import RequestStatus
from app.demand.models import Request, RequestSkill
from app.demand.schemas import RequestQuery

LISTS: Final = ("skills", "certifications")
SORTS: Final[Sorts] = {"created_at": Request.created_at, "updated_at": Request.updated_at}  # type: ignore[dict-item]


def whole() -> list[ORMOption]:
    """Load every list of a request, one statement each."""
    return [selectinload(getattr(Request, name)) for name in LISTS]


async def get_request(session: AsyncSession, request_id: UUID, visible: ColumnElement[bool]) -> Request:
    """A whole request."""
    statement = select(Request).where(col(Request.id) == request_id, visible).options(*whole())
    return _found((await session.exec(statement)).one_or_none())


async def lock_request(session: AsyncSession, request_id: UUID, visible: ColumnElement[bool]) -> Request:
    """A whole request, held until the transaction ends."""
    statement = (
        select(Request)
        .where(col(Request.id) == request_id, visible)
        .options(*whole())
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return _found((await session.exec(statement)).one_or_none())


async def load_requests(session: AsyncSession, request_ids: Sequence[UUID]) -> Sequence[Request]:
    """Whole requests by id, in no particular order, those that exist."""
    statement = select(Request).where(col(Request.id).in_(request_ids)).options(*whole())
    return (await session.exec(statement.execution_options(populate_existing=True))).all()


async def list_requests(session: AsyncSession, query: RequestQuery, conditions: Sequence[Any]) -> Rows[Request]:
    """One page of whole requests."""
    statement = select(Request).where(*conditions).options(*whole())
    return await list_rows(session, statement, query, SORTS, tie=col(Request.id))


async def request_ids(session: AsyncSession, *, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Ids of requests in order, for walking over all of them."""
    statement = select(Request.id)
    if after is not None:
        statement = statement.where(col(Request.id) > after)
    return (await session.exec(statement.order_by(col(Request.id)).limit(limit))).all()


async def unknown_words(session: AsyncSession) -> Sequence[str]:
    """Every spelling under which requests ask for a skill that no concept goes by."""
    return (
        await session.exec(select(RequestSkill.written).where(col(RequestSkill.skill_id).is_(None)).distinct())
    ).all()


async def shown_to_suppliers(session: AsyncSession, limit: int) -> Sequence[tuple[UUID, int]]:
    """Ids and versions of the newest open requests that suppliers can read."""
    statement = (
        select(Request.id, Request.version)
        .where(col(Request.open_to_suppliers), col(Request.status) == RequestStatus.OPEN)
        .order_by(col(Request.id).desc())
        .limit(limit)
    )
    return [(request_id, version) for request_id, version in await session.exec(statement)]


async def descriptions(session: AsyncSession, request_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What requests say, by id."""
    statement = select(Request.id, Request.description).where(col(Request.id).in_(request_ids))
    return dict((await session.exec(statement)).all())


def _found(request: Request | None) -> Request:
    if request is None:
        raise RequestNotFound("There is no request of that id.")
    return request
