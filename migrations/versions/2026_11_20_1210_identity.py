"""Organisations, members and API keys."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_20_1210"
down_revision: str | None = "2026_11_20_1200"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KINDS = ("supplier", "client", "marketplace")
STANDINGS = ("active", "disabled")
ROLES = ("supplier_admin", "supplier_recruiter", "client_admin", "hiring_manager", "recruiter", "admin", "auditor")


def upgrade() -> None:
    """Create the three tables."""
    create_organisation()
    create_member()
    create_api_key()


def downgrade() -> None:
    """Drop the three tables."""
    op.drop_table("api_key")
    op.drop_table("member")
    op.drop_table("organisation")


def create_organisation() -> None:
    """Create the table of organisations."""
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        choice("kind", KINDS),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("country", sa.String(2)),
        choice("standing", STANDINGS),
        sa.Column("version", sa.Integer(), nullable=False),
        instant("created_at"),
        instant("updated_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "name"),
    )
    op.create_index("ix_organisation_created_at_id", "organisation", ["created_at", "id"])


def create_member() -> None:
    """Create the table of members."""
    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        choice("role", ROLES),
        choice("standing", STANDINGS),
        sa.Column("version", sa.Integer(), nullable=False),
        instant("created_at"),
        instant("updated_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
    )
    op.create_index("ix_member_organisation_id", "member", ["organisation_id"])
    op.create_index("uq_member_email_lower", "member", [sa.text("lower(email)")], unique=True)


def create_api_key() -> None:
    """Create the table of API keys."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("prefix", sa.String(12), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        instant("created_at"),
        instant("expires_at", nullable=True),
        instant("revoked_at", nullable=True),
        instant("last_used_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.UniqueConstraint("prefix"),
    )
    op.create_index("ix_api_key_organisation_id", "api_key", ["organisation_id"])
    op.create_index("ix_api_key_member_id", "api_key", ["member_id"])


def choice(name: str, values: Sequence[str]) -> sa.Column[str]:
    """A text column that holds one of `values`."""
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(name, kind, nullable=False)


def instant(name: str, *, nullable: bool = False) -> "sa.Column[sa.DateTime]":
    """A column that holds a moment."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
