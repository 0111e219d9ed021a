"""A client's weights and proposals for them. Rows are only ever added."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.clock import utcnow
from app.core.columns import classified
from app.core.ids import new_id
from app.core.migrations import APPEND_ONLY
from app.core.row_security import TENANCY, Policies, any_of, own, side
from app.core.tenancy import Side
from app.matchmaking.models import STAFF


def _document() -> Any:
    return Column(JSONB(none_as_null=True), nullable=False)


class WeightProposal(SQLModel, table=True):
    """Weights that a client's decisions suggest, with the figures that speak for and against them."""

    __tablename__ = "weight_proposal"
    __table_args__ = (
        Index("ix_weight_proposal_organisation_id_created_at", "organisation_id", "created_at", "id"),
        CheckConstraint("base_version >= 0", name="base_version_range"),
        {
            "info": {
                APPEND_ONLY: True,
                TENANCY: Policies(
                    read=any_of(side(Side.MARKETPLACE), own(Side.CLIENT)),
                    write=side(Side.SYSTEM),
                ),
                **classified(internal="id organisation_id base_version current weights since figures created_at"),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", description="The client.")
    base_version: int = Field(description="Version of the weights it was made from; nought for the defaults.")
    current: dict[str, float] = Field(sa_column=_document(), description="Those weights.")
    weights: dict[str, float] = Field(sa_column=_document())
    since: date | None = Field(default=None, description="First day of the lists it learnt from.")
    figures: dict[str, Any] = Field(sa_column=_document(), description="A `CalibrationOut`.")
    created_at: datetime = Field(default_factory=utcnow)


class RankingWeights(SQLModel, table=True):
    """One version of what counts how much for a client; the last one holds."""

    __tablename__ = "ranking_weights"
    __table_args__ = (
        UniqueConstraint("organisation_id", "version"),
        UniqueConstraint("proposal_id"),
        Index("ix_ranking_weights_organisation_id_created_at", "organisation_id", "created_at", "id"),
        CheckConstraint("version > 0", name="version_range"),
        {
            "info": {
                APPEND_ONLY: True,
                TENANCY: Policies(write=any_of(STAFF, own(Side.CLIENT))),
                **classified(internal="id organisation_id version weights note proposal_id created_by created_at"),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", description="The client.")
    version: int
    """From 1 without gaps."""
    weights: dict[str, float] = Field(sa_column=_document(), description="Shares of every part; they add up to one.")
    note: str | None = Field(default=None, max_length=500)
    proposal_id: UUID | None = Field(default=None, foreign_key="weight_proposal.id")
    created_by: UUID | None = Field(default=None, foreign_key="member.id")
    created_at: datetime = Field(default_factory=utcnow)
