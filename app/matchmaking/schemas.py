"""Shortlists as callers see them."""

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from app.core.pages import PageQuery
from app.core.schemas import Money, Out, Schema, Whole
from app.core.trade import Discipline, Seniority, WorkingWindow

FEW: Final = "Null for clients where the number, or what it leaves, is from 1 to 4 people."


class ShortlistCreate(Schema):
    """How a shortlist is made."""

    size: Whole = Field(25, ge=1, le=100, description="How many candidates at most.")


class ShortlistQuery(PageQuery):
    """Order of a request's shortlists."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")


class GateOut(Out):
    """What one gate did to the candidates."""

    kind: str = Field(description="Kind of gate.", examples=["skill"])
    subject: str | None = Field(description="Id of the skill or certification it is about.", examples=["kafka"])
    name: str = Field(description="The gate in words.", examples=["Apache Kafka"])
    removed: int | None = Field(description=f"Profiles that fail it. {FEW}", examples=[431])
    unknown: int | None = Field(description=f"Profiles it cannot judge, for want of data. {FEW}", examples=[12])
    admitted_if_relaxed: int | None = Field(
        description=f"Profiles that would come in if this gate alone were dropped. {FEW}", examples=[9]
    )


class PartOut(Out):
    """One addend of the score."""

    part: str = Field(description="Name of the part.", examples=["skill_coverage"])
    weight: float = Field(description="Share of the score, from 0 to 1; the weights add up to 1.", examples=[0.2842])
    value: float = Field(description="How well the candidate answers, from 0 to 1.", examples=[0.9])
    low: float = Field(description="The value if what is missing turned out badly.", examples=[0.9])
    high: float = Field(description="The value if what is missing turned out well.", examples=[0.9])
    contribution: float = Field(
        description="weight x value; the contributions add up to the score.", examples=[0.25578]
    )
    reason: str = Field(description="Why, in words.", examples=["Has 5 of 5 skills asked for."])
    evidence: list[str] = Field(description="JSON pointers into the profile.", examples=[["/skills/0"]])


class GateAnswerOut(Out):
    """A gate's answer for one candidate."""

    kind: str = Field(description="Kind of gate.", examples=["english"])
    subject: str | None = Field(description="Id of the skill or certification it is about.", examples=[None])
    outcome: Literal["pass", "fail", "unknown"] = Field(description="The answer.", examples=["pass"])
    reason: str = Field(description="Why, in words.", examples=["English speaking C1; B2 was asked for."])


class SkillMatchOut(Out):
    """How one skill asked for is answered."""

    skill: str = Field(description="Id of the skill asked for, or the word as written.", examples=["python"])
    name: str = Field(description="Its name.", examples=["Python"])
    must: bool = Field(description="Whether it was a must-have.")
    relation: Literal["exact", "implied", "related", "missing"] = Field(description="How it is answered.")
    through: str | None = Field(description="The skill on the profile, when it is another one.", examples=["Django"])
    credit: float = Field(description="How far it stands in, from 0 to 1.", examples=[1.0])
    years: float | None = Field(description="Years on the profile.", examples=[6.0])
    needed_years: float | None = Field(description="Years asked for.", examples=[5.0])
    evidence: str | None = Field(description="JSON pointer into the profile.", examples=["/skills/0"])


class IdentityOut(Out):
    """Who the candidate is; for those who may know."""

    given_name: str = Field(description="Given name.", examples=["Ana"])
    family_name: str = Field(description="Family name.", examples=["Soto"])
    organisation_id: UUID = Field(description="The firm that offers them.")


class CandidateOut(Out):
    """The candidate as ranked, without anything that gives them away."""

    title: str = Field(description="Title, in canonical English.", examples=["Backend Developer"])
    discipline: Discipline = Field(description="Trade.")
    seniority: Seniority | None = Field(description="Step of the career.")
    country: str | None = Field(description="ISO 3166-1 alpha-2 code.", examples=["CO"])
    zone: str | None = Field(description="IANA time zone.", examples=["America/Bogota"])
    working_window: WorkingWindow | None = Field(description="Usual working hours, local time.")
    available_from: date | None = Field(description="First day they could start.")
    weekly_hours: int | None = Field(description="Hours a week on offer.", examples=[40])
    hourly_rate: Money | None = Field(description="Price of an hour.")


class ShortlistEntryOut(Out):
    """A candidate in their place."""

    rank: int = Field(description="Place, from 1.", examples=[1])
    engineer_id: UUID = Field(description="Id of the engineer.")
    engineer_version: int = Field(description="Version of the profile that was ranked.", examples=[1])
    score: float = Field(description="From 0 to 1: the sum of the contributions, exactly.", examples=[0.873125])
    low: float = Field(description="The score if everything missing turned out badly.", examples=[0.85])
    high: float = Field(description="The score if everything missing turned out well.", examples=[0.9])
    erased: bool = Field(
        description="Whether the person was erased since: place and score stay, and nothing is said of them any more."
    )
    summary: str | None = Field(
        description="The place in one sentence; null once erased.",
        examples=["Has every required skill; seven shared hours a day."],
    )
    candidate: CandidateOut | None = Field(description="The candidate as ranked; null once erased.")
    identity: IdentityOut | None = Field(description="Who they are; null for clients before acceptance.")
    parts: list[PartOut] = Field(description="The score, part by part.")
    gates: list[GateAnswerOut] = Field(description="Every gate's answer.")
    skills: list[SkillMatchOut] = Field(description="Every skill asked for, matched or missing.")
    missing: list[str] = Field(description="Ids of skills asked for that are missing.", examples=[["graphql"]])


class ShortlistSummaryOut(Out):
    """A shortlist without its entries."""

    id: UUID = Field(description="Id of the shortlist.")
    request_id: UUID = Field(description="The request it answers.")
    request_version: int = Field(description="Version of the request that was ranked for.", examples=[1])
    created_at: datetime = Field(description="When it was frozen.")
    size: int = Field(description="How many candidates were asked for at most.", examples=[25])
    considered: int | None = Field(description=f"Listed profiles when it was made. {FEW}", examples=[2000])
    admitted: int | None = Field(description=f"How many of them passed every gate. {FEW}", examples=[37])
    weights: dict[str, float] = Field(
        description="Share of each part that applies; they add up to 1.", examples=[{"skill_coverage": 0.2842}]
    )
    gates: list[GateOut] = Field(description="What each gate did.")
    model_id: str = Field(description="The language model.", examples=["all-MiniLM-L6-v2@53aa51172d14"])
    model_hash: str = Field(description="Model and card version; two hashes never mix.", examples=["9f0c2b7d51e8a634"])
    watermark: int = Field(
        description="Every change of a transaction below this number was considered.", examples=[90210]
    )


class ShortlistOut(ShortlistSummaryOut):
    """A ranking, frozen and explained."""

    entries: list[ShortlistEntryOut] = Field(description="Candidates, best first.")
