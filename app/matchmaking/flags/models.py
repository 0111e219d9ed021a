"""Flags: what was found in a profile, and what a person decided about it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import CheckConstraint, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.encryption import Key, place
from app.core.ids import new_id
from app.core.row_security import TENANCY, Policies, any_of, own, side
from app.core.tenancy import Side
from app.matchmaking.evidence import Withheld
from app.matchmaking.flags.findings import Found, text_at
from app.matchmaking.flags.lifecycle import FlagState
from app.talent.models import Engineer
from matching.suspicion import Kind


class ProfileFlag(SQLModel, table=True):
    """A finding in a profile; what it quotes, and what was decided of it, are under the person's key."""

    __tablename__ = "profile_flag"
    __table_args__ = (
        Index("ix_profile_flag_engineer_id_fingerprint", "engineer_id", "fingerprint", unique=True),
        Index("ix_profile_flag_state_found_at", "state", "found_at", "id"),
        Index("ix_profile_flag_organisation_id_found_at", "organisation_id", "found_at", "id"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decision_dated"),
        {
            "info": {
                TENANCY: Policies(read=side(Side.MARKETPLACE), write=any_of(side(Side.SYSTEM), own(Side.SUPPLIER))),
                **classified(
                    internal="id engineer_id organisation_id kind pointer state stands version found_at decided_at "
                    "decided_by",
                    personal="fingerprint sealed sealed_note",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    engineer_id: UUID = Field(foreign_key="engineer.id", ondelete="CASCADE")
    organisation_id: UUID = Field(foreign_key="organisation.id", description="The firm that offers them.")
    kind: Kind = enum_field(Kind, "kind")
    pointer: str = Field(default="", max_length=80)
    fingerprint: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False), description="Keyed hash of what was found, wherever it stands."
    )
    state: FlagState = enum_field(FlagState, "state", default=FlagState.OPEN)
    version: int = 1
    stands: bool = True
    """Whether the passage is still in the profile; of those that are not, only decisions are kept."""
    found_at: datetime = Field(default_factory=utcnow)
    decided_at: datetime | None = None
    decided_by: UUID | None = Field(default=None, foreign_key="member.id")
    sealed: bytes = Field(
        default=b"", sa_column=Column(LargeBinary, nullable=False), description="`reason`, `passage`, `start`, `end`."
    )
    sealed_note: bytes | None = Field(
        default=None, sa_column=Column(LargeBinary, nullable=True), description="Why it was decided so."
    )

    def place_at(self, key: Key, found: Found) -> None:
        """Say where the finding stands now, and keep what was found under the person's key."""
        said = {
            "reason": found.finding.reason,
            "passage": found.passage,
            "start": found.finding.start,
            "end": found.finding.end,
        }
        if self.__dict__.get("_said", {}) | said != self.__dict__.get("_said") or self.pointer != found.pointer:
            self.pointer = found.pointer
            self.sealed = key.seal_document(place("profile_flag", "sealed", self.id), to_json(said))
        self.__dict__["_said"] = {"note": None} | self.__dict__.get("_said", {}) | said

    def found_in(self, engineer: Engineer) -> bool:
        """Whether the passage still stands where it was found."""
        return bool(self.passage) and text_at(engineer, self.pointer).startswith(self.passage, self.span[0])

    def seal_note(self, key: Key, note: str) -> None:
        """Keep why it was decided so under the person's key."""
        self.sealed_note = key.seal(place("profile_flag", "sealed_note", self.id), note.encode())

    def open(self, key: Key) -> None:
        """Unseal what was found and why it was decided so.

        Raises:
            SealBroken: it was changed, or is another row's.
        """
        said = from_json(key.open_document(place("profile_flag", "sealed", self.id), self.sealed))
        where = place("profile_flag", "sealed_note", self.id)
        note = None if self.sealed_note is None else key.open(where, self.sealed_note).decode()
        self.__dict__["_said"] = {**said, "note": note}

    @property
    def reason(self) -> str:
        """What is wrong; `open` comes before."""
        return str(self.__dict__["_said"]["reason"])

    @property
    def passage(self) -> str:
        """What was found; `open` comes before."""
        return str(self.__dict__["_said"]["passage"])

    @property
    def span(self) -> tuple[int, int]:
        """Where in its text the passage stands, by characters; `open` comes before."""
        return int(self.__dict__["_said"]["start"]), int(self.__dict__["_said"]["end"])

    @property
    def note(self) -> str | None:
        """Why it was decided so; `open` comes before."""
        found: str | None = self.__dict__["_said"]["note"]
        return found


def withheld_by(flags: Iterable[ProfileFlag]) -> Withheld:
    """The passages that are evidence of nothing because of these flags; of those dismissed none is."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for flag in flags:
        if flag.stands and flag.state is not FlagState.DISMISSED:
            spans.setdefault(flag.pointer, []).append(flag.span)
    return spans
