"""Reading and writing links and consents, and what an erasure removes."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, exists, func, update
from sqlalchemy.orm import aliased, defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import utcnow
from app.core.pages import Rows, Sorts, list_rows
from app.talent.errors import EngineerNotFound
from app.talent.lifecycle import EngineerStatus
from app.talent.models import (
    Engineer,
    EngineerCertification,
    EngineerContact,
    EngineerDocument,
    EngineerDomain,
    EngineerLanguage,
    EngineerSkill,
)
from app.talent.privacy.errors import LinkNotFound
from app.talent.privacy.models import ConsentDecision, ConsentPurpose, Decision, EngineerLink, LinkPurpose
from app.talent.privacy.schemas import ConsentQuery, LinkQuery

FORGOTTEN: Final = (
    EngineerSkill,
    EngineerLanguage,
    EngineerCertification,
    EngineerDomain,
    EngineerContact,
    EngineerDocument,
    EngineerLink,
)
"""Tables of which an erasure leaves no row."""
LINK_SORTS: Final[Sorts] = {"created_at": col(EngineerLink.created_at)}
CONSENT_SORTS: Final[Sorts] = {"number": col(ConsentDecision.number)}
_UNSPENT: Final = (col(EngineerLink.used_at).is_(None), col(EngineerLink.revoked_at).is_(None))


async def list_links(session: AsyncSession, engineer_id: UUID, query: LinkQuery) -> Rows[EngineerLink]:
    """One page of the links made for an engineer."""
    statement = select(EngineerLink).where(col(EngineerLink.engineer_id) == engineer_id)
    return await list_rows(session, statement, query, LINK_SORTS, tie=col(EngineerLink.id))


async def every_link(session: AsyncSession, engineer_id: UUID) -> Sequence[EngineerLink]:
    """The links made for an engineer, oldest first."""
    statement = select(EngineerLink).where(col(EngineerLink.engineer_id) == engineer_id)
    return (await session.exec(statement.order_by(col(EngineerLink.created_at), col(EngineerLink.id)))).all()


async def lock_link(session: AsyncSession, engineer_id: UUID, link_id: UUID) -> EngineerLink:
    """A link made for an engineer, held until the transaction ends."""
    statement = select(EngineerLink).where(
        col(EngineerLink.id) == link_id, col(EngineerLink.engineer_id) == engineer_id
    )
    link = (await session.exec(statement.with_for_update())).one_or_none()
    if link is None:
        raise LinkNotFound("There is no link of that id.")
    return link


async def find_usable_link(session: AsyncSession, link_id: UUID) -> EngineerLink | None:
    """A link that could be used now."""
    statement = select(EngineerLink).where(col(EngineerLink.id) == link_id, *_UNSPENT)
    return (await session.exec(statement.where(col(EngineerLink.expires_at) > utcnow()))).one_or_none()


async def use_link(session: AsyncSession, link_id: UUID, purpose: LinkPurpose) -> bool:
    """Use a link up; of those who try at once, one is told that it was theirs to use."""
    now = utcnow()
    statement = (
        update(EngineerLink)
        .where(
            col(EngineerLink.id) == link_id,
            *_UNSPENT,
            col(EngineerLink.expires_at) > now,
            col(EngineerLink.purposes).contains([purpose.value]),
        )
        .values(used_at=now, used_for=purpose)
        .returning(col(EngineerLink.id))
        .execution_options(synchronize_session=False)
    )
    return (await session.exec(statement)).one_or_none() is not None


async def void_links(session: AsyncSession, engineer_id: UUID, purposes: Sequence[LinkPurpose]) -> None:
    """Revoke the unused links of an engineer that share a purpose with these."""
    shared = col(EngineerLink.purposes).overlap([one.value for one in purposes])  # type: ignore[attr-defined]
    statement = update(EngineerLink).where(col(EngineerLink.engineer_id) == engineer_id, *_UNSPENT, shared)
    await session.exec(statement.values(revoked_at=utcnow()).execution_options(synchronize_session=False))


async def list_consents(session: AsyncSession, engineer_id: UUID, query: ConsentQuery) -> Rows[ConsentDecision]:
    """One page of an engineer's decisions."""
    statement = select(ConsentDecision).where(col(ConsentDecision.engineer_id) == engineer_id)
    if query.purpose is not None:
        statement = statement.where(col(ConsentDecision.purpose) == query.purpose)
    if query.current is not None:
        statement = statement.where(~_overtaken() if query.current else _overtaken())
    return await list_rows(session, statement, query, CONSENT_SORTS, tie=col(ConsentDecision.engineer_id))


