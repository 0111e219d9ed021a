"""What the command line does to a database, apart from serving it."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from anyio.to_thread import run_sync

from app.audit import reading
from app.audit.signing import signing_key
from app.audit.verification import Export, Verification
from app.core import keyring
from app.core.actor import Actor, OrganisationKind, Role
from app.core.database import Database, create_engine
from app.core.embedded import DatabaseUrls
from app.core.errors import CannotStart
from app.core.events import Subscriptions
from app.core.settings import Settings
from app.core.tenancy import SYSTEM
from app.identity import service as identity
from app.identity.errors import OrganisationNotFound
from app.identity.schemas import ApiKeyCreate, MemberCreate, OrganisationCreate
from app.main import known_to_sessions, subscriptions
from app.matchmaking import maintenance
from app.matchmaking.engine import Engine, load_engine
from app.matchmaking.weights import calibration
from app.seeding.companies import holds_demonstration
from app.seeding.credentials import FILE
from app.seeding.load import Seeded, seed
from app.talent.privacy import erasure, ledger
from app.taxonomy import service as taxonomy
from app.taxonomy import thesaurus
from matching.encoder import Progress


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a demonstration, and which one."""

    engineers: int = 2000
    seed: int = 1


@asynccontextmanager
async def opened(settings: Settings, urls: DatabaseUrls) -> AsyncIterator[tuple[Database, Engine]]:
    """The database with an engine that follows what is written to it."""
    engine = await run_sync(load_engine, settings)
    database = Database(create_engine(urls.app, settings), subscriptions(engine), known_to_sessions(settings))
    try:
        await keyring.prepare(database)
        yield database, engine
    finally:
        engine.close()
        await database.close()


async def learn(database: Database, engine: Engine) -> None:
    """Let an engine read by what there is to learn from names, as the service does."""
    async with database.transaction(SYSTEM) as session:
        await engine.begin_learning(session)
    await engine.learned()
    async with database.transaction(SYSTEM) as session:
        await engine.take_up(session)


async def replay_erasures(settings: Settings, urls: DatabaseUrls) -> int:
    """Erase again whom the ledger names and the database still knows; return how many."""
    async with opened(settings, urls) as (database, _):
        return await erasure.replay(database, database.info[ledger.LEDGER])


async def load_reference(settings: Settings, urls: DatabaseUrls) -> bool:
    """Load the reference data unless it is there; say whether it was loaded. A new database gets its house key."""
    async with sealed_database(settings, urls) as database, database.transaction(SYSTEM) as session:
        return await taxonomy.load_reference(session)


async def wants_seeding(settings: Settings, urls: DatabaseUrls) -> bool:
    """Whether nobody is there yet, or a seeding was interrupted before it wrote its keys."""
    database = Database(create_engine(urls.app, settings), Subscriptions())
    try:
        async with database.transaction(SYSTEM) as session:
            if await identity.is_empty(session):
                return True
            return await holds_demonstration(session) and not (settings.state_dir / FILE).exists()
    finally:
        await database.close()


async def seed_demonstration(settings: Settings, urls: DatabaseUrls, plan: Plan, progress: Progress) -> Seeded:
    """Write what is missing of the demonstration."""
    async with opened(settings, urls) as (database, _):
        return await seed(
            database, engineers=plan.engineers, seed=plan.seed, state_dir=settings.state_dir, progress=progress
        )


async def found_marketplace(settings: Settings, urls: DatabaseUrls, name: str, email: str) -> str:
    """Make the marketplace's organisation with its first admin; return their key, which is not kept.

    Raises:
        CannotStart: there is a marketplace already.
    """
    system = Actor.system()
    database = Database(create_engine(urls.app, settings), Subscriptions())
    try:
        async with database.transaction(SYSTEM) as session:
            if not await identity.is_empty(session):
                raise CannotStart("There are organisations already; an admin makes further members and keys.")
            given = OrganisationCreate(kind=OrganisationKind.MARKETPLACE, name=name)
            organisation = await identity.create_organisation(session, system, given)
            admin = MemberCreate(name=email.partition("@")[0], email=email, role=Role.ADMIN)
            member = await identity.create_member(session, system, organisation.id, admin)
            _, key = await identity.create_api_key(session, system, member.id, ApiKeyCreate(label="first key"))
            return key
    finally:
        await database.close()


