"""Organisations, members and keys over HTTP."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, status
from starlette.responses import Response

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.errors import PreconditionFailed, PreconditionRequired
from app.core.etags import NOT_MODIFIED, IfMatchDep, set_etag
from app.core.idempotency import IdempotencyReplyWithheld
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.identity import service
from app.identity.account_schemas import RotationOrder
from app.identity.dependencies import EnrollingActorDep, may
from app.identity.errors import (
    ApiKeyNotFound,
    ApiKeyNotUsable,
    ClientMayNot,
    LastAdmin,
    MemberEmailTaken,
    MemberNotFound,
    OrganisationNameTaken,
    OrganisationNotFound,
    OwnAccess,
    RoleOutOfPlace,
)
from app.identity.permissions import TABLE, Resource, Verb, permits
from app.identity.schemas import (
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyOut,
    ApiKeyQuery,
    MemberCreate,
    MemberOut,
    MemberPatch,
    MemberQuery,
    MeOut,
    OrganisationCreate,
    OrganisationOut,
    OrganisationPatch,
    OrganisationQuery,
)
from app.identity.scopes import ScopeNotYours, ScopesTooNarrow

router = Router(prefix="/v1", tag="identity")

MayCreateApiKey = Annotated[Actor, may(Verb.CREATE, Resource.API_KEY)]
MayReadApiKey = Annotated[Actor, may(Verb.READ, Resource.API_KEY)]
MayRemoveApiKey = Annotated[Actor, may(Verb.REMOVE, Resource.API_KEY)]
MayCreateOrganisation = Annotated[Actor, may(Verb.CREATE, Resource.ORGANISATION)]
MayReadOrganisation = Annotated[Actor, may(Verb.READ, Resource.ORGANISATION)]
MayChangeOrganisation = Annotated[Actor, may(Verb.CHANGE, Resource.ORGANISATION)]
MayCreateMember = Annotated[Actor, may(Verb.CREATE, Resource.MEMBER)]
MayReadMember = Annotated[Actor, may(Verb.READ, Resource.MEMBER)]
MayChangeMember = Annotated[Actor, may(Verb.CHANGE, Resource.MEMBER)]


@router.get("/me", operation_id="get_me")
async def get_me(session: SessionDep, actor: EnrollingActorDep) -> MeOut:
    """Say who the credential belongs to and what it may do."""
    member, organisation = await service.get_me(session, actor)
    return MeOut.model_validate(
        {
            "member": member,
            "organisation": organisation,
            "key_id": actor.key_id,
            "session_id": actor.session_id,
            "client_id": actor.client_id,
            "scopes": None if actor.scopes is None else sorted(actor.scopes),
            "second_factor_required": actor.must_enrol,
            "permissions": [f"{verb} {resource}" for resource, verb in TABLE if permits(actor, verb, resource)],
        }
    )


@router.post(
    "/organisations",
    operation_id="create_organisation",
    status_code=status.HTTP_201_CREATED,
    responses=problems(OrganisationNameTaken),
)
async def create_organisation(
    given: OrganisationCreate, session: SessionDep, actor: MayCreateOrganisation, response: Response
) -> OrganisationOut:
    """Let a supplier or a client join the marketplace."""
    organisation = await service.create_organisation(session, actor, given)
    set_etag(response, organisation.version)
    return OrganisationOut.model_validate(organisation)


@router.get("/organisations", operation_id="list_organisations")
async def list_organisations(
    query: Annotated[OrganisationQuery, Query()], session: SessionDep, actor: MayReadOrganisation
) -> Page[OrganisationOut]:
    """List organisations: all of them for the marketplace's staff, one's own for everybody else."""
    return Page[OrganisationOut].model_validate(await service.list_organisations(session, actor, query))


@router.get(
    "/organisations/{organisation_id}",
    operation_id="get_organisation",
    responses=problems(OrganisationNotFound) | NOT_MODIFIED,
)
async def get_organisation(
    organisation_id: UUID, session: SessionDep, actor: MayReadOrganisation, response: Response
) -> OrganisationOut:
    """Read an organisation."""
    organisation = await service.get_organisation(session, actor, organisation_id)
    set_etag(response, organisation.version)
    return OrganisationOut.model_validate(organisation)


@router.patch(
    "/organisations/{organisation_id}",
    operation_id="change_organisation",
    responses=problems(
        OrganisationNotFound, OrganisationNameTaken, OwnAccess, PreconditionFailed, PreconditionRequired
    ),
)
async def change_organisation(
    organisation_id: UUID,
    patch: OrganisationPatch,
    session: SessionDep,
    actor: MayChangeOrganisation,
    if_match: IfMatchDep,
    response: Response,
) -> OrganisationOut:
    """Change an organisation's name, country or standing."""
    organisation = await service.change_organisation(session, actor, organisation_id, patch, if_match)
    set_etag(response, organisation.version)
    return OrganisationOut.model_validate(organisation)


