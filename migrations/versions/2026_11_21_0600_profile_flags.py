"""What is found in profiles that was written for a ranking, for people to decide about."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_21_0600"
down_revision: str | None = "2026_11_21_0500"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

STAFF = "(SELECT puente_side() = 'marketplace')"
OF_FIRM = """
    (SELECT puente_side() = 'system') OR ((SELECT puente_side() = 'supplier')
    AND organisation_id = (SELECT puente_organisation()))
"""
KINDS = ("keyword_list", "pasted", "instruction", "repetition", "hidden", "gibberish", "implausible")


def upgrade() -> None:
    """Create the table: a firm's findings are its own to see, and the marketplace's."""
    op.create_table(
        "profile_flag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", choice("kind", *KINDS), nullable=False),
        sa.Column("pointer", sa.String(80), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("state", choice("state", "open", "dismissed", "confirmed"), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_profile_flag_decision_dated")),
        sa.ForeignKeyConstraint(["decided_by"], ["member.id"], name=op.f("fk_profile_flag_decided_by")),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_profile_flag_engineer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_profile_flag_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_flag")),
    )
    op.create_index(
        "ix_profile_flag_engineer_id_fingerprint", "profile_flag", ["engineer_id", "fingerprint"], unique=True
    )
    op.create_index(
        "ix_profile_flag_organisation_id_found_at", "profile_flag", ["organisation_id", "found_at", "id"], unique=False
    )
    op.create_index("ix_profile_flag_state_found_at", "profile_flag", ["state", "found_at", "id"], unique=False)
    op.execute("ALTER TABLE profile_flag ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE profile_flag FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY profile_flag_read ON profile_flag FOR SELECT USING ({STAFF})")
    op.execute(f"CREATE POLICY profile_flag_write ON profile_flag FOR ALL USING ({OF_FIRM}) WITH CHECK ({OF_FIRM})")


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("profile_flag")


def choice(name: str, *values: str) -> sa.Enum:
    """A text type that admits these values only."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
