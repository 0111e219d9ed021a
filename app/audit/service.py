"""Recording what happened, in the transaction in which it happens."""

from collections.abc import Iterable

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import queries
from app.audit.canonical import Values
from app.audit.chain import keep
from app.audit.events import Event
from app.audit.models import AuditRecord
from app.audit.schemas import AuditRecordQuery
from app.core.actor import Actor
from app.core.clock import utcnow
from app.core.ids import new_id
from app.core.pages import Rows


async def record(session: AsyncSession, actor: Actor, event: Event) -> None:
    """Keep one record of `event`; it stands or falls with the caller's transaction."""
    keep(session, [values_of(actor, event)])


async def record_all(session: AsyncSession, actor: Actor, events: Iterable[Event]) -> None:
    """Keep one record of each of `events`, in their order."""
    keep(session, [values_of(actor, event) for event in events])


def values_of(actor: Actor, event: Event) -> Values:
    """The record of one event, without its place in a chain, which it gets when the transaction commits."""
    return {
        "id": new_id(),
        "at": utcnow(),
        "actor_member_id": actor.member_id,
        "actor_organisation_id": actor.organisation_id,
        "actor_key_id": actor.key_id,
        "actor_role": actor.role,
        "organisation_id": event.owner_id or actor.organisation_id,
        "action": event.action,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "payload": event.payload(),
    }


async def list_records(session: AsyncSession, query: AuditRecordQuery) -> Rows[AuditRecord]:
    """A page of records. The caller has checked that the actor may read them."""
    return await queries.list_records(session, query)
