"""Role requests as callers write and read them."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator

from app.core.pages import PageQuery
from app.core.schemas import Cefr, CountryCode, IsoDate, Line, Name, Number, Out, Schema, Whole, Zone
from app.core.trade import Discipline, HourlyRate, Seniority, WorkingWindow
from app.demand.lifecycle import RequestStatus
from app.demand.models import EngagementKind, EnglishMode, ServiceType

EARLIEST = date(2000, 1, 1)
LATEST = date(2100, 12, 31)


def _plannable(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"Must be between {EARLIEST} and {LATEST}.")
    return day


Day = Annotated[IsoDate, AfterValidator(_plannable), Field(examples=["2027-01-04"])]
Years = Annotated[
    Decimal,
    Field(ge=0, le=60, max_digits=3, decimal_places=1),
    # Digits in quotes are taken too; a number is what to send.
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 60, "examples": [3]}),
]
Description = Annotated[str, StringConstraints(max_length=20_000)]


class GateKind(StrEnum):
    """What a request can insist on."""

    SKILL = "skill"
    CERTIFICATION = "certification"
    DISCIPLINE = "discipline"
    ENGLISH = "english"
    COUNTRY = "country"
    SHARED_HOURS = "shared_hours"
    START = "start"
    WEEKLY_HOURS = "weekly_hours"
    RATE = "rate"


class Weights(Schema):
    """How much each part of the score counts; only proportions matter, and parts that do not apply are left out.

    No part may have more than 0.6 of the whole.
    """

    skill_coverage: Number = Field(0.27, ge=0, le=100, description="Skills asked for that are there.")
    skill_depth: Number = Field(0.16, ge=0, le=100, description="Years and recency of those skills.")
    semantic: Number = Field(0.16, ge=0, le=100, description="Closeness of the whole profile to the whole request.")
    seniority: Number = Field(0.10, ge=0, le=100, description="Distance from the seniority asked for.")
    domain: Number = Field(0.09, ge=0, le=100, description="Business domains asked for that are known.")
    english: Number = Field(0.06, ge=0, le=100, description="English beyond the minimum.")
    shared_hours: Number = Field(0.05, ge=0, le=100, description="Shared working hours on the worst day.")
    certifications: Number = Field(0.04, ge=0, le=100, description="Certifications asked for that are valid.")
    start: Number = Field(0.03, ge=0, le=100, description="Available on the start date.")
    delivery: Number = Field(0.02, ge=0, le=100, description="Past placements that went well.")
    freshness: Number = Field(0.02, ge=0, le=100, description="How recently the profile was updated.")
    rate: Number = Field(0.0, ge=0, le=100, description="Room below the ceiling; nothing unless you say so.")

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        # These always apply, so that some part has a weight whatever the request asks for.
        if self.semantic + self.delivery + self.freshness <= 0 and self.skill_coverage + self.skill_depth <= 0:
            raise ValueError("Give at least one of semantic, skill_coverage or skill_depth a weight above zero.")
        return self


class SkillNeedIn(Schema):
    """A skill the role asks for."""

    skill: Name = Field(description="Id or any alias; an unknown one is kept and queued.", examples=["Node JS"])
    must: bool = Field(True, description="A must-have leaves out whoever lacks it; a nice-to-have only scores.")
    years: Years | None = Field(None, description="Years asked for; fewer lower the score, they leave nobody out.")


class CertificationNeedIn(Schema):
    """A certification the role asks for."""

    certification: Line = Field(description="Id or any alias; an unknown one is kept.", examples=["CKA"])
    required: bool = Field(False, description="Whether whoever lacks it is left out.")


class _RequestFields(Schema):
    description: Description = Field(
        default_factory=str,
        description="The role in words, in any language; what it mentions counts for closeness.",
        examples=["A team of six rebuilds our ledger."],
    )
    discipline: Discipline | None = Field(None, description="Trade; people of neighbouring trades stay in as unknown.")
    seniority: Seniority | None = Field(None, description="Step of the career; read from the title when left out.")
    skills: list[SkillNeedIn] = Field(default_factory=list, max_length=40, description="Skills, most important first.")
    minimum_english: Cefr | None = Field(None, description="CEFR level asked for.", examples=["B2"])
    english_modes: list[EnglishMode] = Field(
        default_factory=lambda: [EnglishMode.SPEAKING, EnglishMode.LISTENING],
        min_length=1,
        max_length=4,
        description="Modes the minimum holds for.",
    )
    certifications: list[CertificationNeedIn] = Field(
        default_factory=list, max_length=20, description="Certifications."
    )
    domains: list[Name] = Field(
        default_factory=list, max_length=10, description="Business domains, by id or alias.", examples=[["banking"]]
    )
    countries: list[CountryCode] = Field(
        default_factory=list, max_length=40, description="Countries people may live in; empty for any."
    )
    zone: Zone | None = Field(None, description="The client's time zone.", examples=["America/New_York"])
    working_window: WorkingWindow | None = Field(None, description="The client's working hours, in its zone.")
    minimum_shared_minutes: Whole | None = Field(
        None, ge=0, le=1440, description="Minutes of the window to share on every day of the role.", examples=[240]
    )
    starts_on: Day | None = Field(None, description="First day of the role.")
    start_tolerance_days: Whole = Field(
        default_factory=lambda: 30, ge=0, le=365, description="Days after the start at which somebody is too late."
    )
    duration_weeks: Whole | None = Field(None, ge=1, le=520, description="How long the role lasts; open when left out.")
    headcount: Whole = Field(default_factory=lambda: 1, ge=1, le=100, description="How many people are wanted.")
    weekly_hours: Whole | None = Field(None, ge=1, le=80, description="Hours a week wanted.", examples=[40])
    hourly_rate_ceiling: HourlyRate | None = Field(None, description="Highest price of an hour.")
    service_type: ServiceType = Field(default_factory=lambda: ServiceType.DEVELOPMENT, description="Kind of work.")
    engagement: EngagementKind = Field(
        default_factory=lambda: EngagementKind.STAFF_AUGMENTATION, description="How the work is bought."
    )
    exclude_unknown: list[GateKind] = Field(
        default_factory=list,
        max_length=len(GateKind),
        description="Gates at which missing data leaves somebody out; elsewhere it does not.",
    )
    weights: Weights | None = Field(
        None,
        description="What counts how much for this request. They stand in place of your organisation's ranking weights "
        "as a whole, and parts left out have the defaults shown; without them, or with null, those ranking weights "
        "hold, and the defaults where there are none. No part may have more than 0.6 of the whole, but for `semantic` "
        "where it alone has any: then the text alone decides.",
    )
    open_to_suppliers: bool = Field(
        default_factory=lambda: False, description="Whether suppliers may read the request; your name is not shown."
    )


class RequestCreate(_RequestFields):
    """A new role request."""

    title: Line = Field(description="Title of the role, in any language.", examples=["Senior Backend Engineer"])


class RequestPatch(_RequestFields):
    """What to change: fields left out stay, lists are replaced whole, null forgets."""

    title: Line = Field(
        default_factory=str, description="Title of the role, in any language.", examples=["Senior Backend Developer"]
    )


class RequestQuery(PageQuery):
    """Filters of the list of requests."""

    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at"] = Field(
        "-created_at", description="Order of the list."
    )
    status: RequestStatus | None = Field(None, description="State; archived ones show only when asked for.")
    discipline: Discipline | None = Field(None, description="Trade.")
    service_type: ServiceType | None = Field(None, description="Kind of work.")
    organisation_id: UUID | None = Field(None, description="The client; for recruiters.")


class SkillNeedOut(Out):
    """A skill the role asks for."""

    skill_id: str | None = Field(description="Id in the taxonomy; null while nobody has matched it.", examples=["go"])
    name: str = Field(description="Canonical name, or the word as written.", examples=["Node.js"])
    written: str = Field(description="As it was given.", examples=["Node JS"])
    must: bool = Field(description="Whether it leaves out whoever lacks it.")
    years: float | None = Field(description="Years asked for.")


class CertificationNeedOut(Out):
    """A certification the role asks for."""

    certification_id: str | None = Field(description="Id in the taxonomy, if it is known there.", examples=["cka"])
    name: str = Field(description="Canonical name, or as written.", examples=["Certified Kubernetes Administrator"])
    written: str = Field(description="As it was given.", examples=["CKA"])
    required: bool = Field(description="Whether it leaves out whoever lacks it.")


class RequestOut(Out):
    """A role request."""

    id: UUID = Field(description="Id of the request.")
    organisation_id: UUID | None = Field(description="The client; null for suppliers.")
    status: RequestStatus = Field(description="State; shortlists are made for open requests.")
    open_to_suppliers: bool = Field(description="Whether suppliers may read it.")
    version: int = Field(description="Goes up with every change; the `ETag` is made of it.", examples=[1])
    title: str = Field(description="Title of the role.", examples=["Senior Backend Developer"])
    description: str = Field(description="The role in words.", examples=["A team of six rebuilds our ledger."])
    discipline: Discipline | None = Field(description="Trade.")
    seniority: Seniority | None = Field(description="Step of the career.")
    skills: list[SkillNeedOut] = Field(description="Skills, most important first.")
    unmatched_skills: list[str] = Field(description="Skills nobody has matched to the taxonomy yet.", examples=[[]])
    minimum_english: Cefr | None = Field(description="CEFR level asked for.")
    english_modes: list[EnglishMode] = Field(description="Modes the minimum holds for.")
    certifications: list[CertificationNeedOut] = Field(description="Certifications.")
    domains: list[str] = Field(description="Business domains: ids, or words as written.", examples=[["banking"]])
    countries: list[str] = Field(description="Countries people may live in; empty for any.", examples=[["CO", "MX"]])
    zone: str | None = Field(description="The client's time zone.", examples=["America/New_York"])
    working_window: WorkingWindow | None = Field(description="The client's working hours, in its zone.")
    minimum_shared_minutes: int | None = Field(description="Minutes of the window to share on every day.")
    starts_on: date | None = Field(description="First day of the role.")
    start_tolerance_days: int = Field(description="Days after the start at which somebody is too late.")
    duration_weeks: int | None = Field(description="How long the role lasts.")
    headcount: int = Field(description="How many people are wanted.")
    weekly_hours: int | None = Field(description="Hours a week wanted.")
    hourly_rate_ceiling: HourlyRate | None = Field(description="Highest price of an hour.")
    service_type: ServiceType = Field(description="Kind of work.")
    engagement: EngagementKind = Field(description="How the work is bought.")
    exclude_unknown: list[GateKind] = Field(description="Gates at which missing data leaves somebody out.")
    weights: dict[str, float] | None = Field(
        description="What counts how much for this request; null where the client's ranking weights hold.",
        examples=[{"skill_coverage": 0.27}],
    )
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="When it last changed.")
