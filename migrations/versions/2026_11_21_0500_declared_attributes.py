"""What is counted of each ranking, and what people declare of themselves for that alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_21_0500"
down_revision: str | None = "2026_11_21_0400"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DISCIPLINES = (
    *("software", "data", "cloud", "security", "qa", "support", "legacy", "product"),
    *("mechanical", "civil", "electrical", "embedded"),
)
USES = ("consent", "export", "erasure")
SYSTEM = "(SELECT puente_side() = 'system')"
OF_CLIENT = """
    (SELECT puente_side() IN ('marketplace', 'system')) OR ((SELECT puente_side() = 'client')
    AND organisation_id = (SELECT puente_organisation()))
"""


def upgrade() -> None:
    """Create the tables, and admit the use of a link."""
    admit_uses(*USES, "declaration")
    create_shortlist_population()
    create_declared_standing()
    create_declared_attributes()
    protect("shortlist_population", OF_CLIENT)
    protect("declared_standing", SYSTEM)
    protect("declared_attributes", SYSTEM)


def downgrade() -> None:
    """Drop the tables and the use of a link."""
    used = "SELECT EXISTS (SELECT FROM engineer_link WHERE used_for = 'declaration')"
    if op.get_bind().scalar(sa.text(used)):
        raise CommandError("People declared something by links, and an older release does not know what that is.")
    op.drop_table("declared_attributes")
    op.drop_table("declared_standing")
    op.drop_index("ix_shortlist_population_organisation_id_ranked_at", "shortlist_population")
    op.drop_index("ix_shortlist_population_ranked_at", "shortlist_population")
    op.drop_table("shortlist_population")
    op.execute("DELETE FROM engineer_link WHERE purposes = '{declaration}'")
    op.execute("UPDATE engineer_link SET purposes = array_remove(purposes, 'declaration')")
    admit_uses(*USES)


def admit_uses(*values: str) -> None:
    """Let a link be used for these only."""
    op.drop_constraint(op.f("ck_engineer_link_used_for"), "engineer_link")
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(op.f("ck_engineer_link_used_for"), "engineer_link", f"used_for IN ({listed})")


def create_shortlist_population() -> None:
    """Create the table of counts."""
    op.create_table(
        "shortlist_population",
        sa.Column("shortlist_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("discipline", choice("discipline", *DISCIPLINES), nullable=True),
        sa.Column("ranked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("admitted", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("groups", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("ndkl", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_shortlist_population_organisation_id")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_shortlist_population_request_id")),
        sa.ForeignKeyConstraint(
            ["shortlist_id"], ["shortlist.id"], name=op.f("fk_shortlist_population_shortlist_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shortlist_id", name=op.f("pk_shortlist_population")),
    )
    op.create_index("ix_shortlist_population_ranked_at", "shortlist_population", ["ranked_at", "shortlist_id"])
    op.create_index(
        "ix_shortlist_population_organisation_id_ranked_at", "shortlist_population", ["organisation_id", "ranked_at"]
    )


def create_declared_standing() -> None:
    """Create the table of how those fared who had declared something."""
    op.create_table(
        "declared_standing",
        sa.Column("shortlist_id", sa.Uuid(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shortlist_id"], ["shortlist.id"], name=op.f("fk_declared_standing_shortlist_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shortlist_id", name=op.f("pk_declared_standing")),
    )


def create_declared_attributes() -> None:
    """Create the table of what was declared, sealed."""
    op.create_table(
        "declared_attributes",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_declared_attributes_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", name=op.f("pk_declared_attributes")),
    )


def protect(table: str, condition: str) -> None:
    """Let only those do anything with the rows whom the condition names."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_write ON {table} FOR ALL USING ({condition}) WITH CHECK ({condition})")


def choice(name: str, *values: str) -> sa.Enum:
    """A text type that admits these values only."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
