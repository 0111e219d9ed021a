"""What happens to shortlists."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.events import Event
from app.matchmaking.models import Shortlist
from matching import Standings


@dataclass(frozen=True)
class ShortlistCreated(Event):
    """Candidates were ranked for a request and the ranking frozen."""

    action = "shortlist.created"
    subject_type = "shortlist"

    request_id: UUID
    entries: int
    model_hash: str


@dataclass(frozen=True, slots=True)
class ShortlistRanked:
    """A shortlist was frozen in this transaction, and how everybody stood who passed its gates."""

    shortlist: Shortlist
    discipline: str | None
    standings: Standings
