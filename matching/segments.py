"""Where rows are kept: segments that are never written but to forget, and a tail that grows.

Whoever ranks holds a `Shard`: rows that stay where they are, and which of them were live at that moment. What comes
later is written behind those rows; what goes is blanked where it was, and no other row moves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.columns import KEYS, LISTS, UNKNOWN, Column, Columns, Lists, Rows, Vocabularies, packed

SEGMENT_ROWS: Final = 65_536
_FIRST_CAPACITY: Final = 256

Live = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shard:
    """Some rows of the pool at one moment, and which of them are live; `count` is how many."""

    columns: Columns
    live: Live
    count: int


class Segment:
    """Rows by ascending id, packed; rows may go, none may come."""

    def __init__(self, columns: Columns, live: Live | None = None) -> None:
        self.columns = columns
        self.live = np.ones(len(columns), dtype=bool) if live is None else live
        self.revision = 0
        self.stored: Mapping[str, Any] | None = None

    @property
    def count(self) -> int:
        """How many rows are live."""
        return int(np.count_nonzero(self.live))

    def shard(self) -> Shard:
        """What a ranking may hold on to."""
        return Shard(self.columns, self.live, self.count)

    def find(self, high: Column, low: Column) -> Rows:
        """Row of each id, -1 where it is not here. A blanked row has a neighbour's id and is not live."""
        ids_high, ids_low = self.columns.fixed["id_high"], self.columns.fixed["id_low"]
        first = np.searchsorted(ids_high, high, side="left")
        last = np.searchsorted(ids_high, high, side="right")
        found = np.full(len(high), -1, dtype=np.int64)
        for at in np.flatnonzero(last > first).tolist():
            rows = slice(int(first[at]), int(last[at]))
            hits = np.flatnonzero((ids_low[rows] == low[at]) & self.live[rows])
            if len(hits):
                found[at] = rows.start + int(hits[0])
        return found

    def drop(self, rows: Rows) -> None:
        """Let rows go from the shards to come."""
        self.live = self.live.copy()
        self.live[rows] = False
        self.revision += 1
        self.stored = None
        if not self.columns.fixed["id_high"].flags.writeable:
            self.columns = copied(self.columns)

    def blank(self, rows: Rows) -> None:
        """Wipe dropped rows: nothing of them remains, and their ids are those of the rows before them."""
        columns, high, low = self.columns, self.columns.fixed["id_high"], self.columns.fixed["id_low"]
        for row in np.sort(rows).tolist():
            _unpost(columns, row)
        _wipe(columns, rows)
        for row in np.sort(rows).tolist():
            high[row], low[row] = (high[row - 1], low[row - 1]) if row else (0, 0)


class Tail:
    """The newest rows, in the order they came; rows come at the end, and may go."""

    def __init__(self, words: Vocabularies) -> None:
        self.count = 0
        self.row_of: dict[int, int] = {}
        self._words = words
        self._live: Live = np.zeros(_FIRST_CAPACITY, dtype=bool)
        self._columns: Columns | None = None

    def __len__(self) -> int:
        return len(self.row_of)

    def shard(self) -> Shard:
        """What a ranking may hold on to."""
        return Shard(self.columns, self._live[: self.count], len(self.row_of))

    @property
    def columns(self) -> Columns:
        """All rows, live or not."""
        if self._columns is None:
            raise LookupError("nothing has come yet")
        return _first(self._columns, self.count)

    def append(self, columns: Columns) -> None:
        """Put rows at the end; whoever reads the earlier ones sees nothing of it."""
        if self._columns is None:
            self._columns = _emptied(columns)
        end = self.count + len(columns)
        self._columns = _written(self._columns, self.count, columns)
        self._live = np.concatenate([self._live[: self.count], np.ones(len(columns), dtype=bool)])
        high, low = columns.fixed["id_high"].tolist(), columns.fixed["id_low"].tolist()
        for row, one, other in zip(range(self.count, end), high, low, strict=True):
            self.row_of[one << 64 | other] = row
        self.count = end

    def drop(self, rows: Rows) -> None:
        """Let rows go from the shards to come."""
        self._live = self._live[: self.count].copy()
        self._live[rows] = False
        high, low = (self.columns.fixed[name].take(rows).tolist() for name in ("id_high", "id_low"))
        for row, one, other in zip(rows.tolist(), high, low, strict=True):
            if self.row_of.get(one << 64 | other) == row:
                del self.row_of[one << 64 | other]

    def blank(self, rows: Rows) -> None:
        """Wipe dropped rows."""
        columns = self.columns
        _wipe(columns, rows)
        columns.fixed["id_high"][rows] = 0
        columns.fixed["id_low"][rows] = 0

    def live_columns(self) -> Columns:
        """The rows that are live, copied."""
        return self.columns.take(np.flatnonzero(self._live[: self.count]))


