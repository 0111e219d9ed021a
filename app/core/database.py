"""The database session: one request or job step is one transaction, committed here and nowhere else."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from fastapi import Depends
from pydantic_core import from_json, to_json
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from app.core.errors import DomainError
from app.core.events import SUBSCRIPTIONS, Subscriptions
from app.core.settings import Settings
from app.core.tenancy import WORKS_FOR, Tenancy


class Database:
    """Hands out sessions; knows who has subscribed to what they announce."""

    def __init__(
        self,
        bind: AsyncEngine | AsyncConnection,
        subscriptions: Subscriptions,
        info: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """`info` is what a room wants to find in every session's own `info`."""
        self.bind = bind
        self.subscriptions = subscriptions
        self.info = {SUBSCRIPTIONS: subscriptions, **(info or {})}
        self._sessions = async_sessionmaker(
            bind, class_=AsyncSession, expire_on_commit=False, info=self.info, **options
        )

    @asynccontextmanager
    async def transaction(self, tenancy: Tenancy | None) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed when the block ends, or undone when it raises.

        It works for `tenancy`; with None it sees no tenant's rows until it is told for whom (`tenancy.assume`).
        """
        async with self._sessions() as session, session.begin():
            if tenancy is not None:
                session.info[WORKS_FOR] = tenancy
            yield session

    async def answers(self) -> None:
        """A readiness check: a connection can be had and answers."""
        async with self.transaction(None) as session:
            await session.scalar(text("SELECT 1"))

    async def close(self) -> None:
        """Give every connection back."""
        if isinstance(self.bind, AsyncEngine):
            await self.bind.dispose()


def create_engine(url: str, settings: Settings) -> AsyncEngine:
    """An engine whose connections speak UTC and give up before the caller does."""
    timeouts: Final = {
        "TimeZone": "UTC",
        "statement_timeout": settings.statement_timeout_ms,
        "lock_timeout": settings.lock_timeout_ms,
        "idle_in_transaction_session_timeout": settings.idle_in_transaction_timeout_ms,
    }
    # What the URL says for itself: the role the connections become (`app.core.roles`).
    options = [*make_url(url).normalized_query.get("options", ())]
    options += [f"-c {name}={value}" for name, value in timeouts.items()]
    return create_async_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout_s,
        pool_pre_ping=True,
        # Parameters are other people's data: they stay out of messages and logs.
        hide_parameters=True,
        json_serializer=lambda value: to_json(value).decode(),
        json_deserializer=from_json,
        connect_args={
            "application_name": "puente",
            "connect_timeout": settings.connect_timeout_s,
            "options": " ".join(options),
        },
    )


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The session of this request; it works for nobody before it is known who is asking."""
    database: Database = request.app.state.database
    async with database.transaction(None) as session:
        yield session


# With function scope FastAPI commits before the response leaves, so a failed commit is a failed request.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


@asynccontextmanager
async def refused_by(session: AsyncSession, refusals: Mapping[str, DomainError]) -> AsyncIterator[None]:
    """Flush what the block did; when the database refuses by a named constraint, raise its error."""
    try:
        yield
        await session.flush()
    except IntegrityError as refusal:
        error = refusals.get(constraint_name(refusal))
        if error is None:
            raise
        raise error from refusal


def constraint_name(refusal: IntegrityError) -> str:
    """The constraint by which the database refused."""
    return getattr(getattr(refusal.orig, "diag", None), "constraint_name", None) or ""
