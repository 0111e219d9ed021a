"""What happens to profiles: facts for the record, and the one that keeps the index in step."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.audit.events import Event


@dataclass(frozen=True, slots=True)
class ProfilesChanged:
    """Profiles were written or changed state in this transaction; whoever ranks them must follow now."""

    engineer_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class EngineerCreated(Event):
    """A firm posted an engineer."""

    action = "engineer.created"
    subject_type = "engineer"

    status: str


@dataclass(frozen=True)
class EngineerChanged(Event):
    """A firm changed a profile; `fields` are names, never values."""

    action = "engineer.changed"
    subject_type = "engineer"

    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class EngineerMoved(Event):
    """A profile changed state."""

    action = "engineer.moved"
    subject_type = "engineer"

    was: str
    became: str


@dataclass(frozen=True)
class ContactChanged(Event):
    """A firm changed an engineer's contact data."""

    action = "engineer_contact.changed"
    subject_type = "engineer"

    fields: tuple[str, ...]


@dataclass(frozen=True)
class ContactRead(Event):
    """Somebody read contact data, for a reason they stated."""

    action = "engineer_contact.read"
    subject_type = "engineer"

    reason: str | Mapping[str, str]
    """Sealed under the person's key, since it may name them; the record outlives what is erased."""


@dataclass(frozen=True)
class DocumentAdded(Event):
    """A firm kept a document of an engineer."""

    action = "engineer_document.added"
    subject_type = "engineer"

    document_id: UUID
    kind: str


@dataclass(frozen=True)
class DocumentRead(Event):
    """Somebody downloaded a document, for a reason they stated."""

    action = "engineer_document.read"
    subject_type = "engineer"

    document_id: UUID
    reason: str | Mapping[str, str]


@dataclass(frozen=True)
class DocumentRemoved(Event):
    """A firm removed a document."""

    action = "engineer_document.removed"
    subject_type = "engineer"

    document_id: UUID
