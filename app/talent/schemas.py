"""Profiles as callers write and read them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    Field,
    HttpUrl,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from app.core.pages import PageQuery
from app.core.schemas import (
    Cefr,
    CountryCode,
    Email,
    IsoDate,
    LanguageTag,
    Line,
    Name,
    Out,
    Prose,
    Schema,
    Whole,
    Zone,
)
from app.core.trade import Discipline, HourlyRate, Seniority, WorkingWindow
from app.talent.lifecycle import EngineerStatus
from app.talent.models import BackupPower, DocumentKind, LevelEvidence

SeenStatus = Literal[EngineerStatus.DRAFT, EngineerStatus.LISTED, EngineerStatus.UNLISTED, EngineerStatus.ARCHIVED]
"""Whoever was erased is in no list."""
EARLIEST = date(1940, 1, 1)
LATEST = date(2100, 12, 31)


def _in_living_memory(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"Must be between {EARLIEST} and {LATEST}.")
    return day


Day = Annotated[IsoDate, AfterValidator(_in_living_memory), Field(examples=["2027-01-04"])]
Year = Annotated[Whole, Field(ge=1940, le=2100, examples=[2026])]
Years = Annotated[
    Decimal,
    Field(ge=0, le=60, max_digits=3, decimal_places=1),
    # Digits in quotes are taken too; a number is what to send.
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 60, "examples": [4.5]}),
]
YearsOut = Annotated[float | None, Field(examples=[4.5])]
Phone = Annotated[str, Field(pattern=r"^\+?[\d\s().-]{6,25}$", examples=["+57 604 555 0100"])]


class SkillIn(Schema):
    """A skill, by id or by any name it goes by."""

    skill: Name = Field(description="Id or any alias; an unknown one is kept and queued.", examples=["k8s"])
    years: Years | None = Field(None, description="Years of use.")
    level: Whole | None = Field(None, ge=1, le=5, description="1 beginner to 5 expert.", examples=[4])
    last_used: Year | None = Field(None, description="Year of last use.")


class LanguageIn(Schema):
    """Command of a language by mode."""

    language: LanguageTag = Field(description="BCP 47 tag.", examples=["en"])
    speaking: Cefr | None = Field(None, description="CEFR level, or native.", examples=["C1"])
    listening: Cefr | None = Field(None, description="CEFR level, or native.", examples=["C1"])
    reading: Cefr | None = Field(None, description="CEFR level, or native.", examples=["C2"])
    writing: Cefr | None = Field(None, description="CEFR level, or native.", examples=["B2"])
    evidence: LevelEvidence = Field(LevelEvidence.SELF_ASSESSED, description="How the level is known.")
    assessed_on: Day | None = Field(None, description="When it was assessed.")


class CertificationIn(Schema):
    """A certification held."""

    certification: Line = Field(description="Id or any alias; an unknown one is kept.", examples=["CKA"])
    issued_on: Day | None = Field(None, description="Day of issue.")
    expires_on: Day | None = Field(None, description="Last day of validity; leave out when it does not expire.")

    @field_validator("expires_on")
    @classmethod
    def _after_issue(cls, expires_on: date | None, info: ValidationInfo) -> date | None:
        return _not_before(expires_on, info.data.get("issued_on"), "issued_on")


class DomainIn(Schema):
    """Experience in a business domain."""

    domain: Name = Field(description="Id or any alias; an unknown one is kept.", examples=["banking"])
    years: Years | None = Field(None, description="Years in the domain.")


class JobIn(Schema):
    """A job; the present one has no end."""

    title: Line = Field(description="Title as it was, in any language.", examples=["Desarrollador Backend Ssr"])
    employer: Line = Field(
        description="Employer or client; shown to nobody outside the firm and the marketplace.",
        examples=["Banco del Valle"],
    )
    domain: Name | None = Field(None, description="Business domain, by id or alias.", examples=["banking"])
    started_on: Day = Field(description="First day.", examples=["2021-03-01"])
    ended_on: Day | None = Field(None, description="Last day; leave out for the present job.", examples=["2024-06-30"])
    summary: Prose | None = Field(
        None, description="What was done, in any language.", examples=["Migré los pagos a microservicios."]
    )

    @field_validator("ended_on")
    @classmethod
    def _after_start(cls, ended_on: date | None, info: ValidationInfo) -> date | None:
        return _not_before(ended_on, info.data.get("started_on"), "started_on")


class EducationIn(Schema):
    """A degree or course."""

    institution: Line = Field(description="University, institute or school.", examples=["Universidad de Antioquia"])
    degree: Line = Field(description="Degree or course.", examples=["Ingeniería de Sistemas"])
    field_of_study: Line | None = Field(None, description="Subject.", examples=["Software"])
    started_in: Year | None = Field(None, description="First year.")
    ended_in: Year | None = Field(None, description="Last year.")

    @field_validator("ended_in")
    @classmethod
    def _after_start(cls, ended_in: int | None, info: ValidationInfo) -> int | None:
        started_in = info.data.get("started_in")
        if ended_in is not None and started_in is not None and ended_in < started_in:
            raise ValueError("Must not be before started_in.")
        return ended_in


class BioIn(Schema):
    """What the engineer says of themselves."""

    language: LanguageTag = Field(description="BCP 47 tag of the text.", examples=["pt-BR"])
    text: Prose = Field(description="The text.", examples=["Desenvolvo APIs em Go há oito anos."])


class Connection(Schema):
    """One way to the internet."""

    medium: Literal["fibre", "cable", "dsl", "fixed_wireless", "mobile", "satellite"] = Field(
        description="Kind of line.", examples=["fibre"]
    )
    provider: Name | None = Field(None, description="Who provides it.", examples=["Claro"])
    download_mbps: Whole | None = Field(None, ge=0, le=100_000, description="Downstream speed.", examples=[300])


class Workplace(Schema):
    """What keeps the engineer online."""

    connections: list[Connection] = Field([], max_length=6, description="Independent paths to the internet.")
    backup_power: BackupPower = Field(BackupPower.NONE, description="What bridges a power cut.")
    own_equipment: bool | None = Field(None, description="Whether they bring their own computer.")


class Contact(Schema):
    """How to reach the engineer."""

    email: Email | None = Field(None, description="E-mail address.", examples=["ana.soto@example.com"])
    phone: Phone | None = Field(None, description="Telephone number.")
    address: Line | None = Field(None, description="Postal address.", examples=["Calle 10 #43-12, Medellín"])
    links: list[HttpUrl] = Field([], max_length=10, description="Profiles and portfolios elsewhere.")


class _ProfileFields(Schema):
    seniority: Seniority | None = Field(None, description="Step of the career; read from a new title when left out.")
    skills: list[SkillIn] = Field(default_factory=list, max_length=60, description="Skills, best first.")
    languages: list[LanguageIn] = Field(default_factory=list, max_length=10, description="Languages, one entry each.")
    certifications: list[CertificationIn] = Field(default_factory=list, max_length=40, description="Certifications.")
    domains: list[DomainIn] = Field(default_factory=list, max_length=20, description="Business domains known.")
    work_history: list[JobIn] = Field(default_factory=list, max_length=40, description="Jobs, newest first.")
    education: list[EducationIn] = Field(default_factory=list, max_length=15, description="Degrees and courses.")
    bios: list[BioIn] = Field(default_factory=list, max_length=5, description="Self-descriptions, one a language.")
    city: Name | None = Field(
        None, description="Id or name of a city; sets country and zone unless they are given.", examples=["Medellín"]
    )
    country: CountryCode | None = Field(None, description="ISO 3166-1 alpha-2 code.")
    zone: Zone | None = Field(None, description="IANA time zone; the city's when left out.")
    working_window: WorkingWindow | None = Field(None, description="Usual working hours, local time.")
    available_from: Day | None = Field(None, description="First day they could start.")
    weekly_hours: Whole | None = Field(None, ge=1, le=80, description="Hours a week on offer.", examples=[40])
    hourly_rate: HourlyRate | None = Field(None, description="Price of an hour to a client.")
    workplace: Workplace | None = Field(None, description="Connections, power and equipment.")

    @field_validator("languages", "bios")
    @classmethod
    def _one_a_language(cls, items: list[LanguageIn] | list[BioIn]) -> object:
        languages = [item.language for item in items]
        if len(set(languages)) < len(languages):
            raise ValueError("Each language may be given once.")
        return items


class EngineerCreate(_ProfileFields):
    """A new profile."""

    given_name: Name = Field(description="Given name; outsiders do not see it.", examples=["Ana"])
    family_name: Name = Field(description="Family name; outsiders do not see it.", examples=["Soto"])
    title: Line = Field(description="Present title, in any language.", examples=["Desarrolladora Backend Senior"])
    discipline: Discipline = Field(description="Trade.")
    contact: Contact | None = Field(None, description="Kept apart; see the contact routes.")
    draft: bool = Field(False, description="Keep it from being ranked until it is listed.")


class EngineerPatch(_ProfileFields):
    """What to change: fields left out stay, lists are replaced whole, null forgets."""

    given_name: Name = Field(default_factory=str, description="Given name.", examples=["Ana"])
    family_name: Name = Field(default_factory=str, description="Family name.", examples=["Soto"])
    title: Line = Field(
        default_factory=str, description="Present title, in any language.", examples=["Desarrolladora Backend Senior"]
    )
    discipline: Discipline = Field(default_factory=lambda: Discipline.SOFTWARE, description="Trade.")


class FindEngineer(Schema):
    """An address or a number, in the body: it belongs in no URL, no log and no history."""

    email: Email | None = Field(None, description="E-mail address, in any case.", examples=["ana@example.com"])
    phone: Phone | None = Field(None, description="Telephone number, however it is set.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.email is None) == (self.phone is None):
            raise ValueError("Give either email or phone.")
        return self


class EngineerQuery(PageQuery):
    """Filters of the list of engineers."""

    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at"] = Field(
        "-created_at", description="Order of the list."
    )
    status: SeenStatus | None = Field(None, description="State; archived ones show only when asked for.")
    discipline: Discipline | None = Field(None, description="Trade.")
    seniority: Seniority | None = Field(None, description="Step of the career.")
    country: CountryCode | None = Field(None, description="ISO 3166-1 alpha-2 code.")
    skill: Name | None = Field(None, description="Id or any alias of a skill on the profile.", examples=["python"])
    available_by: Day | None = Field(None, description="Available on or before this day.")
    organisation_id: UUID | None = Field(None, description="The firm that offers them; for recruiters.")


class SkillOut(Out):
    """A skill on a profile."""

    skill_id: str | None = Field(description="Id in the taxonomy; null while nobody has matched it.", examples=["go"])
    name: str = Field(description="Canonical name, or the word as written.", examples=["Go"])
    written: str = Field(description="As it was given.", examples=["golang"])
    years: YearsOut = Field(description="Years of use.")
    level: int | None = Field(description="1 beginner to 5 expert.", examples=[4])
    last_used: int | None = Field(description="Year of last use.", examples=[2026])


class LanguageOut(Out):
    """Command of a language."""

    language: str = Field(description="BCP 47 tag.", examples=["en"])
    speaking: Cefr | None = Field(description="CEFR level, or native.")
    listening: Cefr | None = Field(description="CEFR level, or native.")
    reading: Cefr | None = Field(description="CEFR level, or native.")
    writing: Cefr | None = Field(description="CEFR level, or native.")
    evidence: LevelEvidence = Field(description="How the level is known.")
    assessed_on: date | None = Field(description="When it was assessed.")


class CertificationOut(Out):
    """A certification held."""

    certification_id: str | None = Field(description="Id in the taxonomy, if it is known there.", examples=["cka"])
    name: str = Field(description="Canonical name, or as written.", examples=["Certified Kubernetes Administrator"])
    written: str = Field(description="As it was given.", examples=["CKA"])
    issued_on: date | None = Field(description="Day of issue.")
    expires_on: date | None = Field(description="Last day of validity.")


class DomainOut(Out):
    """Experience in a business domain."""

    domain_id: str | None = Field(description="Id in the taxonomy, if it is known there.", examples=["banking"])
    name: str = Field(description="Canonical name, or as written.", examples=["Banking"])
    written: str = Field(description="As it was given.", examples=["banca"])
    years: YearsOut = Field(description="Years in the domain.")


class JobOut(Out):
    """A job."""

    title: str = Field(description="Title as it was.", examples=["Desarrollador Backend Ssr"])
    employer: str = Field(description="Employer or client.", examples=["Banco del Valle"])
    domain_id: str | None = Field(
        description="Id of the business domain, if it is known in the taxonomy.", examples=["banking"]
    )
    domain_name: str | None = Field(description="Canonical name of the domain, or as written.", examples=["Banking"])
    started_on: date = Field(description="First day.")
    ended_on: date | None = Field(description="Last day; null for the present job.")
    summary: str | None = Field(description="What was done.", examples=["Migré los pagos a microservicios."])


class EducationOut(Out):
    """A degree or course."""

    institution: str = Field(description="University, institute or school.", examples=["Universidad de Antioquia"])
    degree: str = Field(description="Degree or course.", examples=["Ingeniería de Sistemas"])
    field_of_study: str | None = Field(description="Subject.", examples=["Software"])
    started_in: int | None = Field(description="First year.")
    ended_in: int | None = Field(description="Last year.")


class BioOut(Out):
    """A self-description."""

    language: str = Field(description="BCP 47 tag of the text.", examples=["pt-BR"])
    text: str = Field(description="The text.", examples=["Desenvolvo APIs em Go há oito anos."])


class EngineerOut(Out):
    """A profile, as its firm and the marketplace see it."""

    id: UUID = Field(description="Id of the engineer.")
    organisation_id: UUID = Field(description="The firm that offers them.")
    status: EngineerStatus = Field(description="State; only a listed engineer is ranked.")
    version: int = Field(description="Goes up with every change; the `ETag` is made of it.", examples=[1])
    erased: bool = Field(description="Whether what was known of the person was erased; texts are then empty.")
    given_name: str = Field(description="Given name.", examples=["Ana"])
    family_name: str = Field(description="Family name.", examples=["Soto"])
    title: str = Field(description="Present title, as written.", examples=["Desarrolladora Backend Senior"])
    discipline: Discipline = Field(description="Trade.")
    seniority: Seniority | None = Field(description="Step of the career.")
    skills: list[SkillOut] = Field(description="Skills, in the order given.")
    unmatched_skills: list[str] = Field(
        description="Skills nobody has matched to the taxonomy yet; kept as written and queued for a curator.",
        examples=[["Tekton Pipelines"]],
    )
    languages: list[LanguageOut] = Field(description="Languages.")
    certifications: list[CertificationOut] = Field(description="Certifications.")
    domains: list[DomainOut] = Field(description="Business domains known.")
    work_history: list[JobOut] = Field(description="Jobs.")
    education: list[EducationOut] = Field(description="Degrees and courses.")
    bios: list[BioOut] = Field(description="Self-descriptions.")
    city_id: str | None = Field(description="Id in the taxonomy, if the city is known there.", examples=["medellin-co"])
    city_name: str | None = Field(description="Name of the city.", examples=["Medellín"])
    country: str | None = Field(description="ISO 3166-1 alpha-2 code.", examples=["CO"])
    zone: str | None = Field(description="IANA time zone.", examples=["America/Bogota"])
    working_window: WorkingWindow | None = Field(description="Usual working hours, local time.")
    available_from: date | None = Field(description="First day they could start.")
    weekly_hours: int | None = Field(description="Hours a week on offer.", examples=[40])
    hourly_rate: HourlyRate | None = Field(description="Price of an hour to a client.")
    workplace: Workplace | None = Field(description="Connections, power and equipment.")
    created_at: datetime = Field(description="When it was posted.")
    updated_at: datetime = Field(description="When it last changed.")


class ContactOut(Out):
    """How to reach an engineer."""

    email: str | None = Field(description="E-mail address.", examples=["ana.soto@example.com"])
    phone: str | None = Field(description="Telephone number.", examples=["+57 604 555 0100"])
    address: str | None = Field(description="Postal address.", examples=["Calle 10 #43-12, Medellín"])
    links: list[str] = Field(
        description="Profiles and portfolios elsewhere.", examples=[["https://example.com/ana-soto"]]
    )


class DocumentOut(Out):
    """A document, without its content."""

    id: UUID = Field(description="Id of the document.")
    kind: DocumentKind = Field(description="What it is.")
    name: str | None = Field(description="Name of the file; null once the person is erased.", examples=["cv.pdf"])
    media_type: str = Field(description="What its content is.", examples=["application/pdf"])
    size: int = Field(description="Bytes.", examples=[48213])
    created_at: datetime = Field(description="When it was added.")
    created_by: UUID | None = Field(description="The member who added it.")


class DocumentQuery(PageQuery):
    """Order of an engineer's documents."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")


class ContactQuery(Schema):
    """Why contact data or a document is read."""

    reason: Line | None = Field(
        None, min_length=8, description="Why; required of the marketplace and kept in the audit record."
    )


def _not_before(day: date | None, earlier: date | None, name: str) -> date | None:
    if day is not None and earlier is not None and day < earlier:
        raise ValueError(f"Must not be before {name}.")
    return day
