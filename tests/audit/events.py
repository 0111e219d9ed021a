"""Something to record, for tests of the record itself."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import text

from app.audit import service as audit
from app.audit.events import Event
from app.core.actor import Actor
from app.core.ids import new_id


@dataclass(frozen=True)
class Happened(Event):
    """An event with a payload."""

    action: ClassVar[str] = "thing.happened"
    subject_type: ClassVar[str] = "thing"

    number: Any


def happened(organisation_id, number=0):
    return Happened(new_id(), number, owner_id=organisation_id)


async def chained(database, organisation_id, count):
    """So many records, each in its own transaction."""
    for number in range(count):
        async with database.transaction() as session:
            await audit.record(session, Actor.system(), happened(organisation_id, number))


async def ends(database):
    """The last sequence of every chain, after seeing that its records have no gap."""
    async with database.transaction() as session:
        gaps = (
            "SELECT organisation_id FROM audit_record GROUP BY 1 HAVING count(*) <> max(sequence) OR min(sequence) <> 1"
        )
        assert (await session.exec(text(gaps))).all() == []
        return dict((await session.exec(text("SELECT organisation_id, last_sequence FROM audit_chain"))).all())
