"""The pool's columns: one NumPy array a fact, one row a profile, nothing a gate or a part would have to unpack.

Values that repeat are small numbers given by a vocabulary. Lists are ragged: `starts[row]` to `starts[row + 1]` are the
items of a row. What a profile takes is numbers alone; no Python object is kept for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching.hours import Workday
from matching.postings import Postings
from matching.profile import LANGUAGE_MODES, Profile
from matching.texts import Codes, Texts

Rows = NDArray[np.int64]
Column = NDArray[Any]

UNKNOWN: Final = -1
"""Marks an unknown number in every column of numbers; code 0 marks an unknown value."""

_TENTHS: Final = 10
_LOW: Final = 2**64 - 1

KEYS: Final = ("id_high", "id_low", "version_high", "version_low")
NUMBERS: Final = ("seniority", "available_from", "weekly_hours", "rate", "updated_on", "skill_count", "observed")
CODED: Final[Mapping[str, str]] = {
    "title": "titles",
    "discipline": "disciplines",
    "country": "countries",
    "currency": "currencies",
    "workday": "workdays",
    "english": "levels",
    "delivery": "records",
}
"""Columns of codes, and the vocabulary each is of."""

LISTS: Final[Mapping[str, Mapping[str, str | None]]] = {
    "skills": {"code": "skills", "experience": "experiences"},
    "domains": {"code": "domains"},
    "certifications": {"code": "certifications", "expires_on": None},
    "past_titles": {"code": "titles"},
}
"""Columns of each list's items: the vocabulary of those that are codes, None for numbers."""

VOCABULARIES: Final = tuple(
    dict.fromkeys((*CODED.values(), *(one for items in LISTS.values() for one in items.values() if one is not None)))
)

POSTED: Final = frozenset({"skills", "domains"})
"""The lists that are also kept the other way round."""


@dataclass(frozen=True, slots=True)
class Vocabularies:
    """Every value that rows name by a code. An experience is (tenths of years, level, year of last use)."""

    titles: Texts
    skills: Texts
    disciplines: Codes[str]
    countries: Codes[str]
    currencies: Codes[str]
    workdays: Codes[Workday]
    levels: Codes[tuple[int, ...]]
    records: Codes[tuple[int, int]]
    experiences: Codes[tuple[int, int, int]]
    domains: Codes[str]
    certifications: Codes[str]

    @classmethod
    def of(cls, titles: Texts, skills: Texts) -> "Vocabularies":
        """Vocabularies that are empty but for the texts."""
        return cls(titles, skills, Codes(), Codes(), Codes(), Codes(), Codes(), Codes(), Codes(), Codes(), Codes())

    def named(self, name: str) -> Codes[Any]:
        """The vocabulary that `CODED` and `LISTS` call by this name."""
        vocabulary: Codes[Any] = getattr(self, name)
        return vocabulary


@dataclass(frozen=True, slots=True)
class Lists:
    """A list a row: items of row r are `starts[r]` to `starts[r + 1]` of every column in `items`."""

    starts: Column
    items: Mapping[str, Column]
    postings: Postings | None = None

    def of(self, rows: Rows) -> tuple[Rows, Rows]:
        """Items of `rows`: for each its position in `rows`, ascending, and its number."""
        begins = self.starts.take(rows).astype(np.int64)
        counts = self.starts.take(rows + 1) - begins
        ends = np.cumsum(counts)
        position = np.repeat(np.arange(len(rows)), counts)
        item = np.arange(len(position)) + np.repeat(begins - ends + counts, counts)
        return position, item

    def owners(self, item: Rows) -> Rows:
        """Rows that have these items."""
        return np.searchsorted(self.starts, item, side="right") - 1


