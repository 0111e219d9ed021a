"""Titles, bios and job summaries in Spanish, Portuguese and English, from the sentences of `seed_data/prose.toml`."""

import re
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from app.core.trade import Seniority
from app.seeding.archetypes import Archetype, Language
from app.seeding.careers import Career, Job
from app.seeding.chance import happens
from app.seeding.people import Person
from app.seeding.sources import Sources
from app.talent.schemas import BioIn

_TAGS: Final = {"en": ("en", "en", "en-US"), "pt": ("pt-BR", "pt-BR", "pt")}
_BEFORE_VOWEL: Final = re.compile(r"\ba (?=[AEIOaeio]|[FLMNRSX][A-Z0-9])")
_BEFORE_I: Final = re.compile(r"\by (?=h?i(?!e))")
_BEGINNER: Final = 1.5
_SMALL_WORD: Final = 3


def title_of(
    rng: Random, sources: Sources, archetype: Archetype, seniority: Seniority, language: Language, *, feminine: bool
) -> str:
    """A title as people write it, in their gender, with or without the word for its seniority."""
    plain_title = archetype.titles[language][feminine]
    pattern = rng.choice(sources.prose["title"][language][seniority.value])
    title: str = pattern.format(t=plain_title, field=archetype.fields[language], o=_ending(feminine=feminine))
    return _capitals(title) if language == "en" or happens(rng, 0.6) else title


def spoken_title(archetype: Archetype, language: Language, *, feminine: bool) -> str:
    """The plain title, as it stands inside a sentence; names and abbreviations keep their capitals."""
    title = archetype.titles[language][feminine]
    return title if language == "en" or not title[1].islower() else title[0].lower() + title[1:]


def bios_of(rng: Random, sources: Sources, career: Career, person: Person) -> list[BioIn]:
    """Nothing, a bio in the profile's language, or one in English beside it."""
    if happens(rng, 0.06):
        return []
    languages = [person.language]
    if happens(rng, 0.28):
        languages.append("en" if person.language != "en" else person.country.language)
    return [_bio(rng, sources, career, person, language) for language in languages]


def summary_of(rng: Random, sources: Sources, job: Job, person: Person) -> str:
    """What was done in a job."""
    fields = _fields(rng, sources, job.archetype, person.language)
    fields["o"] = _ending(feminine=person.feminine)
    return compose(rng, sources.prose["summary"][person.language], fields, person.language)


def compose(rng: Random, patterns: Sequence[str], fields: dict[str, Any], language: Language) -> str:
    """One of the patterns, filled in, with the small words the next sound asks for."""
    text: str = rng.choice(patterns).format(**fields)
    text = text[0].upper() + text[1:]
    if language == "en":
        return _BEFORE_VOWEL.sub("an ", text)
    return _BEFORE_I.sub("e ", text) if language == "es" else text


def work_and_tools(rng: Random, sources: Sources, archetype: Archetype, language: Language) -> dict[str, Any]:
    """Fields for sentences about work and tools: `work1` to `work3`, `skill1` to `skill4`."""
    return _fields(rng, sources, archetype, language)


def _bio(rng: Random, sources: Sources, career: Career, person: Person, language: Language) -> BioIn:
    prose = sources.prose["bio"][language]
    fields = {
        **_fields(rng, sources, career.archetype, language),
        "title": spoken_title(career.archetype, language, feminine=person.feminine),
        "years": max(1, int(career.years)),
        "domain": sources.domain_name(career.jobs[-1].domain, language),
        "city": person.city.name,
        "o": _ending(feminine=person.feminine),
    }
    opening = "start" if career.years < _BEGINNER or fields["years"] == 1 else "open"
    parts = [opening, "work", *(part for part in ("tools", "close") if happens(rng, 0.75))]
    text = " ".join(compose(rng, prose[part], fields, language) for part in parts)
    return BioIn(language=rng.choice(_tags(language, person)), text=text)


def _tags(language: Language, person: Person) -> tuple[str, ...]:
    return _TAGS.get(language, ("es", "es", f"es-{person.country.code}"))


def _fields(rng: Random, sources: Sources, archetype: Archetype, language: Language) -> dict[str, Any]:
    work = rng.sample(archetype.work[language], 3)
    skills = [*rng.sample(archetype.core, 2), *rng.sample(archetype.usual, 2)]
    names = [sources.words.skills.name_of(skill) for skill in skills]
    return {
        **{f"work{at}": text for at, text in enumerate(work, 1)},
        **{f"skill{at}": name for at, name in enumerate(names, 1)},
    }


def _ending(*, feminine: bool) -> str:
    return "a" if feminine else "o"


def _capitals(title: str) -> str:
    """Each longer word with a capital."""
    return re.sub(
        r"(?<!\S)\(?[^\W\d_]+", lambda word: _capital(word[0]) if len(word[0]) >= _SMALL_WORD else word[0], title
    )


def _capital(word: str) -> str:
    return word if any(letter.isupper() for letter in word) else word[:1].upper() + word[1:]
