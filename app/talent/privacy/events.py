"""What happens to a person's data: facts for the record, and those that other rooms act upon."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.audit.events import Event
from app.talent.privacy.models import Channel, ConsentPurpose, Decision, Ground


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """Somebody withdrew a consent in this transaction; whoever relied on it must stop now."""

    engineer_id: UUID
    purpose: ConsentPurpose


@dataclass(frozen=True, slots=True)
class PersonExport:
    """What is known of somebody is being collected: every room adds what it holds of them, and nothing about others."""

    engineer_id: UUID
    confided: bool = False
    """Whether it goes to the person alone, so that also what their firm never sees belongs into it."""
    sections: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, section: Any) -> None:
        """Contribute a section, as what JSON can hold; each name once."""
        assert name not in self.sections, name  # noqa: S101 - rooms name sections after themselves
        self.sections[name] = section


@dataclass(frozen=True, slots=True)
class PersonForgotten:
    """Somebody is erased in this transaction: whoever holds anything of them lets go of it now."""

    engineer_id: UUID


@dataclass(frozen=True)
class EngineerLinkMade(Event):
    """A link was made for an engineer. Whoever made it has seen it, and could act in their name: this says who."""

    action = "engineer_link.made"
    subject_type = "engineer"

    link_id: UUID
    purposes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True)
class EngineerLinkRevoked(Event):
    """A link was revoked before it was used."""

    action = "engineer_link.revoked"
    subject_type = "engineer"

    link_id: UUID


@dataclass(frozen=True)
class ConsentDecided(Event):
    """A person granted or withdrew consent, or their firm recorded that they had."""

    action = "consent.decided"
    subject_type = "engineer"

    number: int
    purpose: ConsentPurpose
    text_version: str
    decision: Decision
    channel: Channel
    link_id: UUID | None = None


@dataclass(frozen=True)
class PersonalDataExported(Event):
    """Everything known of a person was handed out."""

    action = "personal_data.exported"
    subject_type = "engineer"

    channel: Channel
    reason: str | Mapping[str, str] | None = None
    """Sealed under the person's key, since it may name them."""
    link_id: UUID | None = None


@dataclass(frozen=True)
class EngineerErased(Event):
    """A person was erased."""

    action = "engineer.erased"
    subject_type = "engineer"

    ground: Ground | None
    """None when the ledger says no more than that they were."""
    channel: Channel
    link_id: UUID | None = None