async def reindex(settings: Settings, urls: DatabaseUrls, progress: Progress) -> int:
    """Build the index again; return how many texts were encoded."""
    async with opened(settings, urls) as (database, engine):
        await learn(database, engine)
        return await maintenance.reindex(database, engine, progress=progress)


async def calibrate(
    settings: Settings, urls: DatabaseUrls, client_id: UUID | None, since: date | None, progress: Progress
) -> list[calibration.Calibrated]:
    """Learn weights from the decisions of one client, or of all; what is proposed is stored.

    Raises:
        CannotStart: there is no such client.
    """
    async with sealed_database(settings, urls) as database:
        client_ids = await calibration.clients_to_calibrate(database, since) if client_id is None else [client_id]
        found = []
        for one in client_ids:
            try:
                found.append(await calibration.calibrate_client(database, one, since))
            except OrganisationNotFound as missing:
                raise CannotStart(f"There is no client {one}.") from missing
            progress(1)
        return found


async def verify(settings: Settings, urls: DatabaseUrls, progress: Progress) -> list[str]:
    """Everything that is wrong with the index."""
    async with opened(settings, urls) as (database, engine):
        await learn(database, engine)
        return await maintenance.verify(database, engine, progress=progress)


async def import_esco(
    settings: Settings, urls: DatabaseUrls, given: thesaurus.Import, *, progress: Progress, dry_run: bool
) -> thesaurus.Outcome:
    """Bring ESCO's names in, in place of those imported before; a dry run only says what that would do."""
    async with plain_database(settings, urls) as database, database.transaction(SYSTEM) as session:
        if dry_run:
            return await thesaurus.compare(session, given)
        return await thesaurus.replace(session, Actor.system(), given, progress=progress)


async def remove_esco(settings: Settings, urls: DatabaseUrls) -> bool:
    """Take ESCO's names away; say whether there were any."""
    async with plain_database(settings, urls) as database, database.transaction(SYSTEM) as session:
        return await thesaurus.remove(session, Actor.system(), thesaurus.ESCO)


@asynccontextmanager
async def plain_database(settings: Settings, urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The database, for work that neither needs an engine nor changes a profile."""
    database = Database(create_engine(urls.app, settings), Subscriptions())
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def sealed_database(settings: Settings, urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The database with its keys, for work on what is sealed that changes no profile."""
    database = Database(create_engine(urls.app, settings), Subscriptions(), keyring.keys(settings))
    try:
        await keyring.prepare(database)
        yield database
    finally:
        await database.close()


async def audit_checkpoint(settings: Settings, urls: DatabaseUrls) -> int:
    """Sign every chain where it ends; return how many were not signed there yet."""
    key = signing_key(settings)
    async with plain_database(settings, urls) as database, database.transaction(SYSTEM) as session:
        return await reading.checkpoint(session, key)


async def audit_export(
    settings: Settings, urls: DatabaseUrls, organisation_id: UUID | None, write: Callable[[bytes], object]
) -> None:
    """Sign the chains, then write them all, or one organisation's, under a seal."""
    await audit_checkpoint(settings, urls)
    async with plain_database(settings, urls) as database, database.transaction(SYSTEM) as session:
        export = Export()
        async with aclosing(reading.lines(session, organisation_id)) as lines:
            async for line in lines:
                write(export.line(line))
        write(export.seal(signing_key(settings)))


async def audit_verify(settings: Settings, urls: DatabaseUrls, key: bytes | None) -> Verification:
    """Check every chain in the database.

    Raises:
        Tampered: a record is not as it was written.
    """
    async with plain_database(settings, urls) as database, database.transaction(SYSTEM) as session:
        return await reading.verify(session, key)


async def rotate_keys(settings: Settings, urls: DatabaseUrls) -> int:
    """Bring every key under a new master key; return how many were rewrapped."""
    async with sealed_database(settings, urls) as database:
        return await keyring.rotate(database)


async def master_keys(settings: Settings, urls: DatabaseUrls) -> dict[str, int]:
    """How many keys each master key wraps, the current one first."""
    async with sealed_database(settings, urls) as database, database.transaction(SYSTEM) as session:
        wrapping = await keyring.counts(session)
        known = [key.id for key in keyring.keyring_of(session).masters.every]
    return {key_id: wrapping.get(key_id, 0) for key_id in [*known, *sorted(wrapping.keys() - set(known))]}
