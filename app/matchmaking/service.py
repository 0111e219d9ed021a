"""Shortlists: ranked on what is committed at this moment, explained, frozen."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pydantic_core import from_json
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.core.events import announce
from app.core.ids import new_id
from app.core.pages import Rows
from app.core.tenancy import Side, elevated
from app.demand import service as demand
from app.matchmaking import explanations, queries
from app.matchmaking.engine import Engine
from app.matchmaking.errors import NothingToRankBy, PoolUnsettled
from app.matchmaking.events import ShortlistCreated, ShortlistRanked
from app.matchmaking.indexing import current_brief
from app.matchmaking.models import Shortlist, ShortlistEntry
from app.matchmaking.policy import readable
from app.matchmaking.review.impressions import record_impression
from app.matchmaking.schemas import ShortlistQuery
from app.matchmaking.weights.service import weights_in_force
from app.talent import redaction
from app.talent import service as talent
from app.talent.models import Engineer
from app.taxonomy import service as taxonomy
from app.taxonomy.words import Taxonomy
from matching import BRIEF, PROFILE, Brief, Ranked, Ranking, WeightsInvalid, explain
from matching.interpreter import Encoded

ATTEMPTS: Final = 5


async def create_shortlist(
    session: AsyncSession, actor: Actor, engine: Engine, request_id: UUID, *, size: int
) -> Shortlist:
    """Rank every listed engineer for a request and freeze the best.

    Raises:
        PoolUnsettled: candidates kept changing between their ranking and the reading of their profiles.
    """
    request = await demand.get_rankable(session, actor, request_id)
    words = await taxonomy.current(session)
    weights = await weights_in_force(session, request)
    brief, encoded = await current_brief(session, engine, request, weights.weights)
    # Candidates are of every firm; what the client may see of them is what is frozen here.
    async with elevated(session, Side.RANKING):
        ranking, watermark, facts = await _rank_settled(session, engine, brief, encoded, size, words)
    shortlist_id = new_id()
    shortlist = Shortlist(
        id=shortlist_id,
        request_id=request.id,
        request_version=request.version,
        organisation_id=request.organisation_id,
        created_by=actor.member_id,
        size=size,
        considered=ranking.considered,
        admitted=ranking.admitted,
        weights=explanations.shares(ranking.weights),
        weights_source=weights.source,
        weights_version=weights.version,
        gates=[explanations.gate_document(report, words) for report in ranking.gates],
        model_id=engine.encoder.model_id,
        model_hash=ranking.model_hash,
        taxonomy_revision=await taxonomy.revision(session),
        watermark=watermark,
        brief=BRIEF.dump_python(brief, mode="json"),
        entries=_entries(shortlist_id, ranking, brief, facts, words),
    )
    session.add(shortlist)
    event = ShortlistCreated(
        shortlist.id, request.id, len(shortlist.entries), ranking.model_hash, owner_id=request.organisation_id
    )
    await audit.record(session, actor, event)
    await session.flush()
    # The entries now hold their engineers' rows against an erasure; one that came before has gone unnoticed so far.
    if await queries.unlisted_among(session, [entry.engineer_id for entry in shortlist.entries]):
        raise PoolUnsettled("A candidate was withdrawn while they were ranked; try again.")
    await record_impression(session, actor, shortlist.id)
    await announce(session, ShortlistRanked(shortlist, brief.discipline, ranking.standings))
    return shortlist


async def get_shortlist(session: AsyncSession, actor: Actor, shortlist_id: UUID) -> Shortlist:
    """A frozen shortlist, as it was; that somebody has seen it is written down."""
    shortlist = await queries.get_shortlist(session, shortlist_id, readable(actor))
    await record_impression(session, actor, shortlist.id)
    return shortlist


async def list_shortlists(
    session: AsyncSession, actor: Actor, request_id: UUID, query: ShortlistQuery
) -> Rows[Shortlist]:
    """The shortlists made for a request."""
    await demand.get_request(session, actor, request_id)
    return await queries.list_shortlists(session, query, request_id, readable(actor))


async def identities(session: AsyncSession, actor: Actor, shortlist: Shortlist) -> dict[UUID, Engineer]:
    """Who the candidates are, for an actor who may know; nobody otherwise."""
    return await identities_of(session, actor, [entry.engineer_id for entry in shortlist.entries])


async def identities_of(session: AsyncSession, actor: Actor, engineer_ids: Sequence[UUID]) -> dict[UUID, Engineer]:
    """Who these are, for an actor who may know; nobody otherwise."""
    if not redaction.shows(redaction.sight_of(actor), redaction.IDENTITY):
        return {}
    named = await talent.named_engineers(session, engineer_ids)
    return {one: engineer for one, engineer in named.items() if not engineer.erased}


async def _rank_settled(
    session: AsyncSession,
    engine: Engine,
    brief: Brief,
    encoded: Encoded,
    size: int,
    words: Taxonomy,
) -> tuple[Ranking, int, dict[UUID, queries.StoredFacts]]:
    """A ranking whose candidates are still, when their profiles are read, what was ranked."""
    for _ in range(ATTEMPTS):
        try:
            ranking, watermark = await engine.rank(session, brief, encoded, size, words)
        except WeightsInvalid as refusal:
            raise NothingToRankBy(f"These weights cannot rank this request: {refusal}.") from refusal
        facts = await queries.load_facts(session, [entry.id for entry in ranking.entries])
        if all(entry.id in facts and facts[entry.id].number == entry.version for entry in ranking.entries):
            return ranking, watermark, facts
    raise PoolUnsettled("The best candidates kept changing while they were ranked; try again.")


def _entries(
    shortlist_id: UUID, ranking: Ranking, brief: Brief, facts: dict[UUID, queries.StoredFacts], words: Taxonomy
) -> list[ShortlistEntry]:
    return [
        _entry(shortlist_id, place, ranked, brief, facts[ranked.id], words)
        for place, ranked in enumerate(ranking.entries, start=1)
    ]


def _entry(
    shortlist_id: UUID, place: int, ranked: Ranked, brief: Brief, stored: queries.StoredFacts, words: Taxonomy
) -> ShortlistEntry:
    facts = stored.open()
    profile = PROFILE.validate_json(facts)
    entry = ShortlistEntry(
        shortlist_id=shortlist_id,
        rank=place,
        engineer_id=ranked.id,
        engineer_version=stored.version,
        score=ranked.score,
        low=ranked.low,
        high=ranked.high,
    )
    said = explanations.document_of(explain(brief, profile, ranked, words), ranked)
    title = words.canonical_title(profile.title)
    close = explanations.closeness_document(ranked.closeness)
    entry.seal(stored.key, profile=from_json(facts), explanation={"title": title, "closeness": close, **said})
    return entry
