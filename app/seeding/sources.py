"""Everything the generator reads, once: archetypes, names, places, prices, sentences, and the taxonomy."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from app.core.trade import Seniority
from app.seeding.archetypes import LANGUAGES, Archetype, Language, SeedDataInvalid, read_archetypes
from app.taxonomy import reference
from app.taxonomy.models import City, Concept, ConceptKind
from app.taxonomy.words import Taxonomy

_SIZES: Final = {"metropolis": 8.0, "large": 3.0, "intermediate": 1.0}
CLIENT_COUNTRY: Final = "US"


@dataclass(frozen=True, slots=True, eq=False)
class Country:
    """A country engineers live in."""

    code: str
    weight: float
    rate: float
    english: float
    language: Language
    calling: str
    area: tuple[str, ...]
    currency: str = "USD"
    units_per_dollar: float = 1.0
    minor_units: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A city; `spellings` are what else people write."""

    id: str
    name: str
    country: str
    zone: str
    weight: float
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Given and family names of one language."""

    feminine: tuple[str, ...]
    masculine: tuple[str, ...]
    family: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Checked and ready to draw from."""

    words: Taxonomy
    archetypes: Mapping[str, Archetype]
    countries: Mapping[str, Country]
    cities: Mapping[str, tuple[Place, ...]]
    """The cities of each country."""
    client_cities: tuple[Place, ...]
    names: Mapping[Language, Names]
    universities: Mapping[str, tuple[str, ...]]
    employers: Mapping[str, tuple[str, ...]]
    firms: tuple[tuple[str, str], ...]
    """Name and country."""
    clients: tuple[tuple[str, str], ...]
    """Name and domain."""
    levels: Mapping[Seniority, tuple[float, float]]
    validity: Mapping[str, int]
    """Months each certification is valid; 0 for ever."""
    habits: Mapping[str, Any]
    prose: Mapping[str, Any]

    def domain_name(self, domain_id: str, language: Language) -> str:
        """What a domain is called in running text."""
        concept = self.words.domains[domain_id]
        name = concept.name if language == "en" else next(iter(concept.aliases.get(language, ())), concept.name)
        return name if len(name) > 1 and name[1].isupper() else name[0].lower() + name[1:]

    def degree(self, education: str) -> Mapping[str, Any]:
        """The degree of a kind of education."""
        degree: Mapping[str, Any] = next(row for row in self.habits["degree"] if row["education"] == education)
        return degree


@lru_cache(maxsize=1)
def read_sources(folder: Path = reference.SEED_DATA) -> Sources:
    """Read and check everything.

    Raises:
        SeedDataInvalid: a file is missing, or names what does not exist.
    """
    try:
        return _read(folder)
    except (FileNotFoundError, tomllib.TOMLDecodeError, KeyError) as failure:
        raise SeedDataInvalid(f"The demonstration data cannot be made from {folder}: {failure!r}") from failure


def _read(folder: Path) -> Sources:
    concepts = reference.read_concepts(folder)
    words = reference.taxonomy_of(concepts)
    names, habits = _toml(folder / "names.toml"), _toml(folder / "generator.toml")
    cities = reference.read_cities(folder)
    countries = {row["code"]: Country(**{**row, "area": tuple(row["area"])}) for row in habits["country"]}
    sources = Sources(
        words=words,
        archetypes=read_archetypes(folder / "archetypes.toml", words),
        countries=countries,
        cities={code: _places(cities, code, habits["hubs"]) for code in countries},
        client_cities=_places(cities, CLIENT_COUNTRY, {}),
        names={"es": _names(names["spanish"]), "pt": _names(names["brazilian"])},
        universities=_grouped(names["university"], "country"),
        employers=_grouped(names["employer"], "domain"),
        firms=tuple((row["name"], row["country"]) for row in names["firm"]),
        clients=tuple((row["name"], row["domain"]) for row in names["client"]),
        levels=_levels(concepts),
        validity={c.id: c.facts["validity_months"] for c in concepts if c.kind is ConceptKind.CERTIFICATION},
        habits=habits,
        prose=_toml(folder / "prose.toml"),
    )
    _refuse_unknown(sources)
    return sources


def _toml(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _names(row: Mapping[str, list[str]]) -> Names:
    return Names(tuple(row["feminine"]), tuple(row["masculine"]), tuple(row["family"]))


def _grouped(rows: list[dict[str, str]], by: str) -> dict[str, tuple[str, ...]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[row[by]].append(row["name"])
    return {key: tuple(group) for key, group in groups.items()}


def _places(cities: list[City], country: str, hubs: Mapping[str, float]) -> tuple[Place, ...]:
    return tuple(
        Place(
            id=city.id,
            name=city.name,
            country=country,
            zone=city.zone,
            weight=hubs.get(city.id, _SIZES[city.size]),
            spellings=tuple(city.search_text.split("\n")),
        )
        for city in cities
        if city.country == country
    )


def _levels(concepts: list[Concept]) -> dict[Seniority, tuple[float, float]]:
    levels = {concept.id: concept.facts["years"] for concept in concepts if concept.kind is ConceptKind.LEVEL}
    return {level: (float(levels[level][0]), float(levels[level][1])) for level in Seniority}


def _refuse_unknown(sources: Sources) -> None:
    skills, domains = sources.words.skills, sources.words.domains
    named = {*sources.habits["since"], *(skill for row in sources.habits["common"].values() for skill in row)}
    problems = [f"no skill {skill!r}" for skill in sorted(named) if skill not in skills]
    problems += [f"{word!r} is a skill" for word in sources.habits["unknown_skills"] if skills.find(word)]
    problems += [f"no domain {domain!r}" for domain in sorted(sources.employers) if domain not in domains]
    problems += [f"no domain {domain!r}" for _, domain in sources.clients if domain not in domains]
    problems += [f"no city in {code}" for code, cities in sources.cities.items() if not cities]
    missing = set(LANGUAGES) - set(sources.prose["bio"])
    problems += [f"no bios in {language}" for language in sorted(missing)]
    if problems:
        raise SeedDataInvalid("generator.toml and names.toml: " + "; ".join(problems))
