"""What happens to the candidates of a shortlist."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.events import Event
from app.matchmaking.review.models import Reason, Verdict


@dataclass(frozen=True)
class CandidateDecided(Event):
    """A person decided about a candidate; what they wrote of them is not repeated."""

    action = "shortlist_candidate.decided"
    subject_type = "shortlist"

    decision_id: UUID
    rank: int
    number: int
    decision: Verdict
    reason: Reason
