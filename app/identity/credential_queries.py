"""Reading and spending what members sign in with. What may be used once is spent by one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import utcnow
from app.core.pages import PageQuery, Rows, Sorts, list_rows
from app.identity.errors import ClientNotFound, InvitationNotFound, SessionNotFound
from app.identity.models import (
    Invitation,
    Member,
    OAuthClient,
    Organisation,
    Password,
    PasswordReset,
    RecoveryCode,
    RefreshToken,
    SignInLock,
    SignInSession,
    Standing,
    Totp,
)

SESSION_SORTS: Final[Sorts] = {"created_at": col(SignInSession.created_at)}
INVITATION_SORTS: Final[Sorts] = {"created_at": col(Invitation.created_at)}
CLIENT_SORTS: Final[Sorts] = {"created_at": col(OAuthClient.created_at)}
MAX_ACCOUNTS: Final = 20


@dataclass(frozen=True, slots=True)
class Account:
    """A membership somebody may mean when they sign in."""

    member: Member
    organisation: Organisation
    hash: str | None

    @property
    def is_usable(self) -> bool:
        """Whether one can sign in to it at all."""
        active = self.member.standing == self.organisation.standing == Standing.ACTIVE
        return active and self.hash is not None


async def list_accounts(session: AsyncSession, email: str, organisation_id: UUID | None) -> list[Account]:
    """The memberships of an e-mail address, the oldest first: nobody pushes another out by making newer ones."""
    statement = (
        select(Member, Organisation, Password.hash)
        .join(Organisation, col(Organisation.id) == Member.organisation_id)
        .outerjoin(Password, col(Password.member_id) == Member.id)
        .where(func.lower(Member.email) == func.lower(email))
        .order_by(col(Member.standing) != Standing.ACTIVE, col(Password.hash).is_(None), col(Member.id))
        .limit(MAX_ACCOUNTS)
    )
    if organisation_id is not None:
        statement = statement.where(Member.organisation_id == organisation_id)
    return [Account(*row) for row in await session.exec(statement)]


async def lock_account(session: AsyncSession, member_id: UUID, *, exclusive: bool = False) -> Account:
    """A membership as it is now, which cannot be disabled or given another password before the transaction ends."""
    statement = (
        select(Member, Organisation, Password.hash)
        .join(Organisation, col(Organisation.id) == Member.organisation_id)
        .outerjoin(Password, col(Password.member_id) == Member.id)
        .where(Member.id == member_id)
        .with_for_update(read=not exclusive, of=Member)
        .execution_options(populate_existing=True)
    )
    return Account(*(await session.exec(statement)).one())


async def find_session(session: AsyncSession, session_id: UUID) -> tuple[SignInSession, Member, Organisation] | None:
    """A session with whose it is."""
    statement = (
        select(SignInSession, Member, Organisation)
        .join(Member, col(Member.id) == SignInSession.member_id)
        .join(Organisation, col(Organisation.id) == Member.organisation_id)
        .where(SignInSession.id == session_id)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(statement)).one_or_none()


async def get_session(session: AsyncSession, session_id: UUID, *, member_id: UUID) -> SignInSession:
    """A member's session."""
    statement = select(SignInSession).where(SignInSession.id == session_id, SignInSession.member_id == member_id)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise SessionNotFound("There is no such session.")
    return found


async def lock_session(session: AsyncSession, session_id: UUID, *, member_id: UUID) -> SignInSession:
    """A member's session, held for a change."""
    statement = select(SignInSession).where(SignInSession.id == session_id, SignInSession.member_id == member_id)
    found = (await session.exec(statement.with_for_update())).one_or_none()
    if found is None:
        raise SessionNotFound("There is no such session.")
    return found


async def list_sessions(
    session: AsyncSession, member_id: UUID, query: PageQuery, *, used_after: datetime
) -> Rows[SignInSession]:
    """A page of a member's sessions that have not ended."""
    statement = select(SignInSession).where(
        SignInSession.member_id == member_id,
        col(SignInSession.revoked_at).is_(None),
        SignInSession.expires_at > utcnow(),
        SignInSession.last_used_at > used_after,
    )
    return await list_rows(session, statement, query, SESSION_SORTS, tie=col(SignInSession.id))


async def touch_session(session: AsyncSession, session_id: UUID) -> None:
    """Note that a session was used."""
    await session.exec(update(SignInSession).where(col(SignInSession.id) == session_id).values(last_used_at=utcnow()))


