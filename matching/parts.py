"""Parts of a score: how well each admitted row answers one side of a request, in [0, 1], with a range.

Where data is missing the value is a guess and the range says how wrong it may be: [0, 1] when nothing is known. The
surplus of one need never pays for the absence of another, because each need is capped before they are averaged.

Most parts depend on one fact that has few values; those are judged once for each value and looked up by row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.brief import Brief
from matching.columns import UNKNOWN, Columns, Rows, Vocabularies
from matching.gates import comparable, english_levels, held_certification, shared_minutes
from matching.hours import Workday, length
from matching.matches import Values, best_credits, credit_table
from matching.skills import GUESS, SkillJudge, depth_of_items, experience_share, recency
from matching.taxonomy import Taxonomy

VALUE_UNIT: Final = 100_000
COSINE_OF_STRANGERS: Final = 0.15
COSINE_OF_TWINS: Final = 0.90
"""Cosines of two unrelated texts, and of one thing named twice, under the bundled model."""
TITLE_SHARE: Final = 0.5
PAST_TITLE_WORTH: Final = 0.8
SENIORITY_VALUES: Final[Mapping[int, float]] = {0: 1.0, 1: 0.85, 2: 0.6, -1: 0.6, -2: 0.2}
SENIORITY_ELSEWHERE: Final = 0.1
ENGLISH_VALUES: Final = (0.6, 0.85, 1.0)
DAYS_TO_NO_START: Final = 60
PRIOR_SUCCESSES: Final = 4.0
PRIOR_SIZE: Final = 5.0
"""Imprecise beta model (Walley 1996, "Inferences from multinomial data"), s = 5, centred on a success rate of 0.8."""
FRESHNESS_HALF_LIFE_DAYS: Final = 180
OLDEST_DAYS: Final = 20 * FRESHNESS_HALF_LIFE_DAYS
"""Freshness of anything older rounds to nothing."""

Whole = NDArray[np.int64]

__all__ = [
    "DAYS_TO_NO_START",
    "VALUE_UNIT",
    "Judges",
    "Part",
    "applicable_parts",
    "depth_of_items",
    "experience_share",
    "quantised",
    "recency",
    "semantic",
    "stretched",
]


@dataclass(frozen=True, slots=True)
class Part:
    """One side of the score by row; low <= value <= high."""

    value: Values
    low: Values
    high: Values


@dataclass(frozen=True)
class Lookup:
    """A part that depends on one fact: judged for each of its values, and where a row's value is in that table."""

    table: Part
    index: Callable[[Columns, Rows], NDArray[Any]]

    def part(self, columns: Columns, rows: Rows) -> Part:
        """Judge these rows."""
        index = self.index(columns, rows)
        return Part(self.table.value.take(index), self.table.low.take(index), self.table.high.take(index))

    def whole(self, columns: Columns, rows: Rows) -> NDArray[Any]:
        """Values of these rows in hundred-thousandths."""
        return self._whole.take(self.index(columns, rows))

    @cached_property
    def _whole(self) -> NDArray[np.int32]:
        return quantised(self.table.value).astype(np.int32)


@dataclass(frozen=True)
class Direct:
    """A part that is judged row by row."""

    part: Callable[[Columns, Rows], Part]

    def whole(self, columns: Columns, rows: Rows) -> NDArray[Any]:
        """Values of these rows in hundred-thousandths."""
        return quantised(self.part(columns, rows).value)


