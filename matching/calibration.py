"""Weights proposed from what people decided on shortlists: monotone, regularised, corrected for places.

A decision is modelled as a logistic function of the values of the parts and of the place on the list:

    log odds (advance | examined) = intercept + values . effects - trust * log2(place)

- *Monotone.* Effects are not negative: a better answer to a request never counts against anybody.
- *Regularised.* Effects are pulled towards a multiple of the current weights by an L2 penalty. Its strength is the
  greatest whose held-out loss is within one standard error of the best (Breiman et al. 1984, "Classification and
  Regression Trees", 3.4.3), on folds that keep each list whole; an infinite strength, which leaves the weights as they
  are, is among those tried.
- *Corrected for places.* Who stands higher is looked at more often and trusted more, whatever they bring. Decisions
  count by the inverse of how often a place is decided on at all, estimated from lists that were seen (Joachims,
  Swaminathan and Schnabel 2017, "Unbiased Learning-to-Rank with Biased Feedback"; Wang et al. 2018, "Position Bias
  Estimation for Unbiased Learning to Rank in Personal Search"). Trust in what stands high has a covariate of its own
  (Agarwal et al. 2019, "Addressing Trust Bias for Unbiased Learning-to-Rank"): a power of the place, in log odds.

Values are centred within each list, so that requests that are hard to fill do not count against their candidates, and
a part that a request does not make applicable says nothing there.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.brief import PARTS, WEIGHT_UNIT, share_weights
from matching.fairness import impact_ratio, selection_rates
from matching.metrics import ndcg_at

LEAST_LISTS: Final = 20
"""Lists with somebody advanced and somebody declined: below, folds and intervals over lists mean nothing."""
LEAST_OF_EACH: Final = 60
"""Of advances and of declines: five for each of twelve parts (Vittinghoff and McCulloch 2007, "Relaxing the Rule of
Ten Events per Variable in Logistic and Cox Regression")."""
STRENGTHS: Final = (np.inf, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Penalties on squared effects beside the mean loss of a decision, strongest first."""
LEAST_EXAMINED: Final = 0.1
"""No decision counts more than ten times another one, however seldom its place is decided on."""
OUTER_FOLDS: Final = 5
INNER_FOLDS: Final = 4
RESAMPLES: Final = 1000
GAINS_AT: Final = 10
LEAST_GROUP: Final = 5
"""Smaller groups have no selection rate."""
EASE: Final = 1e-6
"""A penalty on everything, so that there is one best fit."""
NEWTON_STEPS: Final = 50
CLOSE_ENOUGH: Final = 1e-10
SUFFICIENT: Final = 1e-4
"""Share of the gain a step promises that it must keep (Armijo 1966)."""

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]


class Outcome(StrEnum):
    """What came of a calibration."""

    TOO_LITTLE = "too_little"
    """There are too few decisions to learn from."""
    UNCHANGED = "unchanged"
    """Other weights would not foresee decisions better, as far as can be told."""
    PROPOSED = "proposed"


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate in their place, from 1, on a list that somebody has seen.

    `values` are of the parts that applied, in [0, 1]; `advanced` is None for whoever was neither advanced nor declined,
    and `examined` says whether anything was decided about them at all. `groups` names their group by attribute.
    """

    list_id: str
    place: int
    values: Mapping[str, float]
    advanced: bool | None
    examined: bool
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % bootstrap interval over lists."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A held-out figure under the current weights, under proposed ones, and how much better the latter are."""

    current: Interval
    proposed: Interval
    gain: Interval


@dataclass(frozen=True, slots=True)
class Impact:
    """Lowest over highest selection rate by one attribute; None where fewer than two groups are large enough."""

    attribute: str
    groups: int
    current: float | None
    proposed: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found; `weights` are shares that add up to one, and None unless some are proposed.

    `examined` is the share of seen lists on which each place, from 1, was decided on; `trust` the log odds that
    doubling the place costs; `strength` the penalty, None where it is infinite or was not chosen.
    """

    outcome: Outcome
    lists: int
    shown: int
    advanced: int
    declined: int
    weights: Mapping[str, float] | None = None
    strength: float | None = None
    trust: float | None = None
    examined: tuple[float, ...] = ()
    figures: Mapping[str, Comparison] = field(default_factory=dict)
    impact: tuple[Impact, ...] = ()


def calibrate(shown: Sequence[Shown], current: Mapping[str, float], *, most: float, seed: int = 0) -> Calibration:
    """Propose weights in place of `current` from what was decided, no share of them above `most`.

    The same log, in whatever order, and the same seed give the same answer.
    """
    log = _Log.of(shown)
    counts: dict[str, Any] = {
        "lists": log.lists_judged,
        "shown": len(shown),
        "advanced": int((log.advanced == 1).sum()),
        "declined": int((log.advanced == 0).sum()),
    }
    if counts["lists"] < LEAST_LISTS or min(counts["advanced"], counts["declined"]) < LEAST_OF_EACH:
        return Calibration(Outcome.TOO_LITTLE, **counts)
    now = _shares(current)
    dice = np.random.default_rng(seed)
    judged = log.judged()
    strength = _best_strength(judged, now, INNER_FOLDS, dice)
    fit = _fit(judged, now, strength)
    figures = _held_out(judged, now, dice)
    found: dict[str, Any] = {**counts, "trust": fit.trust, "examined": log.examination, "figures": figures}
    weights = _proposed(fit.effects, now, most)
    better = figures["log_loss"].gain.low > 0
    if not better or not np.isfinite(strength) or np.array_equal(weights, now):
        return Calibration(Outcome.UNCHANGED, **found)
    return Calibration(
        Outcome.PROPOSED,
        **found,
        weights=dict(zip(PARTS, weights.tolist(), strict=True)),
        strength=strength,
        impact=tuple(_impacts(shown, now, weights)),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """Decisions to learn from: centred values (n, parts), places, labels, lists by number, and how much each counts."""

    values: Numbers
    places: Numbers
    labels: Numbers
    lists: Integers
    counts: Numbers

    def only(self, rows: NDArray[np.bool_]) -> "_Judged":
        """Some of them."""
        return _Judged(self.values[rows], self.places[rows], self.labels[rows], self.lists[rows], self.counts[rows])


@dataclass(frozen=True, slots=True)
class _Log:
    values: Numbers
    places: Integers
    advanced: Numbers
    """1, 0, or NaN."""
    lists: Integers
    examination: tuple[float, ...]

    @classmethod
    def of(cls, shown: Sequence[Shown]) -> "_Log":
        """The log in one order, whatever order it came in."""
        ordered = sorted(shown, key=lambda one: (one.list_id, one.place))
        _, numbers = np.unique([one.list_id for one in ordered], return_inverse=True)
        lists = numbers.astype(np.int64).reshape(-1)
        values = np.array([[one.values.get(part, 0.0) for part in PARTS] for one in ordered]).reshape(-1, len(PARTS))
        places = np.array([one.place for one in ordered], dtype=np.int64)
        advanced = np.array([np.nan if one.advanced is None else float(one.advanced) for one in ordered])
        examined = np.array([one.examined for one in ordered], dtype=np.float64)
        return cls(_centred(values, lists), places, advanced, lists, examination(places, examined))

    @property
    def lists_judged(self) -> int:
        """How many lists have both an advance and a decline."""
        return len(set(self.lists[self.advanced == 1]) & set(self.lists[self.advanced == 0]))

    def judged(self) -> _Judged:
        """The decisions, each counting by the inverse of how often its place is decided on, one on average."""
        rows = ~np.isnan(self.advanced)
        often = np.array(self.examination)[self.places[rows] - 1]
        counts = 1 / np.maximum(often, LEAST_EXAMINED)
        return _Judged(
            self.values[rows],
            np.log2(self.places[rows]),
            self.advanced[rows],
            self.lists[rows],
            counts / counts.mean(),
        )


@dataclass(frozen=True, slots=True)
class _Fit:
    intercept: float
    trust: float
    effects: Numbers

    def odds(self, judged: _Judged) -> Numbers:
        """Log odds of an advance."""
        return self.intercept + _times(judged.values, self.effects) - self.trust * judged.places


def examination(places: Integers, examined: Numbers) -> tuple[float, ...]:
    """How often each place, from 1, was decided on: never more often than the one above (isotonic regression)."""
    from scipy.optimize import isotonic_regression  # noqa: PLC0415 - heavy, and only calibration wants it

    if not len(places):
        return ()
    shown = np.bincount(places)[1:]
    rates = np.bincount(places, weights=examined)[1:] / np.maximum(shown, 1)
    fitted = isotonic_regression(rates, weights=np.maximum(shown, EASE), increasing=False).x
    return tuple(float(rate) for rate in fitted)


def _centred(values: Numbers, lists: Integers) -> Numbers:
    if not len(lists):
        return values
    sizes = np.bincount(lists)
    means = np.stack([np.bincount(lists, weights=column) / sizes for column in values.T], axis=1)
    centred: Numbers = values - means[lists]
    return centred


def _fit(judged: _Judged, now: Numbers, strength: float) -> _Fit:
    """The best fit, of which there is one: convex, and nothing but the intercept may be negative."""
    free = bool(np.isfinite(strength))
    ones = np.ones(len(judged.labels))
    along = _times(judged.values, now)
    # The intercept is the difference of two columns. Beside the effects stands the multiple of the current weights that
    # they are pulled towards; without effects of their own, it is what the values count by.
    columns = [ones, -ones, -judged.places, *(judged.values.T if free else []), 0 * ones if free else along]
    design = np.column_stack(columns)
    penalty = EASE * np.eye(design.shape[1])
    if free:
        apart = np.column_stack([np.zeros((len(now), 3)), np.eye(len(now)), -now])
        penalty += strength * _gram(apart, apart)
    best = _minimise(design, judged.labels, judged.counts / judged.counts.sum(), penalty)
    return _Fit(float(best[0] - best[1]), float(best[2]), best[3:-1] if free else best[3] * now)


def _minimise(design: Numbers, labels: Numbers, counts: Numbers, penalty: Numbers) -> Numbers:
    """Non-negative coefficients of least penalised logistic loss.

    Newton's method, each step of which is a problem of non-negative least squares, halved until it helps enough.
    """
    from scipy.linalg import solve_triangular  # noqa: PLC0415 - heavy, and only calibration wants it
    from scipy.optimize import nnls  # noqa: PLC0415

    def loss(given: Numbers) -> float:
        odds = _times(design, given)
        return float((counts * (np.logaddexp(0, odds) - labels * odds)).sum() + (given * _times(penalty, given)).sum())

    here = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = _chance(_times(design, here))
        slope = _times(design.T, counts * (chance - labels)) + 2 * _times(penalty, here)
        curvature = _gram(design * (counts * chance * (1 - chance))[:, None], design) + 2 * penalty
        root = np.linalg.cholesky(curvature).T
        there, _ = nnls(root, solve_triangular(root, _times(curvature, here) - slope, trans="T"))
        towards = there - here
        gain = -float((slope * towards).sum())
        if gain < CLOSE_ENOUGH:
            break
        step, before = 1.0, loss(here)
        while loss(here + step * towards) > before - SUFFICIENT * step * gain and step > CLOSE_ENOUGH:
            step /= 2
        here = here + step * towards
    return here


def _gram(one: Numbers, other: Numbers) -> Numbers:
    product: Numbers = np.einsum("ij,ik->jk", one, other)
    return product


def _times(rows: Numbers, column: Numbers) -> Numbers:
    """A product that no library spreads over threads, whose number would decide its last digits."""
    product: Numbers = np.einsum("ij,j->i", rows, column)
    return product


def _chance(odds: Numbers) -> Numbers:
    chance: Numbers = 0.5 * (1 + np.tanh(odds / 2))
    return chance


def _losses(fit: _Fit, judged: _Judged) -> Numbers:
    odds = fit.odds(judged)
    return np.asarray(judged.counts * (np.logaddexp(0, odds) - judged.labels * odds))


def _folds(lists: Integers, folds: int, dice: np.random.Generator) -> Integers:
    """The fold of each row; a list lies in one fold."""
    present = np.unique(lists)
    fold_of = np.zeros(present.max() + 1, dtype=np.int64)
    fold_of[dice.permutation(present)] = np.arange(len(present)) % folds
    return fold_of[lists]


def _best_strength(judged: _Judged, now: Numbers, folds: int, dice: np.random.Generator) -> float:
    fold = _folds(judged.lists, folds, dice)
    losses = np.zeros((len(STRENGTHS), len(judged.labels)))
    for held in range(folds):
        learnt, tested = judged.only(fold != held), judged.only(fold == held)
        for at, strength in enumerate(STRENGTHS):
            losses[at, fold == held] = _losses(_fit(learnt, now, strength), tested)
    means = losses.mean(axis=1)
    best = int(np.argmin(means))
    for at, strength in enumerate(STRENGTHS[: best + 1]):
        worse = _by_list(losses[at] - losses[best], judged.lists)
        if worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)):
            return strength
    return STRENGTHS[best]


def _by_list(values: Numbers, lists: Integers) -> Numbers:
    """Sums by list, of lists that are there."""
    sums: Numbers = np.bincount(lists, weights=values)[np.unique(lists)].astype(np.float64)
    return sums


def _held_out(judged: _Judged, now: Numbers, dice: np.random.Generator) -> dict[str, Comparison]:
    """Figures on lists that neither the weights nor the strength of the penalty were chosen on.

    The loss is corrected for places on both sides; the two figures of order are as people decided, and so flatter the
    order in which they saw the candidates.
    """
    fold = _folds(judged.lists, OUTER_FOLDS, dice)
    scores = np.zeros((2, len(judged.labels)))
    losses = np.zeros((2, len(judged.labels)))
    for held in range(OUTER_FOLDS):
        learnt, tested = judged.only(fold != held), judged.only(fold == held)
        as_it_is = _fit(learnt, now, np.inf)
        other = _fit(learnt, now, _best_strength(learnt, now, INNER_FOLDS, dice))
        losses[:, fold == held] = _losses(as_it_is, tested), _losses(other, tested)
        # Decisions that say nothing leave the order as it is.
        effects = other.effects if other.effects.any() else now
        scores[:, fold == held] = _times(tested.values, now), _times(tested.values, effects)
    lists = len(np.unique(judged.lists))
    picks = dice.multinomial(lists, np.full(lists, 1 / lists), size=RESAMPLES)
    return {
        "log_loss": _compare(_per_list(judged, losses, _list_loss), picks, less=True),
        "pairwise_accuracy": _compare(_per_list(judged, scores, _list_pairs), picks),
        f"ndcg_at_{GAINS_AT}": _compare(_per_list(judged, scores, _list_gain), picks),
    }


ListFigure = Callable[[Numbers, Numbers, Numbers], tuple[float, float]]
"""From a list's numbers, labels and counts to a sum and how much it is a sum of."""


def _per_list(judged: _Judged, numbers: Numbers, figure: ListFigure) -> Numbers:
    """Shape (2, lists, 2): sums and what they are sums of, under either weights."""
    rows = [np.flatnonzero(judged.lists == one) for one in np.unique(judged.lists)]
    return np.array(
        [[figure(side[one], judged.labels[one], judged.counts[one]) for one in rows] for side in numbers],
        dtype=np.float64,
    )


def _list_loss(losses: Numbers, _labels: Numbers, counts: Numbers) -> tuple[float, float]:
    return float(losses.sum()), float(counts.sum())


def _list_pairs(scores: Numbers, labels: Numbers, _counts: Numbers) -> tuple[float, float]:
    """Pairs of an advanced and a declined one that are in order; ties are half right."""
    apart = scores[labels == 1][:, None] - scores[labels == 0][None, :]
    return float((apart > 0).sum() + 0.5 * (apart == 0).sum()), float(apart.size)


def _list_gain(scores: Numbers, labels: Numbers, _counts: Numbers) -> tuple[float, float]:
    if not labels.any():
        return 0.0, 0.0
    order = np.argsort(-scores, kind="stable")
    gains = {int(row): float(labels[row]) for row in order}
    return ndcg_at([int(row) for row in order], gains, GAINS_AT), 1.0


def _compare(sums: Numbers, picks: Integers, *, less: bool = False) -> Comparison:
    whole = sums.sum(axis=1)
    value = whole[:, 0] / whole[:, 1]
    drawn = picks @ sums
    resampled = drawn[:, :, 0] / np.maximum(drawn[:, :, 1], EASE)
    sign = -1.0 if less else 1.0
    return Comparison(
        _interval(value[0], resampled[0]),
        _interval(value[1], resampled[1]),
        _interval(sign * (value[1] - value[0]), sign * (resampled[1] - resampled[0])),
    )


def _interval(value: float, resampled: Numbers) -> Interval:
    low, high = np.quantile(resampled, (0.025, 0.975))
    return Interval(float(value), float(low), float(high))


def _shares(weights: Mapping[str, float]) -> Numbers:
    whole = share_weights(weights, frozenset(PARTS))
    return np.array([whole[part] / WEIGHT_UNIT for part in PARTS])


def _proposed(effects: Numbers, now: Numbers, most: float) -> Numbers:
    """Effects as whole shares, none above `most`; what one part has to give up goes to the others as they stand."""
    if effects.sum() <= 0:
        return now
    shares = effects / effects.sum()
    top = int(np.argmax(shares))
    if shares[top] > most:
        others = np.delete(shares, top)
        others = others if others.sum() > 0 else np.delete(now, top)
        others = others if others.sum() > 0 else np.ones_like(others)
        shares = np.insert(others / others.sum() * (1 - most), top, most)
    return _shares(dict(zip(PARTS, shares.tolist(), strict=True)))


def _impacts(shown: Sequence[Shown], now: Numbers, proposed: Numbers) -> list[Impact]:
    """Who would be the first of each list, as many as were advanced there, under either weights."""
    lists: defaultdict[str, list[Shown]] = defaultdict(list)
    for one in shown:
        lists[one.list_id].append(one)
    attributes = sorted({attribute for one in shown for attribute in one.groups})
    chosen = [
        [pick for one in lists.values() for pick in _first(one, dict(zip(PARTS, weights.tolist(), strict=True)))]
        for weights in (now, proposed)
    ]
    return [_impact(attribute, *chosen) for attribute in attributes]


def _first(one_list: Sequence[Shown], weights: Mapping[str, float]) -> list[tuple[Shown, bool]]:
    count = sum(one.advanced is True for one in one_list)
    if not count:
        return []
    ordered = sorted(
        one_list, key=lambda one: (-sum(weights[part] * value for part, value in one.values.items()), one.place)
    )
    return [(one, at < count) for at, one in enumerate(ordered)]


def _impact(attribute: str, current: list[tuple[Shown, bool]], proposed: list[tuple[Shown, bool]]) -> Impact:
    rates = [
        selection_rates(
            ((one.groups[attribute], chosen) for one, chosen in picks if attribute in one.groups), least=LEAST_GROUP
        )
        for picks in (current, proposed)
    ]
    return Impact(attribute, len(rates[0]), impact_ratio(rates[0]), impact_ratio(rates[1]))
