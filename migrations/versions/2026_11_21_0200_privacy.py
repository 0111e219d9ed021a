"""Links for engineers, what they decided, and a state for those who were erased."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_21_0200"
down_revision: str | None = "2026_11_21_0150"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

STATUSES = ("draft", "listed", "unlisted", "archived")
BLANKED = (
    "discipline, seniority, city_id, country, zone, window_start, window_end, available_from, weekly_hours, "
    "rate_amount, rate_currency"
)
ERASED_WHOLE = f"status <> 'erased' OR (num_nonnulls({BLANKED}) = 0 AND length(sealed) = 0)"
FINAL = """
    CREATE FUNCTION refuse_return_of_erased() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'somebody erased does not come back' USING ERRCODE = 'restrict_violation';
    END
    $$
"""
FINAL_TRIGGER = """
    CREATE TRIGGER engineer_erased_is_final BEFORE UPDATE ON engineer
    FOR EACH ROW WHEN (OLD.status = 'erased') EXECUTE FUNCTION refuse_return_of_erased()
"""
GUARD = """
    CREATE FUNCTION refuse_consent_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'decisions are append-only' USING ERRCODE = 'restrict_violation';
    END
    $$
"""
GUARD_TRIGGER = """
    CREATE TRIGGER consent_decision_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_consent_change()
"""


STAFF = "(SELECT puente_side() = 'marketplace')"
OF_ENGINEER = """
    (SELECT puente_side() = 'system') OR ((SELECT puente_side() = 'supplier')
    AND (SELECT true FROM engineer WHERE engineer.id = engineer_id))
"""


def upgrade() -> None:
    """Create the tables, admit the state, and let kept replies be found by whom they speak of."""
    admit_statuses(*STATUSES, "erased")
    op.alter_column("engineer", "discipline", nullable=True)
    op.create_check_constraint(
        op.f("ck_engineer_discipline_given"), "engineer", "status = 'erased' OR discipline IS NOT NULL"
    )
    op.create_check_constraint(op.f("ck_engineer_erased_whole"), "engineer", ERASED_WHOLE)
    op.execute(FINAL)
    op.execute(FINAL_TRIGGER)
    create_engineer_link()
    create_consent_decision()
    for table in ("engineer_link", "consent_decision"):
        protect(table)
    # Of whom the replies speak that are kept now, only their keys could say: a repeat of those gets none.
    op.execute("UPDATE idempotency_record SET reply = NULL")
    op.add_column(
        "idempotency_record",
        sa.Column("subjects", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.alter_column("idempotency_record", "subjects", server_default=None)
    op.create_index("ix_idempotency_record_subjects", "idempotency_record", ["subjects"], postgresql_using="gin")


def downgrade() -> None:
    """Drop the tables and the state."""
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM engineer WHERE status = 'erased')")):
        raise CommandError("People were erased from this database, and an older release does not know what that is.")
    op.drop_index("ix_idempotency_record_subjects", "idempotency_record")
    op.drop_column("idempotency_record", "subjects")
    op.drop_table("consent_decision")
    op.execute("DROP FUNCTION refuse_consent_change()")
    op.drop_index("ix_engineer_link_engineer_id_created_at", "engineer_link")
    op.drop_table("engineer_link")
    op.execute("DROP TRIGGER engineer_erased_is_final ON engineer")
    op.execute("DROP FUNCTION refuse_return_of_erased()")
    op.drop_constraint(op.f("ck_engineer_erased_whole"), "engineer")
    op.drop_constraint(op.f("ck_engineer_discipline_given"), "engineer")
    op.alter_column("engineer", "discipline", nullable=False)
    admit_statuses(*STATUSES)


def admit_statuses(*values: str) -> None:
    """Let a profile be in these states only."""
    op.drop_constraint(op.f("ck_engineer_status"), "engineer")
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(op.f("ck_engineer_status"), "engineer", f"status IN ({listed})")


def create_engineer_link() -> None:
    """Create the table of links."""
    op.create_table(
        "engineer_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("purposes", postgresql.ARRAY(sa.String(40)), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_for", choice("used_for", "consent", "export", "erasure"), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("cardinality(purposes) > 0", name=op.f("ck_engineer_link_purposes_given")),
        sa.CheckConstraint("(used_at IS NULL) = (used_for IS NULL)", name=op.f("ck_engineer_link_use_whole")),
        sa.ForeignKeyConstraint(["created_by"], ["member.id"], name=op.f("fk_engineer_link_created_by")),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_link_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engineer_link")),
    )
    op.create_index(
        "ix_engineer_link_engineer_id_created_at", "engineer_link", ["engineer_id", "created_at", "id"], unique=False
    )


def create_consent_decision() -> None:
    """Create the table of decisions, to which rows are only ever added."""
    op.create_table(
        "consent_decision",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("purpose", choice("purpose", "matching", "identity", "documents"), nullable=False),
        sa.Column("text_version", sa.String(40), nullable=False),
        sa.Column("decision", choice("decision", "granted", "withdrawn"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", choice("channel", "link", "firm", "marketplace", "ledger"), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("number > 0", name=op.f("ck_consent_decision_number_range")),
        sa.ForeignKeyConstraint(["engineer_id"], ["engineer.id"], name=op.f("fk_consent_decision_engineer_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["member.id"], name=op.f("fk_consent_decision_recorded_by")),
        sa.PrimaryKeyConstraint("engineer_id", "number", name=op.f("pk_consent_decision")),
    )
    op.execute(GUARD)
    op.execute(GUARD_TRIGGER)


def protect(table: str) -> None:
    """Let a firm do what it likes with the rows of its engineers, and the marketplace read all of them."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({STAFF})")
    op.execute(f"CREATE POLICY {table}_write ON {table} FOR ALL USING ({OF_ENGINEER}) WITH CHECK ({OF_ENGINEER})")


def choice(name: str, *values: str) -> sa.Enum:
    """A text type that admits these values only."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
