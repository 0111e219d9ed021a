"""Who somebody is: name, place, languages, and how to reach them. None of it is anybody's."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from app.core.schemas import Cefr
from app.core.trade import Seniority
from app.seeding.archetypes import Archetype, Language
from app.seeding.chance import happens, mostly, weighted
from app.seeding.sources import Country, Place, Sources
from app.talent.models import LevelEvidence
from app.talent.schemas import Contact, LanguageIn

MAIL_DOMAINS: Final = ("example.com", "example.org", "example.net")
_LEVELS: Final = tuple(level for level in Cefr if level is not Cefr.NATIVE)
_SPOKEN: Final = (Cefr.A2, Cefr.B1, Cefr.B2, Cefr.C1, Cefr.C2)
_EVIDENCE: Final = {
    LevelEvidence.SELF_ASSESSED: 45.0,
    LevelEvidence.INTERVIEWED: 25.0,
    LevelEvidence.TESTED: 20.0,
    LevelEvidence.CERTIFIED: 10.0,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a place; `language` is the one they write their profile in."""

    given_name: str
    family_name: str
    feminine: bool
    country: Country
    city: Place
    language: Language


def make_person(rng: Random, sources: Sources) -> Person:
    """Somebody, somewhere: the hubs draw most, intermediate cities the rest."""
    country = weighted(rng, {country: country.weight for country in sources.countries.values()})
    city = weighted(rng, {place: place.weight for place in sources.cities[country.code]})
    feminine = happens(rng, 0.34)
    names = sources.names[country.language]
    pool = names.feminine if feminine else names.masculine
    given = " ".join(rng.sample(pool, 2 if happens(rng, 0.2) else 1))
    family = " ".join(rng.sample(names.family, 2 if happens(rng, 0.8) else 1))
    language: Language = "en" if happens(rng, 0.22) else country.language
    return Person(given, family, feminine, country, city, language)


def contact_of(rng: Random, person: Person, index: int) -> Contact | None:
    """Contact data at domains and numbers reserved for examples."""
    if happens(rng, 0.06):
        return None
    slug = f"{plain(person.given_name)}.{plain(person.family_name)}{index}"
    links = [f"https://example.com/people/{slug}"] if happens(rng, 0.4) else []
    return Contact.model_validate(
        {
            "email": f"{slug}@{rng.choice(MAIL_DOMAINS)}",
            "phone": mostly(rng, _phone(rng, person.country), 0.1),
            "address": f"{person.city.name}, {person.country.code}" if happens(rng, 0.3) else None,
            "links": links,
        }
    )


def languages_of(
    rng: Random, sources: Sources, person: Person, career: tuple[Archetype, Seniority], as_of: date
) -> list[LanguageIn]:
    """The native language, English by mode, and at times a third."""
    native = person.country.language
    languages = [_language(native, (Cefr.NATIVE,) * 4)]
    if not happens(rng, 0.07):
        languages.append(_english(rng, sources, person, career, as_of))
    if happens(rng, 0.25 if native == "pt" else 0.1):
        neighbour = "es" if native == "pt" else "pt"
        level = rng.choice((Cefr.A2, Cefr.B1, Cefr.B1, Cefr.B2))
        languages.append(_language(neighbour, (level, level, up(level, 1), level)))
    elif happens(rng, 0.06):
        level = rng.choice((Cefr.A1, Cefr.A2, Cefr.B1))
        languages.append(_language(rng.choice(("fr", "de", "it")), (level,) * 4))
    return languages


def plain(name: str) -> str:
    """A name as it stands in an e-mail address."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[^a-z]+", "", decomposed.encode("ascii", "ignore").decode())


def up(level: Cefr, steps: int) -> Cefr:
    """A level so many steps better, or worse, between A2 and C2."""
    at = _LEVELS.index(level) + steps
    return _LEVELS[max(1, min(at, len(_LEVELS) - 1))]


def _english(
    rng: Random, sources: Sources, person: Person, career: tuple[Archetype, Seniority], as_of: date
) -> LanguageIn:
    archetype, seniority = career
    speaking = weighted(rng, dict(zip(_SPOKEN, sources.habits["english"][seniority.value], strict=True)))
    for shift in (person.country.english, sources.habits["english_shift"].get(archetype.discipline.value, 0.0)):
        if happens(rng, abs(shift)):
            speaking = up(speaking, 1 if shift > 0 else -1)
    modes = (
        speaking,
        up(speaking, rng.choice((0, 0, 1))),
        up(speaking, rng.choice((0, 1, 1, 2))),
        up(speaking, rng.choice((-1, 0, 0, 0, 1))),
    )
    evidence = weighted(rng, _EVIDENCE)
    known = [mostly(rng, mode, 0.05) for mode in modes]
    assessed = None if evidence is LevelEvidence.SELF_ASSESSED else as_of - timedelta(days=rng.randint(10, 1000))
    return _language("en", tuple(known), evidence, mostly(rng, assessed, 0.1))


def _language(
    language: str,
    modes: tuple[Cefr | None, ...],
    evidence: LevelEvidence = LevelEvidence.SELF_ASSESSED,
    assessed_on: date | None = None,
) -> LanguageIn:
    speaking, listening, reading, writing = modes
    return LanguageIn(
        language=language,
        speaking=speaking,
        listening=listening,
        reading=reading,
        writing=writing,
        evidence=evidence,
        assessed_on=assessed_on,
    )


def _phone(rng: Random, country: Country) -> str:
    return f"+{country.calling} {rng.choice(country.area)} 555 {rng.randint(100, 199):04d}"
