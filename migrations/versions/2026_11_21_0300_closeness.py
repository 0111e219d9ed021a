"""A shortlist keeps under each candidate's seal how close they came, and needs no vector to be computed again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_21_0300"
down_revision: str | None = "2026_11_21_0200"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Drop what is no longer written."""
    op.drop_column("shortlist_entry", "cosine")
    op.drop_column("shortlist", "vector")


def downgrade() -> None:
    """Bring the columns back; what was in them is gone."""
    op.add_column("shortlist_entry", sa.Column("cosine", sa.Float(), nullable=False, server_default="0"))
    op.alter_column("shortlist_entry", "cosine", server_default=None)
    nothing = sa.text("''::bytea")
    op.add_column("shortlist", sa.Column("vector", sa.LargeBinary(), nullable=False, server_default=nothing))
    op.alter_column("shortlist", "vector", server_default=None)
