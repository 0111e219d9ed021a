"""What happens to organisations, members and keys."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.audit.events import Event
from app.core.actor import OrganisationKind, Role


@dataclass(frozen=True)
class OrganisationCreated(Event):
    """An organisation joined."""

    action: ClassVar[str] = "organisation.created"
    subject_type: ClassVar[str] = "organisation"

    kind: OrganisationKind


@dataclass(frozen=True)
class OrganisationChanged(Event):
    """An organisation's record was changed."""

    action: ClassVar[str] = "organisation.changed"
    subject_type: ClassVar[str] = "organisation"

    fields: list[str]


@dataclass(frozen=True)
class MemberCreated(Event):
    """Somebody became a member."""

    action: ClassVar[str] = "member.created"
    subject_type: ClassVar[str] = "member"

    role: Role


@dataclass(frozen=True)
class MemberDisabled(Event):
    """A member lost its access."""

    action: ClassVar[str] = "member.disabled"
    subject_type: ClassVar[str] = "member"


@dataclass(frozen=True)
class ApiKeyCreated(Event):
    """A member was given a key."""

    action: ClassVar[str] = "api_key.created"
    subject_type: ClassVar[str] = "api_key"

    member_id: UUID


@dataclass(frozen=True)
class ApiKeyRevoked(Event):
    """A key was revoked."""

    action: ClassVar[str] = "api_key.revoked"
    subject_type: ClassVar[str] = "api_key"

    member_id: UUID


@dataclass(frozen=True)
class AccessDenied(Event):
    """Somebody was refused; the subject is what the address named, or else the caller."""

    action: ClassVar[str] = "access.denied"
    subject_type: ClassVar[str] = "access"

    resource: str
    verb: str
    operation: str
    code: str
