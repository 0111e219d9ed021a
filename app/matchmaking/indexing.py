"""Keeping the index in step: the transaction that changes a profile or a request writes its facts and vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import today
from app.core.events import Subscriptions
from app.demand import service as demand
from app.demand.events import RequestsChanged
from app.demand.models import Request
from app.matchmaking import queries
from app.matchmaking.engine import Engine
from app.matchmaking.evidence import Withheld
from app.matchmaking.facts import brief_of, profile_of
from app.matchmaking.flags import service as flags
from app.matchmaking.models import BriefEntry, ProfileEntry, facts_place
from app.matchmaking.observed import observed_of
from app.matchmaking.weights.service import weights_in_force
from app.talent import service as talent
from app.talent.events import ProfilesChanged
from app.talent.lifecycle import EngineerStatus
from app.talent.models import Engineer
from app.taxonomy import service as taxonomy
from app.taxonomy.words import Taxonomy
from matching import BRIEF, PROFILE, Brief, Interpreter
from matching.encoder import Progress
from matching.interpreter import Encoded, glosses_hash


def subscribe(subscriptions: Subscriptions, engine: Engine) -> None:
    """Follow every announced change with this engine."""

    async def profiles_changed(session: AsyncSession, fact: ProfilesChanged) -> None:
        await index_profiles(session, engine, fact.engineer_ids)

    async def requests_changed(session: AsyncSession, fact: RequestsChanged) -> None:
        for request in await demand.load_requests(session, fact.request_ids):
            await index_request(session, engine, request, await engine.interpreter(session))

    subscriptions.on(ProfilesChanged, profiles_changed)
    subscriptions.on(RequestsChanged, requests_changed)


async def index_profiles(
    session: AsyncSession, engine: Engine, engineer_ids: Sequence[UUID], *, progress: Progress | None = None
) -> int:
    """Write the entries of these engineers; return how many texts had to be encoded."""
    engineers = await talent.load_engineers(session, engineer_ids)
    listed = [engineer for engineer in engineers if ranked(engineer)]
    entries = [_unlisted(engineer, engine) for engineer in engineers if not ranked(engineer)]
    words = await taxonomy.current(session)
    withheld = await flags.examine(session, engineers, words)
    encoded, entries_of_listed = await _listed(session, engine, listed, words, withheld, progress)
    if entries or entries_of_listed:
        await queries.save_profile_entries(session, [*entries, *entries_of_listed])
    return encoded


def ranked(engineer: Engineer) -> bool:
    """Whether the ranking knows an engineer: a listed one, of whom anything is known."""
    return engineer.status is EngineerStatus.LISTED and not engineer.erased


async def index_request(
    session: AsyncSession, engine: Engine, request: Request, interpreter: Interpreter
) -> BriefEntry:
    """Write the brief of a request with the vectors of its texts."""
    words = await taxonomy.current(session)
    brief = brief_of(request, today(), words)
    glosses = list(interpreter.brief_glosses(brief).values())
    vectors = dict(zip(glosses, await engine.encode(glosses), strict=True))
    entry = BriefEntry(
        request_id=request.id,
        version=request.version,
        model_hash=engine.encoder.model_hash,
        card_hash=glosses_hash(glosses),
        vector=queries.stored_of(glosses, vectors, queries.STORED_OF_REQUEST),
        brief=BRIEF.dump_python(brief, mode="json"),
    )
    await queries.save_brief_entry(session, entry)
    return entry


async def current_brief(
    session: AsyncSession, engine: Engine, request: Request, weights: Mapping[str, float] | None = None
) -> tuple[Brief, Encoded]:
    """The brief of a request as of today with its vectors, encoded again only if what they are of has changed.

    It goes by `weights`, those in force at this moment when none are given: what is stored of them is not asked.
    """
    # One interpreter throughout: another may take its place while a text is encoded.
    interpreter = await engine.interpreter(session)
    entry = await queries.find_brief_entry(session, request.id)
    if entry is None or (entry.version, entry.model_hash) != (request.version, engine.encoder.model_hash):
        entry = await index_request(session, engine, request, interpreter)
    if weights is None:
        weights = (await weights_in_force(session, request)).weights
    brief = replace(BRIEF.validate_python(entry.brief), as_of=today(), weights=dict(weights))
    glosses = list(interpreter.brief_glosses(brief).values())
    if entry.card_hash != glosses_hash(glosses):
        entry = await index_request(session, engine, request, interpreter)
    return brief, queries.vectors_of(glosses, entry.vector, queries.STORED_OF_REQUEST)


def _unlisted(engineer: Engineer, engine: Engine) -> ProfileEntry:
    return ProfileEntry(
        engineer_id=engineer.id, version=engineer.version, listed=False, model_hash=engine.encoder.model_hash
    )


async def _listed(
    session: AsyncSession,
    engine: Engine,
    engineers: Sequence[Engineer],
    words: Taxonomy,
    withheld: Mapping[UUID, Withheld],
    progress: Progress | None,
) -> tuple[int, list[ProfileEntry]]:
    interpreter = await engine.interpreter(session)
    hubs = await taxonomy.city_sizes(session, {engineer.city_id for engineer in engineers if engineer.city_id})
    profiles = [
        replace(profile_of(engineer, words, withheld[engineer.id]), observed=observed_of(engineer, hubs, today()))
        for engineer in engineers
    ]
    glosses = [list(interpreter.profile_glosses(profile).values()) for profile in profiles]
    stored = await queries.stored_vectors(session, [engineer.id for engineer in engineers], engine.encoder.model_hash)
    vectors: dict[str, NDArray[np.float32]] = {}
    for engineer, texts in zip(engineers, glosses, strict=True):
        digest, rows = stored.get(engineer.id, (b"", b""))
        if digest == glosses_hash(texts):
            vectors.update(queries.vectors_of(texts, rows, queries.STORED))
    missing = [gloss for gloss in dict.fromkeys(chain.from_iterable(glosses)) if gloss not in vectors]
    vectors.update(zip(missing, await engine.encode(missing, progress=progress), strict=True))
    return len(missing), [
        ProfileEntry(
            engineer_id=engineer.id,
            version=engineer.version,
            listed=True,
            model_hash=engine.encoder.model_hash,
            card_hash=glosses_hash(texts),
            vector=queries.stored_of(texts, vectors, queries.STORED),
            facts=engineer.key.seal_document(facts_place(engineer.id), PROFILE.dump_json(profile)),
        )
        for engineer, profile, texts in zip(engineers, profiles, glosses, strict=True)
    ]
