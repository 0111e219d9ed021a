"""Links that engineers act by, and what they decided."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.encryption import Key, place
from app.core.ids import new_id
from app.core.migrations import APPEND_ONLY
from app.core.row_security import TENANCY
from app.talent.models import OF_ENGINEER


class LinkPurpose(StrEnum):
    """What an engineer may do by a link; one act uses the link up."""

    CONSENT = "consent"
    """Grant or withdraw consent."""
    EXPORT = "export"
    """Receive everything that is known of them."""
    ERASURE = "erasure"
    """Have it erased."""
    DECLARATION = "declaration"
    """Say, or say no more, what fairness alone is measured by; with `export`, to receive that, too."""


class ConsentPurpose(StrEnum):
    """What a person agrees to. Who has decided nothing has withdrawn nothing: their firm vouches for a lawful basis."""

    MATCHING = "matching"
    """The redacted profile may be ranked and shown to clients; once withdrawn, it is not listed."""
    IDENTITY = "identity"
    """Their identity may be disclosed to a client that accepted a proposal."""
    DOCUMENTS = "documents"
    """Documents about them may be stored; once withdrawn, they are deleted."""


class Decision(StrEnum):
    """What was decided."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class Channel(StrEnum):
    """How a person's wish came in."""

    LINK = "link"
    """By themselves, through a link."""
    FIRM = "firm"
    """Through their firm, which holds the evidence."""
    MARKETPLACE = "marketplace"
    """Through the marketplace."""
    LEDGER = "ledger"
    """Out of the ledger of erasures, after an older backup was restored."""


class Ground(StrEnum):
    """Why somebody is erased: the letters of Art. 17(1) GDPR, which the LGPD and others share. Never a free text."""

    NO_LONGER_NEEDED = "no_longer_needed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    OBJECTION = "objection"
    UNLAWFUL = "unlawful"
    LEGAL_OBLIGATION = "legal_obligation"


def _refers_to_engineer(**options: Any) -> Any:
    return Field(foreign_key="engineer.id", **options)


class EngineerLink(SQLModel, table=True):
    """A link an engineer may act by, once. What is sent is signed, and kept nowhere."""

    __tablename__ = "engineer_link"
    __table_args__ = (
        Index("ix_engineer_link_engineer_id_created_at", "engineer_id", "created_at", "id"),
        CheckConstraint("cardinality(purposes) > 0", name="purposes_given"),
        CheckConstraint("(used_at IS NULL) = (used_for IS NULL)", name="use_whole"),
        {
            "info": {
                TENANCY: OF_ENGINEER,
                **classified(
                    internal="id engineer_id purposes created_by created_at expires_at used_at used_for revoked_at"
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    engineer_id: UUID = _refers_to_engineer(ondelete="CASCADE")
    purposes: list[str] = Field(sa_column=Column(ARRAY(String(40)), nullable=False))
    created_by: UUID | None = Field(default=None, foreign_key="member.id")
    created_at: datetime = Field(default_factory=utcnow)
    expires_at: datetime
    used_at: datetime | None = None
    used_for: LinkPurpose | None = enum_field(LinkPurpose, "used_for", default=None, nullable=True)
    revoked_at: datetime | None = None


class ConsentDecision(SQLModel, table=True):
    """What a person decided about one purpose. Decisions are only ever added, and outlive an erasure as proof."""

    __tablename__ = "consent_decision"
    __table_args__ = (
        CheckConstraint("number > 0", name="number_range"),
        {
            "info": {
                APPEND_ONLY: True,
                TENANCY: OF_ENGINEER,
                **classified(
                    internal="engineer_id number purpose text_version decision at channel link_id recorded_by",
                    personal="evidence",
                ),
            }
        },
    )

    engineer_id: UUID = _refers_to_engineer(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """From 1 without gaps, in the order in which they were decided."""
    purpose: ConsentPurpose = enum_field(ConsentPurpose, "purpose")
    text_version: str = Field(max_length=40)
    decision: Decision = enum_field(Decision, "decision")
    at: datetime = Field(default_factory=utcnow)
    channel: Channel = enum_field(Channel, "channel")
    link_id: UUID | None = None
    recorded_by: UUID | None = Field(default=None, foreign_key="member.id")
    evidence: bytes | None = Field(
        default=None,
        sa_column=Column(LargeBinary, nullable=True),
        description="The firm's note, under the person's key.",
    )

    def seal_evidence(self, key: Key, note: str) -> None:
        """Keep the firm's note under the person's key."""
        self.evidence = key.seal(self._place, note.encode())

    def open_evidence(self, key: Key) -> str | None:
        """The firm's note, if there is one."""
        return None if self.evidence is None else key.open(self._place, self.evidence).decode()

    @property
    def _place(self) -> bytes:
        return place("consent_decision", "evidence", f"{self.engineer_id}|{self.number}")
