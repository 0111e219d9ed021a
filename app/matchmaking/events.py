"""What happens to shortlists."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.events import Event


@dataclass(frozen=True)
class ShortlistCreated(Event):
    """Candidates were ranked for a request and the ranking frozen."""

    action = "shortlist.created"
    subject_type = "shortlist"

    request_id: UUID
    entries: int
    model_hash: str
