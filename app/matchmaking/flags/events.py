"""What happens to flags."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.audit.events import Event


@dataclass(frozen=True)
class ProfileFlagged(Event):
    """Passages of a profile were found to be written for a ranking; a person is to look at them."""

    action = "engineer.flagged"
    subject_type = "engineer"

    kinds: tuple[str, ...]
    """One for each passage."""


@dataclass(frozen=True)
class FlagDecided(Event):
    """A person said what they think of a finding."""

    action = "profile_flag.decided"
    subject_type = "engineer"

    flag_id: UUID
    kind: str
    was: str
    became: str
    reason: str | Mapping[str, str]
    """Sealed under the person's key, since it may name them."""
