"""Which rows list a thing: for each code an ascending array of rows, brought up to date when it is next read."""

from array import array
from collections import defaultdict
from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

_NONE: Final[Rows] = np.empty(0, dtype=np.int64)


class Postings:
    """A write appends to the log of each code it touches; a read merges that code's log, so that both stay cheap."""

    def __init__(self) -> None:
        self._rows: dict[int, Rows] = {}
        self._log: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))

    def replace(self, row: int, before: Collection[int], after: Collection[int]) -> None:
        """Record that a row lists `after` where it listed `before`."""
        gone, come = set(before), set(after)
        for code in gone - come:
            self._log[code].append(row << 1)
        for code in come - gone:
            self._log[code].append(row << 1 | 1)

    def rows_of(self, code: int) -> Rows:
        """Rows that list this code, ascending."""
        rows = self._rows.get(code, _NONE)
        log = self._log.pop(code, None)
        if log is not None:
            rows = self._rows[code] = _merged(rows, np.frombuffer(log, dtype=np.int64))
        return rows


def _merged(rows: Rows, log: Rows) -> Rows:
    """The rows after a log of changes; of several changes to one row the last counts."""
    touched, latest = np.unique(log[::-1] >> 1, return_index=True)
    present = (log[::-1][latest] & 1).astype(bool)
    return np.union1d(np.setdiff1d(rows, touched, assume_unique=True), touched[present])
