"""Signing in: an e-mail address, a password and a second factor for a session.

Whatever is wrong, the answer and the work behind it are the same.
"""

from collections.abc import Sequence
from typing import Final, NoReturn
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.database import Database
from app.core.tenancy import SIGN_IN
from app.identity import credential_queries as queries
from app.identity import lockout, passwords, sessions, totp
from app.identity.account_schemas import SessionCreate
from app.identity.credential_queries import Account
from app.identity.errors import OrganisationNeeded, PasswordWrong, SecondFactorNeeded, SignInFailed
from app.identity.events import RecoveryCodeUsed, SignInLockedOut, SignInRefused, SignInSucceeded
from app.identity.lockout import Attempt
from app.identity.models import Member
from app.identity.sessions import Tokens
from app.identity.token_keys import TokenKeys

MAX_MEMBERSHIPS: Final = 5


class Refused(Exception):
    """Signing in failed; the reason is for the audit record, not for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def sign_in(database: Database, keyring: TokenKeys, given: SessionCreate, address: str) -> Tokens:
    """Begin a session.

    The attempt is counted, the password hashed and the session written in steps of their own: no connection waits
    while a core burns, and no failure undoes its own count.

    Raises:
        SignInFailed: something is wrong; it does not say what.
        SecondFactorNeeded: the password is right, and a code is missing.
        OrganisationNeeded: the password is right in several organisations.
        SignInLocked: too many attempts from this address have failed.
    """
    attempt = await lockout.begin(database, keyring, given.email, address)
    async with database.transaction(SIGN_IN) as session:
        accounts = await queries.list_accounts(session, given.email, given.organisation_id)
    try:
        account, better_hash = await prove_password(accounts, given, attempt)
        async with database.transaction(SIGN_IN) as session:
            tokens = await begin(session, keyring, account, given, better_hash)
            await lockout.forgive(session, attempt)
            return tokens
    except Refused as refusal:
        await note_refusal(database, keyring, given, accounts, attempt, refusal.reason)
        raise SignInFailed("The e-mail address, the password or the code is wrong.") from None
    except (SecondFactorNeeded, OrganisationNeeded):
        async with database.transaction(SIGN_IN) as session:
            await lockout.forgive(session, attempt)
        raise


async def prove_password(
    accounts: Sequence[Account], given: SessionCreate, attempt: Attempt
) -> tuple[Account, str | None]:
    """The one account whose password this is, and a new hash when the old one's parameters are outdated."""
    usable = [account for account in accounts if account.is_usable][:MAX_MEMBERSHIPS]
    times = MAX_MEMBERSHIPS if given.organisation_id is None else 1
    answers = await passwords.verify_each(given.password, [account.hash or "" for account in usable], times=times)
    proven = [(account, better) for account, (right, better) in zip(usable, answers, strict=True) if right]
    if attempt.closed:
        raise Refused("locked")
    if not proven:
        raise Refused("password" if usable else "no access")
    if len(proven) > 1:
        choice = [{"id": str(one.organisation.id), "name": one.organisation.name} for one, _ in proven]
        raise OrganisationNeeded("Send organisation_id as well.", organisations=choice)
    return proven[0]


async def begin(
    session: AsyncSession, keyring: TokenKeys, account: Account, given: SessionCreate, better_hash: str | None
) -> Tokens:
    """The session of an account whose password was right a moment ago."""
    present = await queries.lock_account(session, account.member.id)
    if not present.is_usable or present.hash != account.hash:
        raise Refused("changed meanwhile")
    member = present.member
    actor = Actor(member.id, member.organisation_id, present.organisation.kind, Role(member.role))
    factor = await prove_second_factor(session, keyring, actor, member, given.code, given.recovery_code)
    if better_hash is not None:
        await queries.rehash(session, member.id, better_hash)
    tokens = await sessions.start(session, keyring, member, second_factor=factor is not None)
    await audit.record(session, actor, SignInSucceeded(tokens.session.id, member.id, factor))
    return tokens


async def prove_second_factor(
    session: AsyncSession, keyring: TokenKeys, actor: Actor, member: Member, code: str | None, recovery_code: str | None
) -> str | None:
    """Which second factor was proved and used up; None when the member has none set up.

    Raises:
        SecondFactorNeeded: there is one, and nothing was sent.
        Refused: the code is wrong, or has been used.
    """
    found = await queries.find_totp(session, member.id)
    if found is None or found.confirmed_at is None:
        return None
    if code is not None:
        secret = keyring.unseal(found.sealed_secret, owner=member.id.bytes).decode()
        step = totp.matching_step(secret, code)
        if step is None or not await queries.use_step(session, member.id, step):
            raise Refused("code")
        return "totp"
    if recovery_code is not None:
        digest = keyring.blind("recovery", totp.plain_code(recovery_code))
        if not await queries.spend_recovery_code(session, member.id, digest):
            raise Refused("recovery code")
        left = await queries.count_recovery_codes(session, member.id)
        await audit.record(session, actor, RecoveryCodeUsed(member.id, left))
        return "recovery_code"
    raise SecondFactorNeeded("Send the authenticator's code, or a recovery code.")


async def note_refusal(
    database: Database,
    keyring: TokenKeys,
    given: SessionCreate,
    accounts: Sequence[Account],
    attempt: Attempt,
    reason: str,
) -> None:
    """Record a failure with each organisation it may have been meant for; for an unknown account, with the system."""
    unknown = UUID(bytes=keyring.blind("unknown account", given.email.lower())[:16], version=4)
    known = [(one.member.id, one.organisation.id) for one in accounts[:MAX_MEMBERSHIPS]]
    subjects: Sequence[tuple[UUID, UUID | None]] = known or [(unknown, None)]
    async with database.transaction(SIGN_IN) as session:
        locked = await lockout.locked_out(session, attempt)
        for subject_id, owner_id in subjects:
            await audit.record(session, Actor.system(), SignInRefused(subject_id, reason, owner_id=owner_id))
            for scope in locked:
                await audit.record(session, Actor.system(), SignInLockedOut(subject_id, scope, owner_id=owner_id))


async def prove_again(database: Database, keyring: TokenKeys, member: Member, password: str, address: str) -> Attempt:
    """Let somebody who is signed in prove the password again, counted like a sign-in; to be forgiven afterwards.

    Raises:
        PasswordWrong: it is not the password.
        SignInLocked: too many attempts from this address have failed.
    """
    attempt = await lockout.begin(database, keyring, member.email, address)
    async with database.transaction(SIGN_IN) as session:
        account = await queries.lock_account(session, member.id)
    right, _ = await passwords.verify(password, account.hash or await passwords.decoy())
    if not right:
        await refuse_proof(database, member, attempt, "password")
    return attempt


async def refuse_proof(database: Database, member: Member, attempt: Attempt, reason: str) -> NoReturn:
    """Record that a member who is signed in could not prove who it is."""
    async with database.transaction(SIGN_IN) as session:
        locked = await lockout.locked_out(session, attempt)
        owner_id = member.organisation_id
        await audit.record(session, Actor.system(), SignInRefused(member.id, reason, owner_id=owner_id))
        for scope in locked:
            await audit.record(session, Actor.system(), SignInLockedOut(member.id, scope, owner_id=owner_id))
    raise PasswordWrong("Nothing was changed.")
