"""A role request: one row, and a table for what it asks skills and certifications for."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Numeric, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, Relationship, SQLModel

from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.ids import new_id
from app.core.row_security import TENANCY, Policies, any_of, own, side, within
from app.core.schemas import Cefr
from app.core.tenancy import Side
from app.core.trade import Discipline, Seniority, clock_window, money
from app.demand.lifecycle import RequestStatus

OPEN_TO_SUPPLIERS: Final = f"({side(Side.SUPPLIER)} AND open_to_suppliers AND status = '{RequestStatus.OPEN}')"
OF_REQUEST: Final = Policies(
    read=any_of(side(Side.MARKETPLACE), within("request", "request_id", Side.SUPPLIER)),
    write=any_of(side(Side.SYSTEM), within("request", "request_id", Side.CLIENT)),
)


class ServiceType(StrEnum):
    """What kind of work the role is."""

    DEVELOPMENT = "development"
    SUPPORT = "support"
    ENGINEERING_SERVICES = "engineering_services"


class EngagementKind(StrEnum):
    """How the work is bought."""

    STAFF_AUGMENTATION = "staff_augmentation"
    DEDICATED_TEAM = "dedicated_team"
    PROJECT = "project"
    DIRECT_HIRE = "direct_hire"


class EnglishMode(StrEnum):
    """Sides of a language that can be asked for."""

    SPEAKING = "speaking"
    LISTENING = "listening"
    READING = "reading"
    WRITING = "writing"


def _list_of(model: str) -> Any:
    return Relationship(
        sa_relationship_kwargs={
            "lazy": "raise",
            "cascade": "all, delete-orphan",
            "passive_deletes": True,
            "order_by": f"{model}.position",
        }
    )


def _texts() -> Any:
    return Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))


class RequestSkill(SQLModel, table=True):
    """A skill a request asks for; `skill_id` is null while no concept goes by what was written."""

    __tablename__ = "request_skill"
    __table_args__ = (
        CheckConstraint("years >= 0 AND years <= 60", name="years_range"),
        {
            "info": {
                TENANCY: OF_REQUEST,
                **classified(public="position skill_id name written must years", internal="request_id"),
            }
        },
    )

    request_id: UUID = Field(foreign_key="request.id", ondelete="CASCADE", primary_key=True)
    position: int = Field(primary_key=True)
    skill_id: str | None = Field(default=None, max_length=80)
    name: str
    written: str
    must: bool
    years: Decimal | None = Field(default=None, sa_type=Numeric(3, 1))


class RequestCertification(SQLModel, table=True):
    """A certification a request asks for."""

    __tablename__ = "request_certification"
    __table_args__ = (
        {
            "info": {
                TENANCY: OF_REQUEST,
                **classified(public="position certification_id name written required", internal="request_id"),
            }
        },
    )

    request_id: UUID = Field(foreign_key="request.id", ondelete="CASCADE", primary_key=True)
    position: int = Field(primary_key=True)
    certification_id: str | None = Field(default=None, max_length=80)
    name: str
    written: str
    required: bool


class Request(SQLModel, table=True):
    """A role a client wants filled."""

    __tablename__ = "request"
    __table_args__ = (
        CheckConstraint("headcount BETWEEN 1 AND 100", name="headcount_range"),
        CheckConstraint("(window_start IS NULL) = (window_end IS NULL)", name="window_whole"),
        CheckConstraint("(rate_ceiling IS NULL) = (rate_currency IS NULL)", name="rate_whole"),
        Index("ix_request_organisation_id_created_at", "organisation_id", "created_at", "id"),
        Index("ix_request_created_at", "created_at", "id"),
        Index("ix_request_updated_at", "updated_at", "id"),
        {
            "info": {
                TENANCY: Policies(
                    read=any_of(side(Side.MARKETPLACE), OPEN_TO_SUPPLIERS),
                    write=any_of(side(Side.SYSTEM), own(Side.CLIENT)),
                ),
                **classified(
                    public="title description discipline seniority minimum_english english_modes domains countries "
                    "zone window_start window_end minimum_shared_minutes starts_on start_tolerance_days duration_weeks "
                    "headcount weekly_hours rate_ceiling rate_currency service_type engagement exclude_unknown weights",
                    internal="id organisation_id status open_to_suppliers version created_at updated_at",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    status: RequestStatus = enum_field(RequestStatus, "status", default=RequestStatus.OPEN)
    open_to_suppliers: bool = False
    version: int = 1
    title: str
    description: str = ""
    discipline: Discipline | None = enum_field(Discipline, "discipline", default=None, nullable=True)
    seniority: Seniority | None = enum_field(Seniority, "seniority", default=None, nullable=True)
    minimum_english: Cefr | None = enum_field(Cefr, "minimum_english", default=None, nullable=True)
    english_modes: list[str] = _texts()
    domains: list[str] = _texts()
    countries: list[str] = _texts()
    zone: str | None = None
    window_start: int | None = Field(default=None, description="Minutes after local midnight.")
    window_end: int | None = Field(default=None, description="Minutes after local midnight.")
    minimum_shared_minutes: int | None = None
    starts_on: date | None = None
    start_tolerance_days: int = 30
    duration_weeks: int | None = None
    headcount: int = 1
    weekly_hours: int | None = None
    rate_ceiling: int | None = Field(default=None, description="Minor units an hour.")
    rate_currency: str | None = Field(default=None, max_length=3)
    service_type: ServiceType = enum_field(ServiceType, "service_type", default=ServiceType.DEVELOPMENT)
    engagement: EngagementKind = enum_field(EngagementKind, "engagement", default=EngagementKind.STAFF_AUGMENTATION)
    exclude_unknown: list[str] = _texts()
    weights: dict[str, float] | None = Field(
        default=None,
        sa_column=Column(JSONB(none_as_null=True), nullable=True),
        description="None where the client's hold.",
    )
    created_at: datetime = Field(default_factory=utcnow)
    updated_at: datetime = Field(default_factory=utcnow)

    skills: list[RequestSkill] = _list_of("RequestSkill")
    certifications: list[RequestCertification] = _list_of("RequestCertification")

    @property
    def working_window(self) -> dict[str, str] | None:
        """The window as clock times."""
        return clock_window(self.window_start, self.window_end)

    @property
    def hourly_rate_ceiling(self) -> dict[str, Any] | None:
        """The ceiling as money."""
        return money(self.rate_ceiling, self.rate_currency)

    @property
    def unmatched_skills(self) -> list[str]:
        """Skills no concept goes by, as written."""
        return [skill.written for skill in self.skills if skill.skill_id is None]
