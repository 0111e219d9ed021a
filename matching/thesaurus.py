"""Names of one thing in several languages: what every lexicon is made of, whoever wrote it.

Two sources: the project's own taxonomy, and ESCO's tables as an operator downloads them. ESCO is © European Union,
reused under Commission Decision 2011/833/EU; each entry keeps its attribution.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matching.errors import TaxonomyInvalid
from matching.taxonomy import Concept, Taxonomy

LANGUAGES: Final = ("en", "es", "pt")
ANY_LANGUAGE: Final = ""
"""Language of a word whose table does not say whether it is Spanish or Portuguese."""
PUENTE: Final = "Puente"
ESCO_ATTRIBUTION: Final = "ESCO, © European Union, https://esco.ec.europa.eu"
_ESCO_ROOT: Final = "http://data.europa.eu/esco/"
_FILE_LANGUAGE: Final = re.compile(r"_([a-z]{2})\.csv$")


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


def read_esco(files: Iterable[Path]) -> list[Entry]:
    """Read ESCO tables; those of one concept in several files and languages become one entry.

    Three layouts are known by their headers: ESCO's own CSV (`occupations_es.csv`: conceptUri, preferredLabel,
    altLabels), a tab-separated table with `label_xx` and `alt_xx` columns, and one with a label a line
    (`esco_concept`, `label`; the language is the file's name before `_corpus`, as in `pt.pt_corpus.tsv`).

    Raises:
        TaxonomyInvalid: a file is unreadable, or has none of these layouts.
    """
    gathered: dict[str, dict[str, dict[str, None]]] = {}
    for file in files:
        for concept, language, label in _labels_of(file):
            if label:
                gathered.setdefault(concept, {}).setdefault(language, {})[label] = None
    return [
        Entry(concept, {language: tuple(labels) for language, labels in names.items()}, ESCO_ATTRIBUTION)
        for concept, names in gathered.items()
    ]


def _labels_of(file: Path) -> Iterator[tuple[str, str, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TaxonomyInvalid(f"{file.name} cannot be read as UTF-8 text: {error}") from error
    if "\t" in text.partition("\n")[0]:
        rows = _tab_separated(text)
    else:
        rows = list(csv.DictReader(text.splitlines(keepends=True)))
    columns = set(rows[0]) if rows else set()
    if {"conceptUri", "preferredLabel"} <= columns:
        yield from _from_esco_csv(file, rows)
    elif "esco_concept" in columns and any(f"label_{language}" in columns for language in LANGUAGES):
        yield from _from_parallel_table(rows)
    elif {"esco_concept", "label"} <= columns:
        yield from ((row["esco_concept"], _language_before(file), row["label"].strip()) for row in rows)
    else:
        raise TaxonomyInvalid(f"{file.name} is not a table of ESCO labels")


def _from_esco_csv(file: Path, rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    found = _FILE_LANGUAGE.search(file.name)
    if found is None:
        raise TaxonomyInvalid(f"the name of {file.name} does not end on its language, as occupations_es.csv does")
    for row in rows:
        concept = row["conceptUri"].removeprefix(_ESCO_ROOT)
        for label in (row["preferredLabel"], *(row.get("altLabels") or "").splitlines()):
            yield concept, found[1], label.strip()


def _from_parallel_table(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        for language in LANGUAGES:
            for label in (row.get(f"label_{language}", ""), *row.get(f"alt_{language}", "").split(" | ")):
                yield row["esco_concept"], language, label.strip()


def _tab_separated(text: str) -> list[dict[str, str]]:
    """Rows by their header; these files quote nothing, and a row may end before its last empty columns."""
    lines = text.splitlines()
    header = lines[0].split("\t")
    return [dict.fromkeys(header, "") | dict(zip(header, line.split("\t"), strict=False)) for line in lines[1:]]


def _language_before(file: Path) -> str:
    return file.stem.removesuffix("_corpus")[-2:]


def _names(concept: Concept) -> dict[str, tuple[str, ...]]:
    english = (concept.name, *concept.aliases.get("en", ()))
    return {"en": english} | {
        language: concept.aliases[language] for language in LANGUAGES[1:] if concept.aliases.get(language)
    }
