"""Every room's tables, so that migrations see one metadata."""

from sqlmodel import SQLModel

from app.audit import models as audit
from app.core import idempotency, keyring
from app.core.columns import require_classified
from app.demand import models as demand
from app.fairness import models as fairness
from app.identity import models as identity
from app.matchmaking import models as matchmaking
from app.matchmaking.flags import models as flags
from app.matchmaking.review import models as review
from app.matchmaking.weights import models as weights
from app.talent import models as talent
from app.talent.privacy import models as privacy
from app.taxonomy import models as taxonomy

__all__ = [
    "audit",
    "demand",
    "fairness",
    "flags",
    "idempotency",
    "identity",
    "keyring",
    "matchmaking",
    "metadata",
    "privacy",
    "review",
    "talent",
    "taxonomy",
    "weights",
]

metadata = SQLModel.metadata
require_classified(metadata)
