"""The whole of the demonstration data, before any of it is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.demand.schemas import RequestCreate
from app.seeding.chance import dice
from app.seeding.engineers import make_engineer
from app.seeding.firms import Client, Firm, choose_firm, make_clients, make_firms
from app.seeding.requests import make_requests
from app.seeding.sources import Sources, read_sources
from app.talent.schemas import EngineerCreate


@dataclass(frozen=True, slots=True)
class Demonstration:
    """Firms with their engineers, clients with their requests, in a fixed order."""

    engineers: Mapping[Firm, tuple[EngineerCreate, ...]]
    requests: Mapping[Client, tuple[RequestCreate, ...]]


def generate(
    seed: int,
    *,
    engineers: int = 2000,
    firms: int = 40,
    clients: int = 12,
    as_of: date,
    sources: Sources | None = None,
) -> Demonstration:
    """The same for the same seed and day; asking for more engineers keeps the first ones and their firms.

    Raises:
        SeedDataInvalid: the files in `seed_data/` contradict each other.
    """
    sources = sources or read_sources()
    everyone = make_firms(sources, firms)
    offered: dict[Firm, list[EngineerCreate]] = {firm: [] for firm in everyone}
    for index in range(engineers):
        engineer = make_engineer(sources, seed, index, as_of)
        firm = choose_firm(dice(seed, "firm", index), everyone, engineer.country or "")
        offered[firm].append(engineer)
    return Demonstration(
        engineers={firm: tuple(team) for firm, team in offered.items()},
        requests={
            client: make_requests(sources, seed, client, at, as_of)
            for at, client in enumerate(make_clients(sources, clients))
        },
    )
