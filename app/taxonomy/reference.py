"""Reading `seed_data/` into rows of this room."""

import csv
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.taxonomy.models import City, Concept, ConceptKind
from app.taxonomy.words import Taxonomy, concept_of, fold, key, level_of, terms_of

SEED_DATA: Final = Path(__file__).resolve().parents[2] / "seed_data"
_LANGUAGES: Final = ("en", "es", "pt")
_FILES: Final[Mapping[str, tuple[ConceptKind, str, str]]] = {
    "titles.toml": (ConceptKind.TITLE, "title", "discipline"),
    "domains.toml": (ConceptKind.DOMAIN, "domain", ""),
    "certifications.toml": (ConceptKind.CERTIFICATION, "certification", "issuer"),
    "seniority.toml": (ConceptKind.LEVEL, "level", ""),
    "title_terms.toml": (ConceptKind.TERM, "term", ""),
}
_COMMON: Final = frozenset({"id", "name", "aliases", "ambiguous", "implies", "related", *_LANGUAGES})


def read_concepts(folder: Path = SEED_DATA) -> list[Concept]:
    """Every concept of the reference data."""
    concepts = [
        _concept(row, ConceptKind.SKILL, "kind")
        for file in sorted((folder / "skills").glob("*.toml"))
        for row in _rows(file, "skill")
    ]
    for name, (kind, table, classifier) in _FILES.items():
        concepts.extend(_concept(row, kind, classifier) for row in _rows(folder / name, table))
    return _without_repeats(concepts)


@cache
def present() -> Taxonomy:
    """The reference data that comes with this release."""
    return taxonomy_of(read_concepts())


@cache
def present_hash() -> str:
    """Hash of the reference data that comes with this release."""
    return files_hash()


def read_cities(folder: Path = SEED_DATA) -> list[City]:
    """Every city of the reference data."""
    with (folder / "cities.csv").open(encoding="utf-8", newline="") as file:
        return [
            City(
                id=row["id"],
                name=row["name"],
                country=row["country"],
                zone=row["zone"],
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                size=row["size"],
                search_text=_search_text([row["name"], *filter(None, row["aliases"].split("|"))]),
            )
            for row in csv.DictReader(file)
        ]


def files_hash(folder: Path = SEED_DATA) -> str:
    """Hash of the reference data's bytes; tells without reading them all whether they have been loaded."""
    digest = hashlib.sha256()
    for file in [
        *sorted((folder / "skills").glob("*.toml")),
        *(folder / name for name in _FILES),
        folder / "cities.csv",
    ]:
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def taxonomy_of(concepts: Iterable[Concept]) -> Taxonomy:
    """The matcher's view of stored concepts.

    Raises:
        TaxonomyInvalid: two concepts share a name, or an edge leads nowhere.
    """
    by_kind: dict[ConceptKind, list[dict[str, Any]]] = {kind: [] for kind in ConceptKind}
    for concept in concepts:
        by_kind[concept.kind].append(_as_row(concept))
    return Taxonomy(
        skills=map(concept_of, by_kind[ConceptKind.SKILL]),
        titles=map(concept_of, by_kind[ConceptKind.TITLE]),
        domains=map(concept_of, by_kind[ConceptKind.DOMAIN]),
        certifications=map(concept_of, by_kind[ConceptKind.CERTIFICATION]),
        levels=map(level_of, by_kind[ConceptKind.LEVEL]),
        terms=terms_of(by_kind[ConceptKind.TERM]),
    )


def revision_of(concepts: Iterable[Concept]) -> str:
    """Hash of everything a taxonomy is built from; equal hashes mean equal taxonomies."""
    rows = sorted((concept.kind, concept.id, json.dumps(_as_row(concept), sort_keys=True)) for concept in concepts)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def search_text_of(concept: Concept) -> str:
    """Every name of a concept, folded for the search box."""
    return _search_text([concept.name, *(alias for aliases in concept.aliases.values() for alias in aliases)])


def _concept(row: Mapping[str, Any], kind: ConceptKind, classifier: str) -> Concept:
    aliases = {language: list(row[language]) for language in _LANGUAGES if row.get(language) and kind != "term"}
    if kind is ConceptKind.TERM:
        aliases = {language: list(row.get(language, [])) for language in ("es", "pt")}
        row = {"id": key(row["en"])[:80], "name": row["en"]}
    elif row.get("aliases"):
        aliases["en"] = [*aliases.get("en", []), *row["aliases"]]
    concept = Concept(
        kind=kind,
        id=row["id"],
        name=row.get("name", row["id"]),
        classifier=row.get(classifier, ""),
        aliases=aliases,
        ambiguous=list(row.get("ambiguous", [])),
        implies=list(row.get("implies", [])),
        related=dict(row.get("related", {})),
        facts={name: value for name, value in row.items() if name not in _COMMON and name != classifier},
        search_text="",
    )
    concept.search_text = search_text_of(concept)
    return concept


def _as_row(concept: Concept) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": concept.id,
        "name": concept.name,
        "kind": concept.classifier,
        "ambiguous": concept.ambiguous,
        "implies": concept.implies,
        "related": concept.related,
        **concept.aliases,
        **concept.facts,
    }
    if concept.kind is ConceptKind.TERM:
        row["en"] = concept.name
    return row


def _without_repeats(concepts: Iterable[Concept]) -> list[Concept]:
    """The first of each id: two title terms may share their English."""
    kept: dict[tuple[ConceptKind, str], Concept] = {}
    for concept in concepts:
        first = kept.setdefault((concept.kind, concept.id), concept)
        if first is not concept:
            for language, words in concept.aliases.items():
                first.aliases[language] = list(dict.fromkeys([*first.aliases.get(language, []), *words]))
            first.search_text = search_text_of(first)
    return list(kept.values())


def _rows(file: Path, table: str) -> Iterator[dict[str, Any]]:
    yield from tomllib.loads(file.read_text(encoding="utf-8")).get(table, [])


def _search_text(names: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(fold(name) for name in names))
