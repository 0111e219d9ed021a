"""The matcher's dictionary, for the rooms that link what people write to what it means.

The ranking itself has one door, `app.matchmaking`; looking a word up is needed before there is anything to rank.
"""

from matching.errors import TaxonomyInvalid
from matching.taxonomy import Concept, Lexicon, Taxonomy, concept_of, level_of, terms_of
from matching.text import fold, key

__all__ = ["Concept", "Lexicon", "Taxonomy", "TaxonomyInvalid", "concept_of", "fold", "key", "level_of", "terms_of"]
