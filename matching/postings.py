"""Which rows list a thing: for each code its items and their rows, ascending, in three flat arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Postings:
    """Entries `begins[i]` to `ends[i]` are of `codes[i]`: which `items` they are, and whose `rows`."""

    codes: Column
    begins: Column
    ends: Column
    items: Column
    rows: Column

    @classmethod
    def of(cls, codes: Column, rows: Column) -> "Postings":
        """Turn a list round: code and row of each item, by number."""
        items = np.argsort(codes, kind="stable")
        found, begins, counts = np.unique(codes.take(items), return_index=True, return_counts=True)
        row_type = np.min_scalar_type(rows.max(initial=0))
        return cls(
            found,
            begins.astype(np.uint32),
            (begins + counts).astype(np.uint32),
            items.astype(np.uint32),
            rows.take(items).astype(row_type),
        )

    def arrays(self) -> dict[str, Column]:
        """Everything it holds, by name."""
        return {name: getattr(self, name) for name in ("codes", "begins", "ends", "items", "rows")}

    def entries(self, code: int) -> slice:
        """Where the entries of a code are; nowhere if it has none."""
        at = int(np.searchsorted(self.codes, code))
        if at == len(self.codes) or self.codes[at] != code:
            return slice(0, 0)
        return slice(int(self.begins[at]), int(self.ends[at]))

    def count(self, codes: Column) -> int:
        """How many entries these codes have together, at most."""
        if not len(self.codes):
            return 0
        at = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        here = at[self.codes[at] == codes]
        return int(self.ends[here].sum(dtype=np.int64) - self.begins[here].sum(dtype=np.int64))

    def blank(self, code: int, item: int) -> None:
        """Forget that an item has a code.

        Its entry becomes a copy of a neighbour's, so that somebody who reads meanwhile misses no other; the last entry
        of a code leaves the code empty.
        """
        at = int(np.searchsorted(self.codes, code))
        if at == len(self.codes) or self.codes[at] != code:
            return
        begin, end = int(self.begins[at]), int(self.ends[at])
        first = begin + int(np.searchsorted(self.items[begin:end], item))
        last = begin + int(np.searchsorted(self.items[begin:end], item, side="right"))
        if first == last:
            return
        if first == begin and last == end:
            self.ends[at] = begin
            self.items[begin:end] = 0
            self.rows[begin:end] = 0
            return
        neighbour = first - 1 if first > begin else last
        self.items[first:last] = self.items[neighbour]
        self.rows[first:last] = self.rows[neighbour]
