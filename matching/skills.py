"""How well the skills a profile lists answer those a brief asks for: coverage, and depth in years and recency."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.brief import Brief, SkillNeed
from matching.columns import UNKNOWN, Columns, Lists, Rows, Vocabularies, best_of
from matching.matches import FULL_CREDIT, Credits, Found, Values, credit_table, find, posted_credits
from matching.taxonomy import Taxonomy

MUST_WEIGHT: Final = 2.0
NICE_WEIGHT: Final = 1.0
YEARS_TO_TWO_THIRDS: Final = 2.5
"""Depth of a skill asked for without years: 1 - exp(-years / 2.5), two thirds after two and a half years."""
RECENCY_LOSS: Final = 0.08
RECENCY_FLOOR: Final = 0.5
GUESS: Final = 0.5

_UNSTATED: Final = (UNKNOWN, UNKNOWN, UNKNOWN)
_BY_ENTRY: Final = 6.0
_BY_ITEM: Final = 9.0
_BY_ITEM_AND_NEED: Final = 1.2
"""Nanoseconds that reading a posting, gathering a listed item, and looking it up for one need take."""

Triple = tuple[Values, Values, Values]


class SkillJudge:
    """Judges rows by the skills a brief asks for; what depends on the brief alone is worked out once."""

    def __init__(self, brief: Brief, words: Vocabularies, taxonomy: Taxonomy) -> None:
        self._needs = brief.skills
        self._weights = [MUST_WEIGHT if need.must else NICE_WEIGHT for need in brief.skills]
        self._year = brief.as_of.year
        self._tables = [credit_table(taxonomy.skills.credits(need.skill), words.skills) for need in brief.skills]
        self._codes = [np.flatnonzero(table) for table in self._tables]
        self._experiences = words.experiences.table(_UNSTATED)
        self._recency = recency(self._year, self._experiences[:, 2])
        self._depths = [self._depth_tables(at) for at in range(len(self._needs))]

    def values(self, columns: Columns, rows: Rows) -> tuple[Values, Values]:
        """Coverage and depth of `rows`, without their ranges."""
        lists = columns.lists["skills"]
        covered, depth = np.zeros(len(rows)), np.zeros(len(rows))
        by_posting = self._by_posting(lists, len(rows))
        found = [] if by_posting else find(lists, rows, self._tables)
        for at, weight in enumerate(self._weights):
            if by_posting:
                best, deepest = self._posted(lists, at, len(columns))
                covered += weight * (best.take(rows) / FULL_CREDIT)
                depth += weight * deepest.take(rows)
            else:
                covered += weight * found[at].best(len(rows))
                depth += weight * best_of(found[at].position, self._worths(lists, found[at], at), len(rows))
        return covered / sum(self._weights), depth / sum(self._weights)

    def ranges(self, columns: Columns) -> tuple[Triple, Triple]:
        """Value, low and high of coverage and of depth, of all rows."""
        count, lists = len(columns), columns.lists["skills"]
        found = find(lists, np.arange(count), self._tables)
        covered, dated, depths = np.zeros(count), np.zeros(count), np.zeros((3, count))
        for need, weight, one in zip(self._needs, self._weights, found, strict=True):
            covered += weight * one.best(count)
            dated += weight * best_of(one.position, self._dated_credits(lists, one), count)
            worths = self._ranged_worths(lists, one, need)
            depths += weight * np.stack([best_of(one.position, worth, count) for worth in worths])
        value, sure = covered / sum(self._weights), dated / sum(self._weights)
        depth, low, high = depths / sum(self._weights)
        nothing_stated = columns.fixed["skill_count"] == 0
        return (value, sure, np.where(nothing_stated, 1.0, value)), (depth, low, np.where(nothing_stated, 1.0, high))

    def _by_posting(self, lists: Lists, count: int) -> bool:
        """Whether reading all postings of the needs is less work than reading the lists of so many rows."""
        if lists.postings is None:
            return False
        entries = sum(lists.postings.count(codes) for codes in self._codes)
        items = len(lists.items["code"]) * count / max(1, len(lists.starts) - 1)
        return _BY_ENTRY * entries < items * (_BY_ITEM + _BY_ITEM_AND_NEED * len(self._tables))

    def _posted(self, lists: Lists, at: int, count: int) -> tuple[Credits, Values]:
        """Highest credit and depth for one need, by row of the columns."""
        assert lists.postings is not None  # noqa: S101 - asked before
        table, codes, experience = self._tables[at], self._codes[at], lists.items["experience"]
        deepest = np.zeros(count)
        for code in codes.tolist():
            entries = lists.postings.entries(code)
            depths = self._depths[at][int(table[code])].take(experience.take(lists.postings.items[entries]))
            np.maximum.at(deepest, lists.postings.rows[entries], depths)
        return posted_credits(lists.postings, codes, table, count), deepest

    def _depth_tables(self, at: int) -> Mapping[int, Values]:
        """Depth by experience, for each credit the need may give: `depth_of_items` for all of them at once."""
        years, level, _ = self._experiences.T
        share = experience_share(years / 10, self._needs[at].years)
        share = np.where(years == UNKNOWN, np.where(level == UNKNOWN, GUESS, level / 5), share)
        credits_ = np.unique(self._tables[at][self._codes[at]]).tolist()
        return {credit: credit / FULL_CREDIT * self._recency * share for credit in credits_}

    def _worths(self, lists: Lists, found: Found, at: int) -> Values:
        """Depth of each item found."""
        experience = lists.items["experience"].take(found.item)
        worth = np.zeros(len(found.item))
        for credit, depths in self._depths[at].items():
            same = np.flatnonzero(found.credit == credit)
            worth[same] = depths.take(experience.take(same))
        return worth

    def _dated_credits(self, lists: Lists, found: Found) -> Values:
        """Credit of each item that says for how long or when last; a bare claim may turn out to be nothing."""
        years, _, last_used = self._experiences[lists.items["experience"].take(found.item)].T
        return np.where((years != UNKNOWN) | (last_used != UNKNOWN), found.credit / FULL_CREDIT, 0.0)

    def _ranged_worths(self, lists: Lists, found: Found, need: SkillNeed) -> Triple:
        years, level, last_used = self._experiences[lists.items["experience"].take(found.item)].T
        return depth_of_items(found.credit / FULL_CREDIT, years, level, last_used, need.years, self._year)


def depth_of_items(
    credit: Values,
    years: NDArray[Any],
    level: NDArray[Any],
    last_used: NDArray[Any],
    needed_years: float | None,
    this_year: int,
) -> Triple:
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


def recency(this_year: int, last_used: NDArray[Any]) -> Values:
    """Return 1 for a skill used this year or last, 8 % less a year before, at least a half; unknown costs nothing."""
    years_idle = np.maximum(0, this_year - last_used - 1)
    faded = np.maximum(RECENCY_FLOOR, 1.0 - RECENCY_LOSS * years_idle)
    return np.where(last_used == UNKNOWN, 1.0, faded)