class Judges:
    """Every part but `semantic`, for one brief; what depends on the brief alone is worked out once.

    Args:
        weights: the parts that apply, with their weights in ten-thousandths.
        words: what the rows' codes mean; rows that come later may use codes these judges do not know.
    """

    def __init__(self, brief: Brief, weights: Mapping[str, int], words: Vocabularies, taxonomy: Taxonomy) -> None:
        self._weights = weights
        self._skills = SkillJudge(brief, words, taxonomy) if "skill_coverage" in weights else None
        self._single = {name: judge(brief, words, taxonomy) for name, judge in _JUDGES.items() if name in weights}

    def weighed(self, columns: Columns, rows: Rows) -> NDArray[np.int32]:
        """Sum of weight times value over the parts, in billionths; at most one, so that 32 bits hold it."""
        total = np.zeros(len(rows), dtype=np.int32)
        for name, judge in self._single.items():
            if self._weights[name]:
                total += (judge.whole(columns, rows) * self._weights[name]).astype(np.int32, copy=False)
        if self._skills is not None and (self._weights["skill_coverage"] or self._weights["skill_depth"]):
            coverage, depth = self._skills.values(columns, rows)
            total += (quantised(coverage) * self._weights["skill_coverage"]).astype(np.int32)
            total += (quantised(depth) * self._weights["skill_depth"]).astype(np.int32)
        return total

    def parts(self, columns: Columns) -> dict[str, Part]:
        """Every part with its range, of all rows."""
        rows = np.arange(len(columns))
        parts = {name: judge.part(columns, rows) for name, judge in self._single.items()}
        if self._skills is not None:
            coverage, depth = self._skills.ranges(columns)
            parts |= {"skill_coverage": Part(*coverage), "skill_depth": Part(*depth)}
        return parts


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


def quantised(values: Values) -> Whole:
    """Values in [0, 1] as whole hundred-thousandths."""
    return np.rint(values * VALUE_UNIT).astype(np.int64)


def stretched(cosines: NDArray[np.float32]) -> Values:
    """Closeness of two texts: their cosine, stretched so that strangers have 0 and twins 1."""
    share = (cosines.astype(np.float64) - COSINE_OF_STRANGERS) / (COSINE_OF_TWINS - COSINE_OF_STRANGERS)
    return np.clip(share, 0.0, 1.0)


def semantic(title: Values, past: Values, skills: Values) -> Part:
    """What the closenesses of a profile come to: each side of the request takes its best counterpart.

    Late interaction, Khattab and Zaharia 2020, "ColBERT". A past title counts less than the current one; a request
    without skills is judged by the title alone. Nothing a profile adds can lower it.

    Args:
        title: closeness of the current title, shape (rows,).
        past: that of the closest past title.
        skills: for each skill asked for that of the closest skill listed, shape (skills asked for, rows).
    """
    best_title = np.maximum(title, PAST_TITLE_WORTH * past)
    if not len(skills):
        return _certain(best_title)
    total = np.zeros(len(title))
    for one in skills:
        total = total + one
    return _certain(TITLE_SHARE * best_title + (1 - TITLE_SHARE) * (total / len(skills)))


def _seniority(brief: Brief, _words: Vocabularies, _taxonomy: Taxonomy) -> Lookup:
    lowest, highest = UNKNOWN, np.iinfo(np.int8).max
    ranks = np.arange(lowest, highest + 1)
    value = np.full(len(ranks), SENIORITY_ELSEWHERE)
    for distance, worth in SENIORITY_VALUES.items():
        value[ranks - (brief.seniority or 0) == distance] = worth
    return Lookup(_unless_unknown(value, ranks == UNKNOWN), lambda c, rows: c.fixed["seniority"].take(rows) - lowest)


def _domain(brief: Brief, words: Vocabularies, taxonomy: Taxonomy) -> Direct:
    tables = [credit_table(taxonomy.domains.credits(one), words.domains) for one in brief.domains]

    def part(columns: Columns, rows: Rows) -> Part:
        starts = columns.lists["domains"].starts
        value = np.mean([best_credits(columns, "domains", rows, table) for table in tables], axis=0)
        return Part(value, value, np.where(starts.take(rows) == starts.take(rows + 1), 1.0, value))

    return Direct(part)


def _english(brief: Brief, words: Vocabularies, _taxonomy: Taxonomy) -> Lookup:
    levels, asked = english_levels(words, brief.english_modes), int(brief.english or 0)
    unknown = levels == UNKNOWN
    lowest = np.where(unknown, 99, levels).min(axis=1)
    margin = np.clip(lowest - asked, 0, len(ENGLISH_VALUES) - 1)
    met = np.asarray(ENGLISH_VALUES)[margin]
    value = np.where(lowest < asked, 0.0, met)
    none_known, some_unknown = unknown.all(axis=1), unknown.any(axis=1)
    table = Part(
        np.where(none_known, GUESS, value),
        np.where(some_unknown, 0.0, value),
        np.where(none_known, 1.0, value),
    )
    return _by_code("english", table)


