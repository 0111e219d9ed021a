"""What an explanation says, apart from any language: a code, and the values its words need.

A message is plain JSON, `{"code": "depth.asked", "skill": "Python", "years": 6, "asked": 4}`, so that it can be stored
and put into any language later. Values that have names in several languages carry all of them, in the order of
`LANGUAGES`; names of skills and certifications are the same in every language.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from matching.taxonomy import Lexicon

LANGUAGES: Final = ("en", "es", "pt")
"""The first is what everybody is answered in who asks for none of the others."""

Message = Mapping[str, Any]
Reason = tuple[Message, ...]
"""Phrases of one sentence."""


class Kind(StrEnum):
    """How a value is written."""

    NAME = "name"
    """As it stands, whatever characters it has."""
    NAMES = "names"
    CONCEPT = "concept"
    """One name a language."""
    ABILITIES = "abilities"
    """Modes of a language with their levels: `["speaking:C1"]`."""
    MODES = "modes"
    CEFR = "cefr"
    SENIORITY = "seniority"
    """A rank, 0 (intern) to 5 (principal)."""
    DISCIPLINE = "discipline"
    PARTS = "parts"
    DATUM = "datum"
    GATES = "gates"
    """Kinds of gates, with the name of what they are about where there is one: `["english", "skill:Python"]`."""
    COUNTRY = "country"
    COUNTRIES = "countries"
    YEARS = "years"
    DAYS = "days"
    STEPS = "steps"
    SKILLS = "skills"
    """A number of skills, as `PLACEMENTS` is one of placements and `WEEKLY_HOURS` one of hours."""
    PLACEMENTS = "placements"
    WEEKLY_HOURS = "weekly_hours"
    HOURS = "hours"
    """Minutes, written as hours and minutes."""
    DATE = "date"
    MONEY = "money"
    """Minor units and a currency: `[5500, "USD"]`."""
    PERCENT = "percent"
    """A fraction of one."""
    SCORE = "score"
    COUNT = "count"
    PLACE = "place"
    """A rank, from 1: third, 3º."""
    PHRASE = "phrase"
    """Another message."""


_SKILL: Final = {"skill": Kind.NAME}
_THROUGH: Final = {**_SKILL, "through": Kind.NAME}
_RANGE: Final = {"low": Kind.SCORE, "high": Kind.SCORE}
_PLACED: Final = {"change": Kind.PHRASE, "place": Kind.PLACE}

MESSAGES: Final[Mapping[str, Mapping[str, Kind]]] = {
    "coverage.held": {"held": Kind.COUNT, "asked": Kind.SKILLS},
    "coverage.implied": {"through": Kind.NAME, "skill": Kind.NAME},
    "coverage.related": {"through": Kind.NAME, "skill": Kind.NAME, "credit": Kind.PERCENT},
    "coverage.lacks": {"skills": Kind.NAMES},
    "depth.none": {},
    "depth.years": {**_SKILL, "years": Kind.YEARS},
    "depth.asked": {**_SKILL, "years": Kind.YEARS, "asked": Kind.YEARS},
    "depth.unstated": _SKILL,
    "depth.through.years": {**_THROUGH, "years": Kind.YEARS},
    "depth.through.asked": {**_THROUGH, "years": Kind.YEARS, "asked": Kind.YEARS},
    "depth.through.unstated": _THROUGH,
    "semantic.title": {"title": Kind.CONCEPT, "closeness": Kind.PERCENT},
    "semantic.past": {"closeness": Kind.PERCENT},
    "semantic.skills": {"closeness": Kind.PERCENT},
    "seniority.unstated": {"asked": Kind.SENIORITY},
    "seniority.as_asked": {"has": Kind.SENIORITY},
    "seniority.above": {"has": Kind.SENIORITY, "steps": Kind.STEPS, "asked": Kind.SENIORITY},
    "seniority.below": {"has": Kind.SENIORITY, "steps": Kind.STEPS, "asked": Kind.SENIORITY},
    "domain.lacks": {"domain": Kind.CONCEPT},
    "domain.has": {"domain": Kind.CONCEPT},
    "domain.has_years": {"domain": Kind.CONCEPT, "years": Kind.YEARS},
    "domain.stands_in": {"has": Kind.CONCEPT, "wanted": Kind.CONCEPT, "credit": Kind.PERCENT},
    "domain.stands_in_years": {
        "has": Kind.CONCEPT,
        "years": Kind.YEARS,
        "wanted": Kind.CONCEPT,
        "credit": Kind.PERCENT,
    },
    "english.stated": {"abilities": Kind.ABILITIES, "asked": Kind.CEFR},
    "english.asked": {"asked": Kind.CEFR},
    "english.unstated": {"modes": Kind.MODES},
    "hours.unstated": {},
    "hours.every_day": {"fewest": Kind.HOURS},
    "hours.changing": {"fewest": Kind.HOURS, "fewest_on": Kind.DATE, "most": Kind.HOURS, "most_on": Kind.DATE},
    "hours.asked": {"asked": Kind.HOURS},
    "certification.lacks": {"certification": Kind.NAME},
    "certification.held": {"certification": Kind.NAME},
    "certification.valid": {"certification": Kind.NAME, "expires_on": Kind.DATE},
    "certification.expired": {"certification": Kind.NAME, "expires_on": Kind.DATE},
    "certification.required": {"certification": Kind.NAME},
    "start.unstated": {},
    "start.in_time": {"available_from": Kind.DATE},
    "start.late": {"available_from": Kind.DATE, "days": Kind.DAYS},
    "delivery.none": {},
    "delivery.record": {"succeeded": Kind.COUNT, "finished": Kind.PLACEMENTS},
    "freshness.today": {},
    "freshness.ago": {"days": Kind.DAYS},
    "rate.unstated": {},
    "rate.stated": {"rate": Kind.MONEY},
    "rate.incomparable": {"rate": Kind.MONEY, "currency": Kind.NAME},
    "rate.ceiling": {"rate": Kind.MONEY, "ceiling": Kind.MONEY},
    "skill.exact": _SKILL,
    "skill.implied": {"through": Kind.NAME, "skill": Kind.NAME},
    "skill.related": {"through": Kind.NAME, "skill": Kind.NAME},
    "skill.missing": _SKILL,
    "discipline": {"has": Kind.DISCIPLINE, "asked": Kind.DISCIPLINE},
    "country": {"has": Kind.COUNTRY, "asked": Kind.COUNTRIES},
    "country.unstated": {"asked": Kind.COUNTRIES},
    "weekly_hours": {"has": Kind.WEEKLY_HOURS, "asked": Kind.COUNT},
    "weekly_hours.unstated": {"asked": Kind.WEEKLY_HOURS},
    "summary.nothing": {},
    "summary.title": {"title": Kind.CONCEPT, "lift": Kind.PARTS},
    "summary.level": {"seniority": Kind.SENIORITY, "title": Kind.CONCEPT, "lift": Kind.PARTS},
    "summary.cost": {"cost": Kind.PARTS},
    "range.datum": {"datum": Kind.DATUM, **_RANGE},
    "range.years": {"skills": Kind.NAMES, **_RANGE},
    "range.english": {"modes": Kind.MODES, **_RANGE},
    "range.delivery": _RANGE,
    "verdict.admitted": {"place": Kind.PLACE, "admitted": Kind.COUNT},
    "verdict.stands": {"place": Kind.PLACE},
    "verdict.kept_out": {"gates": Kind.GATES, "place": Kind.PLACE},
    "if.english": {"level": Kind.CEFR},
    "if.skill": {"skill": Kind.NAME, "years": Kind.YEARS},
    "if.certification": {"certification": Kind.NAME},
    "if.start": {"available_from": Kind.DATE},
    "if.weekly_hours": {"hours": Kind.WEEKLY_HOURS},
    "if.rate": {"rate": Kind.MONEY},
    "would.place": _PLACED,
    "would.admit": _PLACED,
}
"""Every code with its values in the order in which they are stored."""


def say(code: str, **values: Any) -> Message:
    """Build a message; its values stand in their declared order, which is what makes equal messages equal."""
    declared = MESSAGES[code]
    if declared.keys() != values.keys():
        raise TypeError(f"{code} takes {', '.join(declared) or 'nothing'}, not {', '.join(values) or 'nothing'}")
    return {"code": code, **{name: values[name] for name in declared}}


def names_of(lexicon: Lexicon, concept_id: str) -> Sequence[str]:
    """Name of a concept in each language: the canonical English one, and the first alias of the others.

    An id nobody curated is its own name everywhere.
    """
    concept = lexicon.concepts.get(concept_id)
    if concept is None:
        return [concept_id] * len(LANGUAGES)
    return [concept.name, *(next(iter(concept.aliases.get(one, ())), concept.name) for one in LANGUAGES[1:])]
