"""How one candidate stands to a request at this moment, on a shortlist or not: why, why not, and what would help."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Actor
from app.core.tenancy import Side, elevated
from app.demand import service as demand
from app.demand.models import Request
from app.identity.permissions import Relation, Resource, Verb, relations
from app.matchmaking import explanations, queries
from app.matchmaking.engine import Engine, Stood
from app.matchmaking.errors import NothingToRankBy, PoolUnsettled
from app.matchmaking.indexing import current_brief
from app.matchmaking.policy import readable
from app.matchmaking.service import ATTEMPTS, identities_of
from app.talent import service as talent
from app.talent.errors import EngineerNotFound
from app.talent.models import Engineer
from app.taxonomy import service as taxonomy
from app.taxonomy.words import Taxonomy
from matching import PROFILE, Brief, Counterfactual, Profile, Standing, WeightsInvalid, explain
from matching.interpreter import Encoded


@dataclass(frozen=True, slots=True)
class Heard:
    """One candidate's case, in no language; `kept_out_by` are gates as messages have them."""

    request: Request
    engineer_version: int
    profile: Mapping[str, Any]
    document: Mapping[str, Any]
    standing: Standing
    kept_out_by: tuple[str, ...]
    counterfactuals: tuple[Counterfactual, ...]
    identity: Engineer | None
    model_hash: str
    watermark: int


async def explain_candidate(
    session: AsyncSession, actor: Actor, engine: Engine, request_id: UUID, engineer_id: UUID
) -> Heard:
    """Say how a listed engineer stands to a request, as of what is committed now.

    Raises:
        EngineerNotFound: they are not listed, or the actor may not hear of them for this request.
        PoolUnsettled: their profile kept changing meanwhile.
    """
    request = await demand.get_explainable(session, actor, request_id)
    if not await _may_hear(session, actor, request_id, engineer_id):
        raise _not_found()
    words = await taxonomy.current(session)
    # A firm's transaction has no part in what is kept of a client's request.
    async with elevated(session, Side.SYSTEM):
        brief, encoded = await current_brief(session, engine, request)
    async with elevated(session, Side.RANKING):
        stored, profile, (standing, changes), watermark = await _stand_settled(
            session, engine, brief, encoded, engineer_id, words
        )
    said = explanations.document_of(explain(brief, profile, standing.ranked, words), standing.ranked)
    return Heard(
        request=request,
        engineer_version=stored.version,
        profile=from_json(PROFILE.dump_json(profile)),
        document={"title": words.canonical_title(profile.title), **said},
        standing=standing,
        kept_out_by=explanations.gates_named(standing.kept_out_by, words),
        counterfactuals=changes,
        identity=(await identities_of(session, actor, [engineer_id])).get(engineer_id),
        model_hash=standing.rivals.view.model_hash,
        watermark=watermark,
    )


async def _may_hear(session: AsyncSession, actor: Actor, request_id: UUID, engineer_id: UUID) -> bool:
    """Staff of everybody, a client of whom one of its shortlists for this request shows, a firm of its own people."""
    whose = relations(actor, Verb.READ, Resource.EXPLANATION)
    if Relation.FOREIGN in whose:
        return True
    if Relation.OWN in whose:
        visible = readable(actor, Resource.EXPLANATION)
        return await queries.is_shortlisted(session, request_id, engineer_id, visible)
    return await talent.offers(session, actor.organisation_id, engineer_id)


async def _stand_settled(
    session: AsyncSession, engine: Engine, brief: Brief, encoded: Encoded, engineer_id: UUID, words: Taxonomy
) -> tuple[queries.StoredFacts, Profile, Stood, int]:
    """A standing of the very profile that was read."""
    for _ in range(ATTEMPTS):
        stored = (await queries.load_facts(session, [engineer_id])).get(engineer_id)
        if stored is None:
            raise _not_found()
        profile = PROFILE.validate_json(stored.open())
        try:
            stood, watermark = await engine.stand(session, brief, encoded, profile, stored.number, words)
        except WeightsInvalid as refusal:
            raise NothingToRankBy(f"These weights cannot rank this request: {refusal}.") from refusal
        if stood is not None:
            return stored, profile, stood, watermark
    raise PoolUnsettled("The profile kept changing while it was ranked; try again.")


def _not_found() -> EngineerNotFound:
    return EngineerNotFound("There is no engineer of that id.")
