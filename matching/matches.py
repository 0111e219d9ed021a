"""How far what a profile lists answers what a brief asks for, found for many rows at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.columns import Columns, Lists, Rows, best_of
from matching.postings import Postings
from matching.texts import Codes

FULL_CREDIT: Final = 100
"""Credits are whole hundredths: 100 for the thing itself or something that implies it, an edge's weight otherwise."""

Values = NDArray[np.float64]
Credits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Found:
    """Items that answer one need, by ascending position: where in the rows, which item of the list, for how much."""

    position: Rows
    item: Rows
    credit: Credits

    def best(self, count: int) -> Values:
        """Highest credit by position, in [0, 1], zero where nothing answers."""
        return best_of(self.position, self.credit / FULL_CREDIT, count)


def credit_table(credit_of: Mapping[str, float], codes: Codes[str]) -> Credits:
    """Credit by code, shape (len(codes),); code 0, the empty cell, earns nothing."""
    table = np.zeros(len(codes), dtype=np.uint8)
    for concept_id, credit in credit_of.items():
        code = codes.known(concept_id)
        if code is not None:
            table[code] = round(credit * FULL_CREDIT)
    return table


def find(lists: Lists, rows: Rows, tables: list[Credits]) -> list[Found]:
    """What the lists of `rows` have for each need."""
    position, item = lists.of(rows)
    codes = lists.items["code"].take(item)
    return [_found(position, item, table.take(codes)) for table in tables]


def best_credits(columns: Columns, name: str, rows: Rows, table: Credits) -> Values:
    """Highest credit of each of `rows` for one need, in [0, 1], by whichever way is less work."""
    lists = columns.lists[name]
    codes = np.flatnonzero(table)
    if lists.postings is None or lists.postings.count(codes) > len(rows):
        return find(lists, rows, [table])[0].best(len(rows))
    return posted_credits(lists.postings, codes, table, len(columns)).take(rows) / FULL_CREDIT


def posted_credits(postings: Postings, codes: NDArray[np.int64], table: Credits, count: int) -> Credits:
    """Highest credit for one need, by row of the columns; `codes` are those that earn any."""
    best = np.zeros(count, dtype=np.uint8)
    # The highest credit is written last.
    for code in codes[np.argsort(table[codes], kind="stable")].tolist():
        best[postings.rows[postings.entries(code)]] = table[code]
    return best


def _found(position: Rows, item: Rows, credit: Credits) -> Found:
    hits = np.flatnonzero(credit != 0)
    return Found(position.take(hits), item.take(hits), credit.take(hits))


def holders(columns: Columns, name: str, wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """By row, whether its list has a code that is `wanted`, shape (codes,)."""
    lists = columns.lists[name]
    held = np.zeros(len(columns), dtype=bool)
    if lists.postings is None:
        held[lists.owners(np.flatnonzero(wanted.take(lists.items["code"])))] = True
        return held
    for code in np.flatnonzero(wanted).tolist():
        held[lists.postings.rows[lists.postings.entries(code)]] = True
    return held
