"""Engineers over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.errors import PreconditionFailed, PreconditionRequired
from app.core.etags import NOT_MODIFIED, IfMatchDep, set_etag
from app.core.idempotency import IdempotencyReplyWithheld
from app.core.keyring import PersonErased
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb
from app.talent import service
from app.talent.errors import EngineerArchived, EngineerNotFound, IllegalMove
from app.talent.lifecycle import EngineerStatus
from app.talent.models import Engineer
from app.talent.privacy.errors import ConsentIsWithdrawn
from app.talent.schemas import (
    Contact,
    ContactOut,
    ContactQuery,
    EngineerCreate,
    EngineerOut,
    EngineerPatch,
    EngineerQuery,
    FindEngineer,
)
from app.taxonomy.service import ReferenceDataMissing

router = Router(prefix="/v1/engineers", tag="engineers")

MayCreateEngineer = Annotated[Actor, may(Verb.CREATE, Resource.ENGINEER)]
MayReadEngineer = Annotated[Actor, may(Verb.READ, Resource.ENGINEER)]
MayChangeEngineer = Annotated[Actor, may(Verb.CHANGE, Resource.ENGINEER)]
MayReadEngineerContact = Annotated[Actor, may(Verb.READ, Resource.ENGINEER_CONTACT)]
MayChangeEngineerContact = Annotated[Actor, may(Verb.CHANGE, Resource.ENGINEER_CONTACT)]

_CHANGE = (EngineerNotFound, PersonErased, PreconditionFailed, PreconditionRequired)


@router.post(
    "",
    operation_id="create_engineer",
    status_code=status.HTTP_201_CREATED,
    responses=problems(ReferenceDataMissing),
)
async def create_engineer(
    body: EngineerCreate,
    response: Response,
    session: SessionDep,
    actor: MayCreateEngineer,
) -> EngineerOut:
    """Post an engineer of your firm; unless it is a draft, the next shortlist considers them."""
    engineer = await service.create_engineer(session, actor, body)
    response.headers["Location"] = f"/v1/engineers/{engineer.id}"
    return _out(engineer, response)


@router.get("", operation_id="list_engineers")
async def list_engineers(
    query: Annotated[EngineerQuery, Query()],
    session: SessionDep,
    actor: MayReadEngineer,
) -> Page[EngineerOut]:
    """List profiles: a firm its own, a recruiter all."""
    return Page[EngineerOut].model_validate(await service.list_engineers(session, actor, query))


@router.post("/find", operation_id="find_engineer_by_contact", responses=problems(IdempotencyReplyWithheld))
async def find_engineer_by_contact(
    body: FindEngineer, response: Response, session: SessionDep, actor: MayReadEngineer
) -> list[EngineerOut]:
    """Find who has exactly this e-mail address or telephone number, at most 100: a firm its own, a recruiter all."""
    # It holds no row against an erasure, so its reply must not be kept for a repeat.
    response.headers["Cache-Control"] = "no-store"
    return [EngineerOut.model_validate(one) for one in await service.find_engineers(session, actor, body)]


@router.get("/{engineer_id}", operation_id="get_engineer", responses=problems(EngineerNotFound) | NOT_MODIFIED)
async def get_engineer(
    engineer_id: UUID,
    response: Response,
    session: SessionDep,
    actor: MayReadEngineer,
) -> EngineerOut:
    """Read one profile."""
    return _out(await service.get_engineer(session, actor, engineer_id), response)


@router.patch("/{engineer_id}", operation_id="change_engineer", responses=problems(*_CHANGE, EngineerArchived))
async def change_engineer(
    engineer_id: UUID,
    body: EngineerPatch,
    response: Response,
    session: SessionDep,
    actor: MayChangeEngineer,
    if_match: IfMatchDep,
) -> EngineerOut:
    """Change a profile: fields left out stay, lists are replaced whole, null forgets."""
    return _out(await service.change_engineer(session, actor, engineer_id, if_match, body), response)


@router.post(
    "/{engineer_id}/list",
    operation_id="publish_engineer",
    responses=problems(*_CHANGE, IllegalMove, ConsentIsWithdrawn),
)
async def publish_engineer(
    engineer_id: UUID,
    response: Response,
    session: SessionDep,
    actor: MayChangeEngineer,
    if_match: IfMatchDep,
) -> EngineerOut:
    """List a profile, so that shortlists consider it."""
    engineer = await service.move_engineer(session, actor, engineer_id, if_match, to=EngineerStatus.LISTED)
    return _out(engineer, response)


@router.post("/{engineer_id}/unlist", operation_id="unlist_engineer", responses=problems(*_CHANGE, IllegalMove))
async def unlist_engineer(
    engineer_id: UUID,
    response: Response,
    session: SessionDep,
    actor: MayChangeEngineer,
    if_match: IfMatchDep,
) -> EngineerOut:
    """Withdraw a profile: the next shortlist is without it."""
    engineer = await service.move_engineer(session, actor, engineer_id, if_match, to=EngineerStatus.UNLISTED)
    return _out(engineer, response)


@router.post("/{engineer_id}/archive", operation_id="archive_engineer", responses=problems(*_CHANGE, IllegalMove))
async def archive_engineer(
    engineer_id: UUID,
    response: Response,
    session: SessionDep,
    actor: MayChangeEngineer,
    if_match: IfMatchDep,
) -> EngineerOut:
    """Archive a profile for good; it stays readable and changes no more."""
    engineer = await service.move_engineer(session, actor, engineer_id, if_match, to=EngineerStatus.ARCHIVED)
    return _out(engineer, response)


@router.get(
    "/{engineer_id}/contact", operation_id="get_engineer_contact", responses=problems(EngineerNotFound, PersonErased)
)
async def get_engineer_contact(
    engineer_id: UUID,
    query: Annotated[ContactQuery, Query()],
    session: SessionDep,
    actor: MayReadEngineerContact,
) -> ContactOut:
    """Read contact data; every reading is recorded, and the marketplace states its reason."""
    contact = await service.read_contact(session, actor, engineer_id, reason=query.reason)
    return ContactOut.model_validate(contact)


@router.put(
    "/{engineer_id}/contact",
    operation_id="replace_engineer_contact",
    responses=problems(*_CHANGE, EngineerArchived),
)
async def replace_engineer_contact(
    engineer_id: UUID,
    body: Contact,
    response: Response,
    session: SessionDep,
    actor: MayChangeEngineerContact,
    if_match: IfMatchDep,
) -> ContactOut:
    """Replace contact data; `If-Match` names the version of the profile."""
    contact, engineer = await service.replace_contact(session, actor, engineer_id, if_match, body)
    set_etag(response, engineer.version)
    return ContactOut.model_validate(contact)


def _out(engineer: Engineer, response: Response) -> EngineerOut:
    set_etag(response, engineer.version)
    return EngineerOut.model_validate(engineer)
