"""Passwords set anew: by whoever knows the old one, or by a link that an admin has made."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.clock import utcnow
from app.core.database import Database
from app.core.tenancy import SIGN_IN
from app.identity import credential_queries as queries
from app.identity import lockout, passwords, sessions, sign_in, tokens
from app.identity.account_schemas import LinkRedemption, PasswordChange
from app.identity.errors import LinkNotUsable, OwnAccess
from app.identity.events import PasswordChanged, PasswordResetCreated, PasswordResetRedeemed
from app.identity.grants import still_may
from app.identity.models import Member, Organisation, PasswordReset, Standing
from app.identity.permissions import Resource, Verb
from app.identity.queries import get_member
from app.identity.scopes import require_unlimited
from app.identity.service import confined_to
from app.identity.sessions import require_session
from app.identity.token_keys import TokenKeys

LIFETIME: Final = timedelta(hours=1)
UNUSABLE: Final = "Ask an admin for another link."


async def create_reset(session: AsyncSession, actor: Actor, member_id: UUID) -> tuple[PasswordReset, str]:
    """Make a link for a member to set a password; also returns the link's token, which is not kept."""
    # Whoever redeems it can sign in, which no scope limits.
    require_unlimited(actor)
    assert actor.member_id is not None  # noqa: S101 - the system makes no links
    member = await get_member(session, member_id, within=confined_to(actor, Verb.CHANGE, Resource.MEMBER))
    if member.id == actor.member_id:
        raise OwnAccess("Change your own password with POST /v1/me/password: it asks for the old one.")
    text, digest = tokens.new_secret("reset")
    reset = PasswordReset(
        organisation_id=member.organisation_id,
        member_id=member.id,
        made_by_id=actor.member_id,
        digest=digest,
        expires_at=utcnow() + LIFETIME,
    )
    session.add(reset)
    event = PasswordResetCreated(reset.id, member.id, owner_id=member.organisation_id)
    await audit.record(session, actor, event)
    return reset, text


async def redeem(database: Database, given: LinkRedemption) -> None:
    """Set the password of whoever the link was made for; sessions and other links end.

    Raises:
        LinkNotUsable: for whatever reason; it does not say which.
        PasswordTooWeak: choose another.
    """
    digest = tokens.digest(given.token)
    async with database.transaction(SIGN_IN) as session:
        _, member = await usable(session, digest)
    passwords.check_strength(given.password, own=[member.email, member.name])
    hash_ = await passwords.make_hash(given.password)
    async with database.transaction(SIGN_IN) as session:
        reset, member = await usable(session, digest, exclusive=True)
        if not await queries.redeem_reset(session, reset.id):
            raise LinkNotUsable(UNUSABLE)
        organisation = await session.get_one(Organisation, member.organisation_id)
        actor = Actor(member.id, member.organisation_id, organisation.kind, Role(member.role))
        await replace_password(session, actor, member, hash_, reason="password reset")
        await audit.record(session, actor, PasswordResetRedeemed(reset.id, member.id))


async def usable(session: AsyncSession, digest: bytes, *, exclusive: bool = False) -> tuple[PasswordReset, Member]:
    """The reset behind a token, when it may still be redeemed, and whose password it sets."""
    reset = await queries.find_reset(session, digest)
    if reset is None or reset.redeemed_at is not None or reset.revoked_at is not None or utcnow() >= reset.expires_at:
        raise LinkNotUsable(UNUSABLE)
    within = reset.organisation_id
    if not await still_may(session, reset.made_by_id, Verb.CHANGE, Resource.MEMBER, within=within):
        raise LinkNotUsable(UNUSABLE)
    account = await queries.lock_account(session, reset.member_id, exclusive=exclusive)
    if not account.member.standing == account.organisation.standing == Standing.ACTIVE:
        raise LinkNotUsable(UNUSABLE)
    return reset, account.member


async def replace_password(
    session: AsyncSession, actor: Actor, member: Member, hash_: str, *, reason: str, but: UUID | None = None
) -> None:
    """Set a password, and end what the old one had opened."""
    await queries.set_password(session, member, hash_)
    await queries.revoke_resets(session, member.id)
    await sessions.revoke_all(session, actor, member, reason=reason, but=but)


async def change_password(
    database: Database, keyring: TokenKeys, actor: Actor, given: PasswordChange, address: str
) -> None:
    """Set one's own password, after the old one; one's other sessions end.

    Raises:
        PasswordWrong: it is not the old password.
        PasswordTooWeak: choose another.
        SignInLocked: too many attempts from this address have failed.
    """
    member_id, session_id = require_session(actor)
    async with database.transaction(SIGN_IN) as session:
        member = await get_member(session, member_id, within=actor.organisation_id)
    attempt = await sign_in.prove_again(database, keyring, member, given.old_password, address)
    async with database.transaction(SIGN_IN) as session:
        await lockout.forgive(session, attempt)
    passwords.check_strength(given.password, own=[member.email, member.name])
    hash_ = await passwords.make_hash(given.password)
    async with database.transaction(SIGN_IN) as session:
        member = await get_member(session, member_id, within=actor.organisation_id, lock=True)
        await replace_password(session, actor, member, hash_, reason="password changed", but=session_id)
        await audit.record(session, actor, PasswordChanged(member.id))
