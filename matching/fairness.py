"""Whether a way of choosing people favours some groups: selection rates and their ratio, as in 29 CFR 1607.4(D)."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Group = TypeVar("Group", bound=Hashable)


def selection_rates(outcomes: Iterable[tuple[Group, bool]], *, least: int = 1) -> dict[Group, float]:
    """Share of each group that was selected, in [0, 1]; groups of fewer than `least` are left out."""
    considered: Counter[Group] = Counter()
    selected: Counter[Group] = Counter()
    for group, chosen in outcomes:
        considered[group] += 1
        selected[group] += chosen
    return {group: selected[group] / count for group, count in considered.items() if count >= least}


def impact_ratio(rates: Mapping[Group, float]) -> float | None:
    """Lowest rate over the highest, below 0.8 being evidence of adverse impact; None with fewer than two groups.

    Where nobody was selected the groups fared alike, and the ratio is one.
    """
    if len(rates) < 2:
        return None
    highest = max(rates.values())
    return min(rates.values()) / highest if highest else 1.0
