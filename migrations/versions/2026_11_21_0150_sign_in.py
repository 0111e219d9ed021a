"""Passwords, sessions, second factors, invitations, resets, OAuth clients; e-mail addresses per organisation."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_21_0150"
down_revision: str | None = "2026_11_21_0130"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ROLES = ("supplier_admin", "supplier_recruiter", "client_admin", "hiring_manager", "recruiter", "admin", "auditor")
OF_MEMBERS = (
    *("password", "totp", "recovery_code", "sign_in_session"),
    *("refresh_token", "invitation", "password_reset", "oauth_client"),
)
SIGN_IN = "(SELECT puente_side() = 'sign_in')"
CREDENTIALS = """
    (SELECT puente_side() IN ('marketplace', 'system', 'sign_in')) OR ((SELECT puente_side() IN ('supplier', 'client'))
    AND organisation_id = (SELECT puente_organisation()))
"""


def upgrade() -> None:
    """Create the tables, and let an e-mail address be a member of several organisations."""
    op.add_column("api_key", sa.Column("scopes", sa.ARRAY(sa.String(80))))
    op.add_column("api_key", sa.Column("replaced_by_id", sa.Uuid()))
    op.create_foreign_key("fk_api_key_replaced_by_id", "api_key", "api_key", ["replaced_by_id"], ["id"])
    create_for_one_member()
    create_sessions()
    create_links()
    create_oauth_client()
    create_sign_in_lock()
    email = sa.text("lower(email)")
    op.create_index("uq_member_organisation_id_email_lower", "member", ["organisation_id", email], unique=True)
    op.create_index("ix_member_email_lower", "member", [email])
    op.drop_index("uq_member_email_lower", "member")
    protect()


def downgrade() -> None:
    """Drop the tables; fails while an e-mail address is a member of several organisations."""
    op.create_index("uq_member_email_lower", "member", [sa.text("lower(email)")], unique=True)
    op.execute("DROP POLICY member_change ON member")
    op.execute("DROP POLICY member_add ON member")
    op.drop_index("ix_member_email_lower", "member")
    op.drop_index("uq_member_organisation_id_email_lower", "member")
    for table in ("sign_in_lock", "oauth_client", "password_reset", "invitation", "refresh_token", "sign_in_session"):
        op.drop_table(table)
    for table in ("recovery_code", "totp", "password"):
        op.drop_table(table)
    op.drop_column("api_key", "replaced_by_id")
    op.drop_column("api_key", "scopes")


def protect() -> None:
    """Put the tables under row level security, and let signing in accept an invitation."""
    for table in OF_MEMBERS:
        put_under(table, CREDENTIALS)
    put_under("sign_in_lock", "(SELECT puente_side() IN ('sign_in', 'system'))")
    op.execute(f"CREATE POLICY member_add ON member FOR INSERT WITH CHECK ({SIGN_IN})")
    op.execute(f"CREATE POLICY member_change ON member FOR UPDATE USING ({SIGN_IN}) WITH CHECK ({SIGN_IN})")


def put_under(table: str, condition: str) -> None:
    """Let only those rows be seen and written for which `condition` holds, by the owner too."""
    op.execute(f"CREATE POLICY {table}_write ON {table} FOR ALL USING ({condition}) WITH CHECK ({condition})")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def create_for_one_member() -> None:
    """Create the tables password, totp and recovery_code."""
    op.create_table(
        "password",
        reference("member_id", "member"),
        reference("organisation_id", "organisation"),
        sa.Column("hash", sa.String(200), nullable=False),
        instant("changed_at"),
        sa.PrimaryKeyConstraint("member_id"),
    )
    op.create_index("ix_password_organisation_id", "password", ["organisation_id"])
    op.create_table(
        "totp",
        reference("member_id", "member"),
        reference("organisation_id", "organisation"),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        instant("created_at"),
        instant("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member_id"),
    )
    op.create_index("ix_totp_organisation_id", "totp", ["organisation_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        reference("organisation_id", "organisation"),
        reference("member_id", "member"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        instant("spent_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("member_id", "digest"),
    )
    op.create_index("ix_recovery_code_organisation_id", "recovery_code", ["organisation_id"])


def create_sessions() -> None:
    """Create the tables sign_in_session and refresh_token."""
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        reference("organisation_id", "organisation"),
        reference("member_id", "member"),
        instant("created_at"),
        instant("last_used_at"),
        instant("expires_at"),
        instant("revoked_at", nullable=True),
        instant("second_factor_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sign_in_session_organisation_id", "sign_in_session", ["organisation_id"])
    place = ["member_id", "created_at", "id"]
    op.create_index("ix_sign_in_session_member_id_created_at", "sign_in_session", place)
    op.create_table(
        "refresh_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        reference("organisation_id", "organisation"),
        reference("session_id", "sign_in_session"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        instant("created_at"),
        instant("spent_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_refresh_token_organisation_id", "refresh_token", ["organisation_id"])
    op.create_index("ix_refresh_token_session_id", "refresh_token", ["session_id"])


def create_links() -> None:
    """Create the tables invitation and password_reset."""
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        reference("organisation_id", "organisation"),
        reference("invited_by_id", "member"),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column(
            "role",
            sa.Enum(*ROLES, name="role", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        instant("created_at"),
        instant("expires_at"),
        instant("accepted_at", nullable=True),
        instant("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    place = ["organisation_id", "created_at", "id"]
    op.create_index("ix_invitation_organisation_id_created_at", "invitation", place)
    op.create_index("ix_invitation_invited_by_id", "invitation", ["invited_by_id"])
    op.create_table(
        "password_reset",
        sa.Column("id", sa.Uuid(), nullable=False),
        reference("organisation_id", "organisation"),
        reference("member_id", "member"),
        reference("made_by_id", "member"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        instant("created_at"),
        instant("expires_at"),
        instant("redeemed_at", nullable=True),
        instant("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    for column in ("organisation_id", "member_id", "made_by_id"):
        op.create_index(f"ix_password_reset_{column}", "password_reset", [column])


def create_oauth_client() -> None:
    """Create the table of OAuth clients."""
    op.create_table(
        "oauth_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        reference("organisation_id", "organisation"),
        reference("member_id", "member"),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.String(80)), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        instant("created_at"),
        instant("secret_made_at"),
        instant("revoked_at", nullable=True),
        instant("last_used_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    place = ["organisation_id", "created_at", "id"]
    op.create_index("ix_oauth_client_organisation_id_created_at", "oauth_client", place)
    op.create_index("ix_oauth_client_member_id", "oauth_client", ["member_id"])


def create_sign_in_lock() -> None:
    """Create the table of failed sign-ins."""
    op.create_table(
        "sign_in_lock",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        instant("began_at"),
        instant("locked_until", nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_sign_in_lock_began_at", "sign_in_lock", ["began_at"])


def reference(name: str, table: str) -> "sa.Column[UUID]":
    """A column that names a row of another table."""
    return sa.Column(name, sa.Uuid(), sa.ForeignKey(f"{table}.id"), nullable=False)


def instant(name: str, *, nullable: bool = False) -> "sa.Column[sa.DateTime]":
    """A column that holds a moment."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
