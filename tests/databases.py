"""Databases for tests, which arrange and look as the system unless they say for whom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import Database
from app.core.tenancy import SYSTEM, TELL, Tenancy, words_for


class SystemDatabase(Database):
    """A database whose transactions are the system's unless something else is said, and a request's nobody's."""

    @asynccontextmanager
    async def transaction(self, tenancy: Tenancy | None = SYSTEM) -> AsyncIterator[AsyncSession]:
        async with super().transaction(tenancy) as session:
            yield session


class SharedDatabase(SystemDatabase):
    """Sessions on one connection, which goes back to the system after each.

    What a session commits is a savepoint, and a setting that is local to the transaction outlives a savepoint.
    """

    @asynccontextmanager
    async def transaction(self, tenancy: Tenancy | None = SYSTEM) -> AsyncIterator[AsyncSession]:
        try:
            if tenancy is None:
                await self.bind.execute(TELL, words_for(None))
            async with super().transaction(tenancy) as session:
                yield session
        finally:
            await self.bind.execute(TELL, words_for(SYSTEM))
