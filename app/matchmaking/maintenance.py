"""What an operator runs on the index: build it again, and check it against the profiles it was made from."""

from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

import numpy as np
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import Database
from app.core.encryption import SealBroken
from app.core.tenancy import SYSTEM
from app.demand import service as demand
from app.matchmaking import queries
from app.matchmaking.engine import Engine
from app.matchmaking.errors import IndexOutdated
from app.matchmaking.facts import profile_of, texts_of
from app.matchmaking.indexing import index_profiles, index_request, ranked
from app.talent import service as talent
from app.taxonomy import service as taxonomy
from matching import PROFILE, Profile, card_hash, render_profile
from matching.encoder import Progress

BATCH: Final = 200
SAMPLE: Final = 64
LEAST_COSINE: Final = 0.999
"""A stored vector and a fresh one differ by rounding to float16 and by how a batch was padded, not by more."""


async def reindex(database: Database, engine: Engine, *, progress: Progress) -> int:
    """Write every entry again, encoding only cards that changed or were of another model; return how many were.

    Each batch is a transaction, so it can be stopped and run again while the service serves.
    """
    encoded = 0
    async for engineer_ids in _batches_of_listed(database):
        async with database.transaction(SYSTEM) as session:
            encoded += await index_profiles(session, engine, engineer_ids)
        progress(len(engineer_ids))
    after: UUID | None = None
    while True:
        async with database.transaction(SYSTEM) as session:
            request_ids = await demand.request_ids(session, after=after, limit=BATCH)
            for request in await demand.load_requests(session, request_ids):
                await index_request(session, engine, request)
        if not request_ids:
            return encoded
        after = request_ids[-1]


async def verify(database: Database, engine: Engine, *, progress: Progress) -> list[str]:
    """Compare the index with the profiles; return a line for each thing that is wrong.

    Facts and card hashes are computed again for every listed profile, vectors for a sample of them. Each batch is
    looked at as of one moment, so that a service may go on writing meanwhile; `engine` must not be the one it uses.
    """
    wrong: list[str] = []
    sampled = 0
    async for engineer_ids in _batches_of_listed(database):
        async with database.transaction(SYSTEM) as session:
            wrong.extend(await _wrong_entries(session, engine, engineer_ids, vectors=sampled < SAMPLE))
        sampled += len(engineer_ids)
        progress(len(engineer_ids))
    return [*wrong, *await _wrong_pool(database, engine)]


async def _wrong_pool(database: Database, engine: Engine) -> list[str]:
    async with database.transaction(SYSTEM) as session:
        await queries.freeze(session)
        try:
            await engine.catch_up(session)
        except IndexOutdated as outdated:
            return [outdated.detail]
        listed = await talent.count_listed(session)
    return [] if engine.size == listed else [f"the pool holds {engine.size} profiles, {listed} are listed"]


async def _batches_of_listed(database: Database) -> AsyncIterator[Sequence[UUID]]:
    after: UUID | None = None
    while True:
        async with database.transaction(SYSTEM) as session:
            engineer_ids = await talent.listed_ids(session, after=after, limit=BATCH)
        if not engineer_ids:
            return
        yield engineer_ids
        after = engineer_ids[-1]


async def _wrong_entries(
    session: AsyncSession, engine: Engine, engineer_ids: Sequence[UUID], *, vectors: bool
) -> list[str]:
    await queries.freeze(session)
    words = await taxonomy.current(session)
    engineers = [engineer for engineer in await talent.load_engineers(session, engineer_ids) if ranked(engineer)]
    facts = await queries.load_facts(session, engineer_ids)
    stored = await queries.stored_cards(session, engineer_ids, engine.encoder.model_hash)
    profiles = {one.id: profile_of(one, words) for one in engineers}
    cards = {one.id: render_profile(profiles[one.id], texts_of(one), words) for one in engineers}
    fresh = await engine.encode(list(cards.values())[:SAMPLE]) if vectors else ()
    wrong = []
    for engineer in engineers:
        if engineer.id not in facts or engineer.id not in stored:
            wrong.append(f"engineer {engineer.id} is listed and not in the index")
        elif facts[engineer.id].version != engineer.version:
            wrong.append(f"engineer {engineer.id} is at version {engineer.version}, the index at another")
        elif _profile(facts[engineer.id]) != profiles[engineer.id]:
            wrong.append(f"engineer {engineer.id} has other facts than the index: run `puente reindex`")
        elif stored[engineer.id][0] != card_hash(cards[engineer.id]):
            wrong.append(f"engineer {engineer.id} has another card than was encoded: run `puente reindex`")
    for engineer_id, vector in zip(cards, fresh, strict=False):
        if engineer_id in stored and float(np.dot(queries.vector_of(stored[engineer_id][1]), vector)) < LEAST_COSINE:
            wrong.append(f"engineer {engineer_id} has another vector than its card encodes to")
    return wrong


def _profile(stored: queries.StoredFacts) -> Profile | None:
    """What the index knows; None when the seal is broken."""
    try:
        return PROFILE.validate_json(stored.open())
    except SealBroken:
        return None
