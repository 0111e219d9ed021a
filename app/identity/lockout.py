"""Failed sign-ins: counted where every process sees them, and so that no stranger keeps an owner out for long.

An attempt counts as failed from its beginning until it has succeeded, so that a thousand at once are no more than five
in a row. Five failures lock an account to one address for fifteen minutes. Fifty from anywhere lock the account to all
for fifteen minutes, and never again in the fifteen minutes after: then the owner gets in, from an own address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import utcnow
from app.core.database import Database
from app.core.tenancy import SIGN_IN
from app.identity.errors import SignInLocked
from app.identity.models import SignInLock
from app.identity.token_keys import TokenKeys

WINDOW: Final = timedelta(minutes=15)
LOCK: Final = timedelta(minutes=15)
RESPITE: Final = timedelta(minutes=15)
"""How long an account that was locked cannot be locked again."""
PER_PAIR: Final = 5
PER_ACCOUNT: Final = 50
FORGET_AFTER: Final = timedelta(hours=1)
FORGET_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to prove who one is, counted as failed until it is forgiven."""

    account: bytes
    pair: bytes
    closed: bool
    """Whether the account is locked to everybody: then nothing succeeds, and nothing says why."""
    counted: bool
    """Whether it counts for the account, too: while that is locked, and in the respite after, nothing does."""


async def begin(database: Database, keyring: TokenKeys, email: str, address: str) -> Attempt:
    """Count an attempt, in a transaction of its own: a request that fails must not undo it.

    Raises:
        SignInLocked: too many from this address have failed for this account.
    """
    async with database.transaction(SIGN_IN) as session:
        # The database's own idea of lower case, by which members are found: another would give one account two counts.
        account_name = str(await session.scalar(select(func.lower(email))))
        account, pair = keyring.blind("account", account_name), keyring.blind("pair", account_name, address)
        now = utcnow()
        rows = await lock_rows(session, [account, pair], now)
        wait = admit_pair(rows[pair], now)
        if wait is None:
            closed = is_locked(rows[account], now)
            attempt = Attempt(account, pair, closed, counted=count_for_account(rows[account], now))
        await forget_old(session, now)
    if wait is not None:
        raise SignInLocked(f"Try again in {wait} seconds.", wait_s=wait)
    return attempt


async def forgive(session: AsyncSession, attempt: Attempt) -> None:
    """Take back the count of an attempt that has succeeded, and the lock if it was its own."""
    rows = await lock_rows(session, [attempt.account, attempt.pair], utcnow())
    pardon(rows[attempt.pair], PER_PAIR)
    if attempt.counted:
        pardon(rows[attempt.account], PER_ACCOUNT)


def pardon(row: SignInLock, limit: int) -> None:
    """One less, and no lock if that was the one that reached the limit."""
    row.failures = max(0, row.failures - 1)
    if row.failures == limit - 1:
        row.locked_until = None


async def locked_out(session: AsyncSession, attempt: Attempt) -> list[str]:
    """What this failure was the last one for: the `address`, the `account`, both or neither."""
    rows = await lock_rows(session, [attempt.account, attempt.pair], utcnow())
    address = ["address"] if rows[attempt.pair].failures == PER_PAIR else []
    account = ["account"] if attempt.counted and rows[attempt.account].failures == PER_ACCOUNT else []
    return address + account


async def lock_rows(session: AsyncSession, keys: Sequence[bytes], now: datetime) -> dict[bytes, SignInLock]:
    """The counts, made where missing; always locked in one order, so that two attempts never wait for each other."""
    fresh = [{"key": key, "failures": 0, "began_at": now} for key in sorted(keys)]
    await session.exec(insert(SignInLock).values(fresh).on_conflict_do_nothing())
    chosen = select(SignInLock).where(col(SignInLock.key).in_(keys)).order_by(col(SignInLock.key)).with_for_update()
    # Whatever this session read before may have been changed by another since.
    found = await session.exec(chosen.execution_options(populate_existing=True))
    return {row.key: row for row in found}


def admit_pair(row: SignInLock, now: datetime) -> int | None:
    """Count an attempt on an account from one address; the seconds to wait when there were too many."""
    if row.locked_until is not None and is_locked(row, now):
        return ceil((row.locked_until - now).total_seconds())
    if row.locked_until is not None or now >= row.began_at + WINDOW:
        restart(row, now)
    count(row, PER_PAIR, now)
    return None


def count_for_account(row: SignInLock, now: datetime) -> bool:
    """Count an attempt on an account from anywhere, unless it is locked or was so a short while ago."""
    if row.locked_until is not None and now < row.locked_until + RESPITE:
        return False
    if row.locked_until is not None or now >= row.began_at + WINDOW:
        restart(row, now)
    count(row, PER_ACCOUNT, now)
    return True


def is_locked(row: SignInLock, now: datetime) -> bool:
    """Whether a lock holds."""
    return row.locked_until is not None and now < row.locked_until


def count(row: SignInLock, limit: int, now: datetime) -> None:
    """One more; the one that reaches the limit locks."""
    row.failures += 1
    if row.failures >= limit:
        row.locked_until = now + LOCK


def restart(row: SignInLock, now: datetime) -> None:
    """Begin to count anew."""
    row.failures, row.began_at, row.locked_until = 0, now, None


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Delete a few counts that nothing depends on any more, passing over those another attempt holds."""
    old = (
        select(SignInLock.key)
        .where(SignInLock.began_at < now - FORGET_AFTER)
        .order_by(col(SignInLock.began_at))
        .limit(FORGET_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await session.exec(delete(SignInLock).where(col(SignInLock.key).in_(old)))