@dataclass(frozen=True, slots=True)
class Columns:
    """Facts of some profiles by row. Dates are proleptic ordinals, rates minor units an hour."""

    words: Vocabularies
    fixed: Mapping[str, Column]
    lists: Mapping[str, Lists]

    def __len__(self) -> int:
        return len(self.fixed["id_high"])

    def take(self, rows: Rows) -> "Columns":
        """These rows alone, copied."""
        return Columns(
            self.words,
            {name: column.take(rows) for name, column in self.fixed.items()},
            {name: _taken(lists, rows) for name, lists in self.lists.items()},
        )

    def identifier(self, row: int) -> UUID:
        """Id of the profile of a row."""
        return UUID(int=int(self.fixed["id_high"][row]) << 64 | int(self.fixed["id_low"][row]))

    def version(self, row: int) -> int:
        """Change number of a row."""
        return int(self.fixed["version_high"][row]) << 64 | int(self.fixed["version_low"][row])

    def codes(self, rows: Rows) -> dict[str, list[Column]]:
        """Every code these rows use, by the vocabulary they are of."""
        used: dict[str, list[Column]] = {}
        for name, vocabulary in CODED.items():
            used.setdefault(vocabulary, []).append(self.fixed[name].take(rows))
        for name, items in LISTS.items():
            _, item = self.lists[name].of(rows)
            for column, of in items.items():
                if of is not None:
                    used.setdefault(of, []).append(self.lists[name].items[column].take(item))
        return used

    def nbytes(self) -> int:
        """Bytes of all arrays."""
        postings = [lists.postings for lists in self.lists.values() if lists.postings is not None]
        return (
            sum(column.nbytes for column in self.fixed.values())
            + sum(lists.starts.nbytes + sum(c.nbytes for c in lists.items.values()) for lists in self.lists.values())
            + sum(array.nbytes for one in postings for array in one.arrays().values())
        )


def columns_of(profiles: Sequence[tuple[Profile, int]], words: Vocabularies) -> Columns:
    """Rows of profiles and their change numbers; each code they name has one use more."""
    fixed: dict[str, Column] = {
        "id_high": np.array([one.id.int >> 64 for one, _ in profiles], dtype=np.uint64),
        "id_low": np.array([one.id.int & _LOW for one, _ in profiles], dtype=np.uint64),
        "version_high": np.array([version >> 64 for _, version in profiles], dtype=np.uint64),
        "version_low": np.array([version & _LOW for _, version in profiles], dtype=np.uint64),
    }
    for name in NUMBERS:
        fixed[name] = np.array([_number(one, name) for one, _ in profiles], dtype=np.int64)
    for name, vocabulary in CODED.items():
        codes = words.named(vocabulary)
        values = (_value(one, name) for one, _ in profiles)
        fixed[name] = np.array([0 if value is None else codes.of(value) for value in values], dtype=np.uint32)
    return Columns(words, fixed, {name: _lists_of(name, profiles, words) for name in LISTS})


def joined(parts: Sequence[Columns]) -> Columns:
    """One after the other; at least one."""
    return Columns(
        parts[0].words,
        {name: np.concatenate([part.fixed[name] for part in parts]) for name in parts[0].fixed},
        {name: _lists_joined([part.lists[name] for part in parts]) for name in LISTS},
    )


def packed(columns: Columns) -> Columns:
    """The same rows by ascending id, in the smallest integers that hold them, with postings of skills."""
    by_id = np.lexsort((columns.fixed["id_low"], columns.fixed["id_high"]))
    sorted_rows = columns.take(by_id)
    fixed = {name: column if name.startswith("id_") else narrow(column) for name, column in sorted_rows.fixed.items()}
    lists = {}
    for name, one in sorted_rows.lists.items():
        items = {column: narrow(values) for column, values in one.items.items()}
        starts = one.starts.astype(np.uint32)
        postings = Postings.of(items["code"], one.owners(np.arange(len(items["code"])))) if name in POSTED else None
        lists[name] = Lists(starts, items, postings)
    return Columns(columns.words, fixed, lists)


