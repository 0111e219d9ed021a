"""Reading audit records."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit.models import AuditRecord
from app.audit.schemas import AuditRecordQuery
from app.core.pages import Rows, Sorts, list_rows

SORTS: Final[Sorts] = {"at": col(AuditRecord.at)}
EXACT: Final = ("action", "subject_type", "subject_id", "organisation_id", "actor_member_id")


async def list_records(session: AsyncSession, query: AuditRecordQuery) -> Rows[AuditRecord]:
    """A page of records."""
    wanted = query.model_dump(include=set(EXACT), exclude_none=True)
    statement = select(AuditRecord).filter_by(**wanted)
    if query.since is not None:
        statement = statement.where(AuditRecord.at >= query.since)
    if query.until is not None:
        statement = statement.where(AuditRecord.at < query.until)
    return await list_rows(session, statement, query, SORTS, tie=col(AuditRecord.id))


async def records_about(session: AsyncSession, kinds: Sequence[str], subject_id: UUID) -> Sequence[AuditRecord]:
    """Every record of one subject, oldest first."""
    statement = select(AuditRecord).where(
        col(AuditRecord.subject_type).in_(kinds), col(AuditRecord.subject_id) == subject_id
    )
    return (await session.exec(statement.order_by(col(AuditRecord.at), col(AuditRecord.id)))).all()
