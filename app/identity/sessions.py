"""Sessions: what a sign-in begins, each request looks up, and a refresh token continues."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.clock import utcnow
from app.core.database import Database
from app.core.errors import Unauthorized
from app.core.pages import PageQuery, Rows
from app.core.tenancy import SIGN_IN
from app.identity import credential_queries as queries
from app.identity import tokens
from app.identity.errors import OAuthInvalidGrant, SessionNeeded
from app.identity.events import RefreshTokenReused, SessionRevoked
from app.identity.models import Member, Mfa, Organisation, RefreshToken, SignInSession, Standing
from app.identity.token_keys import TokenKeys

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=12)
TOUCH_EVERY: Final = timedelta(minutes=1)
KEPT: Final = timedelta(days=30)
"""How long what has ended can still be looked up."""
NEED_SECOND_FACTOR: Final = frozenset(Role) - {Role.HIRING_MANAGER}
"""Whoever sees many people's data, or decides who sees it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a session is used and continued with."""

    session: SignInSession
    role: Role
    access_token: str
    refresh_token: str

    @property
    def mfa(self) -> Mfa:
        """How the session stands with the second factor."""
        return mfa_of(self.session, self.role)


def mfa_of(row: SignInSession, role: Role) -> Mfa:
    """How a session of a member with this role stands with the second factor."""
    if row.second_factor_at is not None:
        return Mfa.PASSED
    return Mfa.ENROLMENT_REQUIRED if role in NEED_SECOND_FACTOR else Mfa.NOT_REQUIRED


async def start(session: AsyncSession, keyring: TokenKeys, member: Member, *, second_factor: bool) -> Tokens:
    """Begin a session of a member who has proved who it is."""
    now = utcnow()
    row = SignInSession(
        organisation_id=member.organisation_id,
        member_id=member.id,
        created_at=now,
        last_used_at=now,
        expires_at=now + ABSOLUTE,
        second_factor_at=now if second_factor else None,
    )
    session.add(row)
    await session.flush()
    return await give_tokens(session, keyring, row, Role(member.role))


async def give_tokens(session: AsyncSession, keyring: TokenKeys, row: SignInSession, role: Role) -> Tokens:
    """The session's next pair of tokens."""
    text, digest = tokens.new_secret("refresh")
    session.add(RefreshToken(organisation_id=row.organisation_id, session_id=row.id, digest=digest))
    await session.flush()
    return Tokens(row, role, tokens.issue(keyring, row.member_id, session_id=row.id), text)


async def authenticate(session: AsyncSession, claims: tokens.Claims) -> Actor:
    """The actor of a session, as the database knows it now."""
    found = None if claims.session_id is None else await queries.find_session(session, claims.session_id)
    if found is None:
        raise Unauthorized
    row, member, organisation = found
    now = utcnow()
    if member.id != claims.member_id or not is_open(row, member, organisation, now):
        raise Unauthorized
    if now - row.last_used_at > TOUCH_EVERY:
        await queries.touch_session(session, row.id)
    role = Role(member.role)
    held = mfa_of(row, role) is Mfa.ENROLMENT_REQUIRED
    return Actor(member.id, organisation.id, organisation.kind, role, session_id=row.id, must_enrol=held)


def is_open(row: SignInSession, member: Member, organisation: Organisation, now: datetime) -> bool:
    """Whether a session has neither ended nor lost the access behind it."""
    ended = row.revoked_at is not None or now >= row.expires_at or now >= row.last_used_at + IDLE
    return not ended and member.standing == organisation.standing == Standing.ACTIVE


async def refresh(database: Database, keyring: TokenKeys, token: str) -> Tokens:
    """Spend a refresh token for the next ones; a token spent before ends the session, for somebody has copied it.

    Raises:
        OAuthInvalidGrant: the token is unknown or spent, or its session has ended.
    """
    digest = tokens.digest(token)
    # Committed also when it is refused: what was spent stays spent, and what was ended stays ended.
    async with database.transaction(SIGN_IN) as session:
        session_id = await queries.spend_refresh_token(session, digest)
        if session_id is None:
            await end_family(session, digest)
        else:
            found = await queries.find_session(session, session_id)
            if found is not None and is_open(*found, utcnow()):
                row, member, _ = found
                row.last_used_at = utcnow()
                return await give_tokens(session, keyring, row, Role(member.role))
    raise OAuthInvalidGrant("Sign in again.")


async def end_family(session: AsyncSession, digest: bytes) -> None:
    """End the session whose spent token was sent again."""
    row = await queries.session_of_token(session, digest)
    if row is not None and row.revoked_at is None:
        row.revoked_at = utcnow()
        event = RefreshTokenReused(row.id, row.member_id, owner_id=row.organisation_id)
        await audit.record(session, Actor.system(), event)


async def forget_ended(session: AsyncSession) -> None:
    """Forget sessions, links and locks that ended a month ago."""
    await queries.forget_ended(session, before=utcnow() - KEPT)


def require_session(actor: Actor) -> tuple[UUID, UUID]:
    """The ids of the member and of the session of somebody who has signed in.

    Raises:
        SessionNeeded: the credential is a program's.
    """
    if actor.session_id is None or actor.member_id is None:
        raise SessionNeeded("Sign in with POST /v1/sessions; an API key or a client cannot do this.")
    return actor.member_id, actor.session_id


async def list_sessions(session: AsyncSession, actor: Actor, query: PageQuery) -> Rows[SignInSession]:
    """List one's own sessions that have not ended."""
    member_id, _ = require_session(actor)
    return await queries.list_sessions(session, member_id, query, used_after=utcnow() - IDLE)


async def get_current(session: AsyncSession, actor: Actor) -> SignInSession:
    """The session one is calling with."""
    member_id, session_id = require_session(actor)
    return await queries.get_session(session, session_id, member_id=member_id)


async def revoke(session: AsyncSession, actor: Actor, session_id: UUID | None) -> None:
    """End one of one's own sessions, or the one that is calling; ending it again changes nothing."""
    member_id, current = require_session(actor)
    row = await queries.lock_session(session, session_id or current, member_id=member_id)
    if row.revoked_at is None:
        row.revoked_at = utcnow()
        await audit.record(session, actor, SessionRevoked(row.id, member_id, "signed out"))


async def revoke_all(
    session: AsyncSession, actor: Actor, member: Member, *, reason: str, but: UUID | None = None
) -> None:
    """End a member's sessions, one excepted if need be."""
    ended = await queries.revoke_sessions(session, member.id, but=but)
    events = [SessionRevoked(id_, member.id, reason, owner_id=member.organisation_id) for id_ in ended]
    await audit.record_all(session, actor, events)
