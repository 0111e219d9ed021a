"""Invitations and password resets over HTTP: made by whoever may, used by whoever holds the link."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status
from starlette.requests import Request
from starlette.responses import Response

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.idempotency import IdempotencyReplyWithheld
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.identity import invitations, resets, second_factor
from app.identity.account_schemas import (
    InvitationCreate,
    InvitationCreated,
    InvitationOut,
    InvitationQuery,
    LinkRedemption,
    PasswordResetCreated,
)
from app.identity.dependencies import DatabaseDep, counted_attempt, may
from app.identity.errors import (
    InvitationNotFound,
    LinkNotUsable,
    MemberEmailTaken,
    MemberNotFound,
    OrganisationNotFound,
    OwnAccess,
    RoleOutOfPlace,
    TotpNotFound,
)
from app.identity.passwords import PasswordTooWeak
from app.identity.permissions import Resource, Verb
from app.identity.schemas import MemberOut
from app.identity.scopes import ScopesTooNarrow

router = Router(prefix="/v1", tag="identity")
links = Router(prefix="/v1", tag="sign-in", repeatable=False)

MayCreateMember = Annotated[Actor, may(Verb.CREATE, Resource.MEMBER)]
MayReadMember = Annotated[Actor, may(Verb.READ, Resource.MEMBER)]
MayChangeMember = Annotated[Actor, may(Verb.CHANGE, Resource.MEMBER)]


@router.post(
    "/organisations/{organisation_id}/invitations",
    operation_id="create_invitation",
    summary="Invite somebody",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        OrganisationNotFound, MemberEmailTaken, RoleOutOfPlace, ScopesTooNarrow, IdempotencyReplyWithheld
    ),
)
async def create_invitation(
    organisation_id: UUID, given: InvitationCreate, session: SessionDep, actor: MayCreateMember, response: Response
) -> InvitationCreated:
    """Invite somebody to become a member. We send no mail: hand the token over yourself; it is shown this once.

    It works once, for seven days, and only while you may still invite.
    """
    invitation, text = await invitations.invite(session, actor, organisation_id, given)
    response.headers["Cache-Control"] = "no-store"
    return InvitationCreated(**InvitationOut.model_validate(invitation).model_dump(), token=text)


@router.get(
    "/organisations/{organisation_id}/invitations",
    operation_id="list_invitations",
    summary="List invitations",
    responses=problems(OrganisationNotFound),
)
async def list_invitations(
    organisation_id: UUID, query: Annotated[InvitationQuery, Query()], session: SessionDep, actor: MayReadMember
) -> Page[InvitationOut]:
    """List an organisation's invitations, whatever has become of them."""
    return Page[InvitationOut].model_validate(
        await invitations.list_invitations(session, actor, organisation_id, query)
    )


@router.delete(
    "/invitations/{invitation_id}",
    operation_id="revoke_invitation",
    summary="Take an invitation back",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(InvitationNotFound),
)
async def revoke_invitation(invitation_id: UUID, session: SessionDep, actor: MayCreateMember) -> None:
    """Take an invitation back, so that its link no longer works."""
    await invitations.revoke(session, actor, invitation_id)


@links.post(
    "/invitations/accept",
    operation_id="accept_invitation",
    summary="Accept an invitation",
    status_code=status.HTTP_201_CREATED,
    responses=problems(LinkNotUsable, MemberEmailTaken, PasswordTooWeak),
)
async def accept_invitation(given: LinkRedemption, request: Request, database: DatabaseDep) -> MemberOut:
    """Become a member with the password you choose; then sign in with `POST /v1/sessions`."""
    async with counted_attempt(request, given.token):
        member = await invitations.accept(database, given)
    return MemberOut.model_validate(member)


@router.post(
    "/members/{member_id}/password-reset",
    operation_id="create_password_reset",
    summary="Make a link to set a password",
    status_code=status.HTTP_201_CREATED,
    responses=problems(MemberNotFound, OwnAccess, ScopesTooNarrow, IdempotencyReplyWithheld),
)
async def create_password_reset(
    member_id: UUID, session: SessionDep, actor: MayChangeMember, response: Response
) -> PasswordResetCreated:
    """Make a link with which a member sets a password. Hand the token over yourself; it is shown this once.

    It works once, for an hour, and only while you may still make one. A second factor stays as it is.
    """
    reset, text = await resets.create_reset(session, actor, member_id)
    response.headers["Cache-Control"] = "no-store"
    return PasswordResetCreated(id=reset.id, member_id=reset.member_id, expires_at=reset.expires_at, token=text)


@router.delete(
    "/members/{member_id}/totp",
    operation_id="remove_member_totp",
    summary="Take away a lost authenticator",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(MemberNotFound, OwnAccess, TotpNotFound, ScopesTooNarrow),
)
async def remove_member_totp(member_id: UUID, session: SessionDep, actor: MayChangeMember) -> None:
    """Take away the authenticator of a member who has lost it. Its sessions end; its role may ask for another."""
    await second_factor.remove(session, actor, member_id)


@links.post(
    "/password-resets/redeem",
    operation_id="redeem_password_reset",
    summary="Set a password by a link",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(LinkNotUsable, PasswordTooWeak),
)
async def redeem_password_reset(given: LinkRedemption, request: Request, database: DatabaseDep) -> None:
    """Set the password of whoever the link was made for. All sessions and other links of that member end."""
    async with counted_attempt(request, given.token):
        await resets.redeem(database, given)
