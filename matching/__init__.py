"""Profiles and briefs in, ranked and explained candidates out.

Pure: no web, no database, no environment, no clock and no hidden randomness. Everything below is public; the modules'
other names may change.
"""

from matching.brief import BRIEF, DEFAULT_WEIGHTS, PARTS, Brief, CertificationNeed, SkillNeed
from matching.calibration import Calibration, Comparison, Outcome, Shown, calibrate
from matching.counterfactual import Counterfactual, counterfactuals
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
from matching.esco import read_esco
from matching.evidence import Documents
from matching.explanation import Explanation, explain
from matching.fairness_population import Group, Population, Standings, population
from matching.fusion import closeness, search
from matching.gates import GATE_KINDS
from matching.index import FaissIndex, NumpyIndex, VectorIndex
from matching.interaction import Asked, Closeness
from matching.interpreter import Interpreter
from matching.knowledge import Knowledge, Reading
from matching.knowledge_file import learn_or_load
from matching.messages import LANGUAGES
from matching.passages import Passage, best_passage
from matching.pool import Change, Pool, View, pool_of
from matching.profile import (
    PROFILE,
    Cefr,
    CertificationFact,
    Delivery,
    DomainFact,
    English,
    Observed,
    Profile,
    SkillFact,
)
from matching.ranking import SCORE_UNIT, VALUE_UNIT, GateReport, PartScore, Ranked, Ranking, rank
from matching.replay import replay
from matching.standing import Standing, standing
from matching.taxonomy import Concept, Level, Lexicon, Taxonomy
from matching.thesaurus import Entry, entries_of
from matching.wording import Words, words_in

__all__ = [
    "BRIEF",
    "DEFAULT_WEIGHTS",
    "GATE_KINDS",
    "LANGUAGES",
    "PARTS",
    "PROFILE",
    "SCORE_UNIT",
    "VALUE_UNIT",
    "Asked",
    "Brief",
    "Calibration",
    "Cefr",
    "CertificationFact",
    "CertificationNeed",
    "Change",
    "Closeness",
    "Comparison",
    "Concept",
    "Counterfactual",
    "Delivery",
    "Documents",
    "DomainFact",
    "Encoder",
    "English",
    "Entry",
    "Explanation",
    "FaissIndex",
    "GateReport",
    "Group",
    "HashingEncoder",
    "Interpreter",
    "Knowledge",
    "KnowledgeRefused",
    "Level",
    "Lexicon",
    "MatchingError",
    "ModelMismatch",
    "ModelUnavailable",
    "NumpyIndex",
    "Observed",
    "Outcome",
    "PartScore",
    "Passage",
    "Pool",
    "PoolBusy",
    "Population",
    "Profile",
    "Ranked",
    "Ranking",
    "Reading",
    "SentenceTransformerEncoder",
    "Shown",
    "SkillFact",
    "SkillNeed",
    "SnapshotRefused",
    "Standing",
    "Standings",
    "Taxonomy",
    "TaxonomyInvalid",
    "VectorIndex",
    "View",
    "WeightsInvalid",
    "Words",
    "best_passage",
    "calibrate",
    "closeness",
    "counterfactuals",
    "entries_of",
    "explain",
    "learn_or_load",
    "pool_of",
    "population",
    "rank",
    "read_esco",
    "replay",
    "search",
    "standing",
    "words_in",
]
