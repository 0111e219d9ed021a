"""Role requests."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_20_1320"
down_revision: str | None = "2026_11_20_1310"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DISCIPLINES = (
    "software",
    "data",
    "cloud",
    "security",
    "qa",
    "support",
    "legacy",
    "product",
    "mechanical",
    "civil",
    "electrical",
    "embedded",
)
SENIORITIES = ("intern", "junior", "mid", "senior", "lead", "principal")
LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2", "native")


def upgrade() -> None:
    """Create the tables."""
    create_request()
    create_request_skill()
    create_request_certification()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("request_certification")
    op.drop_table("request_skill")
    op.drop_table("request")


def create_request() -> None:
    """Create the table request."""
    op.create_table(
        "request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("status", choice("status", "open", "archived"), nullable=False),
        sa.Column("open_to_suppliers", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("discipline", choice("discipline", *DISCIPLINES), nullable=True),
        sa.Column("seniority", choice("seniority", *SENIORITIES), nullable=True),
        sa.Column("minimum_english", choice("minimum_english", *LEVELS), nullable=True),
        sa.Column("english_modes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("domains", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("countries", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("window_start", sa.Integer(), nullable=True),
        sa.Column("window_end", sa.Integer(), nullable=True),
        sa.Column("minimum_shared_minutes", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("start_tolerance_days", sa.Integer(), nullable=False),
        sa.Column("duration_weeks", sa.Integer(), nullable=True),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("weekly_hours", sa.Integer(), nullable=True),
        sa.Column("rate_ceiling", sa.Integer(), nullable=True),
        sa.Column("rate_currency", sa.String(3), nullable=True),
        sa.Column(
            "service_type", choice("service_type", "development", "support", "engineering_services"), nullable=False
        ),
        sa.Column(
            "engagement",
            choice("engagement", "staff_augmentation", "dedicated_team", "project", "direct_hire"),
            nullable=False,
        ),
        sa.Column("exclude_unknown", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("weights", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(rate_ceiling IS NULL) = (rate_currency IS NULL)", name=op.f("ck_request_rate_whole")),
        sa.CheckConstraint("(window_start IS NULL) = (window_end IS NULL)", name=op.f("ck_request_window_whole")),
        sa.CheckConstraint("headcount BETWEEN 1 AND 100", name=op.f("ck_request_headcount_range")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_request_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index("ix_request_created_at", "request", ["created_at", "id"])
    op.create_index("ix_request_organisation_id_created_at", "request", ["organisation_id", "created_at", "id"])
    op.create_index("ix_request_updated_at", "request", ["updated_at", "id"])


def create_request_skill() -> None:
    """Create the table request_skill."""
    op.create_table(
        "request_skill",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.String(80), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("must", sa.Boolean(), nullable=False),
        sa.Column("years", sa.Numeric(precision=3, scale=1), nullable=True),
        sa.CheckConstraint("years >= 0 AND years <= 60", name=op.f("ck_request_skill_years_range")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_request_skill_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", "position", name=op.f("pk_request_skill")),
    )


def create_request_certification() -> None:
    """Create the table request_certification."""
    op.create_table(
        "request_certification",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("certification_id", sa.String(80), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_request_certification_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", "position", name=op.f("pk_request_certification")),
    )


def choice(name: str, *values: str) -> sa.Enum:
    """A text type that admits these values only."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
