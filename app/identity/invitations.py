"""Inviting people. We send no mail: whoever invites hands the link over."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.clock import utcnow
from app.core.database import Database, refused_by
from app.core.pages import PageQuery, Rows
from app.core.tenancy import SIGN_IN
from app.identity import credential_queries as queries
from app.identity import passwords, tokens
from app.identity.account_schemas import InvitationCreate, LinkRedemption
from app.identity.errors import LinkNotUsable, MemberEmailTaken
from app.identity.events import InvitationAccepted, InvitationCreated, InvitationRevoked, MemberCreated
from app.identity.grants import still_may
from app.identity.models import Invitation, Member, Organisation, Standing
from app.identity.permissions import ROLES, Resource, Verb
from app.identity.queries import email_taken, get_organisation
from app.identity.scopes import require_unlimited
from app.identity.service import check_role, confined_to

LIFETIME: Final = timedelta(days=7)
UNUSABLE: Final = "Ask whoever invited you for another invitation."


async def invite(
    session: AsyncSession, actor: Actor, organisation_id: UUID, given: InvitationCreate
) -> tuple[Invitation, str]:
    """Invite somebody into an organisation; also returns the link's token, which is not kept."""
    # Whoever accepts can sign in, which no scope limits.
    require_unlimited(actor)
    assert actor.member_id is not None  # noqa: S101 - the system invites nobody
    organisation = await get_organisation(
        session, organisation_id, within=confined_to(actor, Verb.CREATE, Resource.MEMBER)
    )
    check_role(organisation, given.role)
    if await email_taken(session, organisation.id, given.email):
        raise MemberEmailTaken("Another member of the organisation has this e-mail address.")
    text, digest = tokens.new_secret("invitation")
    invitation = Invitation(
        organisation_id=organisation.id,
        invited_by_id=actor.member_id,
        **given.model_dump(),
        digest=digest,
        expires_at=utcnow() + LIFETIME,
    )
    session.add(invitation)
    event = InvitationCreated(invitation.id, invitation.role, owner_id=organisation.id)
    await audit.record(session, actor, event)
    return invitation, text


async def list_invitations(
    session: AsyncSession, actor: Actor, organisation_id: UUID, query: PageQuery
) -> Rows[Invitation]:
    """List an organisation's invitations, whatever has become of them."""
    organisation = await get_organisation(
        session, organisation_id, within=confined_to(actor, Verb.READ, Resource.MEMBER)
    )
    return await queries.list_invitations(session, organisation.id, query)


async def revoke(session: AsyncSession, actor: Actor, invitation_id: UUID) -> None:
    """Take an invitation back; when it has been accepted or taken back already, nothing changes."""
    invitation = await queries.lock_invitation(
        session, invitation_id, within=confined_to(actor, Verb.CREATE, Resource.MEMBER)
    )
    if invitation.accepted_at is None and invitation.revoked_at is None:
        invitation.revoked_at = utcnow()
        event = InvitationRevoked(invitation.id, owner_id=invitation.organisation_id)
        await audit.record(session, actor, event)


async def accept(database: Database, given: LinkRedemption) -> Member:
    """Make whoever holds the link a member, with the password they chose.

    Raises:
        LinkNotUsable: for whatever reason; it does not say which.
        PasswordTooWeak: choose another.
        MemberEmailTaken: there is such a member by now.
    """
    digest = tokens.digest(given.token)
    async with database.transaction(SIGN_IN) as session:
        invitation = await usable(session, digest)
    # Only for whoever holds a good link: others cost us no hashing.
    passwords.check_strength(given.password, own=[invitation.email, invitation.name])
    hash_ = await passwords.make_hash(given.password)
    async with database.transaction(SIGN_IN) as session:
        invitation = await usable(session, digest)
        if not await queries.accept_invitation(session, invitation.id):
            raise LinkNotUsable(UNUSABLE)
        return await make_member(session, invitation, hash_)


async def usable(session: AsyncSession, digest: bytes) -> Invitation:
    """The invitation behind a token, when it may still be accepted."""
    invitation = await queries.find_invitation(session, digest)
    if invitation is None or invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise LinkNotUsable(UNUSABLE)
    within = invitation.organisation_id
    valid = utcnow() < invitation.expires_at
    if not (valid and await still_may(session, invitation.invited_by_id, Verb.CREATE, Resource.MEMBER, within=within)):
        raise LinkNotUsable(UNUSABLE)
    organisation = await session.get(Organisation, within)
    if organisation is None or organisation.standing != Standing.ACTIVE:
        raise LinkNotUsable(UNUSABLE)
    if invitation.role not in ROLES[organisation.kind]:
        raise LinkNotUsable(UNUSABLE)
    return invitation


async def make_member(session: AsyncSession, invitation: Invitation, hash_: str) -> Member:
    """The member that an invitation promised."""
    member = Member(
        organisation_id=invitation.organisation_id, name=invitation.name, email=invitation.email, role=invitation.role
    )
    taken = MemberEmailTaken("Another member of the organisation has this e-mail address.")
    async with refused_by(session, {"uq_member_organisation_id_email_lower": taken}):
        session.add(member)
    await queries.set_password(session, member, hash_)
    organisation = await session.get_one(Organisation, member.organisation_id)
    actor = Actor(member.id, member.organisation_id, organisation.kind, Role(member.role))
    events = [
        InvitationAccepted(invitation.id, member.id, invitation.invited_by_id),
        MemberCreated(member.id, member.role),
    ]
    await audit.record_all(session, actor, events)
    return member
