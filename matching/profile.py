"""What the ranking may know of a person: facts, no identity.

Names, contact data, photos, age, gender and exact employers have no field here, so nothing downstream can use them.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
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
    """A skill as its owner states it; `level` 1 (beginner) to 5 (expert), `last_used` a year."""

    skill: str
    years: float | None = None
    level: int | None = None
    last_used: int | None = None


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


@dataclass(frozen=True, slots=True)
class Profile:
    """An engineer as the ranking sees one.

    `seniority` is 0 (intern) to 5 (principal); windows are minutes after local midnight; `rate` is per hour in minor
    units of `currency`. None always means unknown. Lists keep the order of the stored profile, so that a position in
    one is a JSON pointer into it.
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


PROFILE: Final = TypeAdapter(Profile)
"""Reads and writes a profile as JSON; `PROFILE.validate_json(PROFILE.dump_json(p)) == p`."""
