"""An engineer's profile: one row, and a table for each of its lists.

Lists keep the order they were given in: `position` counts from zero and is the index a JSON pointer names.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Relationship, SQLModel

from app.core.clock import utcnow
from app.core.columns import enum_field
from app.core.ids import new_id
from app.core.row_security import TENANCY, Policies, any_of, own, side, within
from app.core.schemas import Cefr
from app.core.tenancy import Side
from app.core.trade import Discipline, Seniority, clock_window, money
from app.talent.lifecycle import EngineerStatus

OF_ENGINEER: Final = Policies(
    read=side(Side.MARKETPLACE), write=any_of(side(Side.SYSTEM), within("engineer", "engineer_id", Side.SUPPLIER))
)


class LevelEvidence(StrEnum):
    """How somebody's command of a language is known."""

    SELF_ASSESSED = "self_assessed"
    INTERVIEWED = "interviewed"
    TESTED = "tested"
    CERTIFIED = "certified"


class BackupPower(StrEnum):
    """What keeps a workplace running through a power cut."""

    NONE = "none"
    UPS = "ups"
    GENERATOR = "generator"
    SOLAR = "solar"


def _list_of(model: str, *, order: str = "position") -> Any:
    """A list of child rows that is replaced as a whole and never loads by itself."""
    return Relationship(
        sa_relationship_kwargs={
            "lazy": "raise",
            "cascade": "all, delete-orphan",
            "passive_deletes": True,
            "order_by": f"{model}.{order}",
        }
    )


def _owner() -> Any:
    return Field(foreign_key="engineer.id", ondelete="CASCADE", primary_key=True)


class EngineerSkill(SQLModel, table=True):
    """A skill an engineer states; `skill_id` is null while no concept goes by what was written."""

    __tablename__ = "engineer_skill"
    __table_args__ = (
        CheckConstraint("years >= 0 AND years <= 60", name="years_range"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level_range"),
        Index("ix_engineer_skill_skill_id", "skill_id"),
        {"info": {TENANCY: OF_ENGINEER}},
    )

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    skill_id: str | None = Field(default=None, max_length=80)
    name: str
    written: str
    years: Decimal | None = Field(default=None, sa_type=Numeric(3, 1))
    level: int | None = None
    last_used: int | None = None


class EngineerLanguage(SQLModel, table=True):
    """Command of a language by mode, with how it is known."""

    __tablename__ = "engineer_language"
    __table_args__ = ({"info": {TENANCY: OF_ENGINEER}},)

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    language: str
    speaking: Cefr | None = enum_field(Cefr, "speaking", default=None, nullable=True)
    listening: Cefr | None = enum_field(Cefr, "listening", default=None, nullable=True)
    reading: Cefr | None = enum_field(Cefr, "reading", default=None, nullable=True)
    writing: Cefr | None = enum_field(Cefr, "writing", default=None, nullable=True)
    evidence: LevelEvidence = enum_field(LevelEvidence, "evidence")
    assessed_on: date | None = None


class EngineerCertification(SQLModel, table=True):
    """A certification held."""

    __tablename__ = "engineer_certification"
    __table_args__ = (
        CheckConstraint("expires_on >= issued_on", name="expires_after_issue"),
        {"info": {TENANCY: OF_ENGINEER}},
    )

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    certification_id: str | None = Field(default=None, max_length=80)
    name: str
    written: str
    issued_on: date | None = None
    expires_on: date | None = None


class EngineerDomain(SQLModel, table=True):
    """Experience in a business domain."""

    __tablename__ = "engineer_domain"
    __table_args__ = ({"info": {TENANCY: OF_ENGINEER}},)

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    domain_id: str | None = Field(default=None, max_length=80)
    name: str
    written: str
    years: Decimal | None = Field(default=None, sa_type=Numeric(3, 1))


class EngineerJob(SQLModel, table=True):
    """A job in an engineer's history; the present one has no end."""

    __tablename__ = "engineer_job"
    __table_args__ = (
        CheckConstraint("ended_on >= started_on", name="ends_after_start"),
        {"info": {TENANCY: OF_ENGINEER}},
    )

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    title: str
    employer: str
    domain_id: str | None = Field(default=None, max_length=80)
    domain_name: str | None = Field(default=None, description="Canonical name, or as written while nobody knows it.")
    started_on: date
    ended_on: date | None = None
    summary: str | None = None


class EngineerEducation(SQLModel, table=True):
    """A degree or course."""

    __tablename__ = "engineer_education"
    __table_args__ = ({"info": {TENANCY: OF_ENGINEER}},)

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    institution: str
    degree: str
    field_of_study: str | None = None
    started_in: int | None = None
    ended_in: int | None = None


class EngineerBio(SQLModel, table=True):
    """What an engineer says of themselves, in one language."""

    __tablename__ = "engineer_bio"
    __table_args__ = ({"info": {TENANCY: OF_ENGINEER}},)

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    language: str
    text: str


class EngineerContact(SQLModel, table=True):
    """How to reach an engineer; kept apart, because few may see it."""

    __tablename__ = "engineer_contact"
    __table_args__ = ({"info": {TENANCY: OF_ENGINEER}},)

    engineer_id: UUID = _owner()
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    links: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))


