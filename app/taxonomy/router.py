"""Looking things up in the taxonomy, and curating what it does not know."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.errors import PreconditionFailed, PreconditionRequired
from app.core.etags import IfMatchDep, set_etag
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb
from app.taxonomy import queries, service
from app.taxonomy.errors import AlreadyCurated, ConceptNotFound, NameTaken, UnmatchedSkillNotFound
from app.taxonomy.models import ConceptKind
from app.taxonomy.schemas import (
    CityOut,
    CityQuery,
    ConceptOut,
    ConceptQuery,
    MapUnmatchedSkill,
    SourceQuery,
    TaxonomySourceOut,
    UnmatchedQuery,
    UnmatchedSkillOut,
)

router = Router(prefix="/v1", tag="taxonomy")

MayReadTaxonomy = Annotated[Actor, may(Verb.READ, Resource.TAXONOMY)]
MayReadUnmatchedSkill = Annotated[Actor, may(Verb.READ, Resource.UNMATCHED_SKILL)]
MayChangeUnmatchedSkill = Annotated[Actor, may(Verb.CHANGE, Resource.UNMATCHED_SKILL)]


@router.get("/skills", operation_id="list_skills")
async def list_skills(
    query: Annotated[ConceptQuery, Query()],
    session: SessionDep,
    actor: MayReadTaxonomy,
) -> Page[ConceptOut]:
    """List skills; `q` finds one by any of its names in English, Spanish or Portuguese."""
    rows = await queries.list_concepts(session, ConceptKind.SKILL, query, named=query.q, classifier=query.classifier)
    return Page[ConceptOut].model_validate(rows)


@router.get("/skills/{skill_id}", operation_id="get_skill", responses=problems(ConceptNotFound))
async def get_skill(skill_id: str, session: SessionDep, actor: MayReadTaxonomy) -> ConceptOut:
    """Read one skill with all its names and edges."""
    return ConceptOut.model_validate(await service.get_concept(session, ConceptKind.SKILL, skill_id))


@router.get("/titles", operation_id="list_titles")
async def list_titles(
    query: Annotated[ConceptQuery, Query()],
    session: SessionDep,
    actor: MayReadTaxonomy,
) -> Page[ConceptOut]:
    """List known job titles."""
    rows = await queries.list_concepts(session, ConceptKind.TITLE, query, named=query.q, classifier=query.classifier)
    return Page[ConceptOut].model_validate(rows)


@router.get("/domains", operation_id="list_domains")
async def list_domains(
    query: Annotated[ConceptQuery, Query()],
    session: SessionDep,
    actor: MayReadTaxonomy,
) -> Page[ConceptOut]:
    """List business domains."""
    rows = await queries.list_concepts(session, ConceptKind.DOMAIN, query, named=query.q, classifier=query.classifier)
    return Page[ConceptOut].model_validate(rows)


@router.get("/certifications", operation_id="list_certifications")
async def list_certifications(
    query: Annotated[ConceptQuery, Query()],
    session: SessionDep,
    actor: MayReadTaxonomy,
) -> Page[ConceptOut]:
    """List certifications; `classifier` is the issuer."""
    rows = await queries.list_concepts(
        session, ConceptKind.CERTIFICATION, query, named=query.q, classifier=query.classifier
    )
    return Page[ConceptOut].model_validate(rows)


@router.get("/cities", operation_id="list_cities")
async def list_cities(
    query: Annotated[CityQuery, Query()],
    session: SessionDep,
    actor: MayReadTaxonomy,
) -> Page[CityOut]:
    """List cities with their zones."""
    return Page[CityOut].model_validate(await queries.list_cities(session, query, named=query.q, country=query.country))


@router.get("/unmatched-skills", operation_id="list_unmatched_skills")
async def list_unmatched_skills(
    query: Annotated[UnmatchedQuery, Query()],
    session: SessionDep,
    actor: MayReadUnmatchedSkill,
) -> Page[UnmatchedSkillOut]:
    """List the words nobody has matched to a skill yet, most frequent first."""
    return Page[UnmatchedSkillOut].model_validate(await service.list_unmatched(session, query, status=query.status))


@router.get("/taxonomy/sources", operation_id="list_taxonomy_sources")
async def list_taxonomy_sources(
    query: Annotated[SourceQuery, Query()],
    session: SessionDep,
    actor: MayReadTaxonomy,
) -> Page[TaxonomySourceOut]:
    """List what was imported beside the project's own taxonomy, with the attribution each source asks for."""
    return Page[TaxonomySourceOut].model_validate(await queries.list_sources(session, query))


_CURATION = (UnmatchedSkillNotFound, AlreadyCurated, PreconditionFailed, PreconditionRequired)


@router.post(
    "/unmatched-skills/{unmatched_id}/map",
    operation_id="map_unmatched_skill",
    responses=problems(*_CURATION, ConceptNotFound, NameTaken),
)
async def map_unmatched_skill(
    unmatched_id: UUID,
    body: MapUnmatchedSkill,
    response: Response,
    session: SessionDep,
    actor: MayChangeUnmatchedSkill,
    if_match: IfMatchDep,
) -> UnmatchedSkillOut:
    """Say which skill a word names; from then on it is one of that skill's names."""
    word = await service.map_unmatched(session, actor, unmatched_id, if_match, skill_id=body.skill_id)
    set_etag(response, word.version)
    return UnmatchedSkillOut.model_validate(word)


@router.post(
    "/unmatched-skills/{unmatched_id}/dismiss", operation_id="dismiss_unmatched_skill", responses=problems(*_CURATION)
)
async def dismiss_unmatched_skill(
    unmatched_id: UUID,
    response: Response,
    session: SessionDep,
    actor: MayChangeUnmatchedSkill,
    if_match: IfMatchDep,
) -> UnmatchedSkillOut:
    """Say that a word is no skill."""
    word = await service.dismiss_unmatched(session, actor, unmatched_id, if_match)
    set_etag(response, word.version)
    return UnmatchedSkillOut.model_validate(word)
