"""Writing the demonstration through the rooms' services, in batches that can be interrupted and taken up again.

A company and its members are one transaction, a client's requests are in the same one, and engineers come in batches
of one firm, each a transaction. Companies are found again by name; of a firm's engineers as many are skipped as it has.
So what is there already is not written twice, and a larger number of engineers adds only the difference.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

from anyio.to_thread import run_sync
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Actor, OrganisationKind
from app.core.clock import today
from app.core.database import Database
from app.core.tenancy import SYSTEM
from app.demand import service as demand
from app.demand.schemas import RequestCreate
from app.seeding.companies import MARKETPLACE, Company, create_company, known_companies
from app.seeding.credentials import ensure_credentials
from app.seeding.firms import Client, Firm
from app.seeding.generate import Demonstration, generate
from app.seeding.sources import CLIENT_COUNTRY, Sources, read_sources
from app.talent import service as talent
from app.talent.schemas import EngineerCreate

BATCH: Final = 100
_LOCK: Final = 7_107_002
"""Advisory lock of whoever seeds; two at once take turns batch by batch and write nothing twice."""

Progress = Callable[[int], None]
"""Told how many engineers are there more than at the last call."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seeding added, and where the keys are."""

    engineers: int
    firms: int
    clients: int
    requests: int
    credentials: Path


async def seed(
    database: Database,
    *,
    engineers: int = 2000,
    firms: int = 40,
    clients: int = 12,
    seed: int = 1,
    state_dir: Path,
    progress: Progress | None = None,
) -> Seeded:
    """Write what is missing of the demonstration; whoever subscribed to the database encodes it on the way.

    Raises:
        SeedDataInvalid: the files in `seed_data/` contradict each other; nothing is written.
        ReferenceDataMissing: the taxonomy has not been loaded.
    """
    sources = await run_sync(read_sources)
    plan = await run_sync(
        lambda: generate(seed, engineers=engineers, firms=firms, clients=clients, as_of=today(), sources=sources)
    )
    loading = _Loading(database, sources, progress or (lambda _: None))
    await loading.marketplace()
    requests = [await loading.client(client, wanted) for client, wanted in plan.requests.items()]
    added = [await loading.firm(firm, team) for firm, team in plan.engineers.items()]
    credentials = await ensure_credentials(database, loading.holders(plan), state_dir)
    return Seeded(
        sum(added),
        loading.made(OrganisationKind.SUPPLIER),
        loading.made(OrganisationKind.CLIENT),
        sum(requests),
        credentials,
    )


class _Loading:
    """One seeding under way."""

    def __init__(self, database: Database, sources: Sources, progress: Progress) -> None:
        self._database = database
        self._sources = sources
        self._progress = progress
        self._ids: dict[tuple[OrganisationKind, str], UUID] = {}
        self._made: list[OrganisationKind] = []

    def made(self, kind: OrganisationKind) -> int:
        """How many companies of a kind were new."""
        return self._made.count(kind)

    def holders(self, plan: Demonstration) -> Mapping[str, UUID]:
        """Whose members get the keys: the first firm's, the first client's, the marketplace's."""
        marketplace = self._ids[OrganisationKind.MARKETPLACE, MARKETPLACE]
        firsts = {
            "supplier": [self._ids[OrganisationKind.SUPPLIER, firm.name] for firm in islice(plan.engineers, 1)],
            "client": [self._ids[OrganisationKind.CLIENT, client.name] for client in islice(plan.requests, 1)],
        }
        companies = {holder: ids[0] for holder, ids in firsts.items() if ids}
        return {**companies, "recruiter": marketplace, "admin": marketplace}

    async def marketplace(self) -> None:
        """The marketplace and its staff."""
        async with self._database.transaction(SYSTEM) as session:
            await self._company(session, Company(OrganisationKind.MARKETPLACE, MARKETPLACE, CLIENT_COUNTRY))

    async def client(self, client: Client, wanted: Sequence[RequestCreate]) -> int:
        """A client with its requests, unless it is there; return how many requests were written."""
        async with self._database.transaction(SYSTEM) as session:
            company = Company(OrganisationKind.CLIENT, client.name, CLIENT_COUNTRY)
            organisation_id, new = await self._company(session, company)
            for request in wanted if new else ():
                await demand.create_request_for(session, Actor.system(), organisation_id, request)
        return len(wanted) if new else 0

    async def firm(self, firm: Firm, team: Sequence[EngineerCreate]) -> int:
        """A firm and those of its engineers that are missing; return how many were written."""
        async with self._database.transaction(SYSTEM) as session:
            company = Company(OrganisationKind.SUPPLIER, firm.name, firm.country)
            organisation_id, _ = await self._company(session, company)
            there = await talent.count_engineers(session, organisation_id)
        self._progress(min(there, len(team)))
        added = 0
        while written := await self._next_batch(organisation_id, team):
            added += written
            self._progress(written)
        return added

    async def _next_batch(self, organisation_id: UUID, team: Sequence[EngineerCreate]) -> int:
        async with self._database.transaction(SYSTEM) as session:
            await _take_turn(session)
            there = await talent.count_engineers(session, organisation_id)
            batch = team[there : there + BATCH]
            if batch:
                await talent.create_engineers(session, Actor.system(), organisation_id, batch)
        return len(batch)

    async def _company(self, session: AsyncSession, company: Company) -> tuple[UUID, bool]:
        """The id of a company, and whether it is new."""
        await _take_turn(session)
        known = await known_companies(session, company.kind)
        new = company.name not in known
        if new:
            known[company.name] = (await create_company(session, self._sources, company)).id
            self._made.append(company.kind)
        self._ids[company.kind, company.name] = known[company.name]
        return known[company.name], new


async def _take_turn(session: AsyncSession) -> None:
    await session.exec(text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=_LOCK))  # type: ignore[call-overload]
