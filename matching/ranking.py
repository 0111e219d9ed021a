"""Gates, then parts, then the best k: exact for every pool size, and the same on every machine.

Values are whole hundred-thousandths and weights whole ten-thousandths, so a score is a whole number of billionths:
parts add up to it exactly, and neither thread counts nor summation order can move a rank. Ties break by id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching.brief import PARTS, WEIGHT_UNIT, Brief, share_weights
from matching.columns import Columns, Rows, joined
from matching.fairness_population import Standings, sample_of, standings_of
from matching.gates import FAIL, UNSURE, Gate, gates_of
from matching.interaction import Asked, Closeness, Closenesses, Interaction, Measured
from matching.parts import VALUE_UNIT, Judges, Part, applicable_parts, quantised, semantic
from matching.pool import Pool, View
from matching.segments import Shard
from matching.taxonomy import Taxonomy

SCORE_UNIT: Final = VALUE_UNIT * WEIGHT_UNIT
EXACT_ROWS: Final = 2_000
"""Up to this many admitted rows every closeness is computed; above, a bound proves which are needed."""

__all__ = ["SCORE_UNIT", "VALUE_UNIT", "GateReport", "PartScore", "Ranked", "Ranking", "rank"]

Totals = NDArray[np.int64]
Scores = tuple[Totals, Totals, Totals]
"""Value, low and high of one part by row."""


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
    closeness: Closeness
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
    standings: Standings = field(compare=False, repr=False)


def rank(pool: Pool, brief: Brief, asked: Asked, k: int, taxonomy: Taxonomy) -> Ranking:
    """Rank the pool, as it is at this moment, for a brief and return the best `k`.

    Raises:
        WeightsInvalid: the brief's weights leave nothing to rank by.
        ModelMismatch: the request's vectors do not fit the pool's or the brief.
    """
    # Rows first, words after: whatever code a row names is then known.
    view = pool.view()
    asked.check(view.dimension, len(brief.facets))
    return rank_view(view, brief, Interaction(asked, brief.facets, view.words), k, taxonomy)


def rank_view(view: View, brief: Brief, measured: Measured, k: int, taxonomy: Taxonomy) -> Ranking:
    """Rank what a view shows by closenesses that are measured somehow.

    Raises:
        WeightsInvalid: the brief's weights leave nothing to rank by.
    """
    weights = share_weights(brief.weights, applicable_parts(brief))
    gates = gates_of(brief, view.words, taxonomy)
    judges = Judges(brief, weights, view.words, taxonomy)
    sieve = _Sieve(gates, brief.exclude_unknown)
    admitted = [_Admitted(shard.columns, sieve.admitted(shard)) for shard in view.shards]
    ranked = _Field(admitted, judges, measured, weights.get("semantic", 0), len(brief.facets))
    best = ranked.best(k) if k > 0 else np.empty(0, dtype=np.int64)
    return Ranking(
        entries=tuple(_entries(ranked, ranked.taken(best), gates, weights)),
        gates=tuple(sieve.reports()),
        considered=len(view),
        admitted=len(ranked),
        weights=weights,
        model_hash=view.model_hash,
        standings=ranked.standings(best),
    )


class _Sieve:
    """Asks every gate about every row, and counts."""

    def __init__(self, gates: Sequence[Gate], exclude_unknown: frozenset[str]) -> None:
        self._gates = gates
        self._thresholds = [UNSURE if gate.kind in exclude_unknown else FAIL for gate in gates]
        self._counts = np.zeros((len(gates), 3), dtype=np.int64)

    def admitted(self, shard: Shard) -> Rows:
        """Rows that no gate leaves out, unknown answers included where the brief says so."""
        live = shard.live
        one: NDArray[np.bool_] = np.zeros(len(live), dtype=bool)
        more: NDArray[np.bool_] = np.zeros(len(live), dtype=bool)
        failed = []
        for at, (gate, threshold) in enumerate(zip(self._gates, self._thresholds, strict=True)):
            outcomes = gate.answer(shard.columns)
            fails = (outcomes <= threshold) & live
            self._counts[at, 0] += np.count_nonzero(fails)
            self._counts[at, 1] += np.count_nonzero((outcomes == UNSURE) & live)
            more |= one & fails
            one |= fails
            failed.append(fails)
        np.logical_not(more, out=more)
        for at, fails in enumerate(failed):
            self._counts[at, 2] += np.count_nonzero(fails & more)
        return np.flatnonzero(~one & live)

    def reports(self) -> Iterator[GateReport]:
        """What each gate did."""
        for gate, (removed, unknown, relaxed) in zip(self._gates, self._counts.tolist(), strict=True):
            yield GateReport(gate.kind, gate.subject, removed, unknown, relaxed)


@dataclass(frozen=True, slots=True)
class _Admitted:
    """The admitted rows of one shard."""

    columns: Columns
    rows: Rows


class _Field:
    """All admitted rows, by position: those of the first shard, then those of the next.

    Parts that need no vector are known of every row. The closeness of texts is bounded, and computed only where the
    bound leaves it open whether a row is among the best.
    """

    def __init__(
        self, admitted: Sequence[_Admitted], judges: Judges, interaction: Measured, weight: int, skills: int
    ) -> None:
        self.judges = judges
        self.interaction = interaction
        self._admitted = admitted
        self._starts = np.concatenate([[0], np.cumsum([len(one.rows) for one in admitted])]).astype(np.int64)
        self._weight = weight
        self._skills = skills
        weighed = [judges.weighed(one.columns, one.rows) for one in admitted]
        self.apart: NDArray[np.int32] = np.concatenate([*weighed, np.zeros(0, dtype=np.int32)])

    def __len__(self) -> int:
        return len(self.apart)

    def best(self, k: int) -> Rows:
        """Positions of the best `k` rows, best first; ties break by id."""
        positions = self._contenders(k)
        totals = self.totals(positions)
        near = positions[totals >= _floor(totals, k)]
        totals = totals[totals >= _floor(totals, k)]
        high, low = (self.key(name, near) for name in ("id_high", "id_low"))
        best: Rows = near[np.lexsort((low, high, -totals))][:k]
        return best

    def standings(self, best: Rows) -> Standings:
        """Everybody here, for whoever counts them."""
        sample = sample_of(len(self))
        return standings_of([(one.columns, one.rows) for one in self._admitted], best, sample, self.totals(sample))

    def _contenders(self, k: int) -> Rows:
        """Positions, ascending, that can still be among the best k.

        Any k rows give a floor: the k-th best total among them. A row that would stay under the floor with perfect
        closeness cannot enter, so its closeness is never needed. Titles are compared before skills, for fewer rows
        have to be. The seeds only decide how high the floor is, not who wins.
        """
        if len(self) <= max(EXACT_ROWS, 4 * k):
            return np.arange(len(self))
        seeds = np.sort(np.argpartition(self.apart, len(self) - 4 * k)[len(self) - 4 * k :])
        floor = _floor(self.totals(seeds), k)
        contenders = np.flatnonzero(self.apart >= floor - self._weight * VALUE_UNIT)
        if not self._skills:
            return contenders
        highest = np.concatenate([self._semantic(one.columns, rows, None) for one, rows in self._split(contenders)])
        still: Rows = contenders[self.apart[contenders] + self._weight * highest >= floor]
        return still

    def totals(self, positions: Rows) -> Totals:
        """Scores of these positions, ascending."""
        closeness = [
            self._semantic(one.columns, rows, self.interaction.skills(one.columns, rows))
            for one, rows in self._split(positions)
        ]
        together: Totals = np.concatenate([*closeness, np.zeros(0, dtype=np.int64)])
        totals: Totals = self.apart[positions] + self._weight * together
        return totals

    def _semantic(self, columns: Columns, rows: Rows, skills: Totals | None) -> Totals:
        """Value of the part `semantic`; without the closeness of skills the highest it may be."""
        title, past = self.interaction.titles(columns, rows)
        if skills is None:
            skills = np.full((self._skills, len(rows)), VALUE_UNIT, dtype=np.int64)
        return quantised(semantic(title / VALUE_UNIT, past / VALUE_UNIT, skills / VALUE_UNIT).value)

    def _split(self, positions: Rows) -> Iterator[tuple[_Admitted, Rows]]:
        """Rows of ascending positions, shard by shard."""
        bounds = np.searchsorted(positions, self._starts)
        for at, one in enumerate(self._admitted):
            here = positions[bounds[at] : bounds[at + 1]]
            if len(here):
                yield one, one.rows.take(here - self._starts[at])

    def key(self, name: str, positions: Rows) -> NDArray[np.uint64]:
        """A half of the ids of these positions, ascending."""
        found = [one.columns.fixed[name].take(rows) for one, rows in self._split(positions)]
        return np.concatenate([*found, np.zeros(0, dtype=np.uint64)])

    def taken(self, positions: Rows) -> Columns | None:
        """A copy of the rows of these positions, in this order."""
        order = np.argsort(positions, kind="stable")
        parts = [one.columns.take(rows) for one, rows in self._split(positions[order])]
        return joined(parts).take(np.argsort(order)) if parts else None


def _floor(totals: Totals, k: int) -> int:
    """The k-th highest, or the lowest if there are fewer."""
    if not len(totals):
        return 0
    return int(np.partition(totals, max(0, len(totals) - k))[max(0, len(totals) - k)])


def _entries(
    field: _Field, best: Columns | None, gates: Sequence[Gate], weights: Mapping[str, int]
) -> Iterator[Ranked]:
    """The chosen rows once more, with everything that is said of them."""
    if best is None:
        return
    closeness = field.interaction.all(best)
    judged = field.judges.parts(best) | {"semantic": _semantic_part(closeness)}
    scores = {name: [column.tolist() for column in _scores(part)] for name, part in judged.items()}
    outcomes = {gate.name: gate.answer(best).tolist() for gate in gates}
    for row in range(len(best)):
        parts = tuple(
            PartScore(name, weights[name], *[column[row] for column in scores[name]])
            for name in PARTS
            if name in weights
        )
        yield Ranked(
            id=best.identifier(row),
            version=best.version(row),
            score=sum(part.contribution for part in parts),
            low=sum(part.weight * part.low for part in parts),
            high=sum(part.weight * part.high for part in parts),
            closeness=closeness.of(row),
            parts=parts,
            outcomes={name: answers[row] for name, answers in outcomes.items()},
        )


def _semantic_part(closeness: Closenesses) -> Part:
    return semantic(closeness.title / VALUE_UNIT, closeness.past / VALUE_UNIT, closeness.skills / VALUE_UNIT)


def _scores(part: Part) -> Scores:
    value = quantised(part.value)
    return value, np.minimum(quantised(part.low), value), np.maximum(quantised(part.high), value)
