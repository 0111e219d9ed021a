"""Measures of a ranking against labels, and of its even-handedness.

Formulas: Manning, Raghavan, Schütze, "Introduction to Information Retrieval", chapter 8; nDCG after Järvelin and
Kekäläinen 2002; rank-biased overlap after Webber, Moffat and Zobel 2010; impact ratio as in 29 CFR 1607.4(D).
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")


def average_precision(ranking: Sequence[Item], relevant: Collection[Item]) -> float:
    """Mean of the precision at each relevant item's rank; relevant items that are absent count as zero."""
    return average_precision_of(_ranks(ranking, relevant)) * _found_share(ranking, relevant)


def reciprocal_rank(ranking: Sequence[Item], relevant: Collection[Item]) -> float:
    """One over the rank of the first relevant item, zero without one."""
    return reciprocal_rank_of(_ranks(ranking, relevant))


def recall_at(ranking: Sequence[Item], relevant: Collection[Item], k: int) -> float:
    """Share of the relevant items among the first `k`."""
    return recall_of(_ranks(ranking, relevant), k) * _found_share(ranking, relevant)


def ranks_of(scores: NDArray[Any], relevant: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ranks, from 1, of the relevant items under descending scores, ascending; ties go to the lower number."""
    places = np.empty(len(scores), dtype=np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return np.sort(places[relevant])


def average_precision_of(ranks: NDArray[np.int64]) -> float:
    """Average precision from the ascending ranks of all relevant items."""
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks)) if len(ranks) else 0.0


def reciprocal_rank_of(ranks: NDArray[np.int64]) -> float:
    """Reciprocal rank from the ascending ranks of the relevant items."""
    return float(1 / ranks[0]) if len(ranks) else 0.0


def recall_of(ranks: NDArray[np.int64], k: int) -> float:
    """Recall from the ranks of all relevant items."""
    return float(np.mean(ranks <= k)) if len(ranks) else 0.0


def ndcg_of(ranks: NDArray[np.int64], k: int) -> float:
    """Equal gains' nDCG from the ranks of all relevant items."""
    ideal = _dcg([1.0] * min(k, len(ranks)))
    return float(np.sum(1 / np.log2(ranks[ranks <= k] + 1.0))) / ideal if ideal else 0.0


def ndcg_at(ranking: Sequence[Item], gains: Mapping[Item, float], k: int) -> float:
    """Discounted gain of the first `k` over that of the best possible order; gains are not exponentiated."""
    ideal = _dcg(sorted(gains.values(), reverse=True)[:k])
    return _dcg([gains.get(item, 0.0) for item in ranking[:k]]) / ideal if ideal else 0.0


def rank_biased_overlap(first: Sequence[Item], second: Sequence[Item], persistence: float = 0.9) -> float:
    """Extrapolated overlap of two rankings of equal length in [0, 1]; 1 for the same order."""
    depth = min(len(first), len(second))
    if depth == 0:
        return 1.0
    seen_first: set[Item] = set()
    seen_second: set[Item] = set()
    total, agreement = 0.0, 0.0
    for position in range(1, depth + 1):
        seen_first.add(first[position - 1])
        seen_second.add(second[position - 1])
        agreement = len(seen_first & seen_second) / position
        total += agreement * persistence**position
    return agreement * persistence**depth + total * (1 - persistence) / persistence


def impact_ratios(selected: Mapping[str, int], considered: Mapping[str, int]) -> dict[str, float]:
    """Return each group's selection rate over the highest of them; groups nobody was considered in are left out."""
    rates = {group: selected.get(group, 0) / count for group, count in considered.items() if count}
    highest = max(rates.values(), default=0.0)
    return {group: rate / highest if highest else 1.0 for group, rate in rates.items()}


def _ranks(ranking: Sequence[Item], relevant: Collection[Item]) -> NDArray[np.int64]:
    return np.asarray([rank for rank, item in enumerate(ranking, start=1) if item in relevant], dtype=np.int64)


def _found_share(ranking: Sequence[Item], relevant: Collection[Item]) -> float:
    return sum(item in relevant for item in ranking) / len(relevant) if relevant else 0.0


def _dcg(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(position + 1) for position, gain in enumerate(gains, start=1))
