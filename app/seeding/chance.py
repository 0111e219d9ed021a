"""Repeatable chance: every part of every person has a generator of its own, so that nothing shifts anything else."""

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


def dice(*parts: object) -> Random:
    """A generator that depends on these parts alone."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311 - it is meant to be repeatable


def happens(rng: Random, probability: float) -> bool:
    """True as often as `probability` says."""
    return rng.random() < probability


def weighted(rng: Random, weights: Mapping[Item, float]) -> Item:
    """One key, as often as its weight says."""
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def some(rng: Random, items: Sequence[Item], probability: float) -> list[Item]:
    """Each item with the same probability, in the order given."""
    return [item for item in items if happens(rng, probability)]


def mostly(rng: Random, value: Item, missing: float) -> Item | None:
    """The value, or None as often as `missing` says: people leave fields out."""
    return None if happens(rng, missing) else value


def spread(rng: Random, deviation: float) -> float:
    """A factor around one."""
    return math.exp(rng.gauss(0.0, deviation))
