"""What an operator runs on the index: build it again, and check it against the profiles it was made from."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
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
from app.matchmaking.facts import profile_of
from app.matchmaking.flags import service as flags
from app.matchmaking.indexing import index_profiles, index_request, ranked
from app.talent import service as talent
from app.taxonomy import service as taxonomy
from matching import PROFILE, Profile
from matching.encoder import Progress
from matching.interpreter import glosses_hash
from matching.profile import Observed

BATCH: Final = 200
SAMPLE: Final = 64
LEAST_COSINE: Final = 0.999
"""A stored vector and a fresh one differ by rounding to float16 and by how a batch was padded, not by more."""


async def reindex(database: Database, engine: Engine, *, progress: Progress) -> int:
    """Write every entry again, encoding only texts that changed or were of another model; return how many were.

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
                await index_request(session, engine, request, await engine.interpreter(session))
        if not request_ids:
            return encoded
        after = request_ids[-1]


async def verify(database: Database, engine: Engine, *, progress: Progress) -> list[str]:
    """Compare the index with the profiles; return a line for each thing that is wrong.

    Facts and hashes of texts are computed again for every listed profile, vectors for a sample of them. Each batch is
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
        await engine.catch_up(session)
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
    stored = await queries.stored_vectors(session, engineer_ids, engine.encoder.model_hash)
    interpreter = await engine.interpreter(session)
    withheld = await flags.withheld_from(session, engineers)
    profiles = {one.id: profile_of(one, words, withheld[one.id]) for one in engineers}
    glosses = {one: list(interpreter.profile_glosses(profile).values()) for one, profile in profiles.items()}
    wrong = []
    for engineer in engineers:
        if engineer.id not in facts or engineer.id not in stored:
            wrong.append(f"engineer {engineer.id} is listed and not in the index")
        elif facts[engineer.id].version != engineer.version:
            wrong.append(f"engineer {engineer.id} is at version {engineer.version}, the index at another")
        elif _profile(facts[engineer.id]) != profiles[engineer.id]:
            wrong.append(f"engineer {engineer.id} has other facts than the index: run `puente reindex`")
        elif stored[engineer.id][0] != glosses_hash(glosses[engineer.id]):
            wrong.append(f"engineer {engineer.id} has other texts than were encoded: run `puente reindex`")
        elif vectors and await _differs(engine, glosses[engineer.id], stored[engineer.id][1]):
            wrong.append(f"engineer {engineer.id} has other vectors than its texts encode to")
    return wrong


async def _differs(engine: Engine, glosses: Sequence[str], stored: bytes) -> bool:
    """Whether texts no longer encode to what is stored."""
    kept = queries.vectors_of(glosses, stored, queries.STORED)
    fresh = await engine.encode(list(kept))
    return any(float(np.dot(*pair)) < LEAST_COSINE for pair in zip(kept.values(), fresh, strict=True))


def _profile(stored: queries.StoredFacts) -> Profile | None:
    """What the index knows to rank by, and not what it counts, which changes with the day; None for a broken seal."""
    try:
        return replace(PROFILE.validate_json(stored.open()), observed=Observed())
    except SealBroken:
        return None
