"""That somebody was shown a shortlist: what is decided later is read beside it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Actor
from app.core.clock import utcnow
from app.matchmaking.review import queries

WINDOW: Final = timedelta(minutes=10)
"""Whoever reads a list again within it has looked once."""


async def record_impression(session: AsyncSession, actor: Actor, shortlist_id: UUID) -> None:
    """Write down that a person sees a list now; programs and the system see nothing."""
    if actor.member_id is None or actor.client_id is not None:
        return
    now = utcnow()
    slot = int(now.timestamp() // WINDOW.total_seconds())
    await queries.add_impression(session, shortlist_id, actor.member_id, slot, now)
