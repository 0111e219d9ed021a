"""Names of one thing in several languages: what every lexicon is made of, whoever wrote it.

The project's own taxonomy is one source; what an operator imports, such as ESCO's tables (`matching.esco`), another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from matching.taxonomy import Concept, Taxonomy

LANGUAGES: Final = ("en", "es", "pt")
ANY_LANGUAGE: Final = ""
"""Language of a word whose table does not say whether it is Spanish or Portuguese."""
PUENTE: Final = "Puente"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing with its names by language, the preferred one first; `source` is the attribution to show."""

    id: str
    names: Mapping[str, tuple[str, ...]]
    source: str = PUENTE


def entries_of(taxonomy: Taxonomy) -> list[Entry]:
    """Everything the taxonomy names, and every single word of a title it can translate."""
    kinds = {
        "skill": taxonomy.skills,
        "title": taxonomy.titles,
        "domain": taxonomy.domains,
        "certification": taxonomy.certifications,
    }
    named = [
        Entry(f"{kind}:{concept.id}", _names(concept))
        for kind, lexicon in kinds.items()
        for concept in lexicon.concepts.values()
    ]
    words = [
        Entry(f"term:{word}", {"en": (english,), ANY_LANGUAGE: (word,)}) for word, english in taxonomy.terms.items()
    ]
    return [*named, *words]


def _names(concept: Concept) -> dict[str, tuple[str, ...]]:
    english = (concept.name, *concept.aliases.get("en", ()))
    return {"en": english} | {
        language: concept.aliases[language] for language in LANGUAGES[1:] if concept.aliases.get(language)
    }
