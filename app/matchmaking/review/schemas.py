"""Decisions as callers make and read them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.actor import OrganisationKind
from app.core.pages import PageQuery
from app.core.schemas import Out, Schema
from app.matchmaking.review.models import Reason, Verdict

Note = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class DecisionCreate(Schema):
    """What a person decides about a candidate, and why."""

    decision: Verdict = Field(description="To go on with the candidate, to wait, or to stop.", examples=["advance"])
    reason: Reason = Field(
        description="Why. To advance: best_match, meets_requirements, potential, worked_together. To hold: "
        "needs_information, reserve, timing. To decline: the other codes. Each may be `other`, said in the note.",
        examples=["best_match"],
    )
    note: Note | None = Field(
        None,
        description="More about it, in words. Your own side reads it, and so does the candidate who asks for their "
        "data: write of nobody else. It is erased with them.",
        examples=["Led the same kind of migration twice."],
    )


class DecisionQuery(PageQuery):
    """Which decisions to list."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")
    current: bool | None = Field(
        None, description="True for those that count, the last about each candidate; false for those they replaced."
    )


class DecisionOut(Out):
    """What a person decided about a candidate, beside what the ranking had said."""

    id: UUID = Field(description="Id of the decision.")
    shortlist_id: UUID = Field(description="The shortlist.")
    rank: int = Field(description="The place the ranking gave the candidate, from 1.", examples=[1])
    score: float = Field(description="The score it gave them, from 0 to 1.", examples=[0.873125])
    engineer_id: UUID = Field(description="Id of the engineer.")
    number: int = Field(description="From 1, in the order of decisions about this candidate.", examples=[1])
    current: bool = Field(description="Whether it is the last one about this candidate, which counts.")
    decision: Verdict = Field(description="What was decided.")
    reason: Reason = Field(description="Why.")
    note: str | None = Field(
        description="More about it; null once the candidate was erased, and for the other side of the marketplace.",
        examples=["Led the same kind of migration twice."],
    )
    decided_by: UUID = Field(description="The member who decided.")
    side: OrganisationKind = Field(description="The side they decided for: client or marketplace.", examples=["client"])
    created_at: datetime = Field(description="When.")
