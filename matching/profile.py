"""What the ranking may know of a person: facts, no identity.

Names, contact data, photos, age, gender and exact employers have no field here, so nothing downstream can use them.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from itertools import product
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter


class Cefr(IntEnum):
    """Levels of the Common European Framework, in order; a native speaker stands above C2."""

    A1 = 1
    A2 = 2
    B1 = 3
    B2 = 4
    C1 = 5
    C2 = 6
    NATIVE = 7


LANGUAGE_MODES: Final = ("speaking", "listening", "reading", "writing")


@dataclass(frozen=True, slots=True)
class SkillFact:
    """A skill as its owner states it; `level` 1 (beginner) to 5 (expert), `last_used` a year.

    `evidence` is the JSON pointer to where the stored profile says so: None means at this place in its list of skills.
    """

    skill: str
    years: float | None = None
    level: int | None = None
    last_used: int | None = None
    evidence: str | None = None

    @property
    def dated(self) -> bool:
        """Whether it says for how long, or when last; a bare claim says neither."""
        return self.years is not None or self.last_used is not None


@dataclass(frozen=True, slots=True)
class English:
    """CEFR level by mode; None where nobody has said."""

    speaking: Cefr | None = None
    listening: Cefr | None = None
    reading: Cefr | None = None
    writing: Cefr | None = None


@dataclass(frozen=True, slots=True)
class CertificationFact:
    """A certification held; `expires_on` None when it does not expire or nobody has said."""

    certification: str
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class DomainFact:
    """Experience in a business domain, in years where known."""

    domain: str
    years: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Past placements that ended, and how many of them ended well."""

    finished: int
    succeeded: int


PROFILE_LANGUAGES: Final = ("en", "es", "pt", "several", "other")
HUB_SIZES: Final = ("metropolis", "large", "intermediate")
CAREER_GAPS: Final = ("none", "over_a_year")


@dataclass(frozen=True, slots=True)
class Observed:
    """What fairness is measured by, and nobody is ranked by: no gate, part, card or explanation reads it.

    `profile_language` is one of `PROFILE_LANGUAGES`, `hub_size` of `HUB_SIZES`, `career_gap` of `CAREER_GAPS`.
    """

    profile_language: str | None = None
    hub_size: str | None = None
    career_gap: str | None = None

    @property
    def code(self) -> int:
        """All three in one small number, for a column: a position in `EVERY_OBSERVED`."""
        return _CODES[self]


EVERY_OBSERVED: Final = tuple(
    Observed(*values) for values in product((None, *PROFILE_LANGUAGES), (None, *HUB_SIZES), (None, *CAREER_GAPS))
)
_CODES: Final = {observed: code for code, observed in enumerate(EVERY_OBSERVED)}


@dataclass(frozen=True, slots=True)
class Profile:
    """An engineer as the ranking sees one.

    `seniority` is 0 (intern) to 5 (principal); windows are minutes after local midnight; `rate` is per hour in minor
    units of `currency`. None always means unknown. Lists keep the order of the stored profile, so that a position in
    one is a JSON pointer into it; of skills, `pointer_of` says where each comes from.
    """

    id: UUID
    title: str
    discipline: str
    updated_on: date
    seniority: int | None = None
    skills: tuple[SkillFact, ...] = ()
    english: English = English()
    certifications: tuple[CertificationFact, ...] = ()
    domains: tuple[DomainFact, ...] = ()
    past_titles: tuple[str, ...] = ()
    country: str | None = None
    zone: str | None = None
    window: tuple[int, int] | None = None
    available_from: date | None = None
    weekly_hours: int | None = None
    rate: int | None = None
    currency: str | None = None
    delivery: Delivery | None = None
    observed: Observed = Observed()


def pointer_of(profile: Profile, position: int) -> str:
    """JSON pointer into the stored profile to the evidence of the skill at this position."""
    return profile.skills[position].evidence or f"/skills/{position}"


PROFILE: Final = TypeAdapter(Profile)
"""Reads and writes a profile as JSON; `PROFILE.validate_json(PROFILE.dump_json(p)) == p`."""
