"""Reports, declarations and the model card as callers write and read them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.core.schemas import IsoDate, Out, Schema
from app.core.trade import Discipline
from app.fairness.models import AgeBand, Disability, Ethnicity, Gender
from app.talent.privacy.schemas import LinkToken

SMALL = "Null of the group `withheld`, and of nobody else."


class Stage(StrEnum):
    """What counts as being selected."""

    SHORTLISTED = "shortlisted"
    """On the list."""
    TOP_K = "top_k"
    """Among the first `k` of the list."""


class TopK(StrEnum):
    """How many of the first places count, for `top_k`."""

    FIVE = "5"
    TEN = "10"
    TWENTY_FIVE = "25"
    FIFTY = "50"


class SelectionRatesQuery(Schema):
    """Which shortlists a report adds up, and what it takes for selected."""

    from_on: IsoDate | None = Field(
        None, description="First day, in UTC; a year before the last unless given.", examples=["2026-01-01"]
    )
    to_on: IsoDate | None = Field(
        None, description="Last day, in UTC; today unless given. At most 1,100 days.", examples=["2026-12-31"]
    )
    request_id: UUID | None = Field(None, description="Only shortlists of this request.")
    organisation_id: UUID | None = Field(None, description="Only shortlists of this client.")
    discipline: Discipline | None = Field(None, description="Only of requests for this trade.")
    stage: Stage = Field(
        Stage.SHORTLISTED,
        description="`shortlisted`: whoever is on the list is selected. `top_k`: whoever is among its first `k`.",
    )
    k: TopK | None = Field(None, description="With `top_k`, and only then: how many places; 10 unless given.")


class IntervalOut(Out):
    """Where a figure lies with 95 % confidence."""

    low: float = Field(description="Lower end.", examples=[0.21])
    high: float = Field(description="Upper end.", examples=[0.47])


class FaringOut(Out):
    """How often a group was taken."""

    taken: int = Field(description="How many of them.", examples=[12])
    of: int = Field(description="Out of how many.", examples=[40])
    rate: float = Field(description="`taken / of`.", examples=[0.3])
    rate_interval: IntervalOut = Field(description="Of the rate: Wilson's score interval.")
    impact_ratio: float | None = Field(
        description="The rate over that of the group with the highest. Null where every rate is zero, and of groups "
        "that are none: `unknown`, `prefer_not_to_say`.",
        examples=[0.75],
    )
    impact_ratio_interval: IntervalOut | None = Field(
        description="Of the ratio, by its logarithm (Katz); null also where the rate is zero."
    )
    below_four_fifths: bool | None = Field(
        description="Whether the impact ratio is under 0.8 (29 CFR 1607.4(D)): a reason to look closer, no verdict."
    )


class GroupOut(Out):
    """One group of a dimension."""

    value: str = Field(
        description="The group. `unknown`: it is not known of them. `withheld`: groups too small to be told of, and "
        "whatever must go with them so that none can be computed from the sum.",
        examples=["senior"],
    )
    selection: FaringOut | None = Field(description=f"Selected, out of those considered. {SMALL}")
    scoring: FaringOut | None = Field(
        description="Scored above the median of all considered in the same ranking, out of those scored: the scoring "
        f"rate of 6 RCNY 5-300. {SMALL} Null also where nobody was scored."
    )
    skew: float | None = Field(
        description="Natural logarithm of the number selected over the number that the group's share of each ranking "
        "would give (Geyik et al. 2019, skew@k): 0 is parity, below it the group is under-represented. Null where "
        f"none was selected. {SMALL}",
        examples=[-0.105],
    )


class DimensionOut(Out):
    """One way of telling people apart."""

    dimension: str = Field(
        description="`seniority`, `country`, `hub_size`, `profile_language`, `career_gap`; of what was declared "
        "`gender`, `age_band`, `ethnicity`, `gender_and_ethnicity`, `disability`.",
        examples=["seniority"],
    )
    source: Literal["profile", "declared"] = Field(
        description="`profile`: read off the profile that was ranked. `declared`: by the people themselves, and known "
        "to no ranking."
    )
    definition: str = Field(
        description="How people are told apart.", examples=["Step of the career that the profile states."]
    )
    considered: int = Field(description="How many have a group here, those withheld not counted.", examples=[412])
    reference: str | None = Field(
        description="The group with the highest selection rate, which the others are compared with.",
        examples=["senior"],
    )
    ndkl: float | None = Field(
        description="How far the order of a list is from the shares of its groups, on average over lists: normalised "
        "discounted cumulative Kullback-Leibler divergence (Geyik et al. 2019); 0 is parity in every prefix. Null of "
        "what was declared.",
        examples=[0.042],
    )
    groups: list[GroupOut] = Field(description="Every group, largest first; empty where nothing may be told.")


class SelectionRatesOut(Out):
    """How groups of people fared in the rankings that the filters name."""

    from_on: date = Field(description="First day, in UTC.", examples=["2026-01-01"])
    to_on: date = Field(description="Last day, in UTC.", examples=["2026-12-31"])
    stage: Stage = Field(description="What counts as selected.")
    k: int | None = Field(description="How many of the first places count, for `top_k`.", examples=[10])
    shortlists: int = Field(description="How many were added up.", examples=[37])
    left_out: int = Field(
        description="How many were not: fewer than five people were considered, or are listed.", examples=[3]
    )
    considered: int = Field(
        description="Who passed the gates of a request, once for each shortlist; nobody else was ranked.",
        examples=[2310],
    )
    selected: int = Field(description="How many of them were selected.", examples=[740])
    minimum_group: int = Field(description="Nothing is told of fewer people than this in one shortlist.", examples=[5])
    confidence: float = Field(description="Of every interval.", examples=[0.95])
    dimensions: list[DimensionOut] = Field(description="Every dimension, those read off profiles first.")
    notes: list[str] = Field(
        description="How to read the figures, and what they cannot say.",
        examples=[["A ratio under four fifths is a reason to look closer and no verdict."]],
    )
    sources: list[str] = Field(
        description="Where the figures are defined.", examples=[["Four-fifths rule: 29 CFR 1607.4(D)."]]
    )


class Declaration(Schema):
    """What somebody declares of themselves; whatever is left out is not declared."""

    gender: Gender | None = Field(None, description="Gender.")
    age_band: AgeBand | None = Field(None, description="Age.")
    ethnicity: Ethnicity | None = Field(None, description="Race or ethnicity, in the categories of the EEO-1 report.")
    disability: Disability | None = Field(None, description="Whether they have a disability.")

    @property
    def says_something(self) -> bool:
        """Whether anything is declared at all."""
        return any(value is not None for value in self.model_dump().values())


class LinkDeclaration(LinkToken):
    """What the person behind a link declares, in place of what they had declared before."""

    declaration: Declaration = Field(
        description="Every answer is optional, and an empty one withdraws all. It is used for reports about whole "
        "groups alone: no ranking, firm or client ever sees it.",
        examples=[{"gender": "woman", "disability": "prefer_not_to_say"}],
    )


class DeclarationOut(Out):
    """What is declared now."""

    gender: Gender | None = Field(description="Gender; null is not declared.")
    age_band: AgeBand | None = Field(description="Age; null is not declared.")
    ethnicity: Ethnicity | None = Field(description="Race or ethnicity; null is not declared.")
    disability: Disability | None = Field(description="Whether they have a disability; null is not declared.")
    declared_at: datetime | None = Field(description="When; null when nothing is declared any more.")
