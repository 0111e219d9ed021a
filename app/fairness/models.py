"""What was counted of each ranking, and what people declared, kept apart from everything that ranks."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.encryption import Key, place
from app.core.row_security import TENANCY, Policies, any_of, own, side
from app.core.tenancy import Side
from app.core.trade import Discipline

PADDED: Final = 256
"""Bytes of a declaration before it is sealed, whatever it says: a length would tell."""
SYSTEM_ALONE: Final = Policies(write=side(Side.SYSTEM))
"""No tenant's transaction sees it, no firm's, no client's and no recruiter's, nor one that ranks."""


class Gender(StrEnum):
    """As declared."""

    WOMAN = "woman"
    MAN = "man"
    NON_BINARY = "non_binary"
    OTHER = "other"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"


class AgeBand(StrEnum):
    """As declared; 40 is the age from which 29 U.S.C. 631 protects."""

    UNDER_30 = "under_30"
    FROM_30_TO_39 = "30_to_39"
    FROM_40_TO_49 = "40_to_49"
    FROM_50_TO_59 = "50_to_59"
    FROM_60 = "60_and_over"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"


class Ethnicity(StrEnum):
    """As declared, in the categories of the EEO-1 report, which Local Law 144 counts by."""

    HISPANIC_OR_LATINO = "hispanic_or_latino"
    WHITE = "white"
    BLACK = "black_or_african_american"
    ASIAN = "asian"
    PACIFIC_ISLANDER = "native_hawaiian_or_pacific_islander"
    NATIVE_AMERICAN = "native_american_or_alaska_native"
    TWO_OR_MORE = "two_or_more"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"


class Disability(StrEnum):
    """As declared, in the answers of form CC-305."""

    YES = "yes"
    NO = "no"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"


def _of_shortlist() -> Any:
    return Column(ForeignKey("shortlist.id", ondelete="CASCADE"), primary_key=True, nullable=False)


def _document() -> Any:
    return Column(JSONB(none_as_null=True), nullable=False)


class ShortlistPopulation(SQLModel, table=True):
    """A ranking's candidates counted by group as it was made, small groups taken together: nobody can be read off it.

    `groups` has a `matching.Group` for each dimension and value, `ndkl` a number for each dimension; both are empty of
    a list too short, or of too few people, to tell anything.
    """

    __tablename__ = "shortlist_population"
    __table_args__ = (
        Index("ix_shortlist_population_ranked_at", "ranked_at", "shortlist_id"),
        Index("ix_shortlist_population_organisation_id_ranked_at", "organisation_id", "ranked_at"),
        {
            "info": {
                TENANCY: Policies(write=any_of(side(Side.MARKETPLACE, Side.SYSTEM), own(Side.CLIENT))),
                **classified(
                    internal="shortlist_id request_id organisation_id discipline ranked_at admitted listed groups ndkl"
                ),
            }
        },
    )

    shortlist_id: UUID = Field(sa_column=_of_shortlist())
    request_id: UUID = Field(foreign_key="request.id")
    organisation_id: UUID = Field(foreign_key="organisation.id", description="The client.")
    discipline: Discipline | None = enum_field(Discipline, "discipline", default=None, nullable=True)
    ranked_at: datetime = Field(default_factory=utcnow)
    admitted: int
    listed: int
    groups: dict[str, dict[str, dict[str, Any]]] = Field(sa_column=_document())
    ndkl: dict[str, float] = Field(sa_column=_document())


class DeclaredStanding(SQLModel, table=True):
    """Who among a ranking's candidates had declared something, and how they fared; what they declared is not here."""

    __tablename__ = "declared_standing"
    __table_args__ = ({"info": {TENANCY: SYSTEM_ALONE, **classified(internal="shortlist_id", confidential="members")}},)

    shortlist_id: UUID = Field(sa_column=_of_shortlist())
    members: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False), description="Seventeen bytes each: see `standing.py`."
    )


class DeclaredAttributes(SQLModel, table=True):
    """What somebody declared of themselves, for the measuring of fairness alone, under their own key."""

    __tablename__ = "declared_attributes"
    __table_args__ = (
        {
            "info": {
                TENANCY: SYSTEM_ALONE,
                **classified(internal="engineer_id declared_at", confidential="sealed"),
            }
        },
    )

    engineer_id: UUID = Field(foreign_key="engineer.id", ondelete="CASCADE", primary_key=True)
    declared_at: datetime = Field(default_factory=utcnow)
    sealed: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))

    def seal(self, key: Key, document: bytes) -> None:
        """Keep what was declared under the person's key."""
        self.sealed = key.seal(self._place, document.ljust(PADDED))

    def open(self, key: Key) -> bytes:
        """What was declared.

        Raises:
            SealBroken: it was changed, or is another person's.
        """
        return key.open(self._place, self.sealed).rstrip()

    @property
    def _place(self) -> bytes:
        return place("declared_attributes", "sealed", self.engineer_id)