def _shared_hours(brief: Brief, words: Vocabularies, _taxonomy: Taxonomy) -> Lookup:
    minutes = shared_minutes(brief, words)
    day = length(Workday(brief.zone or "UTC", *(brief.window or (0, 0))))
    return _by_code("workday", _unless_unknown(np.clip(minutes / day, 0.0, 1.0), minutes == UNKNOWN))


def _certifications(brief: Brief, words: Vocabularies, _taxonomy: Taxonomy) -> Direct:
    def part(columns: Columns, rows: Rows) -> Part:
        held = [held_certification(columns, need.certification, brief, words) for need in brief.certifications]
        return _certain(np.mean([one.take(rows) for one in held], axis=0))

    return Direct(part)


def _start(brief: Brief, _words: Vocabularies, _taxonomy: Taxonomy) -> Lookup:
    """By days late, and one more for unknown."""
    starts_on = (brief.starts_on or brief.as_of).toordinal()
    late = np.arange(DAYS_TO_NO_START + 2)
    table = _unless_unknown(np.clip(1.0 - late / DAYS_TO_NO_START, 0.0, 1.0), late > DAYS_TO_NO_START)

    def index(columns: Columns, rows: Rows) -> NDArray[Any]:
        available = columns.fixed["available_from"].take(rows)
        days = np.minimum(np.maximum(available.astype(np.int64) - starts_on, 0), DAYS_TO_NO_START)
        days[available == UNKNOWN] = DAYS_TO_NO_START + 1
        return days

    return Lookup(table, index)


def _delivery(_brief: Brief, words: Vocabularies, _taxonomy: Taxonomy) -> Lookup:
    finished, succeeded = words.records.table((0, 0)).T.astype(np.float64)
    size = finished + PRIOR_SIZE
    table = Part((succeeded + PRIOR_SUCCESSES) / size, succeeded / size, (succeeded + PRIOR_SIZE) / size)
    return _by_code("delivery", table)


def _freshness(brief: Brief, _words: Vocabularies, _taxonomy: Taxonomy) -> Lookup:
    as_of = brief.as_of.toordinal()
    table = _certain(np.exp2(-np.arange(OLDEST_DAYS + 1) / FRESHNESS_HALF_LIFE_DAYS))

    def index(columns: Columns, rows: Rows) -> NDArray[Any]:
        age = as_of - columns.fixed["updated_on"].take(rows).astype(np.int64)
        return np.minimum(np.maximum(age, 0), OLDEST_DAYS)

    return Lookup(table, index)


def _rate(brief: Brief, words: Vocabularies, _taxonomy: Taxonomy) -> Direct:
    ours = words.currencies.known(brief.currency or "")

    def part(columns: Columns, rows: Rows) -> Part:
        rates = columns.fixed["rate"].take(rows)
        room = 1.0 - rates / max(1, brief.rate_ceiling or 1)
        unknown = (rates == UNKNOWN) | ~comparable(columns.fixed["currency"].take(rows), ours)
        return _unless_unknown(np.clip(room, 0.0, 1.0), unknown)

    return Direct(part)


def _by_code(column: str, table: Part) -> Lookup:
    return Lookup(table, lambda columns, rows: columns.fixed[column].take(rows))


def _certain(value: Values) -> Part:
    return Part(value, value, value)


def _unless_unknown(value: Values, unknown: NDArray[np.bool_]) -> Part:
    return Part(np.where(unknown, GUESS, value), np.where(unknown, 0.0, value), np.where(unknown, 1.0, value))


_JUDGES: Final[Mapping[str, Callable[[Brief, Vocabularies, Taxonomy], Lookup | Direct]]] = {
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
