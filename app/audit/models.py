"""The tables of audit records, of the chains they form, and of the checkpoints that sign those."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.actor import Role
from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.ids import new_id
from app.core.migrations import APPEND_ONLY, KEPT
from app.core.row_security import TENANCY, Policies, side
from app.core.tenancy import Side


class AuditRecord(SQLModel, table=True):
    """One thing somebody did. No foreign keys: a record outlives what it tells about."""

    __tablename__: ClassVar[str] = "audit_record"
    __table_args__ = (
        Index("ix_audit_record_subject", "subject_type", "subject_id"),
        Index("ix_audit_record_organisation_id_at", "organisation_id", "at"),
        Index("ix_audit_record_at_id", "at", "id"),
        # Records of no organisation are one chain, too: there, NULL equals NULL.
        Index(
            "uq_audit_record_organisation_id_sequence",
            "organisation_id",
            "sequence",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        {
            "info": {
                APPEND_ONLY: True,
                TENANCY: Policies(read=side(Side.MARKETPLACE), write=side(Side.SYSTEM), add=side(Side.AUDIT)),
                **classified(
                    internal="id at actor_member_id actor_organisation_id actor_key_id actor_role organisation_id "
                    "action subject_type subject_id sequence previous_hash hash",
                    confidential="payload",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    at: datetime = Field(default_factory=utcnow)
    actor_member_id: UUID | None
    actor_organisation_id: UUID | None
    actor_key_id: UUID | None
    actor_role: Role | None = enum_field(Role, "actor_role")
    organisation_id: UUID | None
    action: str = Field(max_length=80)
    subject_type: str = Field(max_length=40)
    subject_id: UUID
    payload: dict[str, Any] = Field(sa_type=JSONB)
    sequence: int = Field(sa_type=BigInteger)
    """From 1, without gaps, in the chain of the record's organisation."""
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class AuditChain(SQLModel, table=True):
    """Where the chain of an organisation ends; whoever extends it locks this row."""

    __tablename__: ClassVar[str] = "audit_chain"
    __table_args__ = (
        {
            "info": {
                KEPT: True,
                TENANCY: Policies(write=side(Side.AUDIT, Side.SYSTEM)),
                **classified(internal="organisation_id last_sequence last_hash"),
            }
        },
    )

    organisation_id: UUID = Field(primary_key=True)
    """All zeros for the system's own chain."""
    last_sequence: int = Field(sa_type=BigInteger)
    last_hash: str = Field(max_length=64)


class AuditCheckpoint(SQLModel, table=True):
    """A signature under one record of a chain, and so under all before it."""

    __tablename__: ClassVar[str] = "audit_checkpoint"
    __table_args__ = (
        {
            "info": {
                APPEND_ONLY: True,
                TENANCY: Policies(write=side(Side.AUDIT, Side.SYSTEM)),
                **classified(internal="organisation_id sequence hash made_at signature"),
            }
        },
    )

    organisation_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    hash: str = Field(max_length=64)
    made_at: datetime
    signature: str = Field(max_length=64)
