"""What happens to a client's weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.audit.events import Event


@dataclass(frozen=True)
class RankingWeightsSet(Event):
    """Somebody made a new version of a client's weights."""

    action = "ranking_weights.set"
    subject_type = "ranking_weights"

    version: int
    weights: Mapping[str, float]
    proposal_id: UUID | None = None


@dataclass(frozen=True)
class WeightsProposed(Event):
    """Weights were computed from a client's decisions; nothing goes by them until somebody applies them."""

    action = "weights.proposed"
    subject_type = "weight_proposal"

    base_version: int
    weights: Mapping[str, float]
