"""Engineers and everything known about them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_20_1310"
down_revision: str | None = "2026_11_20_1300"
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
    create_engineer()
    create_engineer_skill()
    create_engineer_language()
    create_engineer_certification()
    create_engineer_domain()
    create_engineer_job()
    create_engineer_education()
    create_engineer_bio()
    create_engineer_contact()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("engineer_contact")
    op.drop_table("engineer_bio")
    op.drop_table("engineer_education")
    op.drop_table("engineer_job")
    op.drop_table("engineer_domain")
    op.drop_table("engineer_certification")
    op.drop_table("engineer_language")
    op.drop_table("engineer_skill")
    op.drop_table("engineer")


def create_engineer() -> None:
    """Create the table engineer."""
    op.create_table(
        "engineer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("status", choice("status", "draft", "listed", "unlisted", "archived"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("family_name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("discipline", choice("discipline", *DISCIPLINES), nullable=False),
        sa.Column("seniority", choice("seniority", *SENIORITIES), nullable=True),
        sa.Column("city_id", sa.String(80), nullable=True),
        sa.Column("city_name", sa.String(), nullable=True),
        sa.Column("country", sa.String(2), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("window_start", sa.Integer(), nullable=True),
        sa.Column("window_end", sa.Integer(), nullable=True),
        sa.Column("available_from", sa.Date(), nullable=True),
        sa.Column("weekly_hours", sa.Integer(), nullable=True),
        sa.Column("rate_amount", sa.Integer(), nullable=True),
        sa.Column("rate_currency", sa.String(3), nullable=True),
        sa.Column("workplace", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(rate_amount IS NULL) = (rate_currency IS NULL)", name=op.f("ck_engineer_rate_whole")),
        sa.CheckConstraint("(window_start IS NULL) = (window_end IS NULL)", name=op.f("ck_engineer_window_whole")),
        sa.CheckConstraint("rate_amount >= 0", name=op.f("ck_engineer_rate_range")),
        sa.CheckConstraint("weekly_hours BETWEEN 1 AND 80", name=op.f("ck_engineer_weekly_hours_range")),
        sa.CheckConstraint(
            "window_start BETWEEN 0 AND 1439 AND window_end BETWEEN 0 AND 1439", name=op.f("ck_engineer_window_range")
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_engineer_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engineer")),
    )
    op.create_index("ix_engineer_created_at", "engineer", ["created_at", "id"])
    op.create_index("ix_engineer_organisation_id_created_at", "engineer", ["organisation_id", "created_at", "id"])
    op.create_index("ix_engineer_updated_at", "engineer", ["updated_at", "id"])


def create_engineer_skill() -> None:
    """Create the table engineer_skill."""
    op.create_table(
        "engineer_skill",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.String(80), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("years", sa.Numeric(precision=3, scale=1), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("last_used", sa.Integer(), nullable=True),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_engineer_skill_level_range")),
        sa.CheckConstraint("years >= 0 AND years <= 60", name=op.f("ck_engineer_skill_years_range")),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_skill_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", "position", name=op.f("pk_engineer_skill")),
    )
    op.create_index("ix_engineer_skill_skill_id", "engineer_skill", ["skill_id"])


def create_engineer_language() -> None:
    """Create the table engineer_language."""
    op.create_table(
        "engineer_language",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("speaking", choice("speaking", *LEVELS), nullable=True),
        sa.Column("listening", choice("listening", *LEVELS), nullable=True),
        sa.Column("reading", choice("reading", *LEVELS), nullable=True),
        sa.Column("writing", choice("writing", *LEVELS), nullable=True),
        sa.Column(
            "evidence", choice("evidence", "self_assessed", "interviewed", "tested", "certified"), nullable=False
        ),
        sa.Column("assessed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_language_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", "position", name=op.f("pk_engineer_language")),
    )


def create_engineer_certification() -> None:
    """Create the table engineer_certification."""
    op.create_table(
        "engineer_certification",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("certification_id", sa.String(80), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.CheckConstraint("expires_on >= issued_on", name=op.f("ck_engineer_certification_expires_after_issue")),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_certification_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", "position", name=op.f("pk_engineer_certification")),
    )


def create_engineer_domain() -> None:
    """Create the table engineer_domain."""
    op.create_table(
        "engineer_domain",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("domain_id", sa.String(80), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("years", sa.Numeric(precision=3, scale=1), nullable=True),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_domain_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", "position", name=op.f("pk_engineer_domain")),
    )


def create_engineer_job() -> None:
    """Create the table engineer_job."""
    op.create_table(
        "engineer_job",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("employer", sa.String(), nullable=False),
        sa.Column("domain_id", sa.String(80), nullable=True),
        sa.Column("domain_name", sa.String(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("summary", sa.String(), nullable=True),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_engineer_job_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_job_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", "position", name=op.f("pk_engineer_job")),
    )


def create_engineer_education() -> None:
    """Create the table engineer_education."""
    op.create_table(
        "engineer_education",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("degree", sa.String(), nullable=False),
        sa.Column("field_of_study", sa.String(), nullable=True),
        sa.Column("started_in", sa.Integer(), nullable=True),
        sa.Column("ended_in", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_education_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", "position", name=op.f("pk_engineer_education")),
    )


def create_engineer_bio() -> None:
    """Create the table engineer_bio."""
    op.create_table(
        "engineer_bio",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_bio_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", "position", name=op.f("pk_engineer_bio")),
    )


def create_engineer_contact() -> None:
    """Create the table engineer_contact."""
    op.create_table(
        "engineer_contact",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("links", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_contact_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", name=op.f("pk_engineer_contact")),
    )


def choice(name: str, *values: str) -> sa.Enum:
    """A text type that admits these values only."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
