"""Where one profile stands in a pool for a brief, whether it is among the best or a gate keeps it out.

The same gates and parts as `rank`, with an exact count of who is ahead instead of a list of the best.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching.brief import Brief, share_weights
from matching.columns import Rows
from matching.gates import FAIL, UNSURE, gates_of
from matching.interaction import Asked, Interaction
from matching.parts import VALUE_UNIT, Judges, applicable_parts
from matching.pool import Pool, View
from matching.ranking import Ranked, _Admitted, _entries, _Field, _Sieve
from matching.segments import Shard
from matching.taxonomy import Taxonomy

_LOW = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """One candidate among all.

    `place` is 1 and the number of admitted others who are ahead, ties by id. When gates keep the candidate out,
    `kept_out_by` names them and `place` is among those who would be admitted without them. `rivals` are the admitted
    others under every gate.
    """

    ranked: Ranked
    place: int
    considered: int
    admitted: int
    kept_out_by: tuple[str, ...]
    rivals: "Rivals" = field(repr=False, compare=False)


def standing(pool: Pool, brief: Brief, asked: Asked, engineer_id: UUID, taxonomy: Taxonomy) -> Standing | None:
    """Find where a profile of the pool stands at this moment; None when the pool has none of that id.

    Raises:
        WeightsInvalid: the brief's weights leave nothing to rank by.
        ModelMismatch: the request's vectors do not fit the pool's or the brief.
    """
    view = pool.view()
    asked.check(view.dimension, len(brief.facets))
    weights = share_weights(brief.weights, applicable_parts(brief))
    found = _find(view.shards, engineer_id)
    if found is None:
        return None
    home, row = found
    gates = gates_of(brief, view.words, taxonomy)
    judges = Judges(brief, weights, view.words, taxonomy)
    interaction = Interaction(asked, brief.facets, view.words)

    def rivals(sieve: _Sieve) -> tuple[Rivals, int]:
        rows = [sieve.admitted(shard) for shard in view.shards]
        count = sum(map(len, rows))
        others = [
            _Admitted(shard.columns, one[one != row] if shard is home else one)
            for shard, one in zip(view.shards, rows, strict=True)
        ]
        weight = weights.get("semantic", 0)
        return Rivals(view, _Field(others, judges, interaction, weight, len(brief.facets)), weight), count

    alone = home.columns.take(np.array([row]))
    keeps_out = [
        int(gate.answer(alone)[0]) <= (UNSURE if gate.kind in brief.exclude_unknown else FAIL) for gate in gates
    ]
    nobody = _Field([_Admitted(alone, np.zeros(0, dtype=np.int64))], judges, interaction, 0, len(brief.facets))
    [ranked] = _entries(nobody, alone, gates, weights)
    admitted, count = rivals(_Sieve(gates, brief.exclude_unknown))
    lenient = admitted
    if any(keeps_out):
        kept = [gate for gate, out in zip(gates, keeps_out, strict=True) if not out]
        lenient, _ = rivals(_Sieve(kept, brief.exclude_unknown))
    return Standing(
        ranked=ranked,
        place=1 + lenient.ahead(ranked.score, engineer_id),
        considered=len(view),
        admitted=count,
        kept_out_by=tuple(gate.name for gate, out in zip(gates, keeps_out, strict=True) if out),
        rivals=admitted,
    )


class Rivals:
    """Other candidates at one moment, against whom any score can be held.

    A score needs the closeness of texts only of those whom it can decide; what was computed is kept for the next.
    """

    def __init__(self, view: View, others: _Field, weight: int) -> None:
        self.view = view
        """Nothing it shows is wiped as long as it is held."""
        self._others = others
        self._reach = weight * VALUE_UNIT
        self._scores: NDArray[np.int64] = others.apart.astype(np.int64)
        self._whole = np.full(len(others), self._reach == 0)

    def __len__(self) -> int:
        return len(self._others)

    def ahead(self, score: int, identifier: UUID) -> int:
        """How many have a better score, or the same and a lower id."""
        open_still = ~self._whole & (self._scores <= score) & (self._scores + self._reach >= score)
        self._complete(np.flatnonzero(open_still))
        equal = np.flatnonzero(self._scores == score)
        high, low = (self._others.key(name, equal) for name in ("id_high", "id_low"))
        ours_high, ours_low = np.uint64(identifier.int >> 64), np.uint64(identifier.int & _LOW)
        lower = (high < ours_high) | ((high == ours_high) & (low < ours_low))
        return int(np.count_nonzero(self._scores > score) + np.count_nonzero(lower))

    def _complete(self, positions: Rows) -> None:
        if len(positions):
            self._scores[positions] = self._others.totals(positions)
            self._whole[positions] = True


def _find(shards: Sequence[Shard], identifier: UUID) -> tuple[Shard, int] | None:
    high, low = np.uint64(identifier.int >> 64), np.uint64(identifier.int & _LOW)
    for shard in shards:
        fixed = shard.columns.fixed
        rows = np.flatnonzero((fixed["id_low"] == low) & (fixed["id_high"] == high) & shard.live)
        if len(rows):
            return shard, int(rows[0])
    return None
