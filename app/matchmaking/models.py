"""What the ranking reads, written with every change, and what it froze."""

from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Relationship, SQLModel

from app.core.clock import utcnow
from app.core.columns import CLASSES, classified, enum_field, require_classes
from app.core.encryption import Key, place
from app.core.ids import new_id
from app.core.row_security import TENANCY, Policies, any_of, own, side, within
from app.core.tenancy import Side
from matching import Profile

CURRENT_TRANSACTION: Final = text("pg_current_xact_id()::text::bigint")
"""Number of the transaction that writes a row. Unlike a sequence's, it can be compared with `pg_snapshot_xmin`, below
which every transaction has ended."""

STAFF: Final = side(Side.MARKETPLACE, Side.SYSTEM)


def _document() -> Any:
    return Column(JSONB(none_as_null=True), nullable=False)


FACTS: Final = classified(
    public="title discipline seniority skills english certifications domains past_titles country zone window "
    "available_from weekly_hours rate currency delivery updated_on",
    internal="id observed",
)[CLASSES]
"""The class of each field of a `matching.Profile`, which is what is sealed as `facts` and as `profile`."""
require_classes("Profile", [member.name for member in fields(Profile)], FACTS)


class WeightsSource(StrEnum):
    """Whose weights a ranking went by; the first that there are, as a whole."""

    REQUEST = "request"
    """The request's own."""
    CLIENT = "client"
    """The client's, for all its requests."""
    DEFAULT = "default"
    """The marketplace's."""


def facts_place(engineer_id: UUID) -> bytes:
    """Where the facts of an engineer belong."""
    return place("profile_entry", "facts", engineer_id)


class ProfileEntry(SQLModel, table=True):
    """A profile as the ranking sees it; an unlisted one leaves its id and version behind, and nothing else."""

    __tablename__ = "profile_entry"
    __table_args__ = (
        Index("ix_profile_entry_changed_in", "changed_in"),
        CheckConstraint("listed = (facts IS NOT NULL) AND listed = (vector IS NOT NULL)", name="listed_whole"),
        {
            "info": {
                TENANCY: Policies(
                    read=side(Side.RANKING),
                    write=any_of(side(Side.SYSTEM), within("engineer", "engineer_id", Side.SUPPLIER)),
                ),
                **classified(
                    internal="engineer_id version listed model_hash changed_in", personal="card_hash vector facts"
                ),
            }
        },
    )

    engineer_id: UUID = Field(foreign_key="engineer.id", ondelete="CASCADE", primary_key=True)
    version: int
    listed: bool
    model_hash: str = Field(max_length=16)
    changed_in: int | None = Field(
        default=None, sa_column=Column(BigInteger, nullable=False, server_default=CURRENT_TRANSACTION)
    )
    card_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    vector: bytes | None = Field(
        default=None,
        sa_column=Column(LargeBinary, nullable=True),
        description="Of its glosses one after the other: float16, little-endian.",
    )
    facts: bytes | None = Field(
        default=None,
        sa_column=Column(LargeBinary, nullable=True),
        description="A `matching.Profile` as JSON, under the person's key.",
    )


class BriefEntry(SQLModel, table=True):
    """A request as the ranking sees it."""

    __tablename__ = "brief_entry"
    __table_args__ = (
        {
            "info": {
                TENANCY: Policies(write=any_of(STAFF, within("request", "request_id", Side.CLIENT))),
                **classified(internal="request_id version model_hash card_hash vector brief"),
            }
        },
    )

    request_id: UUID = Field(foreign_key="request.id", ondelete="CASCADE", primary_key=True)
    version: int
    model_hash: str = Field(max_length=16)
    card_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False), description="float32, little-endian.")
    brief: dict[str, Any] = Field(sa_column=_document())


