"""The matcher's dictionary, for the rooms that link what people write to what it means.

The ranking itself has one door, `app.matchmaking`; looking a word up is needed before there is anything to rank.
"""

from matching.errors import TaxonomyInvalid
from matching.esco import ESCO_ATTRIBUTION, find_tables, read_esco
from matching.taxonomy import Concept, Lexicon, Taxonomy, concept_of, level_of, terms_of
from matching.text import fold, key
from matching.thesaurus import LANGUAGES, Entry, entries_of

__all__ = [
    "ESCO_ATTRIBUTION",
    "LANGUAGES",
    "Concept",
    "Entry",
    "Lexicon",
    "Taxonomy",
    "TaxonomyInvalid",
    "concept_of",
    "entries_of",
    "find_tables",
    "fold",
    "key",
    "level_of",
    "read_esco",
    "terms_of",
]
