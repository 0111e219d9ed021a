"""What happens to declarations; the record never says what was declared."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.events import Event
from app.talent.privacy.models import Channel


@dataclass(frozen=True)
class DeclarationMade(Event):
    """Somebody declared something of themselves, in place of what they had declared before."""

    action = "declaration.made"
    subject_type = "declaration"

    link_id: UUID
    channel: Channel = Channel.LINK


@dataclass(frozen=True)
class DeclarationWithdrawn(Event):
    """Somebody withdrew all that they had declared."""

    action = "declaration.withdrawn"
    subject_type = "declaration"

    link_id: UUID
    channel: Channel = Channel.LINK
