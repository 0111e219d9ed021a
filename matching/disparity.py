"""How groups fare in a selection: rates, ratios to the best-faring group, intervals, skew, and what small groups hide.

Everything takes counts of people and gives numbers without a unit. Intervals are two-sided, at 95 %.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

Z: Final = 1.959963984540054
"""97.5th percentile of the standard normal distribution."""
MINIMUM_GROUP: Final = 5
"""Of fewer people than this nothing is told."""
FOUR_FIFTHS: Final = 0.8
"""29 CFR 1607.4(D): a rate under four fifths of the highest is generally taken as evidence of adverse impact."""

Interval = tuple[float, float]


def wilson(selected: int, total: int) -> Interval | None:
    """Interval of a rate, within [0, 1]; None of nobody.

    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if total == 0:
        return None
    rate, square = selected / total, Z * Z
    middle = (rate + square / (2 * total)) / (1 + square / total)
    half = Z / (1 + square / total) * math.sqrt(rate * (1 - rate) / total + square / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def ratio(selected: int, total: int, best_selected: int, best_total: int) -> float | None:
    """A group's rate over that of the group with the highest; None where there is nothing to divide, or by."""
    if total == 0 or best_total == 0 or best_selected == 0:
        return None
    return (selected / total) / (best_selected / best_total)


def katz(selected: int, total: int, best_selected: int, best_total: int) -> Interval | None:
    """Interval of `ratio`, by the logarithm; None where one of the two rates is zero.

    Katz, Baptista, Azen and Pike (1978), Obtaining confidence intervals for the risk ratio in cohort studies.
    """
    found = ratio(selected, total, best_selected, best_total)
    if not found:
        return None
    variance = 1 / selected - 1 / total + 1 / best_selected - 1 / best_total
    spread = math.exp(Z * math.sqrt(max(0.0, variance)))
    return found / spread, found * spread


def skew(selected: int, expected: float) -> float | None:
    """Natural logarithm of how many of a group were taken over how many its share would give; None where one is zero.

    Geyik, Ambler and Kenthapadi (2019), Fairness-aware ranking in search and recommendation systems, definition 3.1.
    """
    return math.log(selected / expected) if selected and expected > 0 else None


def ndkl(ranked: Sequence[int], shares: Sequence[float]) -> float:
    """Normalised discounted cumulative Kullback-Leibler divergence of a ranking from the shares of its groups.

    `ranked` is the group of each place, best first, as an index into `shares`, which add up to one. Zero says that
    every prefix has the shares; the first places weigh most. Geyik et al. (2019), definition 3.3.
    """
    counts, total, weights = [0] * len(shares), 0.0, 0.0
    for place, group in enumerate(ranked, start=1):
        counts[group] += 1
        found = (count / place for count in counts)
        divergence = sum(p * math.log(p / share) for p, share in zip(found, shares, strict=True) if p)
        weight = 1 / math.log2(place + 1)
        total, weights = total + weight * divergence, weights + weight
    return total / weights if weights else 0.0


def held_back(sizes: Mapping[str, int], minimum: int = MINIMUM_GROUP) -> frozenset[str]:
    """The groups of which nothing may be told where the sum of all is known.

    Those under the minimum, and then the smallest others until there are two of at least the minimum together: the
    sum less what is told is what is held back, and one group alone, or few people, could be read off it.
    """
    order = sorted((name for name in sizes if sizes[name]), key=lambda name: (sizes[name], name))
    small = [name for name in order if sizes[name] < minimum]
    hidden, left = small, order[len(small) :]
    while hidden and left and (len(hidden) < 2 or sum(sizes[name] for name in hidden) < minimum):
        hidden = [*hidden, left[0]]
        left = left[1:]
    return frozenset(hidden)
