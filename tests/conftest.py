"""A real Postgres, a savepoint per test, and callers with real keys."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import Database, create_engine
from app.core.embedded import DatabaseUrls
from app.core.ids import new_id
from app.core.keyring import keys
from app.core.settings import Settings
from app.core.tenancy import SYSTEM, TELL, words_for
from app.main import create_app, subscriptions
from app.matchmaking.engine import Engine
from app.talent.privacy.ledger import ledger
from matching import HashingEncoder
from tests.databases import SharedDatabase, SystemDatabase
from tests.factories import Caller, make_caller
from tests.postgres import Server, prepared_server, start_server

ActingAs = Callable[..., Awaitable[Caller]]


def pytest_configure(config: pytest.Config) -> None:
    """Start the server where it outlives the workers: in the process that starts them."""
    if not hasattr(config, "workerinput"):
        start_server()


@pytest.fixture(scope="session")
def server() -> Server:
    """The server, with a migrated template."""
    return prepared_server()


@pytest.fixture(scope="session")
def urls(server: Server) -> Iterator[DatabaseUrls]:
    """This worker's database; its tests write to it only inside a transaction that is undone."""
    with server.clone(f"puente_test_{new_id().hex}") as urls:
        yield urls


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    """Where this test's erasures are written down."""
    return tmp_path / "state" / "erasures.ndjson"


@pytest.fixture
def settings(urls: DatabaseUrls, ledger_file: Path) -> Settings:
    """Settings that name the test's database and nothing of the developer's."""
    return Settings(database_url=urls.app, migration_database_url=urls.owner, erasure_ledger=ledger_file)


@pytest.fixture
async def connection(urls: DatabaseUrls) -> AsyncIterator[AsyncConnection]:
    """One connection as the application's role; everything done on it is undone."""
    engine = create_async_engine(urls.app, poolclass=NullPool, connect_args={"options": "-c TimeZone=UTC"})
    async with engine.connect() as connection:
        transaction = await connection.begin()
        await connection.execute(TELL, words_for(SYSTEM))
        yield connection
        await transaction.rollback()
    await engine.dispose()


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Ranks with an encoder that needs no model."""
    engine = Engine(HashingEncoder())
    yield engine
    engine.close()


@pytest.fixture
def database(connection: AsyncConnection, engine: Engine, settings: Settings) -> Database:
    """Sessions on the test's connection: what they commit is a savepoint."""
    return SharedDatabase(connection, subscriptions(engine), known(settings), join_transaction_mode="create_savepoint")


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """For arranging and for looking: `flush()` what requests should see, `refresh()` what they changed."""
    async with database.transaction() as session:
        yield session


@pytest.fixture
def application(settings: Settings, database: Database, engine: Engine) -> FastAPI:
    """The application on the test's connection."""
    return create_app(settings, database=database, engine=engine)


@pytest.fixture
async def client(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Calls the application without a socket."""
    async with client_of(application) as client:
        yield client


@pytest.fixture
def acting_as(session: AsyncSession) -> ActingAs:
    """`caller = await acting_as(Role.ADMIN)`, then `headers=caller.headers`."""
    return partial(make_caller, session)


@pytest.fixture
def committed_urls(server: Server) -> Iterator[DatabaseUrls]:
    """A database for tests that must commit: races, crashes, restarts."""
    with server.clone(f"puente_scratch_{new_id().hex}") as urls:
        yield urls


@pytest.fixture
async def committed_database(
    committed_urls: DatabaseUrls, engine: Engine, ledger_file: Path
) -> AsyncIterator[Database]:
    """Real transactions on as many connections as it takes."""
    settings = Settings(database_url=committed_urls.app, erasure_ledger=ledger_file)
    database = SystemDatabase(create_engine(committed_urls.app, settings), subscriptions(engine), known(settings))
    yield database
    await database.close()


@pytest.fixture
async def committed_client(
    committed_urls: DatabaseUrls, committed_database: Database, engine: Engine
) -> AsyncIterator[httpx.AsyncClient]:
    """Calls an application that really commits."""
    settings = Settings(database_url=committed_urls.app)
    async with client_of(create_app(settings, database=committed_database, engine=engine)) as client:
        yield client


def known(settings: Settings) -> dict[str, Any]:
    """What sessions must know, without a key of the developer's for checkpoints."""
    return keys(settings) | ledger(settings)


def client_of(application: FastAPI) -> httpx.AsyncClient:
    """A client of an application in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://puente.test")
