"""Audit records, which the database itself keeps from being changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_20_1200"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ROLES = ("supplier_admin", "supplier_recruiter", "client_admin", "hiring_manager", "recruiter", "admin", "auditor")


def upgrade() -> None:
    """Create the table and the trigger that guards it."""
    op.create_table(
        "audit_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_member_id", sa.Uuid()),
        sa.Column("actor_organisation_id", sa.Uuid()),
        sa.Column("actor_key_id", sa.Uuid()),
        sa.Column(
            "actor_role", sa.Enum(*ROLES, name="actor_role", native_enum=False, create_constraint=True, length=40)
        ),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("subject_type", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_record_at_id", "audit_record", ["at", "id"])
    op.create_index("ix_audit_record_organisation_id_at", "audit_record", ["organisation_id", "at"])
    op.create_index("ix_audit_record_subject", "audit_record", ["subject_type", "subject_id"])
    # Grants keep the application from it; the trigger keeps the owner and a superuser's slip from it too.
    op.execute(
        """
        CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'audit records are append-only' USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_record_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
        """
    )


def downgrade() -> None:
    """Drop the table with its trigger."""
    op.drop_table("audit_record")
    op.execute("DROP FUNCTION refuse_audit_change()")