async def revoke_sessions(session: AsyncSession, member_id: UUID, *, but: UUID | None) -> list[UUID]:
    """End a member's sessions, one excepted; which ones that were."""
    statement = update(SignInSession).where(
        col(SignInSession.member_id) == member_id, col(SignInSession.revoked_at).is_(None)
    )
    if but is not None:
        statement = statement.where(col(SignInSession.id) != but)
    ended = await session.exec(statement.values(revoked_at=utcnow()).returning(col(SignInSession.id)))
    return [row[0] for row in ended]


async def spend_refresh_token(session: AsyncSession, digest: bytes) -> UUID | None:
    """Spend a refresh token, once; the session it continues."""
    statement = update(RefreshToken).where(col(RefreshToken.digest) == digest, col(RefreshToken.spent_at).is_(None))
    spent = await session.exec(statement.values(spent_at=utcnow()).returning(col(RefreshToken.session_id)))
    row = spent.one_or_none()
    return None if row is None else row[0]


async def session_of_token(session: AsyncSession, digest: bytes) -> SignInSession | None:
    """The session that a refresh token, spent or not, belongs to; held for a change."""
    statement = (
        select(SignInSession)
        .join(RefreshToken, col(RefreshToken.session_id) == SignInSession.id)
        .where(RefreshToken.digest == digest)
        .with_for_update(of=SignInSession)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(statement)).one_or_none()


async def set_password(session: AsyncSession, member: Member, hash_: str) -> None:
    """Give a member a password, in place of the one it may have."""
    password = await session.get(Password, member.id)
    if password is None:
        session.add(Password(member_id=member.id, organisation_id=member.organisation_id, hash=hash_))
    else:
        password.sqlmodel_update({"hash": hash_, "changed_at": utcnow()})
    await session.flush()


async def rehash(session: AsyncSession, member_id: UUID, hash_: str) -> None:
    """Keep the same password under a newer hash."""
    await session.exec(update(Password).where(col(Password.member_id) == member_id).values(hash=hash_))


async def find_totp(session: AsyncSession, member_id: UUID) -> Totp | None:
    """A member's authenticator, confirmed or not."""
    statement = select(Totp).where(Totp.member_id == member_id).execution_options(populate_existing=True)
    return (await session.exec(statement)).one_or_none()


async def use_step(session: AsyncSession, member_id: UUID, step: int) -> bool:
    """Use a time step of a member's authenticator, once; whether that was possible."""
    statement = update(Totp).where(col(Totp.member_id) == member_id, col(Totp.last_step) < step)
    used = await session.exec(statement.values(last_step=step).returning(col(Totp.member_id)))
    return used.one_or_none() is not None


async def spend_recovery_code(session: AsyncSession, member_id: UUID, digest: bytes) -> bool:
    """Spend a recovery code, once; whether that was possible."""
    statement = update(RecoveryCode).where(
        col(RecoveryCode.member_id) == member_id,
        col(RecoveryCode.digest) == digest,
        col(RecoveryCode.spent_at).is_(None),
    )
    spent = await session.exec(statement.values(spent_at=utcnow()).returning(col(RecoveryCode.id)))
    return spent.one_or_none() is not None


async def count_recovery_codes(session: AsyncSession, member_id: UUID) -> int:
    """How many recovery codes are left."""
    statement = select(func.count()).where(
        col(RecoveryCode.member_id) == member_id, col(RecoveryCode.spent_at).is_(None)
    )
    return (await session.exec(statement)).one()


async def replace_recovery_codes(
    session: AsyncSession, member_id: UUID, organisation_id: UUID, digests: Sequence[bytes]
) -> None:
    """Forget a member's recovery codes and keep these."""
    await session.exec(delete(RecoveryCode).where(col(RecoveryCode.member_id) == member_id))
    session.add_all(
        RecoveryCode(member_id=member_id, organisation_id=organisation_id, digest=digest) for digest in digests
    )
    await session.flush()


async def find_invitation(session: AsyncSession, digest: bytes) -> Invitation | None:
    """The invitation a token belongs to, whatever has become of it."""
    return (await session.exec(select(Invitation).where(Invitation.digest == digest))).one_or_none()


async def accept_invitation(session: AsyncSession, invitation_id: UUID) -> bool:
    """Accept an invitation, once; whether that was possible."""
    statement = update(Invitation).where(
        col(Invitation.id) == invitation_id,
        col(Invitation.accepted_at).is_(None),
        col(Invitation.revoked_at).is_(None),
        col(Invitation.expires_at) > utcnow(),
    )
    accepted = await session.exec(statement.values(accepted_at=utcnow()).returning(col(Invitation.id)))
    return accepted.one_or_none() is not None


