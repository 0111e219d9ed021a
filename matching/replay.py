"""Ranking again what was ranked before, from what was stored of it: no vector, no model and no knowledge is needed."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np

from matching.brief import Brief
from matching.columns import Columns, Rows
from matching.interaction import Closeness, Closenesses, Whole
from matching.parts import VALUE_UNIT
from matching.pool import Change, Pool
from matching.profile import Profile
from matching.ranking import Ranking, rank_view
from matching.taxonomy import Taxonomy


def replay(
    brief: Brief, ranked: Sequence[tuple[Profile, Closeness]], k: int, taxonomy: Taxonomy, *, model_hash: str = ""
) -> Ranking:
    """Rank these profiles, as close as each was found to be; scores and places come out bit for bit.

    Raises:
        WeightsInvalid: the brief's weights leave nothing to rank by.
    """
    pool = Pool(model_hash, 1)
    nothing = np.zeros(1, dtype=np.float32)
    changes = [
        Change(profile.id, 0, profile, dict.fromkeys((profile.title, *profile.past_titles), nothing))
        for profile, _ in ranked
    ]
    pool.apply(changes, model_hash=model_hash)
    recalled = Recalled({profile.id: closeness for profile, closeness in ranked}, len(brief.facets))
    return rank_view(pool.view(), brief, recalled, k, taxonomy)


class Recalled:
    """Closenesses as they were stored, by profile."""

    def __init__(self, stored: Mapping[UUID, Closeness], facets: int) -> None:
        self._stored = stored
        self._facets = facets

    def titles(self, columns: Columns, rows: Rows) -> tuple[Whole, Whole]:
        """Closeness of the current title, and of the closest past one."""
        found = self._of(columns, rows)
        return _whole([one.title for one in found]), _whole([one.past for one in found])

    def skills(self, columns: Columns, rows: Rows) -> Whole:
        """For each facet, closeness of the closest skill listed; shape (facets, rows)."""
        found = self._of(columns, rows)
        return _whole([one.skills for one in found]).reshape(len(rows), self._facets).T

    def all(self, columns: Columns) -> Closenesses:
        """Everything, of all rows."""
        rows = np.arange(len(columns))
        return Closenesses(*self.titles(columns, rows), self.skills(columns, rows))

    def _of(self, columns: Columns, rows: Rows) -> list[Closeness]:
        return [self._stored[columns.identifier(row)] for row in rows.tolist()]


def _whole(values: Sequence[float] | Sequence[tuple[float, ...]]) -> Whole:
    return np.rint(np.asarray(values, dtype=np.float64) * VALUE_UNIT).astype(np.int64)