class ShortlistEntry(SQLModel, table=True):
    """A candidate in their place, with what the ranking knew of them and said about them. Scores are billionths."""

    __tablename__ = "shortlist_entry"
    __table_args__ = (
        {
            "info": {
                TENANCY: Policies(write=any_of(STAFF, within("shortlist", "shortlist_id", Side.CLIENT))),
                **classified(
                    public="rank engineer_id engineer_version score low high",
                    internal="shortlist_id",
                    personal="sealed",
                ),
            }
        },
    )

    shortlist_id: UUID = Field(
        sa_column=Column(ForeignKey("shortlist.id", ondelete="CASCADE"), primary_key=True, nullable=False)
    )
    rank: int = Field(primary_key=True)
    engineer_id: UUID = Field(foreign_key="engineer.id", index=True)
    engineer_version: int
    score: int = Field(sa_type=BigInteger)
    low: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    sealed: bytes = Field(
        default=b"",
        sa_column=Column(LargeBinary, nullable=False),
        description="`profile` and `explanation`, under the person's key.",
    )

    @property
    def erased(self) -> bool:
        """Whether the person's key was destroyed, and what was known and said of them is gone."""
        return self.__dict__["_said"] is None

    @property
    def profile(self) -> dict[str, Any]:
        """What the ranking knew; `open` or `seal` comes before."""
        found: dict[str, Any] = self.__dict__["_said"]["profile"]
        return found

    @property
    def explanation(self) -> dict[str, Any]:
        """What it said; `open` or `seal` comes before."""
        found: dict[str, Any] = self.__dict__["_said"]["explanation"]
        return found

    def seal(self, key: Key, *, profile: dict[str, Any], explanation: dict[str, Any]) -> None:
        """Keep what was known and said under the person's key."""
        said = {"profile": profile, "explanation": explanation}
        self.__dict__["_said"] = said
        self.sealed = key.seal_document(self._place, to_json(said))

    def open(self, key: Key | None) -> None:
        """Unseal what was known and said; without a key it is gone.

        Raises:
            SealBroken: it was changed, or is another entry's.
        """
        self.__dict__["_said"] = None if key is None else from_json(key.open_document(self._place, self.sealed))

    @property
    def _place(self) -> bytes:
        return place("shortlist_entry", "sealed", f"{self.shortlist_id}|{self.rank}")


class Shortlist(SQLModel, table=True):
    """A ranking, frozen: everything needed to compute it again is kept with it."""

    __tablename__ = "shortlist"
    __table_args__ = (
        Index("ix_shortlist_request_id_created_at", "request_id", "created_at", "id"),
        Index("ix_shortlist_organisation_id_created_at", "organisation_id", "created_at", "id"),
        CheckConstraint("(weights_source = 'client') = (weights_version IS NOT NULL)", name="weights_versioned"),
        {
            "info": {
                TENANCY: Policies(write=any_of(STAFF, own(Side.CLIENT))),
                **classified(
                    public="id request_id request_version created_at size considered admitted weights weights_source "
                    "weights_version gates model_id model_hash taxonomy_revision watermark",
                    internal="organisation_id created_by brief",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    request_id: UUID = Field(foreign_key="request.id")
    request_version: int
    organisation_id: UUID = Field(foreign_key="organisation.id", description="The client.")
    created_by: UUID | None = Field(default=None, foreign_key="member.id")
    created_at: datetime = Field(default_factory=utcnow)
    size: int
    considered: int
    admitted: int
    weights: dict[str, float] = Field(sa_column=_document())
    weights_source: WeightsSource = enum_field(WeightsSource, "weights_source")
    weights_version: int | None = Field(default=None, description="Of the client's weights.")
    gates: list[dict[str, Any]] = Field(sa_column=_document())
    model_id: str
    model_hash: str = Field(max_length=16)
    taxonomy_revision: str
    watermark: int = Field(sa_type=BigInteger)
    brief: dict[str, Any] = Field(sa_column=_document())

    entries: list[ShortlistEntry] = Relationship(
        sa_relationship_kwargs={"lazy": "raise", "order_by": "ShortlistEntry.rank", "passive_deletes": True}
    )
