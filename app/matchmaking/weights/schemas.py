"""Weights and proposals as callers write and read them."""

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.pages import PageQuery
from app.core.schemas import Out, Schema
from app.demand.schemas import Weights
from app.matchmaking.models import WeightsSource

EXAMPLE: Final = {"skill_coverage": 0.3, "skill_depth": 0.2, "semantic": 0.2, "english": 0.2, "seniority": 0.1}
NoteText = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Note = Annotated[
    NoteText | None, Field(description="Why, for whoever reads the history.", examples=["English matters more to us."])
]


class RankingWeightsPut(Schema):
    """What shall count how much for a client."""

    weights: Weights = Field(
        description="The whole set; parts left out have the defaults shown. They hold for every request that sets no "
        "weights of its own, from its next shortlist on. No part may have more than 0.6 of the whole."
    )
    note: Note = None


class ProposalApplication(Schema):
    """How a proposal is applied."""

    note: Note = None


class VersionQuery(PageQuery):
    """Order of the versions."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")


class ProposalQuery(PageQuery):
    """Order of the proposals."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")


class RankingWeightsOut(Out):
    """One version of what counts how much for a client."""

    id: UUID | None = Field(description="Id of the version; null for the defaults.")
    organisation_id: UUID = Field(description="The client.")
    version: int = Field(description="From 1; 0 for the defaults, until there are others.", examples=[1])
    source: WeightsSource = Field(description="The client's own, or the defaults.", examples=["client"])
    weights: dict[str, float] = Field(
        description="The share of each part to the ten-thousandth; they add up to 1.", examples=[EXAMPLE]
    )
    note: str | None = Field(description="Why.", examples=["English matters more to us."])
    proposal_id: UUID | None = Field(description="The proposal that was applied; null where somebody chose freely.")
    created_by: UUID | None = Field(description="The member who set it.")
    created_at: datetime | None = Field(description="When.")


class IntervalOut(Out):
    """A figure with what chance may have done to it."""

    value: float = Field(description="The figure.", examples=[0.612])
    low: float = Field(description="Lower end of its 95 % bootstrap interval over shortlists.", examples=[0.588])
    high: float = Field(description="Upper end.", examples=[0.635])


class ComparisonOut(Out):
    """A figure on shortlists that the weights were not chosen on."""

    current: IntervalOut = Field(description="Under the weights as they were.")
    proposed: IntervalOut = Field(description="Under weights chosen in the same way on the other shortlists.")
    gain: IntervalOut = Field(description="How much better the latter are.")


class ImpactOut(Out):
    """How evenly groups of candidates would come first, as many of each shortlist as were advanced there."""

    attribute: str = Field(description="What the groups differ in.", examples=["seniority"])
    groups: int = Field(description="How many groups of five or more there are.", examples=[4])
    current: float | None = Field(
        description="Lowest over highest selection rate under the current weights; below 0.8 is evidence of adverse "
        "impact. Null with fewer than two groups.",
        examples=[0.91],
    )
    proposed: float | None = Field(description="The same under the proposed weights.", examples=[0.93])


class FiguresOut(Out):
    """What speaks for and against proposed weights."""

    lists: int = Field(description="Shortlists with somebody advanced and somebody declined.", examples=[48])
    shown: int = Field(description="Places on shortlists that somebody has seen.", examples=[960])
    advanced: int = Field(description="Candidates advanced.", examples=[210])
    declined: int = Field(description="Candidates declined.", examples=[305])
    strength: float = Field(description="How hard the weights were pulled towards the current ones.", examples=[0.01])
    trust: float = Field(
        description="Log odds of an advance that doubling the place costs, whoever stands there.", examples=[0.42]
    )
    examined: list[float] = Field(
        description="Share of candidates decided about, by place from 1.", examples=[[0.97, 0.95, 0.9]]
    )
    log_loss: ComparisonOut = Field(description="Mean logarithmic loss, corrected for places; the less the better.")
    pairwise_accuracy: ComparisonOut = Field(
        description="Share of pairs of an advanced and a declined candidate that are in order. Not corrected: it "
        "flatters the order in which people saw the candidates."
    )
    ndcg_at_10: ComparisonOut = Field(description="nDCG of the first ten who were decided about. Not corrected either.")
    impact: list[ImpactOut] = Field(description="Effect on the evenness of selection.")


class WeightProposalOut(Out):
    """Weights that a client's decisions suggest. They count for nothing until somebody applies them."""

    id: UUID = Field(description="Id of the proposal.")
    organisation_id: UUID = Field(description="The client.")
    base_version: int = Field(description="Version of the weights it was made from; 0 for the defaults.", examples=[0])
    applied_as: int | None = Field(description="The version it was applied as; null while it is not.", examples=[None])
    current: dict[str, float] = Field(description="The weights it was made from.", examples=[EXAMPLE])
    weights: dict[str, float] = Field(description="The weights proposed; they add up to 1.", examples=[EXAMPLE])
    since: date | None = Field(description="First day of the shortlists it learnt from; null for all.")
    figures: FiguresOut = Field(description="What speaks for and against them.")
    created_at: datetime = Field(description="When it was made.")
