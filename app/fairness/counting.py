"""Counting who was ranked, in the transaction that freezes the ranking."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import Subscriptions
from app.core.tenancy import Side, elevated
from app.core.trade import Discipline
from app.fairness import queries
from app.fairness.models import DeclaredStanding, ShortlistPopulation
from app.fairness.standing import Member, packed
from app.matchmaking.events import ShortlistRanked
from matching import Group, Standings, population


def subscribe(subscriptions: Subscriptions) -> None:
    """Follow every ranking that is frozen."""
    subscriptions.on(ShortlistRanked, _count)


async def _count(session: AsyncSession, fact: ShortlistRanked) -> None:
    shortlist, standings = fact.shortlist, fact.standings
    # Of a million candidates it takes a while: not on the event loop.
    counted = await asyncio.to_thread(population, standings)
    session.add(
        ShortlistPopulation(
            shortlist_id=shortlist.id,
            request_id=shortlist.request_id,
            organisation_id=shortlist.organisation_id,
            discipline=None if fact.discipline is None else Discipline(fact.discipline),
            ranked_at=shortlist.created_at,
            admitted=len(standings),
            listed=len(standings.listed),
            groups={} if counted is None else _documents(counted.groups),
            ndkl={} if counted is None else dict(counted.ndkl),
        )
    )
    await session.flush()
    if counted is None:
        return
    # A ranking is made for a client, and no client's transaction sees who has declared anything.
    async with elevated(session, Side.SYSTEM):
        members = _members(standings, await queries.declarers(session))
        if members:
            session.add(DeclaredStanding(shortlist_id=shortlist.id, members=packed(members)))
            await session.flush()


def _documents(groups: Mapping[str, Mapping[str, Group]]) -> dict[str, dict[str, dict[str, Any]]]:
    return {name: {value: asdict(group) for value, group in found.items()} for name, found in groups.items()}


def _members(standings: Standings, declarers: Sequence[UUID]) -> list[Member]:
    if not declarers:
        return []
    places = {int(position): place for place, position in enumerate(standings.listed, start=1)}
    scored, above = set(standings.scored.tolist()), set(standings.above_median.tolist())
    return [
        Member(engineer_id, places.get(position), position in scored, position in above)
        for engineer_id, position in standings.positions_of(declarers).items()
    ]