@router.post(
    "/organisations/{organisation_id}/members",
    operation_id="create_member",
    status_code=status.HTTP_201_CREATED,
    responses=problems(OrganisationNotFound, MemberEmailTaken, RoleOutOfPlace),
)
async def create_member(
    organisation_id: UUID, given: MemberCreate, session: SessionDep, actor: MayCreateMember, response: Response
) -> MemberOut:
    """Make somebody a member of an organisation."""
    member = await service.create_member(session, actor, organisation_id, given)
    set_etag(response, member.version)
    return MemberOut.model_validate(member)


@router.get(
    "/organisations/{organisation_id}/members", operation_id="list_members", responses=problems(OrganisationNotFound)
)
async def list_members(
    organisation_id: UUID, query: Annotated[MemberQuery, Query()], session: SessionDep, actor: MayReadMember
) -> Page[MemberOut]:
    """List an organisation's members."""
    return Page[MemberOut].model_validate(await service.list_members(session, actor, organisation_id, query))


@router.get("/members/{member_id}", operation_id="get_member", responses=problems(MemberNotFound) | NOT_MODIFIED)
async def get_member(member_id: UUID, session: SessionDep, actor: MayReadMember, response: Response) -> MemberOut:
    """Read a member."""
    member = await service.get_member(session, actor, member_id)
    set_etag(response, member.version)
    return MemberOut.model_validate(member)


@router.patch(
    "/members/{member_id}",
    operation_id="change_member",
    responses=problems(MemberNotFound, OwnAccess, LastAdmin, RoleOutOfPlace, PreconditionFailed, PreconditionRequired),
)
async def change_member(
    member_id: UUID,
    patch: MemberPatch,
    session: SessionDep,
    actor: MayChangeMember,
    if_match: IfMatchDep,
    response: Response,
) -> MemberOut:
    """Change a member's name, role or standing; sessions and keys are judged by them from their next request on.

    An organisation keeps at least one active admin, and nobody changes their own role or standing.
    """
    member = await service.change_member(session, actor, member_id, patch, if_match)
    set_etag(response, member.version)
    return MemberOut.model_validate(member)


@router.post(
    "/members/{member_id}/disable",
    operation_id="disable_member",
    responses=problems(MemberNotFound, OwnAccess, LastAdmin, PreconditionFailed, PreconditionRequired),
)
async def disable_member(
    member_id: UUID, session: SessionDep, actor: MayChangeMember, if_match: IfMatchDep, response: Response
) -> MemberOut:
    """Take a member's access away: its sessions end, its keys and OAuth clients stop working at once."""
    member = await service.disable_member(session, actor, member_id, if_match)
    set_etag(response, member.version)
    return MemberOut.model_validate(member)


@router.post(
    "/members/{member_id}/api-keys",
    operation_id="create_api_key",
    status_code=status.HTTP_201_CREATED,
    responses=problems(MemberNotFound, ScopeNotYours, ClientMayNot, IdempotencyReplyWithheld),
)
async def create_api_key(
    member_id: UUID, given: ApiKeyCreate, session: SessionDep, actor: MayCreateApiKey, response: Response
) -> ApiKeyCreated:
    """Give a member a key, or yourself: every member manages their own. The reply is the only place to read it.

    `scopes` limit the key further than the member's role does. Nobody gives scopes their own credential lacks.

    A repeat with the same `Idempotency-Key` makes no second key and shows the first one no more: it is answered with
    409 `idempotency-reply-withheld`.
    """
    key, text = await service.create_api_key(session, actor, member_id, given)
    # Also keeps the secret out of the idempotency record.
    response.headers["Cache-Control"] = "no-store"
    return ApiKeyCreated(**ApiKeyOut.model_validate(key).model_dump(), key=text)


@router.get("/members/{member_id}/api-keys", operation_id="list_api_keys", responses=problems(MemberNotFound))
async def list_api_keys(
    member_id: UUID, query: Annotated[ApiKeyQuery, Query()], session: SessionDep, actor: MayReadApiKey
) -> Page[ApiKeyOut]:
    """List a member's keys, revoked ones included, without their secrets."""
    return Page[ApiKeyOut].model_validate(await service.list_api_keys(session, actor, member_id, query))


@router.post(
    "/api-keys/{key_id}/rotate",
    operation_id="rotate_api_key",
    status_code=status.HTTP_201_CREATED,
    responses=problems(ApiKeyNotFound, ApiKeyNotUsable, ScopesTooNarrow, ClientMayNot, IdempotencyReplyWithheld),
)
async def rotate_api_key(
    key_id: UUID, given: RotationOrder, session: SessionDep, actor: MayCreateApiKey, response: Response
) -> ApiKeyCreated:
    """Replace a key by a new one with the same label, scopes and length of life; the reply alone shows it.

    The old key works beside it for `overlap_hours`, so that nothing stands still while programs are told.
    """
    key, text = await service.rotate_api_key(session, actor, key_id, timedelta(hours=given.overlap_hours))
    response.headers["Cache-Control"] = "no-store"
    return ApiKeyCreated(**ApiKeyOut.model_validate(key).model_dump(), key=text)


@router.delete(
    "/api-keys/{key_id}",
    operation_id="revoke_api_key",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(ApiKeyNotFound),
)
async def revoke_api_key(key_id: UUID, session: SessionDep, actor: MayRemoveApiKey) -> None:
    """Make a key stop working, for good."""
    await service.revoke_api_key(session, actor, key_id)