def narrow(column: Column) -> Column:
    """The same whole numbers in the smallest type that holds them and UNKNOWN."""
    if column.dtype.kind == "u":
        return column.astype(np.min_scalar_type(column.max(initial=0)))
    smallest = np.result_type(
        np.min_scalar_type(min(UNKNOWN, column.min(initial=0))), np.min_scalar_type(-1 - abs(column.max(initial=0)))
    )
    return column.astype(smallest)


def tenths(years: float | None) -> int:
    """Years in tenths, or UNKNOWN."""
    return UNKNOWN if years is None else round(years * _TENTHS)


def known(number: int | None) -> int:
    """Return the number, or UNKNOWN."""
    return UNKNOWN if number is None else number


def ordinal(day: date | None) -> int:
    """Return the day's proleptic ordinal, or UNKNOWN."""
    return UNKNOWN if day is None else day.toordinal()


def best_of(position: Rows, worth: Column, count: int) -> Column:
    """Highest worth by position, zero where there is none; `position` is ascending."""
    best = np.zeros(count, dtype=worth.dtype)
    if len(position):
        first = np.ones(len(position), dtype=bool)
        np.not_equal(position[1:], position[:-1], out=first[1:])
        starts = first.nonzero()[0]
        best[position.take(starts)] = np.maximum.reduceat(worth, starts)
    return best


def _taken(lists: Lists, rows: Rows) -> Lists:
    position, item = lists.of(rows)
    counts = np.bincount(position, minlength=len(rows))
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Lists(starts, {name: column.take(item) for name, column in lists.items.items()})


def _lists_joined(parts: Sequence[Lists]) -> Lists:
    counts = np.concatenate([np.diff(part.starts.astype(np.int64)) for part in parts])
    starts = np.concatenate([[0], np.cumsum(counts)])
    names = parts[0].items
    return Lists(starts, {name: np.concatenate([part.items[name] for part in parts]) for name in names})


def _lists_of(name: str, profiles: Sequence[tuple[Profile, int]], words: Vocabularies) -> Lists:
    counts: list[int] = []
    values: dict[str, list[int]] = {column: [] for column in LISTS[name]}
    for profile, _ in profiles:
        rows = _items(profile, name)
        counts.append(len(rows))
        for row in rows:
            for (column, vocabulary), value in zip(LISTS[name].items(), row, strict=True):
                values[column].append(value if vocabulary is None else words.named(vocabulary).of(value))
    items: dict[str, Column] = {
        column: np.array(values[column], dtype=np.int64 if vocabulary is None else np.uint32)
        for column, vocabulary in LISTS[name].items()
    }
    return Lists(np.concatenate([[0], np.cumsum(np.array(counts, dtype=np.int64))]), items)


def _items(profile: Profile, name: str) -> list[tuple[Any, ...]]:
    """Items of one list, a value for each of its columns."""
    if name == "skills":
        return [(fact.skill, (tenths(fact.years), known(fact.level), known(fact.last_used))) for fact in profile.skills]
    if name == "domains":
        return [(fact.domain,) for fact in profile.domains]
    if name == "certifications":
        return [(fact.certification, ordinal(fact.expires_on)) for fact in profile.certifications]
    return [(title,) for title in profile.past_titles]


def _number(profile: Profile, name: str) -> int:
    if name in ("available_from", "updated_on"):
        return ordinal(getattr(profile, name))
    if name == "skill_count":
        return len(profile.skills)
    if name == "observed":
        return profile.observed.code
    return known(getattr(profile, name))


def _value(profile: Profile, name: str) -> Any:
    """The value a column of codes names; None where nothing is known."""
    if name == "workday":
        return Workday(profile.zone, *profile.window) if profile.zone and profile.window else None
    if name == "english":
        levels = tuple(known(getattr(profile.english, mode)) for mode in LANGUAGE_MODES)
        return levels if any(level != UNKNOWN for level in levels) else None
    if name == "delivery":
        return (profile.delivery.finished, profile.delivery.succeeded) if profile.delivery else None
    return getattr(profile, name) or None
