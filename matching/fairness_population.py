"""Whom a ranking was about, counted by group at the moment it was made: what a fairness report is computed from.

Ranking hands over what it knows of everybody who passed the gates; nothing here leads back into it. What may not be
told of small groups is merged before it leaves `population`, so that its answer may be kept and added up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching.columns import Columns
from matching.disparity import MINIMUM_GROUP, held_back, ndkl
from matching.profile import EVERY_OBSERVED

TOPS: Final = (5, 10, 25, 50)
"""Depths at which the top of a list is counted; two of them differ by no fewer people than a group must have."""
SAMPLE: Final = 4_000
"""Up to this many candidates all are scored for the median; of more, as many at even distances."""
UNKNOWN: Final = "unknown"
WITHHELD: Final = "withheld"
"""The groups of a list of which nothing may be told, taken together."""

_LOW: Final = 2**64 - 1
_OBSERVED: Final = {
    name: tuple(getattr(one, name) or UNKNOWN for one in EVERY_OBSERVED)
    for name in ("hub_size", "profile_language", "career_gap")
}
_SENIORITIES: Final = ("intern", "junior", "mid", "senior", "lead", "principal")

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A fact of every candidate as a position in `labels`, shape (candidates,); several codes may share a label."""

    codes: NDArray[np.integer[Any]]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standings:
    """Everybody who passed the gates, by position, and how they fared.

    `listed` has the positions of those on the list, best first; `scored` the positions whose score was computed, and
    `scores` their scores in billionths, in the same order.
    """

    id_high: NDArray[np.uint64]
    id_low: NDArray[np.uint64]
    facts: Mapping[str, Labelled]
    listed: Integers
    scored: Integers
    scores: Integers

    def __len__(self) -> int:
        return len(self.id_high)

    @property
    def above_median(self) -> Integers:
        """Positions whose score is above the median of all scores."""
        if not len(self.scores):
            return self.scored
        above: Integers = self.scored[self.scores > np.median(self.scores)]
        return above

    def positions_of(self, identifiers: Sequence[UUID]) -> dict[UUID, int]:
        """Where these people stand, of those who are there."""
        rows = np.flatnonzero(np.isin(self.id_low, np.array([one.int & _LOW for one in identifiers], dtype=np.uint64)))
        here = {int(self.id_high[row]) << 64 | int(self.id_low[row]): int(row) for row in rows}
        return {one: here[one.int] for one in identifiers if one.int in here}


@dataclass(frozen=True, slots=True)
class Group:
    """Counts of one group of a list: `top` has how many stand among the first of each of `TOPS`."""

    admitted: int
    scored: int
    above_median: int
    listed: int
    top: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """A list's candidates by dimension and group, and how far each dimension's order is from its shares."""

    groups: Mapping[str, Mapping[str, Group]]
    ndkl: Mapping[str, float]


def sample_of(count: int) -> Integers:
    """Positions to be scored for the median, ascending and without chance: at most `SAMPLE`."""
    return np.arange(count) if count <= SAMPLE else np.arange(SAMPLE, dtype=np.int64) * count // SAMPLE


def standings_of(
    admitted: Sequence[tuple[Columns, Integers]], listed: Integers, scored: Integers, scores: Integers
) -> Standings:
    """Copy out of the columns of each shard what is counted of its rows that passed the gates."""

    def taken(name: str) -> NDArray[Any]:
        return np.concatenate(
            [np.zeros(0, dtype=np.int8), *(columns.fixed[name].take(rows) for columns, rows in admitted)]
        )

    def keys(name: str) -> NDArray[np.uint64]:
        found = [columns.fixed[name].take(rows) for columns, rows in admitted]
        return np.concatenate([np.zeros(0, dtype=np.uint64), *found])

    countries = admitted[0][0].words.countries.values if admitted else [None]
    observed = taken("observed")
    return Standings(
        id_high=keys("id_high"),
        id_low=keys("id_low"),
        facts={
            # An unknown number is -1.
            "seniority": Labelled(taken("seniority") + 1, (UNKNOWN, *_SENIORITIES)),
            "country": Labelled(taken("country"), tuple(name or UNKNOWN for name in countries)),
            **{name: Labelled(observed, labels) for name, labels in _OBSERVED.items()},
        },
        listed=listed,
        scored=scored,
        scores=scores,
    )


def population(standings: Standings, minimum: int = MINIMUM_GROUP) -> Population | None:
    """Counts by group, small ones taken together; None of a list too short, or of too few people, to tell anything."""
    if len(standings) < minimum or len(standings.listed) < minimum:
        return None
    above = standings.above_median
    groups: dict[str, dict[str, Group]] = {}
    distances: dict[str, float] = {}
    for name, fact in standings.facts.items():
        by_code = np.bincount(fact.codes, minlength=len(fact.labels))
        values, group_of = _merged(fact.labels, by_code, minimum)
        admitted = _summed(group_of, by_code, len(values))
        ranked = group_of[fact.codes[standings.listed]]
        scored, good = group_of[fact.codes[standings.scored]], group_of[fact.codes[above]]
        counts = [admitted, *(np.bincount(of, minlength=len(values)) for of in (scored, good, ranked))]
        tops = [np.bincount(ranked[:top], minlength=len(values)) for top in TOPS]
        table, by_top = np.stack(counts, axis=1).tolist(), np.stack(tops, axis=1).tolist()
        groups[name] = {
            value: Group(row[0], row[1], row[2], row[3], tuple(top))
            for value, row, top in zip(values, table, by_top, strict=True)
            if row[0]
        }
        distances[name] = ndkl(ranked.tolist(), (admitted / len(standings)).tolist())
    return Population(groups, distances)


def _merged(labels: Sequence[str], by_code: Integers, minimum: int) -> tuple[tuple[str, ...], Integers]:
    """The groups that may be told, with those that may not as the last one; and the group of each code."""
    values = (*dict.fromkeys(labels), WITHHELD)
    group_of = np.array([values.index(label) for label in labels])
    sizes = _summed(group_of, by_code, len(values)).tolist()
    hidden = held_back(dict(zip(values, sizes, strict=True)), minimum)
    return values, np.array([len(values) - 1 if label in hidden else values.index(label) for label in labels])


def _summed(group_of: Integers, by_code: Integers, count: int) -> Integers:
    sums: Integers = np.zeros(count, dtype=np.int64)
    np.add.at(sums, group_of, by_code)
    return sums
