"""Setting up an authenticator, and giving it up."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.core.clock import utcnow
from app.core.database import Database
from app.core.tenancy import SIGN_IN
from app.identity import credential_queries as queries
from app.identity import lockout, service, sessions, sign_in, totp
from app.identity.account_schemas import SecondFactorProof
from app.identity.errors import OwnAccess, TotpCodeWrong, TotpConfirmed, TotpNotFound
from app.identity.events import RecoveryCodesMade, TotpDisabled, TotpEnrolled
from app.identity.models import Member, Totp
from app.identity.queries import get_member
from app.identity.scopes import require_unlimited
from app.identity.sessions import require_session
from app.identity.token_keys import TokenKeys


async def own_member(session: AsyncSession, actor: Actor, *, lock: bool = False) -> Member:
    """The member who has signed in."""
    member_id, _ = require_session(actor)
    return await get_member(session, member_id, within=actor.organisation_id, lock=lock)


async def enrol(session: AsyncSession, keyring: TokenKeys, actor: Actor) -> tuple[str, str]:
    """A new secret and its URI, which count for nothing until a code has confirmed them."""
    member = await own_member(session, actor, lock=True)
    found = await queries.find_totp(session, member.id)
    if found is not None and found.confirmed_at is not None:
        raise TotpConfirmed("Disable the authenticator you have to set up another.")
    secret = totp.new_secret()
    sealed = keyring.seal(secret.encode(), owner=member.id.bytes)
    if found is None:
        session.add(Totp(member_id=member.id, organisation_id=member.organisation_id, sealed_secret=sealed))
    else:
        found.sqlmodel_update({"sealed_secret": sealed, "created_at": utcnow(), "last_step": 0})
    await session.flush()
    return secret, totp.provisioning_uri(secret, member.email)


async def confirm(session: AsyncSession, keyring: TokenKeys, actor: Actor, code: str) -> list[str]:
    """Set up the authenticator; return the recovery codes. This session has proved it, and the others end."""
    _, session_id = require_session(actor)
    member = await own_member(session, actor, lock=True)
    found = await queries.find_totp(session, member.id)
    if found is None:
        raise TotpNotFound("Begin with POST /v1/me/totp.")
    if found.confirmed_at is not None:
        raise TotpConfirmed("The authenticator is confirmed already.")
    step = totp.matching_step(keyring.unseal(found.sealed_secret, owner=member.id.bytes).decode(), code)
    if step is None:
        raise TotpCodeWrong("Send the code that the authenticator shows now.")
    now = utcnow()
    found.sqlmodel_update({"confirmed_at": now, "last_step": step})
    (await queries.lock_session(session, session_id, member_id=member.id)).second_factor_at = now
    # A session that somebody began with the password alone must not be lifted with this one.
    await sessions.revoke_all(session, actor, member, reason="second factor set up", but=session_id)
    await audit.record(session, actor, TotpEnrolled(member.id))
    return await make_recovery_codes(session, keyring, actor, member)


async def make_recovery_codes(session: AsyncSession, keyring: TokenKeys, actor: Actor, member: Member) -> list[str]:
    """Ten new codes in place of those there were."""
    codes = totp.new_recovery_codes()
    digests = [keyring.blind("recovery", totp.plain_code(code)) for code in codes]
    await queries.replace_recovery_codes(session, member.id, member.organisation_id, digests)
    await audit.record(session, actor, RecoveryCodesMade(member.id))
    return codes


async def regenerate(
    database: Database, keyring: TokenKeys, actor: Actor, given: SecondFactorProof, address: str
) -> list[str]:
    """Replace the recovery codes, after password and code."""
    async with database.transaction(SIGN_IN) as session:
        member = await own_member(session, actor)
    attempt = await sign_in.prove_again(database, keyring, member, given.password, address)
    try:
        async with database.transaction(SIGN_IN) as session:
            await spend_factor(session, keyring, actor, given)
            codes = await make_recovery_codes(session, keyring, actor, member)
            await lockout.forgive(session, attempt)
            return codes
    except sign_in.Refused as refusal:
        await sign_in.refuse_proof(database, member, attempt, refusal.reason)


async def disable(database: Database, keyring: TokenKeys, actor: Actor, given: SecondFactorProof, address: str) -> None:
    """Give up the authenticator, after password and code; a role that needs one then has to set up another."""
    member_id, session_id = require_session(actor)
    async with database.transaction(SIGN_IN) as session:
        member = await own_member(session, actor)
    attempt = await sign_in.prove_again(database, keyring, member, given.password, address)
    try:
        async with database.transaction(SIGN_IN) as session:
            await spend_factor(session, keyring, actor, given)
            await queries.invalidate_totp(session, member_id)
            (await queries.lock_session(session, session_id, member_id=member_id)).second_factor_at = None
            await sessions.revoke_all(session, actor, member, reason="second factor given up", but=session_id)
            await audit.record(session, actor, TotpDisabled(member_id))
            await lockout.forgive(session, attempt)
    except sign_in.Refused as refusal:
        await sign_in.refuse_proof(database, member, attempt, refusal.reason)


async def remove(session: AsyncSession, actor: Actor, member_id: UUID) -> None:
    """Take away the authenticator of a member who has lost it, recovery codes included; its sessions end.

    Raises:
        ScopesTooNarrow: the actor's credential is limited, and a session of the member's would not be.
    """
    require_unlimited(actor)
    member = await service.lock_member(session, actor, member_id)
    if member.id == actor.member_id:
        raise OwnAccess("Give up your own with POST /v1/me/totp/disable.")
    if await queries.find_totp(session, member.id) is None:
        raise TotpNotFound("No authenticator is set up.")
    await queries.invalidate_totp(session, member.id)
    await sessions.revoke_all(session, actor, member, reason="second factor taken away")
    await audit.record(session, actor, TotpDisabled(member.id, owner_id=member.organisation_id))


async def spend_factor(session: AsyncSession, keyring: TokenKeys, actor: Actor, given: SecondFactorProof) -> None:
    """Use up the code that was sent."""
    member = await own_member(session, actor, lock=True)
    factor = await sign_in.prove_second_factor(session, keyring, actor, member, given.code, given.recovery_code)
    if factor is None:
        raise TotpNotFound("No authenticator is set up.")
