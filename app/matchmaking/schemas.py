"""Shortlists as callers see them."""

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from app.core.pages import PageQuery
from app.core.schemas import Money, Out, Schema, Whole
from app.core.trade import Discipline, Seniority, WorkingWindow
from app.matchmaking.models import WeightsSource

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


class RangeOut(Out):
    """How far the score may move for want of data."""

    low: float = Field(description="The whole score if what is missing turned out badly.", examples=[0.61])
    high: float = Field(description="The whole score if it turned out well.", examples=[0.72])
    reason: str = Field(
        description="What is missing, in words.", examples=["English level not stated: between 0.61 and 0.72."]
    )


class UnstatedOut(RangeOut):
    """A part of the score that is a guess, for want of data."""

    part: str = Field(description="Name of the part.", examples=["english"])


class RequirementOut(Out):
    """How the candidate stands to one thing that is asked for."""

    kind: Literal[
        "skill",
        "certification",
        "domain",
        "discipline",
        "seniority",
        "english",
        "country",
        "shared_hours",
        "start",
        "weekly_hours",
        "rate",
    ] = Field(description="What sort of thing.")
    subject: str | None = Field(
        description="Id of the skill, certification or domain, or the word as written.", examples=["python"]
    )
    name: str = Field(description="What is asked for, in words.", examples=["Python"])
    must: bool = Field(description="Whether a gate insists on it.")
    state: Literal["met", "partial", "missing", "unknown"] = Field(
        description="`partial` is there and short of what was asked; `missing` is not there, or not enough to count; "
        "`unknown` is not stated."
    )
    relation: Literal["exact", "implied", "related", "missing"] | None = Field(
        description="How a skill, a domain or a discipline is answered; null for the rest."
    )
    through: str | None = Field(description="What on the profile answers, when it is another.", examples=["Django"])
    evidence: list[str] = Field(description="JSON pointers into the profile.", examples=[["/skills/0"]])
    range: RangeOut | None = Field(description="How far the score may move for want of this; null when it is stated.")
    reason: str = Field(description="Why, in words.", examples=["Python: 6 years of 4 years asked."])


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
    requirements: list[RequirementOut] = Field(
        description="Everything asked for, each met, partial, missing or unknown; empty in a shortlist frozen before "
        "there were any."
    )
    unstated: list[UnstatedOut] = Field(description="Parts that are guesses, and what they may do to the score.")
    open_flags: int | None = Field(
        description="Findings in the profile that nobody has decided about; null for clients. They change no place.",
        examples=[0],
    )


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
    weights_source: WeightsSource = Field(
        description="Where the weights came from: the request itself, the client's ranking weights, or the defaults."
    )
    weights_version: int | None = Field(
        description="Version of the client's ranking weights; null for weights from elsewhere.", examples=[None]
    )
    gates: list[GateOut] = Field(description="What each gate did.")
    model_id: str = Field(description="The language model.", examples=["all-MiniLM-L6-v2@53aa51172d14"])
    model_hash: str = Field(
        description="Model and what was learned; two hashes never mix.", examples=["9f0c2b7d51e8a634"]
    )
    watermark: int = Field(
        description="Every change of a transaction below this number was considered.", examples=[90210]
    )


class ShortlistOut(ShortlistSummaryOut):
    """A ranking, frozen and explained."""

    entries: list[ShortlistEntryOut] = Field(description="Candidates, best first.")


class CounterfactualOut(Out):
    """The smallest change of one kind that would move the candidate up, or admit them, all else as it is."""

    kind: Literal["english", "skill", "certification", "start", "weekly_hours", "rate"] = Field(
        description="What would change."
    )
    subject: str | None = Field(description="Id of the skill or certification it is about.", examples=["kafka"])
    place: int = Field(description="Place they would have, from 1.", examples=[3])
    score: float = Field(description="Score they would have.", examples=[0.81])
    admits: bool = Field(description="Whether it would let them in: at present a gate keeps them out.")
    reason: str = Field(
        description="The change and its effect, in words.", examples=["With B2 English this would be third."]
    )


class CandidateExplanationOut(Out):
    """How one candidate stands to a request at this moment."""

    request_id: UUID = Field(description="The request.")
    request_version: int = Field(description="Version of the request that was ranked for.", examples=[1])
    engineer_id: UUID = Field(description="Id of the engineer.")
    engineer_version: int = Field(description="Version of the profile that was ranked.", examples=[1])
    model_hash: str = Field(
        description="Model and what was learned; two hashes never mix.", examples=["9f0c2b7d51e8a634"]
    )
    watermark: int = Field(
        description="Every change of a transaction below this number was considered.", examples=[90210]
    )
    outcome: Literal["admitted", "kept_out"] = Field(description="Whether every gate lets them in.")
    place: int = Field(
        description="Place among all who are admitted, from 1; of somebody kept out, the place they would have if the "
        "gates that keep them out were dropped.",
        examples=[3],
    )
    admitted: int | None = Field(description=f"How many are admitted; null for firms. {FEW}", examples=[37])
    verdict: str = Field(
        description="Outcome and place, in words.",
        examples=["Kept out by English; without that this would be third."],
    )
    score: float = Field(description="From 0 to 1: the sum of the contributions, exactly.", examples=[0.873125])
    low: float = Field(description="The score if everything missing turned out badly.", examples=[0.85])
    high: float = Field(description="The score if everything missing turned out well.", examples=[0.9])
    summary: str = Field(description="Strengths and weaknesses in one sentence.", examples=["Strongest in English."])
    candidate: CandidateOut = Field(description="The candidate as ranked.")
    identity: IdentityOut | None = Field(description="Who they are; null for clients before acceptance.")
    parts: list[PartOut] = Field(description="The score, part by part.")
    gates: list[GateAnswerOut] = Field(description="Every gate's answer.")
    skills: list[SkillMatchOut] = Field(description="Every skill asked for, matched or missing.")
    missing: list[str] = Field(description="Ids of skills asked for that are missing.", examples=[["graphql"]])
    requirements: list[RequirementOut] = Field(
        description="Everything asked for, each met, partial, missing or unknown."
    )
    unstated: list[UnstatedOut] = Field(description="Parts that are guesses, and what they may do to the score.")
    counterfactuals: list[CounterfactualOut] = Field(
        description="The smallest changes that would help, best place first. None is of what a person is."
    )