def sealed(columns: Columns) -> Segment:
    """A segment of these rows."""
    return Segment(packed(columns))


def _unpost(columns: Columns, row: int) -> None:
    """Take a row's items out of the postings, while they still say what they were."""
    for lists in columns.lists.values():
        if lists.postings is not None:
            for item in range(int(lists.starts[row]), int(lists.starts[row + 1])):
                lists.postings.blank(int(lists.items["code"][item]), item)


def _wipe(columns: Columns, rows: Rows) -> None:
    for name, column in columns.fixed.items():
        if not name.startswith("id_"):
            column[rows] = _nothing(column)
    for lists in columns.lists.values():
        _, item = lists.of(rows)
        for column in lists.items.values():
            column[item] = _nothing(column)


def _nothing(column: Column) -> int:
    """What an empty cell holds: code 0, or an unknown number."""
    return 0 if column.dtype.kind == "u" else UNKNOWN


def copied(columns: Columns) -> Columns:
    """The same in memory of our own, so that rows can be wiped."""
    lists = {
        name: Lists(
            one.starts.copy(),
            {column: values.copy() for column, values in one.items.items()},
            one.postings
            and replace(one.postings, **{array: held.copy() for array, held in one.postings.arrays().items()}),
        )
        for name, one in columns.lists.items()
    }
    return Columns(columns.words, {name: column.copy() for name, column in columns.fixed.items()}, lists)


def _emptied(columns: Columns) -> Columns:
    """Room for rows like these."""
    return Columns(
        columns.words,
        {name: np.zeros(_FIRST_CAPACITY, _wide(name, column)) for name, column in columns.fixed.items()},
        {
            name: Lists(
                np.zeros(_FIRST_CAPACITY + 1, dtype=np.int64),
                {column: np.zeros(_FIRST_CAPACITY, _wide(column, values)) for column, values in lists.items.items()},
            )
            for name, lists in columns.lists.items()
        },
    )


def _wide(name: str, column: Column) -> type[np.integer]:
    """The type of a column that may yet hold any value."""
    if column.dtype.kind == "i":
        return np.int64
    return np.uint64 if name in KEYS else np.uint32


def _written(into: Columns, at: int, columns: Columns) -> Columns:
    """`into` with rows written from `at` on, in arrays twice as long where they do not fit."""
    fixed = {name: _put(column, at, columns.fixed[name]) for name, column in into.fixed.items()}
    lists = {}
    for name in LISTS:
        before, come = into.lists[name], columns.lists[name]
        first = int(before.starts[at])
        items = {column: _put(values, first, come.items[column]) for column, values in before.items.items()}
        lists[name] = Lists(_put(before.starts, at + 1, come.starts[1:].astype(np.int64) + first), items)
    return Columns(into.words, fixed, lists)


def _put(column: Column, at: int, values: Column) -> Column:
    end = at + len(values)
    if end > len(column):
        longer = np.zeros(max(end, 2 * len(column)), column.dtype)
        longer[:at] = column[:at]
        column = longer
    column[at:end] = values
    return column


def _first(columns: Columns, count: int) -> Columns:
    lists = {}
    for name, one in columns.lists.items():
        end = int(one.starts[count])
        lists[name] = Lists(one.starts[: count + 1], {key: values[:end] for key, values in one.items.items()})
    return Columns(columns.words, {name: column[:count] for name, column in columns.fixed.items()}, lists)
