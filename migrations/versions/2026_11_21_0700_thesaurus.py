"""Names imported from elsewhere, beside the taxonomy."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_21_0700"
down_revision: str | None = "2026_11_21_0600"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "thesaurus_source",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("attribution", sa.String(), nullable=False),
        sa.Column("licence", sa.String(), nullable=False),
        sa.Column("release", sa.String(40), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.String(2)), nullable=False),
        sa.Column("concepts", sa.Integer(), nullable=False),
        sa.Column("names", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("concepts > 0 AND names > 0", name=op.f("ck_thesaurus_source_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thesaurus_source")),
        sa.UniqueConstraint("name", name=op.f("uq_thesaurus_source_name")),
    )
    op.create_table(
        "thesaurus_entry",
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("concept_id", sa.String(200), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("names", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint("cardinality(names) > 0", name=op.f("ck_thesaurus_entry_named")),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["thesaurus_source.id"],
            name=op.f("fk_thesaurus_entry_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "concept_id", "language", name=op.f("pk_thesaurus_entry")),
    )


def downgrade() -> None:
    """Drop the tables; what was imported is imported again."""
    op.drop_table("thesaurus_entry")
    op.drop_table("thesaurus_source")
