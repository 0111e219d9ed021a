"""Gates, then parts, then the best k: exact for every pool size, and the same on every machine.

Values are whole hundred-thousandths and weights whole ten-thousandths, so a score is a whole number of billionths:
parts add up to it exactly, and neither thread counts nor summation order can move a rank. Ties break by id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching.brief import PARTS, WEIGHT_UNIT, Brief, share_weights
from matching.columns import Columns
from matching.errors import ModelMismatch
from matching.gates import FAIL, UNSURE, Gate, evaluate_gates
from matching.matches import find_matches
from matching.parts import Admitted, Part, applicable_parts, evaluate_part, semantic
from matching.pool import Pool
from matching.taxonomy import Taxonomy

VALUE_UNIT: Final = 100_000
SCORE_UNIT: Final = VALUE_UNIT * WEIGHT_UNIT
EXACT_ROWS: Final = 50_000
"""Up to this many admitted rows every cosine is computed; above, a bound proves which are needed."""

Integers = NDArray[np.int64]
Rows = NDArray[np.int64]
Scores = tuple[Integers, Integers, Integers]
"""Value, low and high of one part by position."""


@dataclass(frozen=True, slots=True)
class GateReport:
    """What one gate did: how many it removed and could not judge, and how many come back if it alone is dropped."""

    kind: str
    subject: str | None
    removed: int
    unknown: int
    admitted_if_relaxed: int


@dataclass(frozen=True, slots=True)
class PartScore:
    """One addend of a score. `contribution` is `weight * value` in billionths, exactly."""

    part: str
    weight: int
    value: int
    low: int
    high: int

    @property
    def contribution(self) -> int:
        """Billionths this part adds to the score."""
        return self.weight * self.value


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate in its place. Scores are in billionths; `outcomes` maps a gate's name to 1, 0 or -1."""

    id: UUID
    version: int
    score: int
    low: int
    high: int
    cosine: float
    parts: tuple[PartScore, ...]
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best of the pool for a brief, and what became of the rest."""

    entries: tuple[Ranked, ...]
    gates: tuple[GateReport, ...]
    considered: int
    admitted: int
    weights: Mapping[str, int]
    model_hash: str


def rank(pool: Pool, brief: Brief, query: NDArray[np.float32], k: int, taxonomy: Taxonomy) -> Ranking:
    """Rank the pool for a brief and return the best `k`; `query` is the vector of the brief's card.

    Raises:
        WeightsInvalid: the brief's weights leave nothing to rank by.
        ModelMismatch: the query's vector is not as long as the pool's.
    """
    if query.shape != (pool.dimension,):
        raise ModelMismatch(f"the pool holds vectors of length {pool.dimension}, the query has shape {query.shape}")
    weights = share_weights(brief.weights, applicable_parts(brief))
    rows = pool.rows
    gates = evaluate_gates(brief, pool.columns, rows, taxonomy)
    failed = _failures(gates, brief.exclude_unknown, len(rows))
    admits: NDArray[np.bool_] = np.logical_not(failed.any(axis=0))
    matches = find_matches(brief, pool.columns, rows[admits], taxonomy)
    admitted = Admitted(brief, pool.columns, rows[admits], matches)
    scores = {part: _quantise(evaluate_part(part, admitted)) for part in weights if part != "semantic"}
    best, cosines = _best(pool, admitted.rows, scores, weights, query, k)
    positions = np.flatnonzero(admits)[best]
    scores = {part: (value[best], low[best], high[best]) for part, (value, low, high) in scores.items()}
    scores["semantic"] = _quantise(semantic(cosines))
    return Ranking(
        entries=tuple(
            _entry(pool, rows, gates, scores, weights, cosines, at, int(p)) for at, p in enumerate(positions)
        ),
        gates=tuple(_report(gates, failed)),
        considered=len(rows),
        admitted=len(admitted.rows),
        weights=weights,
        model_hash=pool.model_hash,
    )


def _failures(gates: list[Gate], exclude_unknown: frozenset[str], count: int) -> NDArray[np.bool_]:
    """Shape (gates, rows): whether a gate leaves a row out, unknown answers included where the brief says so."""
    failed = np.zeros((len(gates), count), dtype=bool)
    for at, gate in enumerate(gates):
        threshold = UNSURE if gate.kind in exclude_unknown else FAIL
        failed[at] = gate.outcomes <= threshold
    return failed


def _report(gates: list[Gate], failed: NDArray[np.bool_]) -> list[GateReport]:
    failures = failed.sum(axis=0)
    return [
        GateReport(
            kind=gate.kind,
            subject=gate.subject,
            removed=int(failed[at].sum()),
            unknown=int((gate.outcomes == UNSURE).sum()),
            admitted_if_relaxed=int((failed[at] & (failures == 1)).sum()),
        )
        for at, gate in enumerate(gates)
    ]


def _quantise(part: Part) -> Scores:
    value = np.rint(part.value * VALUE_UNIT).astype(np.int64)
    low = np.minimum(np.rint(part.low * VALUE_UNIT).astype(np.int64), value)
    high = np.maximum(np.rint(part.high * VALUE_UNIT).astype(np.int64), value)
    return value, low, high


def _best(
    pool: Pool,
    rows: Rows,
    scores: Mapping[str, Scores],
    weights: Mapping[str, int],
    query: NDArray[np.float32],
    k: int,
) -> tuple[Integers, NDArray[np.float32]]:
    """Positions in `rows` of the best k, best first, and their cosines."""
    weight = weights.get("semantic", 0)
    apart = np.zeros(len(rows), dtype=np.int64)
    for part, (value, _, _) in scores.items():
        apart += weights[part] * value
    contenders = _contenders(pool, rows, apart, weight, query, k) if k > 0 else np.empty(0, np.int64)
    cosines = pool.index.similarities(query, rows[contenders])
    totals = apart[contenders] + weight * _quantise(semantic(cosines))[0]
    chosen = _top(totals, pool.columns, rows[contenders], k)
    return contenders[chosen], cosines[chosen]


def _contenders(pool: Pool, rows: Rows, apart: Integers, weight: int, query: NDArray[np.float32], k: int) -> Integers:
    """Positions that can still be among the best k.

    Any k rows give a floor: the k-th best total among them. A row whose other parts with a perfect cosine stay under
    the floor cannot enter, so its cosine is never needed. The seeds only decide how high the floor is, not who wins.
    """
    if len(rows) <= max(EXACT_ROWS, 4 * k):
        return np.arange(len(rows))
    by_parts = np.argpartition(-apart, 4 * k)[: 4 * k]
    nearby, _ = pool.index.nearest(query, 4 * k, rows)
    seeds = np.union1d(by_parts, np.searchsorted(rows, nearby))
    totals = apart[seeds] + weight * _quantise(semantic(pool.index.similarities(query, rows[seeds])))[0]
    floor = np.partition(totals, len(totals) - k)[len(totals) - k]
    return np.flatnonzero(apart + weight * VALUE_UNIT >= floor)


def _top(totals: Integers, columns: Columns, rows: Rows, k: int) -> Integers:
    if len(totals) > k:
        floor = np.partition(totals, len(totals) - k)[len(totals) - k]
        near = np.flatnonzero(totals >= floor)
    else:
        near = np.arange(len(totals))
    ordered = np.lexsort((columns.id_low[rows[near]], columns.id_high[rows[near]], -totals[near]))
    return near[ordered][:k]


def _entry(
    pool: Pool,
    rows: Rows,
    gates: list[Gate],
    scores: Mapping[str, Scores],
    weights: Mapping[str, int],
    cosines: NDArray[np.float32],
    at: int,
    position: int,
) -> Ranked:
    identifier = pool.ids[rows[position]]
    assert identifier is not None  # noqa: S101 - a live row has an id
    parts = tuple(
        PartScore(part, weights[part], *(int(column[at]) for column in scores[part]))
        for part in PARTS
        if part in weights
    )
    return Ranked(
        id=identifier,
        version=pool.versions[identifier],
        score=sum(part.contribution for part in parts),
        low=sum(part.weight * part.low for part in parts),
        high=sum(part.weight * part.high for part in parts),
        cosine=float(cosines[at]),
        parts=parts,
        outcomes={gate.name: int(gate.outcomes[position]) for gate in gates},
    )
