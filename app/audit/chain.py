"""Extending the chains: once a transaction, just before it commits, under a lock on each chain it extends."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, event, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, SessionTransaction
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit.canonical import GENESIS, Values, chain_of, link
from app.audit.models import AuditChain, AuditCheckpoint, AuditRecord
from app.audit.signing import SEALING, Sealing, signature_of
from app.core.clock import utcnow
from app.core.tenancy import Side, Tenancy, tell

PENDING: Final = "audit_pending"
"""Key of a session's `info` under which the records wait that this transaction has made so far."""


def keep(session: AsyncSession, records: Iterable[Values]) -> None:
    """Chain `records` and write them when the caller's transaction commits; a rollback forgets them."""
    sync = session.sync_session
    if PENDING not in sync.info:
        sync.info[PENDING] = Pending(sync)
    sync.info[PENDING].records.extend(records)


class Pending:
    """The records of a transaction that has not ended, in the order they were made."""

    def __init__(self, session: Session) -> None:
        self.records: list[Values] = []
        # How many there were when a savepoint was set. One set before the first record has none, and needs none.
        self._before: dict[SessionTransaction, int] = {}
        event.listen(session, "after_transaction_create", self._note)
        event.listen(session, "after_soft_rollback", self._forget)
        event.listen(session, "before_commit", self._write)

    def _note(self, _session: Session, transaction: SessionTransaction) -> None:
        if transaction.nested:
            self._before[transaction] = len(self.records)

    def _forget(self, _session: Session, transaction: SessionTransaction) -> None:
        # A failed flush undoes the savepoint around it, or everything, and only says so of itself.
        while not transaction.nested and transaction.parent is not None:
            transaction = transaction.parent
        del self.records[self._before.get(transaction, 0) :]

    def _write(self, session: Session) -> None:
        # Releasing a savepoint is no commit; the lock is for the last moment.
        if session.in_nested_transaction():
            return
        # What is still to be written may take time or be refused: it comes before the lock.
        session.flush()
        records, self.records = self.records, []
        if records:
            # Nothing follows but the commit, so there is no way back to the side of whoever made the records.
            tell(session.connection(), Tenancy(Side.AUDIT))
            extend(session.connection(), records, session.info.get(SEALING))


def extend(connection: Connection, records: Iterable[Values], sealing: Sealing | None = None) -> None:
    """Append `records` to their chains, and sign those chains that have come far since their last checkpoint."""
    records = list(records)
    before = lock_chains(connection, {chain_of(record) for record in records})
    heads = dict(before)
    rows = []
    for record in records:
        sequence, previous_hash = heads[chain_of(record)]
        row = link(record, sequence=sequence + 1, previous_hash=previous_hash)
        heads[chain_of(record)] = (row["sequence"], row["hash"])
        rows.append(row)
    connection.execute(insert(AuditRecord), rows)
    move_heads(connection, heads)
    if sealing is not None:
        due = {key: head for key, head in heads.items() if head[0] // sealing.every > before[key][0] // sealing.every}
        seal_chains(connection, due, sealing.key)


def lock_chains(connection: Connection, keys: set[UUID]) -> dict[UUID, tuple[int, str]]:
    """Lock the chains, making those that are new; return the last sequence and hash of each.

    Always in the order of their keys and in one statement, so that two transactions cannot each hold what the other
    waits for.
    """
    rows = [{"organisation_id": key, "last_sequence": 0, "last_hash": GENESIS} for key in sorted(keys)]
    statement = upsert(AuditChain).values(rows)
    locking = statement.on_conflict_do_update(
        index_elements=[col(AuditChain.organisation_id)], set_={"last_sequence": AuditChain.last_sequence}
    ).returning(col(AuditChain.organisation_id), col(AuditChain.last_sequence), col(AuditChain.last_hash))
    return {row.organisation_id: (row.last_sequence, row.last_hash) for row in connection.execute(locking)}


def move_heads(connection: Connection, heads: dict[UUID, tuple[int, str]]) -> None:
    """Write down where the locked chains end now."""
    statement = update(AuditChain).where(col(AuditChain.organisation_id) == bindparam("key"))
    moved: list[dict[str, Any]] = [
        {"key": key, "last_sequence": sequence, "last_hash": last_hash} for key, (sequence, last_hash) in heads.items()
    ]
    connection.execute(statement, moved)


def seal_chains(connection: Connection, heads: dict[UUID, tuple[int, str]], key: bytes) -> int:
    """Sign where the chains end, unless that is signed already; return how many checkpoints were made."""
    if not heads:
        return 0
    made_at = utcnow()
    rows = [
        {"organisation_id": chain, "sequence": sequence, "hash": last_hash, "made_at": made_at}
        for chain, (sequence, last_hash) in sorted(heads.items())
    ]
    signatures = [signature_of({"kind": "checkpoint", **row}, key) for row in rows]
    signed = [{**row, "signature": signature} for row, signature in zip(rows, signatures, strict=True)]
    made = upsert(AuditCheckpoint).values(signed).on_conflict_do_nothing().returning(col(AuditCheckpoint.sequence))
    return len(connection.execute(made).all())