async def lock_invitation(session: AsyncSession, invitation_id: UUID, *, within: UUID | None) -> Invitation:
    """An invitation, held for a change; `within` limits the caller to its own organisation's."""
    statement = select(Invitation).where(Invitation.id == invitation_id).with_for_update()
    if within is not None:
        statement = statement.where(Invitation.organisation_id == within)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise InvitationNotFound("There is no such invitation.")
    return found


async def list_invitations(session: AsyncSession, organisation_id: UUID, query: PageQuery) -> Rows[Invitation]:
    """A page of an organisation's invitations."""
    statement = select(Invitation).where(Invitation.organisation_id == organisation_id)
    return await list_rows(session, statement, query, INVITATION_SORTS, tie=col(Invitation.id))


async def find_reset(session: AsyncSession, digest: bytes) -> PasswordReset | None:
    """The reset a token belongs to, whatever has become of it."""
    return (await session.exec(select(PasswordReset).where(PasswordReset.digest == digest))).one_or_none()


async def redeem_reset(session: AsyncSession, reset_id: UUID) -> bool:
    """Redeem a reset, once; whether that was possible."""
    statement = update(PasswordReset).where(
        col(PasswordReset.id) == reset_id,
        col(PasswordReset.redeemed_at).is_(None),
        col(PasswordReset.revoked_at).is_(None),
        col(PasswordReset.expires_at) > utcnow(),
    )
    redeemed = await session.exec(statement.values(redeemed_at=utcnow()).returning(col(PasswordReset.id)))
    return redeemed.one_or_none() is not None


async def revoke_resets(session: AsyncSession, member_id: UUID) -> None:
    """Take back every reset of a member's that has not been redeemed."""
    statement = update(PasswordReset).where(
        col(PasswordReset.member_id) == member_id,
        col(PasswordReset.redeemed_at).is_(None),
        col(PasswordReset.revoked_at).is_(None),
    )
    await session.exec(statement.values(revoked_at=utcnow()))


async def find_client(session: AsyncSession, client_id: UUID) -> tuple[OAuthClient, Member, Organisation] | None:
    """An OAuth client with the member it acts for."""
    statement = (
        select(OAuthClient, Member, Organisation)
        .join(Member, col(Member.id) == OAuthClient.member_id)
        .join(Organisation, col(Organisation.id) == Member.organisation_id)
        .where(OAuthClient.id == client_id)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(statement)).one_or_none()


async def lock_client(
    session: AsyncSession, client_id: UUID, *, within: UUID | None, member_id: UUID | None = None
) -> OAuthClient:
    """An OAuth client, held for a change; `within` limits it to an organisation's, `member_id` to a member's."""
    statement = select(OAuthClient).where(OAuthClient.id == client_id).with_for_update()
    if member_id is not None:
        statement = statement.where(OAuthClient.member_id == member_id)
    if within is not None:
        statement = statement.where(OAuthClient.organisation_id == within)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise ClientNotFound("There is no such OAuth client.")
    return found


async def list_clients(
    session: AsyncSession, organisation_id: UUID, query: PageQuery, *, member_id: UUID | None = None
) -> Rows[OAuthClient]:
    """A page of an organisation's OAuth clients, or of one member's."""
    statement = select(OAuthClient).where(OAuthClient.organisation_id == organisation_id)
    if member_id is not None:
        statement = statement.where(OAuthClient.member_id == member_id)
    return await list_rows(session, statement, query, CLIENT_SORTS, tie=col(OAuthClient.id))


async def touch_client(session: AsyncSession, client_id: UUID) -> None:
    """Note that an OAuth client was given a token."""
    await session.exec(update(OAuthClient).where(col(OAuthClient.id) == client_id).values(last_used_at=utcnow()))


async def forget_ended(session: AsyncSession, *, before: datetime) -> None:
    """Delete sessions, links and locks that ended before an instant; the audit record keeps that they were."""
    ended = select(SignInSession.id).where(col(SignInSession.expires_at) < before)
    await session.exec(delete(RefreshToken).where(col(RefreshToken.session_id).in_(ended)))
    await session.exec(delete(SignInSession).where(col(SignInSession.expires_at) < before))
    for link in (Invitation, PasswordReset):
        await session.exec(delete(link).where(col(link.expires_at) < before))
    over = or_(col(SignInLock.locked_until).is_(None), col(SignInLock.locked_until) < before)
    await session.exec(delete(SignInLock).where(col(SignInLock.began_at) < before, over))


async def invalidate_totp(session: AsyncSession, member_id: UUID) -> None:
    """Forget a member's authenticator and its recovery codes."""
    await session.exec(delete(Totp).where(col(Totp.member_id) == member_id))
    await session.exec(delete(RecoveryCode).where(col(RecoveryCode.member_id) == member_id))
