"""For whom a transaction works: two settings in Postgres that end with it, and that row level security reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Actor


class Side(StrEnum):
    """On whose side a transaction works: a tenant's, the system's, or a narrow one beside any tenant."""

    SUPPLIER = "supplier"
    CLIENT = "client"
    MARKETPLACE = "marketplace"
    SYSTEM = "system"
    """Seeding, the command line, maintenance: every row."""
    SIGN_IN = "sign_in"
    """Who is asking is not known yet: credentials, and whom they speak for."""
    RANKING = "ranking"
    """Follows the index of all firms, and sees nothing else of them."""
    AUDIT = "audit"
    """Extends the chains of whoever owns what was changed."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """The side a transaction works on, and the organisation it works for if there is one."""

    side: Side
    organisation_id: UUID | None = None


SYSTEM: Final = Tenancy(Side.SYSTEM)
SIGN_IN: Final = Tenancy(Side.SIGN_IN)
RANKING: Final = Tenancy(Side.RANKING)

WORKS_FOR: Final = "works_for"
"""Key of a session's `info` under which its tenancy is kept."""
# One statement, and local to the transaction: a connection that goes back to the pool takes nothing with it.
TELL: Final = text("SELECT set_config('puente.side', :side, true), set_config('puente.organisation', :org, true)")


def tenancy_of(actor: Actor) -> Tenancy:
    """The tenancy of whoever is asking."""
    if actor.organisation_kind is None:
        return SYSTEM
    return Tenancy(Side(actor.organisation_kind.value), actor.organisation_id)


async def assume(session: AsyncSession, tenancy: Tenancy | None) -> None:
    """Work for `tenancy` from here on; before the first, and with None, no tenant's rows are there."""
    # Taken out meanwhile, or a connection that begins here would be told twice.
    session.info.pop(WORKS_FOR, None)
    connection = await session.connection()
    await connection.execute(TELL, words_for(tenancy))
    if tenancy is not None:
        session.info[WORKS_FOR] = tenancy


def work_for(session: AsyncSession, tenancy: Tenancy) -> None:
    """Let a session that has not begun work for `tenancy`; its first statement will say so."""
    session.info[WORKS_FOR] = tenancy


@asynccontextmanager
async def elevated(session: AsyncSession, side: Side) -> AsyncIterator[None]:
    """Work on `side` inside the block, in the same transaction, and for whom it was before afterwards."""
    before: Tenancy | None = session.info.get(WORKS_FOR)
    await assume(session, Tenancy(side))
    try:
        yield
    except BaseException:
        # A transaction that Postgres has aborted takes no statement, and needs none: all it can do is end.
        with suppress(SQLAlchemyError):
            await assume(session, before)
        if before is not None:
            session.info[WORKS_FOR] = before
        raise
    await assume(session, before)


def side_of(session: AsyncSession) -> Side | None:
    """The side a session works on; None before it works for anybody."""
    tenancy: Tenancy | None = session.info.get(WORKS_FOR)
    return tenancy.side if tenancy else None


def tell(connection: Connection, tenancy: Tenancy) -> None:
    """Say to Postgres whose the rest of a connection's transaction is."""
    connection.execute(TELL, words_for(tenancy))


def words_for(tenancy: Tenancy | None) -> dict[str, Any]:
    """The two settings of a tenancy; what is none is an empty text."""
    if tenancy is None:
        return {"side": "", "org": ""}
    return {"side": tenancy.side.value, "org": str(tenancy.organisation_id or "")}


@event.listens_for(Session, "after_begin")
def _begun(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Tell every transaction of a session that works for somebody, as its first statement, and no savepoint."""
    if not transaction.nested and WORKS_FOR in session.info:
        tell(connection, session.info[WORKS_FOR])
