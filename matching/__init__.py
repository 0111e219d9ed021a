"""Profiles and briefs in, ranked and explained candidates out.

Pure: no web, no database, no environment, no clock and no hidden randomness. Everything below is public; the modules'
other names may change.
"""

from matching.brief import BRIEF, DEFAULT_WEIGHTS, PARTS, Brief, CertificationNeed, SkillNeed
from matching.card import card_hash, render_brief, render_profile
from matching.encoder import Encoder, HashingEncoder, SentenceTransformerEncoder
from matching.errors import MatchingError, ModelMismatch, ModelUnavailable, TaxonomyInvalid, WeightsInvalid
from matching.explanation import Explanation, explain
from matching.gates import GATE_KINDS
from matching.index import FaissIndex, NumpyIndex, VectorIndex
from matching.pool import Change, Pool, pool_of
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

__all__ = [
    "BRIEF",
    "DEFAULT_WEIGHTS",
    "GATE_KINDS",
    "PARTS",
    "PROFILE",
    "SCORE_UNIT",
    "VALUE_UNIT",
    "Brief",
    "Cefr",
    "CertificationFact",
    "CertificationNeed",
    "Change",
    "Concept",
    "Delivery",
    "DomainFact",
    "Encoder",
    "English",
    "Explanation",
    "FaissIndex",
    "GateReport",
    "HashingEncoder",
    "Level",
    "Lexicon",
    "MatchingError",
    "ModelMismatch",
    "ModelUnavailable",
    "NumpyIndex",
    "PartScore",
    "Pool",
    "Profile",
    "Ranked",
    "Ranking",
    "SentenceTransformerEncoder",
    "SkillFact",
    "SkillNeed",
    "Taxonomy",
    "TaxonomyInvalid",
    "VectorIndex",
    "WeightsInvalid",
    "card_hash",
    "explain",
    "pool_of",
    "rank",
    "render_brief",
    "render_profile",
]
