"""Frozen rankings."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_20_1340"
down_revision: str | None = "2026_11_20_1330"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    create_shortlist()
    create_shortlist_entry()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("shortlist_entry")
    op.drop_table("shortlist")


def create_shortlist() -> None:
    """Create the table shortlist."""
    op.create_table(
        "shortlist",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("request_version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("considered", sa.Integer(), nullable=False),
        sa.Column("admitted", sa.Integer(), nullable=False),
        sa.Column("weights", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("gates", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("model_hash", sa.String(16), nullable=False),
        sa.Column("taxonomy_revision", sa.String(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=False),
        sa.Column("brief", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["member.id"], name=op.f("fk_shortlist_created_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_shortlist_organisation_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_shortlist_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortlist")),
    )
    op.create_index("ix_shortlist_request_id_created_at", "shortlist", ["request_id", "created_at", "id"])


def create_shortlist_entry() -> None:
    """Create the table shortlist_entry."""
    op.create_table(
        "shortlist_entry",
        sa.Column("shortlist_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("engineer_version", sa.Integer(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("cosine", sa.Float(), nullable=False),
        sa.Column("profile", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("explanation", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["engineer_id"], ["engineer.id"], name=op.f("fk_shortlist_entry_engineer_id")),
        sa.ForeignKeyConstraint(
            ["shortlist_id"], ["shortlist.id"], name=op.f("fk_shortlist_entry_shortlist_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shortlist_id", "rank", name=op.f("pk_shortlist_entry")),
    )
    op.create_index(op.f("ix_shortlist_entry_engineer_id"), "shortlist_entry", ["engineer_id"])
