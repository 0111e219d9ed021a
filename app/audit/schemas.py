"""What callers send and receive about audit records."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.core.actor import Role
from app.core.pages import PageQuery
from app.core.schemas import Out


class AuditRecordOut(Out):
    """One thing somebody did."""

    id: UUID = Field(description="Its id.")
    at: datetime = Field(description="When it happened.")
    actor_member_id: UUID | None = Field(description="Who did it; null for the system itself.")
    actor_organisation_id: UUID | None = Field(description="For whom.")
    actor_key_id: UUID | None = Field(description="With which API key, session or OAuth client.")
    actor_role: Role | None = Field(description="In which role.")
    organisation_id: UUID | None = Field(description="The organisation the subject belongs to.")
    action: str = Field(description="What happened.", examples=["member.created"])
    subject_type: str = Field(description="The kind of thing it happened to.", examples=["member"])
    subject_id: UUID = Field(description="The thing it happened to.")
    payload: dict[str, Any] = Field(
        description="What else there is to know; a text about a person reads `erased` once they are."
    )
    sequence: int = Field(description="Its number among the organisation's records, from 1 without gaps.", ge=1)
    previous_hash: str = Field(
        description="The hash of the record before it; zeros for the first.", examples=["0" * 64]
    )
    hash: str = Field(
        description="SHA-256 of this record and the hash before it, in hexadecimal.",
        examples=["3b1c6f0e9a7d4c528e6b0f1d2a3c4b5e6f708192a3b4c5d6e7f8091a2b3c4d5e"],
    )


class AuditRecordQuery(PageQuery):
    """Which audit records to list."""

    sort: Literal["at", "-at"] = Field("-at", description="Order.")
    action: str | None = Field(None, max_length=80, description="Only this action.", examples=["member.created"])
    subject_type: str | None = Field(None, max_length=40, description="Only subjects of this kind.")
    subject_id: UUID | None = Field(None, description="Only this subject.")
    organisation_id: UUID | None = Field(None, description="Only subjects of this organisation.")
    actor_member_id: UUID | None = Field(None, description="Only what this member did.")
    since: AwareDatetime | None = Field(None, description="Not before this instant.")
    until: AwareDatetime | None = Field(None, description="Before this instant.")
