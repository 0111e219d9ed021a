"""Keeping the index in step: the transaction that changes a profile or a request writes its card, vector and facts."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import today
from app.core.events import Subscriptions
from app.demand import service as demand
from app.demand.events import RequestsChanged
from app.demand.models import Request
from app.matchmaking import queries
from app.matchmaking.engine import Engine
from app.matchmaking.facts import brief_of, profile_of, texts_of
from app.matchmaking.models import BriefEntry, ProfileEntry, facts_place
from app.talent import service as talent
from app.talent.events import ProfilesChanged
from app.talent.lifecycle import EngineerStatus
from app.talent.models import Engineer
from app.taxonomy import service as taxonomy
from matching import BRIEF, PROFILE, Brief, card_hash, render_brief, render_profile
from matching.encoder import Progress


def subscribe(subscriptions: Subscriptions, engine: Engine) -> None:
    """Follow every announced change with this engine."""

    async def profiles_changed(session: AsyncSession, fact: ProfilesChanged) -> None:
        await index_profiles(session, engine, fact.engineer_ids)

    async def requests_changed(session: AsyncSession, fact: RequestsChanged) -> None:
        for request in await demand.load_requests(session, fact.request_ids):
            await index_request(session, engine, request)

    subscriptions.on(ProfilesChanged, profiles_changed)
    subscriptions.on(RequestsChanged, requests_changed)


async def index_profiles(
    session: AsyncSession, engine: Engine, engineer_ids: Sequence[UUID], *, progress: Progress | None = None
) -> int:
    """Write the entries of these engineers; return how many had to be encoded."""
    engineers = await talent.load_engineers(session, engineer_ids)
    listed = [engineer for engineer in engineers if ranked(engineer)]
    entries = [_unlisted(engineer, engine) for engineer in engineers if not ranked(engineer)]
    encoded, entries_of_listed = await _listed(session, engine, listed, progress)
    if entries or entries_of_listed:
        await queries.save_profile_entries(session, [*entries, *entries_of_listed])
    return encoded


def ranked(engineer: Engineer) -> bool:
    """Whether the ranking knows an engineer: a listed one, of whom anything is known."""
    return engineer.status is EngineerStatus.LISTED and not engineer.erased


async def index_request(session: AsyncSession, engine: Engine, request: Request) -> BriefEntry:
    """Write the brief of a request with its vector."""
    words = await taxonomy.current(session)
    brief = brief_of(request, today(), words)
    card = render_brief(brief, request.description, words)
    entry = BriefEntry(
        request_id=request.id,
        version=request.version,
        model_hash=engine.encoder.model_hash,
        card_hash=card_hash(card),
        vector=(await engine.encode([card]))[0].astype("<f4").tobytes(),
        brief=BRIEF.dump_python(brief, mode="json"),
    )
    await queries.save_brief_entry(session, entry)
    return entry


async def current_brief(session: AsyncSession, engine: Engine, request: Request) -> tuple[Brief, BriefEntry]:
    """The brief of a request as of today, encoded again only if the model is another one."""
    entry = await queries.find_brief_entry(session, request.id)
    if entry is None or (entry.version, entry.model_hash) != (request.version, engine.encoder.model_hash):
        entry = await index_request(session, engine, request)
    return replace(BRIEF.validate_python(entry.brief), as_of=today()), entry


def _unlisted(engineer: Engineer, engine: Engine) -> ProfileEntry:
    return ProfileEntry(
        engineer_id=engineer.id, version=engineer.version, listed=False, model_hash=engine.encoder.model_hash
    )


async def _listed(
    session: AsyncSession, engine: Engine, engineers: Sequence[Engineer], progress: Progress | None
) -> tuple[int, list[ProfileEntry]]:
    words = await taxonomy.current(session)
    profiles = [profile_of(engineer, words) for engineer in engineers]
    cards = [
        render_profile(profile, texts_of(engineer), words)
        for profile, engineer in zip(profiles, engineers, strict=True)
    ]
    hashes = [card_hash(card) for card in cards]
    stored = await queries.stored_cards(session, [engineer.id for engineer in engineers], engine.encoder.model_hash)
    known = {
        at: stored[engineer.id][1]
        for at, engineer in enumerate(engineers)
        if engineer.id in stored and stored[engineer.id][0] == hashes[at]
    }
    missing = [at for at in range(len(cards)) if at not in known]
    vectors = await engine.encode([cards[at] for at in missing], progress=progress)
    known |= {at: queries.stored_of(vector) for at, vector in zip(missing, vectors, strict=True)}
    entries = [
        ProfileEntry(
            engineer_id=engineer.id,
            version=engineer.version,
            listed=True,
            model_hash=engine.encoder.model_hash,
            card_hash=hashes[at],
            vector=known[at],
            facts=engineer.key.seal_document(facts_place(engineer.id), PROFILE.dump_json(profiles[at])),
        )
        for at, engineer in enumerate(engineers)
    ]
    return len(missing), entries