class Engineer(SQLModel, table=True):
    """An engineer a staffing firm offers."""

    __tablename__ = "engineer"
    __table_args__ = (
        CheckConstraint("weekly_hours BETWEEN 1 AND 80", name="weekly_hours_range"),
        CheckConstraint("(window_start IS NULL) = (window_end IS NULL)", name="window_whole"),
        CheckConstraint("window_start BETWEEN 0 AND 1439 AND window_end BETWEEN 0 AND 1439", name="window_range"),
        CheckConstraint("(rate_amount IS NULL) = (rate_currency IS NULL)", name="rate_whole"),
        CheckConstraint("rate_amount >= 0", name="rate_range"),
        Index("ix_engineer_organisation_id_created_at", "organisation_id", "created_at", "id"),
        Index("ix_engineer_created_at", "created_at", "id"),
        Index("ix_engineer_updated_at", "updated_at", "id"),
        {"info": {TENANCY: Policies(read=side(Side.MARKETPLACE), write=any_of(side(Side.SYSTEM), own(Side.SUPPLIER)))}},
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    status: EngineerStatus = enum_field(EngineerStatus, "status", default=EngineerStatus.DRAFT)
    version: int = 1
    given_name: str
    family_name: str
    title: str
    discipline: Discipline = enum_field(Discipline, "discipline")
    seniority: Seniority | None = enum_field(Seniority, "seniority", default=None, nullable=True)
    city_id: str | None = Field(default=None, max_length=80)
    city_name: str | None = None
    country: str | None = Field(default=None, max_length=2)
    zone: str | None = None
    window_start: int | None = Field(default=None, description="Minutes after local midnight.")
    window_end: int | None = Field(default=None, description="Minutes after local midnight.")
    available_from: date | None = None
    weekly_hours: int | None = None
    rate_amount: int | None = Field(default=None, description="Minor units an hour.")
    rate_currency: str | None = Field(default=None, max_length=3)
    workplace: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    created_at: datetime = Field(default_factory=utcnow)
    updated_at: datetime = Field(default_factory=utcnow)

    skills: list[EngineerSkill] = _list_of("EngineerSkill")
    languages: list[EngineerLanguage] = _list_of("EngineerLanguage")
    certifications: list[EngineerCertification] = _list_of("EngineerCertification")
    domains: list[EngineerDomain] = _list_of("EngineerDomain")
    work_history: list[EngineerJob] = _list_of("EngineerJob")
    education: list[EngineerEducation] = _list_of("EngineerEducation")
    bios: list[EngineerBio] = _list_of("EngineerBio")

    @property
    def working_window(self) -> dict[str, str] | None:
        """The window as clock times."""
        return clock_window(self.window_start, self.window_end)

    @property
    def hourly_rate(self) -> dict[str, Any] | None:
        """The rate as money."""
        return money(self.rate_amount, self.rate_currency)

    @property
    def unmatched_skills(self) -> list[str]:
        """Skills no concept goes by, as written."""
        return [skill.written for skill in self.skills if skill.skill_id is None]
