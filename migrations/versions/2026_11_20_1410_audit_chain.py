"""Chained audit records, where the chains end, and signed checkpoints."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_20_1410"
down_revision: str | None = "2026_11_20_1400"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

GENESIS = "0" * 64
SYSTEM = UUID(int=0)
BATCH = 1000
# The fields are named, so that a column of a later release is not hashed here.
RECORDS = """
    SELECT id, at, actor_member_id, actor_organisation_id, actor_key_id, actor_role, organisation_id, action,
           subject_type, subject_id, payload
    FROM audit_record ORDER BY organisation_id, at, id
"""
GUARD = """
    CREATE TRIGGER {table}_is_{what} BEFORE {events} ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""


def upgrade() -> None:
    """Create the tables, chain the records that are there, and guard everything."""
    create_tables()
    for name, kind in (("sequence", sa.BigInteger()), ("previous_hash", sa.String(64)), ("hash", sa.String(64))):
        op.add_column("audit_record", sa.Column(name, kind, nullable=True))
    # Rows that exist get their place once, by the owner, in this transaction; nobody else sees the guard lifted.
    op.execute("ALTER TABLE audit_record DISABLE TRIGGER audit_record_is_append_only")
    chain_existing(op.get_bind())
    op.execute("ALTER TABLE audit_record ENABLE TRIGGER audit_record_is_append_only")
    for name in ("sequence", "previous_hash", "hash"):
        op.alter_column("audit_record", name, nullable=False)
    op.create_index(
        "uq_audit_record_organisation_id_sequence",
        "audit_record",
        ["organisation_id", "sequence"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.execute(GUARD.format(table="audit_checkpoint", what="append_only", events="UPDATE OR DELETE OR TRUNCATE"))
    op.execute(GUARD.format(table="audit_chain", what="kept", events="DELETE OR TRUNCATE"))


def downgrade() -> None:
    """Drop the chains; the records stay."""
    op.drop_index("uq_audit_record_organisation_id_sequence", "audit_record")
    for name in ("hash", "previous_hash", "sequence"):
        op.drop_column("audit_record", name)
    op.drop_table("audit_checkpoint")
    op.drop_table("audit_chain")


def create_tables() -> None:
    """Create the tables audit_chain and audit_checkpoint."""
    op.create_table(
        "audit_chain",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_audit_chain")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "sequence", name=op.f("pk_audit_checkpoint")),
    )


def chain_existing(connection: sa.Connection) -> None:
    """Give every record its place, in the order of time, and write down where the chains end."""
    heads: dict[UUID, tuple[int, str]] = {}
    place = sa.text(
        "UPDATE audit_record SET sequence = :sequence, previous_hash = :previous, hash = :hash WHERE id = :id"
    )
    for batch in batches(connection):
        places = []
        for record in batch:
            sequence, previous = heads.get(record["organisation_id"] or SYSTEM, (0, GENESIS))
            fields = {**record, "sequence": sequence + 1, "previous_hash": previous}
            digest = sha256(canonical(fields)).hexdigest()
            heads[record["organisation_id"] or SYSTEM] = (sequence + 1, digest)
            places.append({"id": record["id"], "sequence": sequence + 1, "previous": previous, "hash": digest})
        connection.execute(place, places)
    if heads:
        ends = [{"key": key, "sequence": sequence, "hash": digest} for key, (sequence, digest) in heads.items()]
        connection.execute(sa.text("INSERT INTO audit_chain VALUES (:key, :sequence, :hash)"), ends)


def batches(connection: sa.Connection) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The records, a batch at a time. They are read before any is changed, as the database keeps its snapshot."""
    with connection.execute(sa.text(RECORDS), execution_options={"yield_per": BATCH}) as found:
        yield from found.mappings().partitions(BATCH)


def canonical(value: Any) -> bytes:
    """What `app.audit.canonical` made of a record when this was written; it must not change with that."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def plain(value: Any) -> Any:
    """The same value in what JSON knows."""
    match value:
        case dict():
            return {key: plain(member) for key, member in value.items()}
        case list():
            return [plain(member) for member in value]
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case float() if value.is_integer():
            return int(Decimal(repr(value)))
    return value
