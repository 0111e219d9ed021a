"""Kinds of engineers, read from `seed_data/archetypes.toml` and checked against the taxonomy."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from app.core.errors import CannotStart
from app.core.trade import Discipline, Seniority
from app.taxonomy.words import Taxonomy

Language = Literal["en", "es", "pt"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "es", "pt")
MOST_WEIGHT: Final = 100.0


class SeedDataInvalid(CannotStart):
    """The files in `seed_data/` contradict each other."""


@dataclass(frozen=True, slots=True, eq=False)
class Archetype:
    """A kind of engineer; ids are the taxonomy's."""

    id: str
    discipline: Discipline
    weight: float
    rate: float
    education: str
    domains: tuple[str, ...]
    core: tuple[str, ...]
    usual: tuple[str, ...]
    occasional: tuple[str, ...]
    certifications: tuple[str, ...]
    titles: Mapping[Language, tuple[str, str]]
    """Masculine and feminine by language; the same twice in English."""
    fields: Mapping[Language, str]
    work: Mapping[Language, tuple[str, ...]]
    earlier: tuple[str, ...] = ()
    years: tuple[float, float] | None = None
    top: Seniority = Seniority.PRINCIPAL
    since: int = 1980
    """The first year in which anybody had such a title."""

    @property
    def skills(self) -> tuple[str, ...]:
        """Every skill of the kind."""
        return self.core + self.usual + self.occasional


def read_archetypes(file: Path, words: Taxonomy) -> dict[str, Archetype]:
    """Archetypes by id.

    Raises:
        SeedDataInvalid: an archetype names what does not exist; every such name is listed.
    """
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["archetype"]
    archetypes = {row["id"]: _archetype(row) for row in rows}
    problems = [problem for archetype in archetypes.values() for problem in _problems(archetype, archetypes, words)]
    if problems:
        raise SeedDataInvalid(f"{file.name}: " + "; ".join(problems))
    return archetypes


def _archetype(row: Mapping[str, Any]) -> Archetype:
    english = row["title"]["en"]
    return Archetype(
        id=row["id"],
        discipline=Discipline(row["discipline"]),
        weight=row["weight"],
        rate=row["rate"],
        education=row["education"],
        domains=tuple(row["domains"]),
        core=tuple(row["core"]),
        usual=tuple(row["usual"]),
        occasional=tuple(row["occasional"]),
        certifications=tuple(row["certifications"]),
        titles={"en": (english, english), "es": _pair(row["title"]["es"]), "pt": _pair(row["title"]["pt"])},
        fields={"en": english, **row["field"]},
        work={language: tuple(row["work"][language]) for language in LANGUAGES},
        earlier=tuple(row.get("earlier", ())),
        years=tuple(row["years"]) if "years" in row else None,
        top=Seniority(row.get("top", Seniority.PRINCIPAL)),
        since=row.get("since", 1980),
    )


def _pair(forms: list[str]) -> tuple[str, str]:
    masculine, feminine = forms
    return masculine, feminine


def _problems(archetype: Archetype, others: Mapping[str, Archetype], words: Taxonomy) -> Iterator[str]:
    named: tuple[tuple[str, Iterable[str], Any], ...] = (
        ("skill", archetype.skills, words.skills),
        ("domain", archetype.domains, words.domains),
        ("certification", archetype.certifications, words.certifications),
        ("archetype", archetype.earlier, others),
    )
    for what, ids, known in named:
        yield from (f"{archetype.id}: no {what} {name!r}" for name in ids if name not in known)
    if len(set(archetype.skills)) < len(archetype.skills):
        yield f"{archetype.id}: a skill is listed twice"
    if not 0 < archetype.weight < MOST_WEIGHT or min(map(len, archetype.work.values())) < 3:
        yield f"{archetype.id}: needs a weight and three kinds of work in each language"
