"""The companies: staffing firms, and the clients who ask. The same names whatever the seed, so a seeding can resume."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from random import Random
from typing import TypeVar

from app.seeding.chance import dice, happens, weighted
from app.seeding.sources import Place, Sources

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Firm:
    """A staffing firm; `rank` 0 is the largest."""

    name: str
    country: str
    rank: int

    @property
    def weight(self) -> float:
        """Its share of engineers: a few firms are large."""
        share: float = (self.rank + 6) ** -0.6
        return share


@dataclass(frozen=True, slots=True)
class Client:
    """A client in the United States."""

    name: str
    domain: str
    city: Place


def make_firms(sources: Sources, number: int) -> tuple[Firm, ...]:
    """The first `number` firms."""
    rows = islice(_endless(_shuffled(sources.firms, "firms")), number)
    return tuple(Firm(name, country, rank) for rank, (name, country) in enumerate(rows))


def make_clients(sources: Sources, number: int) -> tuple[Client, ...]:
    """The first `number` clients."""
    # The file goes industry by industry; every other client makes a mixed dozen, with engineering services in it.
    rows = islice(_endless([*sources.clients[1::2], *sources.clients[::2]]), number)
    return tuple(Client(name, domain, dice("client", name).choice(sources.client_cities)) for name, domain in rows)


def choose_firm(rng: Random, firms: Sequence[Firm], country: str) -> Firm:
    """The firm that offers somebody of a country: mostly one from there."""
    near = [firm for firm in firms if firm.country == country]
    pool = near if near and happens(rng, 0.75) else firms
    return weighted(rng, {firm: firm.weight for firm in pool})


def _shuffled(rows: Sequence[Row], what: str) -> list[Row]:
    shuffled = list(rows)
    dice(what).shuffle(shuffled)
    return shuffled


def _endless(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from rows
    for number in count(2):
        yield from ((f"{name} {number}", other) for name, other in rows)
