"""The table of audit records."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.actor import Role
from app.core.clock import utcnow
from app.core.columns import enum_field
from app.core.ids import new_id
from app.core.migrations import APPEND_ONLY


class AuditRecord(SQLModel, table=True):
    """One thing somebody did. No foreign keys: a record outlives what it tells about."""

    __tablename__: ClassVar[str] = "audit_record"
    __table_args__ = (
        Index("ix_audit_record_subject", "subject_type", "subject_id"),
        Index("ix_audit_record_organisation_id_at", "organisation_id", "at"),
        Index("ix_audit_record_at_id", "at", "id"),
        {"info": {APPEND_ONLY: True}},
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
