"""Recording what happened, in the transaction in which it happens."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import queries
from app.audit.canonical import Values
from app.audit.chain import keep
from app.audit.events import Event
from app.audit.models import AuditRecord
from app.audit.schemas import AuditRecordOut, AuditRecordQuery
from app.core.actor import Actor
from app.core.clock import utcnow
from app.core.encryption import SEALED, Key, place
from app.core.ids import new_id
from app.core.keyring import person_keys
from app.core.pages import Rows

ERASED: Final = "erased"
"""What stands in place of a text whose key was destroyed."""


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
        "actor_key_id": actor.credential_id,
        "actor_role": actor.role,
        "organisation_id": event.owner_id or actor.organisation_id,
        "action": event.action,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "payload": event.payload(),
    }


async def list_records(session: AsyncSession, query: AuditRecordQuery) -> Rows[AuditRecordOut]:
    """A page of records, with what is sealed in them opened. The caller has checked that the actor may read them."""
    rows = await queries.list_records(session, query)
    sealed = {record.subject_id for record in rows.items if any(map(is_sealed, record.payload.values()))}
    keys = await person_keys(session, sealed)
    return Rows([readable(record, keys.get(record.subject_id)) for record in rows.items], rows.next_cursor)


async def records_about(session: AsyncSession, kinds: Sequence[str], subject_id: UUID) -> Sequence[AuditRecord]:
    """Everything recorded about one subject, oldest first, as it is stored."""
    return await queries.records_about(session, kinds, subject_id)


def readable(record: AuditRecord, key: Key | None) -> AuditRecordOut:
    """The record with its sealed texts opened, or said to be erased; the stored one stays as it was chained."""
    found = AuditRecordOut.model_validate(record)
    opened = {name: opened_text(record, name, key) for name, value in record.payload.items() if is_sealed(value)}
    return found.model_copy(update={"payload": {**record.payload, **opened}})


def opened_text(record: AuditRecord, name: str, key: Key | None) -> str:
    """One sealed text of a record."""
    where = place("audit_record", f"payload.{name}", record.subject_id)
    return ERASED if key is None else key.open_text(where, record.payload[name])


def is_sealed(value: object) -> bool:
    """Whether a member of a payload is sealed under the key of the record's subject."""
    return isinstance(value, dict) and value.keys() == {SEALED}
