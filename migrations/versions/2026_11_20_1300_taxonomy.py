"""Skills, titles and the rest of the taxonomy, cities, and words nobody knows yet."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_20_1300"
down_revision: str | None = "2026_11_20_1210"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    create_city()
    create_concept()
    create_taxonomy_revision()
    create_unmatched_skill()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("unmatched_skill")
    op.drop_table("taxonomy_revision")
    op.drop_table("concept")
    op.drop_table("city")


def create_city() -> None:
    """Create the table city."""
    op.create_table(
        "city",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("size", sa.String(), nullable=False),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_city")),
    )


def create_concept() -> None:
    """Create the table concept."""
    op.create_table(
        "concept",
        sa.Column("kind", choice("kind", "skill", "title", "domain", "certification", "level", "term"), nullable=False),
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("classifier", sa.String(), nullable=False),
        sa.Column("aliases", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ambiguous", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("implies", postgresql.ARRAY(sa.String(length=80)), nullable=False),
        sa.Column("related", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_concept")),
    )
    op.create_index("ix_concept_kind_name", "concept", ["kind", "name", "id"])


def create_taxonomy_revision() -> None:
    """Create the table taxonomy_revision."""
    op.create_table(
        "taxonomy_revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_taxonomy_revision_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxonomy_revision")),
    )


def create_unmatched_skill() -> None:
    """Create the table unmatched_skill."""
    op.create_table(
        "unmatched_skill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("occurrences", sa.Integer(), nullable=False),
        sa.Column("status", choice("status", "open", "mapped", "dismissed"), nullable=False),
        sa.Column("skill_id", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmatched_skill")),
        sa.UniqueConstraint("key", name=op.f("uq_unmatched_skill_key")),
    )


def choice(name: str, *values: str) -> sa.Enum:
    """A text type that admits these values only."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
