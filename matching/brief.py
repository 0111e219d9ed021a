"""What a client asks for, in the matcher's terms: gates, weights and text."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pydantic import TypeAdapter

from matching.errors import WeightsInvalid
from matching.profile import Cefr

WEIGHT_UNIT: Final = 10_000
"""Weights are whole ten-thousandths, so that they add up to one exactly."""

PARTS: Final = (
    "skill_coverage",
    "skill_depth",
    "semantic",
    "seniority",
    "domain",
    "english",
    "shared_hours",
    "certifications",
    "start",
    "delivery",
    "freshness",
    "rate",
)

DEFAULT_WEIGHTS: Final[Mapping[str, float]] = {
    "skill_coverage": 0.27,
    "skill_depth": 0.16,
    "semantic": 0.16,
    "seniority": 0.10,
    "domain": 0.09,
    "english": 0.06,
    "shared_hours": 0.05,
    "certifications": 0.04,
    "start": 0.03,
    "delivery": 0.02,
    "freshness": 0.02,
    "rate": 0.0,
}


@dataclass(frozen=True, slots=True)
class SkillNeed:
    """A skill the role asks for; a must gates, a nice-to-have only scores."""

    skill: str
    must: bool = False
    years: float | None = None


@dataclass(frozen=True, slots=True)
class CertificationNeed:
    """A certification the role asks for; a required one gates."""

    certification: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Brief:
    """A role request as the ranking sees one.

    Windows are minutes after local midnight in `zone`; `rate_ceiling` is per hour in minor units of `currency`;
    `exclude_unknown` names the kinds of gate at which an unknown answer counts as a failure. `as_of` is the day on
    which freshness and skill recency are judged. `mentioned` are skills that the request's text names and its list does
    not: they count for closeness and are asked of nobody.
    """

    title: str
    as_of: date
    discipline: str | None = None
    seniority: int | None = None
    skills: tuple[SkillNeed, ...] = ()
    mentioned: tuple[str, ...] = ()
    english: Cefr | None = None
    english_modes: tuple[str, ...] = ("speaking", "listening")
    certifications: tuple[CertificationNeed, ...] = ()
    domains: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    zone: str | None = None
    window: tuple[int, int] | None = None
    shared_minutes: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    start_tolerance_days: int = 30
    weekly_hours: int | None = None
    rate_ceiling: int | None = None
    currency: str | None = None
    exclude_unknown: frozenset[str] = frozenset()
    weights: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS))

    @property
    def facets(self) -> tuple[str, ...]:
        """Skills that each look for their closest counterpart."""
        return (*(need.skill for need in self.skills), *self.mentioned)


BRIEF: Final = TypeAdapter(Brief)
"""Reads and writes a brief as JSON."""


def share_weights(weights: Mapping[str, float], applicable: frozenset[str]) -> dict[str, int]:
    """Scale the weights of the parts a brief makes applicable to whole ten-thousandths that sum to `WEIGHT_UNIT`.

    Largest remainder method; ties go to the earlier part of `PARTS`. Parts that do not apply are left out.

    Raises:
        WeightsInvalid: a weight is negative or not finite, names no part, or none that applies is above zero.
    """
    unknown = set(weights) - set(PARTS)
    if unknown:
        raise WeightsInvalid(f"there is no part called {', '.join(sorted(unknown))}")
    if any(not math.isfinite(weight) or weight < 0 for weight in weights.values()):
        raise WeightsInvalid("weights are finite and not negative")
    chosen = {part: float(weights.get(part, 0.0)) for part in PARTS if part in applicable}
    largest = max(chosen.values(), default=0.0)
    if largest <= 0:
        raise WeightsInvalid("at least one part that applies to this request needs a weight above zero")
    relative = {part: weight / largest for part, weight in chosen.items()}
    total = math.fsum(relative.values())
    exact = {part: weight / total * WEIGHT_UNIT for part, weight in relative.items()}
    whole: dict[str, int] = {part: math.floor(value) for part, value in exact.items()}
    missing = WEIGHT_UNIT - sum(whole.values())
    by_remainder = sorted(exact, key=lambda part: whole[part] - exact[part])
    for part in by_remainder[:missing]:
        whole[part] += 1
    return whole
