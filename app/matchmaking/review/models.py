"""Who has seen a shortlist, and what they decided. Rows are only ever added."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.encryption import Key, place
from app.core.ids import new_id
from app.core.migrations import APPEND_ONLY
from app.core.row_security import TENANCY, Policies, any_of, within
from app.core.tenancy import Side
from app.matchmaking.models import STAFF

OF_SHORTLIST: Final = Policies(write=any_of(STAFF, within("shortlist", "shortlist_id", Side.CLIENT)))


class Verdict(StrEnum):
    """What a person decided about a candidate."""

    ADVANCE = "advance"
    HOLD = "hold"
    DECLINE = "decline"


class Reason(StrEnum):
    """Why: codes that stay, each for one verdict or more. None is about who somebody is."""

    BEST_MATCH = "best_match"
    MEETS_REQUIREMENTS = "meets_requirements"
    POTENTIAL = "potential"
    WORKED_TOGETHER = "worked_together"
    NEEDS_INFORMATION = "needs_information"
    RESERVE = "reserve"
    TIMING = "timing"
    SKILLS = "skills"
    EXPERIENCE = "experience"
    SENIORITY = "seniority"
    DOMAIN = "domain"
    ENGLISH = "english"
    SHARED_HOURS = "shared_hours"
    CERTIFICATIONS = "certifications"
    AVAILABILITY = "availability"
    RATE = "rate"
    LOCATION = "location"
    DUPLICATE = "duplicate"
    ROLE_FILLED = "role_filled"
    OTHER = "other"
    """Said in the note."""


REASONS: Final[Mapping[Verdict, frozenset[Reason]]] = {
    Verdict.ADVANCE: frozenset(
        {Reason.BEST_MATCH, Reason.MEETS_REQUIREMENTS, Reason.POTENTIAL, Reason.WORKED_TOGETHER, Reason.OTHER}
    ),
    Verdict.HOLD: frozenset({Reason.NEEDS_INFORMATION, Reason.RESERVE, Reason.TIMING, Reason.OTHER}),
    Verdict.DECLINE: frozenset(
        {
            Reason.SKILLS,
            Reason.EXPERIENCE,
            Reason.SENIORITY,
            Reason.DOMAIN,
            Reason.ENGLISH,
            Reason.SHARED_HOURS,
            Reason.CERTIFICATIONS,
            Reason.AVAILABILITY,
            Reason.RATE,
            Reason.LOCATION,
            Reason.DUPLICATE,
            Reason.ROLE_FILLED,
            Reason.OTHER,
        }
    ),
}
"""The reasons there are for each verdict."""


class ShortlistImpression(SQLModel, table=True):
    """Somebody was shown a shortlist: once a window of time, whatever they read in it. Places follow from the list."""

    __tablename__ = "shortlist_impression"
    __table_args__ = (
        {
            "info": {
                APPEND_ONLY: True,
                TENANCY: OF_SHORTLIST,
                **classified(internal="shortlist_id member_id slot at"),
            }
        },
    )

    shortlist_id: UUID = Field(foreign_key="shortlist.id", primary_key=True)
    member_id: UUID = Field(foreign_key="member.id", primary_key=True)
    slot: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False}, description="Number of the window.")
    at: datetime = Field(default_factory=utcnow)


class ShortlistDecision(SQLModel, table=True):
    """What a person decided about a candidate in their place; the last one counts.

    It outlives an erasure as proof; its note does not open then.
    """

    __tablename__ = "shortlist_decision"
    __table_args__ = (
        ForeignKeyConstraint(
            ["shortlist_id", "rank"],
            ["shortlist_entry.shortlist_id", "shortlist_entry.rank"],
            name="fk_shortlist_decision_shortlist_id_rank",
        ),
        UniqueConstraint("shortlist_id", "rank", "number"),
        Index("ix_shortlist_decision_shortlist_id_created_at", "shortlist_id", "created_at", "id"),
        CheckConstraint("number > 0", name="number_range"),
        {
            "info": {
                APPEND_ONLY: True,
                TENANCY: OF_SHORTLIST,
                **classified(
                    internal="id shortlist_id rank number decision reason decided_by organisation_id created_at",
                    personal="note",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    shortlist_id: UUID
    rank: int
    number: int
    """From 1 without gaps, for one candidate in the order in which it was decided about them."""
    decision: Verdict = enum_field(Verdict, "decision")
    reason: Reason = enum_field(Reason, "reason")
    note: bytes | None = Field(
        default=None, sa_column=Column(LargeBinary, nullable=True), description="Under the person's key."
    )
    decided_by: UUID = Field(foreign_key="member.id")
    organisation_id: UUID = Field(foreign_key="organisation.id", description="Theirs, who decided.")
    created_at: datetime = Field(default_factory=utcnow)

    def seal_note(self, key: Key, note: str) -> None:
        """Keep a note under the person's key."""
        self.note = key.seal(self._place, note.encode())

    def open_note(self, key: Key | None) -> str | None:
        """The note, if there is one and the person was not erased."""
        return None if self.note is None or key is None else key.open(self._place, self.note).decode()

    @property
    def _place(self) -> bytes:
        return place("shortlist_decision", "note", self.id)
