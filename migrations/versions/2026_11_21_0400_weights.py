"""Weights of clients with a history, proposals for them, who saw a shortlist, and what was decided on it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_21_0400"
down_revision: str | None = "2026_11_21_0300"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DEFAULTS = """
    '{"skill_coverage": 0.27, "skill_depth": 0.16, "semantic": 0.16, "seniority": 0.10, "domain": 0.09,
      "english": 0.06, "shared_hours": 0.05, "certifications": 0.04, "start": 0.03, "delivery": 0.02,
      "freshness": 0.02, "rate": 0.0}'::jsonb
"""
DOCUMENT = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
REASONS = (
    *("best_match", "meets_requirements", "potential", "worked_together", "needs_information", "reserve", "timing"),
    *("skills", "experience", "seniority", "domain", "english", "shared_hours", "certifications", "availability"),
    *("rate", "location", "duplicate", "role_filled", "other"),
)
GUARD = """
    CREATE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'history is append-only' USING ERRCODE = 'restrict_violation';
    END
    $$
"""
STAFF = "(SELECT puente_side() IN ('marketplace', 'system'))"
OWN = "((SELECT puente_side() = 'client') AND organisation_id = (SELECT puente_organisation()))"
OF_SHORTLIST = (
    f"{STAFF} OR ((SELECT puente_side() = 'client') "  # noqa: S608 - our names
    "AND (SELECT true FROM shortlist WHERE shortlist.id = shortlist_id))"
)
READ = {"weight_proposal": f"(SELECT puente_side() = 'marketplace') OR {OWN}"}
WRITE = {
    "weight_proposal": "(SELECT puente_side() = 'system')",
    "ranking_weights": f"{STAFF} OR {OWN}",
    "shortlist_impression": OF_SHORTLIST,
    "shortlist_decision": OF_SHORTLIST,
}


def upgrade() -> None:
    """Create the tables; let requests have no weights of their own, and shortlists say whose theirs were."""
    op.alter_column("request", "weights", nullable=True)
    op.execute(f"UPDATE request SET weights = NULL WHERE weights = {DEFAULTS}")  # noqa: S608 - our literal
    say_whose_weights()
    op.create_index(
        "ix_shortlist_organisation_id_created_at", "shortlist", ["organisation_id", "created_at", "id"], unique=False
    )
    create_weight_proposal()
    create_ranking_weights()
    create_shortlist_impression()
    create_shortlist_decision()
    op.execute(GUARD)
    for table in WRITE:
        protect(table)


def downgrade() -> None:
    """Drop the tables and columns; requests without weights of their own get the defaults."""
    for table in ("shortlist_decision", "shortlist_impression", "ranking_weights", "weight_proposal"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_history_change()")
    op.drop_index("ix_shortlist_organisation_id_created_at", "shortlist")
    op.drop_constraint(op.f("ck_shortlist_weights_versioned"), "shortlist")
    op.drop_column("shortlist", "weights_version")
    op.drop_column("shortlist", "weights_source")
    op.execute(f"UPDATE request SET weights = {DEFAULTS} WHERE weights IS NULL")  # noqa: S608 - our literal
    op.alter_column("request", "weights", nullable=False)


def say_whose_weights() -> None:
    """Let shortlists say whose weights they went by: until now the request's, where they were not the defaults."""
    op.add_column("shortlist", sa.Column("weights_source", sa.String(40), nullable=True))
    op.add_column("shortlist", sa.Column("weights_version", sa.Integer(), nullable=True))
    op.execute(
        f"UPDATE shortlist SET weights_source = CASE WHEN brief -> 'weights' = {DEFAULTS} "  # noqa: S608 - our literal
        "THEN 'default' ELSE 'request' END"
    )
    op.alter_column("shortlist", "weights_source", nullable=False)
    op.create_check_constraint(
        op.f("ck_shortlist_weights_source"), "shortlist", "weights_source IN ('request', 'client', 'default')"
    )
    op.create_check_constraint(
        op.f("ck_shortlist_weights_versioned"),
        "shortlist",
        "(weights_source = 'client') = (weights_version IS NOT NULL)",
    )


def create_weight_proposal() -> None:
    """Create the table of proposals."""
    op.create_table(
        "weight_proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("current", DOCUMENT, nullable=False),
        sa.Column("weights", DOCUMENT, nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("figures", DOCUMENT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("base_version >= 0", name=op.f("ck_weight_proposal_base_version_range")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_weight_proposal_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weight_proposal")),
    )
    op.create_index(
        "ix_weight_proposal_organisation_id_created_at", "weight_proposal", ["organisation_id", "created_at", "id"]
    )


def create_ranking_weights() -> None:
    """Create the table of versions."""
    op.create_table(
        "ranking_weights",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("weights", DOCUMENT, nullable=False),
        sa.Column("note", sa.String(500), nullable=True),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_ranking_weights_version_range")),
        sa.ForeignKeyConstraint(["created_by"], ["member.id"], name=op.f("fk_ranking_weights_created_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ranking_weights_organisation_id")
        ),
        sa.ForeignKeyConstraint(["proposal_id"], ["weight_proposal.id"], name=op.f("fk_ranking_weights_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking_weights")),
        sa.UniqueConstraint("organisation_id", "version", name=op.f("uq_ranking_weights_organisation_id_version")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_ranking_weights_proposal_id")),
    )
    op.create_index(
        "ix_ranking_weights_organisation_id_created_at", "ranking_weights", ["organisation_id", "created_at", "id"]
    )


def create_shortlist_impression() -> None:
    """Create the table of who saw what."""
    op.create_table(
        "shortlist_impression",
        sa.Column("shortlist_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_shortlist_impression_member_id")),
        sa.ForeignKeyConstraint(["shortlist_id"], ["shortlist.id"], name=op.f("fk_shortlist_impression_shortlist_id")),
        sa.PrimaryKeyConstraint("shortlist_id", "member_id", "slot", name=op.f("pk_shortlist_impression")),
    )


def create_shortlist_decision() -> None:
    """Create the table of decisions."""
    op.create_table(
        "shortlist_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shortlist_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("decision", choice("decision", "advance", "hold", "decline"), nullable=False),
        sa.Column("reason", choice("reason", *REASONS), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_shortlist_decision_number_range")),
        sa.ForeignKeyConstraint(["decided_by"], ["member.id"], name=op.f("fk_shortlist_decision_decided_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_shortlist_decision_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["shortlist_id", "rank"],
            ["shortlist_entry.shortlist_id", "shortlist_entry.rank"],
            name="fk_shortlist_decision_shortlist_id_rank",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortlist_decision")),
        sa.UniqueConstraint(
            "shortlist_id", "rank", "number", name=op.f("uq_shortlist_decision_shortlist_id_rank_number")
        ),
    )
    op.create_index(
        "ix_shortlist_decision_shortlist_id_created_at", "shortlist_decision", ["shortlist_id", "created_at", "id"]
    )


def protect(table: str) -> None:
    """Let rows be added and no more, each by whom it belongs to or who works with all."""
    op.execute(
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    if table in READ:
        op.execute(f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({READ[table]})")
    op.execute(f"CREATE POLICY {table}_write ON {table} FOR ALL USING ({WRITE[table]}) WITH CHECK ({WRITE[table]})")


def choice(name: str, *values: str) -> sa.Enum:
    """A text type that admits these values only."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
