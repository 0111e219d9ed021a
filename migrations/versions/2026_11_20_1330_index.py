"""What the ranking reads: profiles and briefs with their vectors."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_20_1330"
down_revision: str | None = "2026_11_20_1320"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    create_profile_entry()
    create_brief_entry()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("brief_entry")
    op.drop_table("profile_entry")


def create_profile_entry() -> None:
    """Create the table profile_entry."""
    op.create_table(
        "profile_entry",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("model_hash", sa.String(16), nullable=False),
        sa.Column(
            "changed_in", sa.BigInteger(), server_default=sa.text("pg_current_xact_id()::text::bigint"), nullable=False
        ),
        sa.Column("card_hash", sa.LargeBinary(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("facts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "listed = (facts IS NOT NULL) AND listed = (vector IS NOT NULL)", name=op.f("ck_profile_entry_listed_whole")
        ),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_profile_entry_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", name=op.f("pk_profile_entry")),
    )
    op.create_index("ix_profile_entry_changed_in", "profile_entry", ["changed_in"])


def create_brief_entry() -> None:
    """Create the table brief_entry."""
    op.create_table(
        "brief_entry",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("model_hash", sa.String(16), nullable=False),
        sa.Column("card_hash", sa.LargeBinary(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("brief", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_brief_entry_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_brief_entry")),
    )