async def every_consent(
    session: AsyncSession, engineer_id: UUID, *, current: bool = False
) -> Sequence[ConsentDecision]:
    """An engineer's decisions, oldest first; with `current` the last on each purpose and version of its text."""
    statement = select(ConsentDecision).where(col(ConsentDecision.engineer_id) == engineer_id)
    if current:
        statement = statement.where(~_overtaken())
    return (await session.exec(statement.order_by(col(ConsentDecision.number)))).all()


async def last_number(session: AsyncSession, engineer_id: UUID) -> int:
    """How many decisions an engineer has made; the caller holds the engineer."""
    statement = select(func.coalesce(func.max(ConsentDecision.number), 0))
    return (await session.exec(statement.where(col(ConsentDecision.engineer_id) == engineer_id))).one()


async def is_withdrawn(session: AsyncSession, engineer_id: UUID, purpose: ConsentPurpose) -> bool:
    """Whether the last decision on a purpose, whatever the version of its text, was to withdraw."""
    statement = (
        select(ConsentDecision.decision)
        .where(col(ConsentDecision.engineer_id) == engineer_id, col(ConsentDecision.purpose) == purpose)
        .order_by(col(ConsentDecision.number).desc())
        .limit(1)
    )
    return (await session.exec(statement)).one_or_none() is Decision.WITHDRAWN


async def lock_person(session: AsyncSession, engineer_id: UUID, visible: ColumnElement[bool]) -> Engineer:
    """An engineer's row alone, erased or not, held until the transaction ends; nothing sealed is opened."""
    statement = select(Engineer).where(col(Engineer.id) == engineer_id, visible)
    locking = statement.with_for_update().execution_options(populate_existing=True)
    engineer = (await session.exec(locking)).one_or_none()
    if engineer is None:
        raise EngineerNotFound("There is no engineer of that id.")
    return engineer


async def not_erased(session: AsyncSession, engineer_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Those of these engineers who are there, and are not erased."""
    statement = select(Engineer.id).where(col(Engineer.id).in_(engineer_ids))
    return (await session.exec(statement.where(col(Engineer.status) != EngineerStatus.ERASED))).all()


async def forget(session: AsyncSession, engineer_id: UUID) -> None:
    """Delete every row that speaks of an engineer and is no history."""
    for table in FORGOTTEN:
        await session.exec(delete(table).where(col(table.engineer_id) == engineer_id))


async def delete_documents(session: AsyncSession, engineer_id: UUID) -> Sequence[UUID]:
    """Delete an engineer's documents; return which there were."""
    statement = delete(EngineerDocument).where(col(EngineerDocument.engineer_id) == engineer_id)
    return (await session.exec(statement.returning(col(EngineerDocument.id)))).scalars().all()


async def every_document(
    session: AsyncSession, engineer_id: UUID, *, largest: int
) -> Sequence[tuple[EngineerDocument, bytes | None]]:
    """An engineer's documents, oldest first, each with its sealed content unless it is larger than that."""
    content = case((col(EngineerDocument.size) <= largest, col(EngineerDocument.content)))
    statement = (
        select(EngineerDocument, content)
        .where(col(EngineerDocument.engineer_id) == engineer_id)
        .options(defer(EngineerDocument.content, raiseload=True))  # type: ignore[arg-type]
        .order_by(col(EngineerDocument.created_at), col(EngineerDocument.id))
    )
    return (await session.exec(statement)).all()


async def words_in_use(session: AsyncSession, hashes: Sequence[bytes]) -> Sequence[bytes | None]:
    """Those of these hashes of unknown words that a profile has."""
    statement = select(EngineerSkill.word_hash).where(col(EngineerSkill.word_hash).in_(hashes)).distinct()
    return (await session.exec(statement)).all()


def _overtaken() -> ColumnElement[bool]:
    later: Any = aliased(ConsentDecision)
    return exists().where(
        later.engineer_id == col(ConsentDecision.engineer_id),
        later.purpose == col(ConsentDecision.purpose),
        later.text_version == col(ConsentDecision.text_version),
        later.number > col(ConsentDecision.number),
    )
