"""What an audit record is made from."""

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar
from uuid import UUID

from pydantic_core import to_jsonable_python


@dataclass(frozen=True)
class Event:
    """Something that happened, in the past tense. Rooms subclass it, as frozen dataclasses.

    Its fields become the record's payload: ids, states, numbers and names of fields, never personal data, because
    records outlive what is erased; a text that may name somebody is sealed under the key of that subject.
    """

    action: ClassVar[str]
    """`noun.past_tense`, such as `engineer.created`."""
    subject_type: ClassVar[str]

    subject_id: UUID
    owner_id: UUID | None = field(default=None, kw_only=True)
    """The organisation the subject belongs to; the actor's own when nothing is said."""

    def payload(self) -> dict[str, Any]:
        """What else there is to know, as JSON."""
        own = {member.name for member in fields(Event)}
        return {
            member.name: to_jsonable_python(getattr(self, member.name))
            for member in fields(self)
            if member.name not in own
        }
