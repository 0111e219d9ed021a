"""Parts of a score: how well each admitted row answers one side of a request, in [0, 1], with a range.

Where data is missing the value is a guess and the range says how wrong it may be: [0, 1] when nothing is known. The
surplus of one need never pays for the absence of another, because each need is capped before they are averaged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.brief import Brief, SkillNeed
from matching.columns import UNKNOWN, Columns
from matching.gates import held_certification, shared_minutes
from matching.hours import Workday, length
from matching.matches import FULL_CREDIT, Match, Matches

Rows = NDArray[np.int64]
Values = NDArray[np.float64]

MUST_WEIGHT: Final = 2.0
NICE_WEIGHT: Final = 1.0
YEARS_TO_TWO_THIRDS: Final = 2.5
"""Depth of a skill asked for without years: 1 - exp(-years / 2.5), two thirds after two and a half years."""
RECENCY_LOSS: Final = 0.08
RECENCY_FLOOR: Final = 0.5
COSINE_OF_STRANGERS: Final = 0.15
COSINE_OF_TWINS: Final = 0.90
"""Cosines of two unrelated cards, and of a request's card with that of its ideal, under the bundled model."""
SENIORITY_VALUES: Final[Mapping[int, float]] = {0: 1.0, 1: 0.85, 2: 0.6, -1: 0.6, -2: 0.2}
SENIORITY_ELSEWHERE: Final = 0.1
ENGLISH_VALUES: Final = (0.6, 0.85, 1.0)
DAYS_TO_NO_START: Final = 60
PRIOR_SUCCESSES: Final = 4.0
PRIOR_SIZE: Final = 5.0
"""Imprecise beta model (Walley 1996, "Inferences from multinomial data"), s = 5, centred on a success rate of 0.8."""
FRESHNESS_HALF_LIFE_DAYS: Final = 180
GUESS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """One side of the score for every admitted row; low <= value <= high."""

    value: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the parts look at: the admitted rows and what is already known of them."""

    brief: Brief
    columns: Columns
    rows: Rows
    matches: Matches

    def number(self, name: str) -> NDArray[np.int32]:
        """Take a numeric column at the admitted rows."""
        column: NDArray[np.int32] = self.columns.numbers[name][self.rows]
        return column


def applicable_parts(brief: Brief) -> frozenset[str]:
    """Parts a brief gives something to judge by; the others have no weight."""
    asked = {
        "skill_coverage": bool(brief.skills),
        "skill_depth": bool(brief.skills),
        "seniority": brief.seniority is not None,
        "domain": bool(brief.domains),
        "english": brief.english is not None,
        "shared_hours": brief.zone is not None and brief.window is not None,
        "certifications": bool(brief.certifications),
        "start": brief.starts_on is not None,
        "rate": brief.rate_ceiling is not None,
    }
    return frozenset({"semantic", "delivery", "freshness", *(part for part, is_asked in asked.items() if is_asked)})


def evaluate_part(name: str, admitted: Admitted) -> Part:
    """Judge every admitted row by one part other than `semantic`, which needs cosines."""
    return _JUDGES[name](admitted)


def semantic(cosines: NDArray[np.float32]) -> Part:
    """Cosine of the request's card with the profile's, stretched so that strangers have 0 and twins 1."""
    stretched = (cosines.astype(np.float64) - COSINE_OF_STRANGERS) / (COSINE_OF_TWINS - COSINE_OF_STRANGERS)
    return _certain(np.clip(stretched, 0.0, 1.0))


def _skill_coverage(admitted: Admitted) -> Part:
    count = len(admitted.rows)
    weights = _need_weights(admitted.brief.skills)
    covered = sum(weight * match.best(count) for weight, match in zip(weights, admitted.matches.skills, strict=True))
    value = np.asarray(covered) / sum(weights)
    nothing_stated = ~admitted.columns.skills.codes[admitted.rows].any(axis=1)
    return Part(value, value, np.where(nothing_stated, 1.0, value))


def _skill_depth(admitted: Admitted) -> Part:
    count = len(admitted.rows)
    weights = _need_weights(admitted.brief.skills)
    sums = np.zeros((3, count))
    for weight, need, match in zip(weights, admitted.brief.skills, admitted.matches.skills, strict=True):
        sums += weight * np.stack([match.best(count, worth) for worth in _depths(admitted, need, match)])
    value, low, high = sums / sum(weights)
    nothing_stated = ~admitted.columns.skills.codes[admitted.rows].any(axis=1)
    return Part(value, low, np.where(nothing_stated, 1.0, high))


def _depths(admitted: Admitted, need: SkillNeed, match: Match) -> tuple[Values, Values, Values]:
    """Value, low and high worth of each item that answers one need."""
    numbers = admitted.columns.skills.numbers
    at = (admitted.rows[match.position], match.item)
    years, level, last_used = (numbers[name][at] for name in ("years", "level", "last_used"))
    return depth_of_items(match.credit / FULL_CREDIT, years, level, last_used, need.years, admitted.brief.as_of.year)


def depth_of_items(
    credit: Values,
    years: NDArray[np.int32],
    level: NDArray[np.int32],
    last_used: NDArray[np.int32],
    needed_years: float | None,
    this_year: int,
) -> tuple[Values, Values, Values]:
    """Value, low and high worth of listed skills for one need; years in tenths, UNKNOWN where nobody has said."""
    worth = credit * recency(this_year, last_used)
    experience = experience_share(years / 10, needed_years)
    stated = np.where(level == UNKNOWN, GUESS, level / 5)
    unknown = years == UNKNOWN
    return (
        worth * np.where(unknown, stated, experience),
        worth * np.where(unknown, 0.0, experience),
        worth * np.where(unknown, 1.0, experience),
    )


def experience_share(years: Values, needed: float | None) -> Values:
    """Share of the experience asked for, at most one; without a figure, a saturating curve of years."""
    share = years / needed if needed else 1.0 - np.exp(-years / YEARS_TO_TWO_THIRDS)
    return np.clip(share, 0.0, 1.0)


def recency(this_year: int, last_used: NDArray[np.int32]) -> Values:
    """Return 1 for a skill used this year or last, 8 % less a year before, at least a half; unknown costs nothing."""
    years_idle = np.maximum(0, this_year - last_used - 1)
    faded = np.maximum(RECENCY_FLOOR, 1.0 - RECENCY_LOSS * years_idle)
    return np.where(last_used == UNKNOWN, 1.0, faded)


def _seniority(admitted: Admitted) -> Part:
    ranks = admitted.number("seniority")
    value = np.full(len(ranks), SENIORITY_ELSEWHERE)
    for distance, worth in SENIORITY_VALUES.items():
        value[ranks - (admitted.brief.seniority or 0) == distance] = worth
    return _unless_unknown(value, ranks == UNKNOWN)


def _domain(admitted: Admitted) -> Part:
    earned = [match.best(len(admitted.rows)) for match in admitted.matches.domains]
    nothing_stated = ~admitted.columns.domains.codes[admitted.rows].any(axis=1)
    value = np.mean(earned, axis=0)
    return Part(value, value, np.where(nothing_stated, 1.0, value))


def _english(admitted: Admitted) -> Part:
    levels = np.stack([admitted.number(f"english_{mode}") for mode in admitted.brief.english_modes])
    unknown = levels == UNKNOWN
    lowest = np.where(unknown, 99, levels).min(axis=0)
    margin = np.clip(lowest - int(admitted.brief.english or 0), 0, len(ENGLISH_VALUES) - 1)
    met = np.asarray(ENGLISH_VALUES)[margin]
    value = np.where(lowest < int(admitted.brief.english or 0), 0.0, met)
    none_known, some_unknown = unknown.all(axis=0), unknown.any(axis=0)
    return Part(
        np.where(none_known, GUESS, value),
        np.where(some_unknown, 0.0, value),
        np.where(none_known, 1.0, value),
    )


def _shared_hours(admitted: Admitted) -> Part:
    brief = admitted.brief
    minutes = shared_minutes(brief, admitted.columns, admitted.rows)
    day = length(Workday(brief.zone or "UTC", *(brief.window or (0, 0))))
    return _unless_unknown(np.clip(minutes / day, 0.0, 1.0), minutes == UNKNOWN)


def _certifications(admitted: Admitted) -> Part:
    brief, columns, rows = admitted.brief, admitted.columns, admitted.rows
    held = [held_certification(columns, rows, need.certification, brief) for need in brief.certifications]
    return _certain(np.mean(held, axis=0))


def _start(admitted: Admitted) -> Part:
    available = admitted.number("available_from")
    starts_on = (admitted.brief.starts_on or admitted.brief.as_of).toordinal()
    late = np.maximum(0, available - starts_on)
    return _unless_unknown(np.clip(1.0 - late / DAYS_TO_NO_START, 0.0, 1.0), available == UNKNOWN)


def _delivery(admitted: Admitted) -> Part:
    finished = np.maximum(0, admitted.number("finished")).astype(np.float64)
    succeeded = np.maximum(0, admitted.number("succeeded")).astype(np.float64)
    size = finished + PRIOR_SIZE
    return Part((succeeded + PRIOR_SUCCESSES) / size, succeeded / size, (succeeded + PRIOR_SIZE) / size)


def _freshness(admitted: Admitted) -> Part:
    age = np.maximum(0, admitted.brief.as_of.toordinal() - admitted.number("updated_on"))
    return _certain(np.exp2(-age / FRESHNESS_HALF_LIFE_DAYS))


def _rate(admitted: Admitted) -> Part:
    rates = admitted.number("rate")
    ours = admitted.columns.currencies.known(admitted.brief.currency or "")
    comparable = admitted.columns.coded["currency"][admitted.rows] == (ours or UNKNOWN)
    room = 1.0 - rates / max(1, admitted.brief.rate_ceiling or 1)
    return _unless_unknown(np.clip(room, 0.0, 1.0), (rates == UNKNOWN) | ~comparable)


def _need_weights(needs: Sequence[SkillNeed]) -> list[float]:
    return [MUST_WEIGHT if need.must else NICE_WEIGHT for need in needs]


def _certain(value: Values) -> Part:
    return Part(value, value, value)


def _unless_unknown(value: Values, unknown: NDArray[np.bool_]) -> Part:
    return Part(np.where(unknown, GUESS, value), np.where(unknown, 0.0, value), np.where(unknown, 1.0, value))


_JUDGES: Final[Mapping[str, Callable[[Admitted], Part]]] = {
    "skill_coverage": _skill_coverage,
    "skill_depth": _skill_depth,
    "seniority": _seniority,
    "domain": _domain,
    "english": _english,
    "shared_hours": _shared_hours,
    "certifications": _certifications,
    "start": _start,
    "delivery": _delivery,
    "freshness": _freshness,
    "rate": _rate,
}
