"""Canonical concepts, the places of the market, and words no curator has seen yet."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.encryption import HouseKey, place
from app.core.ids import new_id
from app.core.row_security import SHARED, TENANCY


class ConceptKind(StrEnum):
    """What a concept is a concept of; `level` and `term` serve the reading of job titles."""

    SKILL = "skill"
    TITLE = "title"
    DOMAIN = "domain"
    CERTIFICATION = "certification"
    LEVEL = "level"
    TERM = "term"


class UnmatchedStatus(StrEnum):
    """What a curator made of an unknown word."""

    OPEN = "open"
    MAPPED = "mapped"
    DISMISSED = "dismissed"


class Concept(SQLModel, table=True):
    """A canonical thing with its names, its edges and the facts of its kind."""

    __tablename__ = "concept"
    __table_args__ = (
        Index("ix_concept_kind_name", "kind", "name", "id"),
        {
            "info": {
                TENANCY: SHARED,
                **classified(public="kind id name classifier aliases ambiguous implies related facts search_text"),
            }
        },
    )

    kind: ConceptKind = enum_field(ConceptKind, "kind", primary_key=True)
    id: str = Field(primary_key=True, max_length=80)
    name: str
    classifier: str = ""
    aliases: dict[str, list[str]] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    ambiguous: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    implies: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(String(80)), nullable=False))
    related: dict[str, float] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    search_text: str = Field(description="Every name, folded, one a line, for the search box.")


class City(SQLModel, table=True):
    """A city with its zone and coordinates."""

    __tablename__ = "city"
    __table_args__ = (
        {"info": {TENANCY: SHARED, **classified(public="id name country zone latitude longitude size search_text")}},
    )

    id: str = Field(primary_key=True, max_length=80)
    name: str
    country: str = Field(max_length=2)
    zone: str
    latitude: float
    longitude: float
    size: str
    search_text: str


class TaxonomyRevision(SQLModel, table=True):
    """The single row that changes whenever a concept does, so that processes know to read again."""

    __tablename__ = "taxonomy_revision"
    __table_args__ = (
        CheckConstraint("id = 1", name="single_row"),
        {"info": {TENANCY: SHARED, **classified(public="id revision reference")}},
    )

    id: int = Field(default=1, primary_key=True)
    revision: str
    reference: str = Field(description="Hash of the reference data it began from.")


class ThesaurusSource(SQLModel, table=True):
    """A collection of names an operator imported, with what its owner wants to be said."""

    __tablename__ = "thesaurus_source"
    __table_args__ = (
        CheckConstraint("concepts > 0 AND names > 0", name="not_empty"),
        {
            "info": {
                TENANCY: SHARED,
                **classified(public="id name attribution licence release languages concepts names digest imported_at"),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=40, unique=True)
    attribution: str
    licence: str
    release: str = Field(max_length=40)
    languages: list[str] = Field(sa_column=Column(ARRAY(String(2)), nullable=False))
    concepts: int
    names: int
    digest: str = Field(max_length=64, description="SHA-256 over everything that was imported.")
    imported_at: datetime = Field(default_factory=utcnow)


class ThesaurusEntry(SQLModel, table=True):
    """Names of one imported concept in one language, the preferred one first."""

    __tablename__ = "thesaurus_entry"
    __table_args__ = (
        CheckConstraint("cardinality(names) > 0", name="named"),
        {"info": {TENANCY: SHARED, **classified(public="source_id concept_id language names")}},
    )

    source_id: UUID = Field(foreign_key="thesaurus_source.id", ondelete="CASCADE", primary_key=True)
    concept_id: str = Field(max_length=200, primary_key=True)
    language: str = Field(max_length=2, primary_key=True)
    names: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))


class UnmatchedSkill(SQLModel, table=True):
    """A skill as somebody wrote it that no concept goes by; kept, counted and queued for a curator."""

    __tablename__ = "unmatched_skill"
    __table_args__ = (
        {
            "info": {
                TENANCY: SHARED,
                **classified(
                    internal="id key occurrences status skill_id version created_at updated_at", personal="sealed"
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    key: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False, unique=True),
        description="Keyed hash of what all ways of writing it share, as the taxonomy looks words up.",
    )
    sealed: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False), description="The spelling seen first, under the house's key."
    )
    occurrences: int = 1
    status: UnmatchedStatus = enum_field(UnmatchedStatus, "status", default=UnmatchedStatus.OPEN)
    skill_id: str | None = Field(default=None, description="The concept it was mapped to.")
    version: int = 1
    created_at: datetime = Field(default_factory=utcnow)
    updated_at: datetime = Field(default_factory=utcnow)

    @property
    def written(self) -> str:
        """The spelling seen first; `open` comes before."""
        found: str = self.__dict__["_written"]
        return found

    def open(self, house: HouseKey) -> None:
        """Unseal the word as it was written."""
        self.__dict__["_written"] = house.open(place("unmatched_skill", "sealed", self.id), self.sealed).decode()
