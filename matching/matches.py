"""How far what a profile lists answers what a brief asks for, found for many rows at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.columns import Columns, Lists, Rows, best_of
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


def _found(position: Rows, item: Rows, credit: Credits) -> Found:
    hits = np.flatnonzero(credit)
    return Found(position.take(hits), item.take(hits), credit.take(hits))


def holders(columns: Columns, name: str, codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """By row, whether its list has one of these codes."""
    lists = columns.lists[name]
    held = np.zeros(len(columns), dtype=bool)
    if lists.postings is None:
        held[lists.owners(np.flatnonzero(np.isin(lists.items["code"], codes)))] = True
        return held
    for code in codes.tolist():
        held[lists.postings.rows[lists.postings.entries(code)]] = True
    return held
