"""Profiles and briefs in, ranked and explained candidates out.

Pure: no web, no database, no environment, no clock and no hidden randomness. Everything below is public; the modules'
other names may change.
"""

from matching.brief import BRIEF, DEFAULT_WEIGHTS, PARTS, Brief, CertificationNeed, SkillNeed
from matching.card import card_hash, render_brief, render_profile
from matching.encoder import Encoder, HashingEncoder, SentenceTransformerEncoder
from matching.errors import (
    KnowledgeRefused,
    MatchingError,
    ModelMismatch,
    ModelUnavailable,
    PoolBusy,
    SnapshotRefused,
    TaxonomyInvalid,
    WeightsInvalid,
)
from matching.evidence import Documents
from matching.explanation import Explanation, explain
from matching.fusion import closeness, search
from matching.gates import GATE_KINDS
from matching.index import FaissIndex, NumpyIndex, VectorIndex
from matching.interaction import Asked, Closeness
from matching.knowledge import Knowledge, Reading
from matching.knowledge_file import learn_or_load
from matching.passages import Passage, best_passage
from matching.pool import Change, Pool, View, pool_of
from matching.profile import (
    PROFILE,
    Cefr,
    CertificationFact,
    Delivery,
    DomainFact,
    English,
    Profile,
    SkillFact,
)
from matching.ranking import SCORE_UNIT, VALUE_UNIT, GateReport, PartScore, Ranked, Ranking, rank
from matching.taxonomy import Concept, Level, Lexicon, Taxonomy
from matching.thesaurus import Entry, entries_of, read_esco

__all__ = [
    "BRIEF",
    "DEFAULT_WEIGHTS",
    "GATE_KINDS",
    "PARTS",
    "PROFILE",
    "SCORE_UNIT",
    "VALUE_UNIT",
    "Asked",
    "Brief",
    "Cefr",
    "CertificationFact",
    "CertificationNeed",
    "Change",
    "Closeness",
    "Concept",
    "Delivery",
    "Documents",
    "DomainFact",
    "Encoder",
    "English",
    "Entry",
    "Explanation",
    "FaissIndex",
    "GateReport",
    "HashingEncoder",
    "Knowledge",
    "KnowledgeRefused",
    "Level",
    "Lexicon",
    "MatchingError",
    "ModelMismatch",
    "ModelUnavailable",
    "NumpyIndex",
    "PartScore",
    "Passage",
    "Pool",
    "PoolBusy",
    "Profile",
    "Ranked",
    "Ranking",
    "Reading",
    "SentenceTransformerEncoder",
    "SkillFact",
    "SkillNeed",
    "SnapshotRefused",
    "Taxonomy",
    "TaxonomyInvalid",
    "VectorIndex",
    "View",
    "WeightsInvalid",
    "best_passage",
    "card_hash",
    "closeness",
    "entries_of",
    "explain",
    "learn_or_load",
    "pool_of",
    "rank",
    "read_esco",
    "render_brief",
    "render_profile",
    "search",
]
