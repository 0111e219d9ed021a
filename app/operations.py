"""What the command line does to a database, apart from serving it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import run_sync

from app.core.database import Database, create_engine
from app.core.embedded import DatabaseUrls
from app.core.events import Subscriptions
from app.core.settings import Settings
from app.main import subscriptions
from app.matchmaking import maintenance
from app.matchmaking.engine import Engine, load_engine
from app.taxonomy import service as taxonomy
from matching.encoder import Progress


@asynccontextmanager
async def opened(settings: Settings, urls: DatabaseUrls) -> AsyncIterator[tuple[Database, Engine]]:
    """The database with an engine that follows what is written to it."""
    engine = await run_sync(load_engine, settings.model)
    database = Database(create_engine(urls.app, settings), subscriptions(engine))
    try:
        yield database, engine
    finally:
        engine.close()
        await database.close()


async def load_reference(settings: Settings, urls: DatabaseUrls) -> bool:
    """Load the reference data unless it is there; say whether it was loaded."""
    database = Database(create_engine(urls.app, settings), Subscriptions())
    try:
        async with database.transaction() as session:
            return await taxonomy.load_reference(session)
    finally:
        await database.close()


async def reindex(settings: Settings, urls: DatabaseUrls, progress: Progress) -> int:
    """Build the index again; return how many profiles were encoded."""
    async with opened(settings, urls) as (database, engine):
        return await maintenance.reindex(database, engine, progress=progress)


async def verify(settings: Settings, urls: DatabaseUrls, progress: Progress) -> list[str]:
    """Everything that is wrong with the index."""
    async with opened(settings, urls) as (database, engine):
        return await maintenance.verify(database, engine, progress=progress)
