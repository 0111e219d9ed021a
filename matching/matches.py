"""Which listed items of each profile answer which need, found once and used by gates and parts alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.brief import Brief
from matching.columns import Codes, Columns, Lists
from matching.taxonomy import Lexicon, Taxonomy

FULL_CREDIT: Final = 100
"""Credits are whole hundredths: 100 for the thing itself or something that implies it, an edge's weight otherwise."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Match:
    """Items that answer one need, sorted by position: where in `rows`, which item of the list, for how much."""

    position: NDArray[np.int64]
    item: NDArray[np.int64]
    credit: NDArray[np.uint8]

    def best(self, count: int, worth: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Highest worth by position, zero where nothing answers; the worth of an item is its credit unless given."""
        best = np.zeros(count)
        if len(self.position):
            starts = np.flatnonzero(np.diff(self.position, prepend=-1))
            worth = self.credit / FULL_CREDIT if worth is None else worth
            best[self.position[starts]] = np.maximum.reduceat(worth, starts)
        return best


@dataclass(frozen=True, slots=True)
class Matches:
    """One match for each skill and each domain of the brief, in the brief's order, over the same `rows`."""

    skills: tuple[Match, ...]
    domains: tuple[Match, ...]


def find_matches(brief: Brief, columns: Columns, rows: Rows, taxonomy: Taxonomy) -> Matches:
    """Match every need of the brief against the lists of `rows`."""
    skills = [need.skill for need in brief.skills]
    return Matches(
        _matches(skills, columns.skills, columns.skill_codes, rows, taxonomy.skills),
        _matches(brief.domains, columns.domains, columns.domain_codes, rows, taxonomy.domains),
    )


def _matches(wanted: Sequence[str], lists: Lists, codes: Codes[str], rows: Rows, lexicon: Lexicon) -> tuple[Match, ...]:
    if not wanted:
        return ()
    held = lists.codes[rows]
    return tuple(_match(held, credit_table(lexicon.credits(one), codes)) for one in wanted)


def _match(held: NDArray[np.uint16 | np.uint32], credit: NDArray[np.uint8]) -> Match:
    earned = credit[held]
    position, item = np.nonzero(earned)
    return Match(position, item, earned[position, item])


def credit_table(credit_of: Mapping[str, float], codes: Codes[str]) -> NDArray[np.uint8]:
    """Credit by code, shape (len(codes),); code 0, the empty cell, earns nothing."""
    table = np.zeros(len(codes), dtype=np.uint8)
    for concept_id, credit in credit_of.items():
        code = codes.known(concept_id)
        if code is not None:
            table[code] = round(credit * FULL_CREDIT)
    return table
