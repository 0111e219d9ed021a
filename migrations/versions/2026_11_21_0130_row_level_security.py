"""Row level security on every table whose rows belong to somebody, the owner included."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_0130"
down_revision: str | None = "2026_11_21_0120"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = (
    """
    CREATE FUNCTION puente_side() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN pg_catalog.current_setting('puente.side', true)
    """,
    """
    CREATE FUNCTION puente_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CAST(nullif(pg_catalog.current_setting('puente.organisation', true), '') AS uuid)
    """,
)
STAFF = "(SELECT puente_side() IN ('marketplace', 'system'))"
SIGN_IN = "(SELECT puente_side() = 'sign_in')"
CHAINS = "(SELECT puente_side() IN ('audit', 'system'))"
OF_FIRM = (
    f"{STAFF} OR ((SELECT puente_side() IN ('supplier', 'client')) "
    "AND organisation_id = (SELECT puente_organisation()))"
)
OF_ENGINEER = """
    (SELECT puente_side() = 'system') OR ((SELECT puente_side() = 'supplier')
    AND (SELECT true FROM engineer WHERE engineer.id = engineer_id))
"""
OF_SHORTLIST = """
    (SELECT puente_side() IN ('marketplace', 'system')) OR ((SELECT puente_side() = 'client')
    AND (SELECT true FROM shortlist WHERE shortlist.id = shortlist_id))
"""
BRIEF = """
    (SELECT puente_side() IN ('marketplace', 'system')) OR ((SELECT puente_side() = 'client')
    AND (SELECT true FROM request WHERE request.id = request_id))
"""
OF_REQUEST = """
    (SELECT puente_side() = 'system') OR ((SELECT puente_side() = 'client')
    AND (SELECT true FROM request WHERE request.id = request_id))
"""
OF_OPEN_REQUEST = """
    (SELECT puente_side() = 'marketplace') OR ((SELECT puente_side() = 'supplier')
    AND (SELECT true FROM request WHERE request.id = request_id))
"""
READ = {
    "organisation": f"{SIGN_IN} OR ((SELECT puente_side() IN ('supplier', 'client')) "
    "AND id = (SELECT puente_organisation()))",
    "member": SIGN_IN,
    "api_key": SIGN_IN,
    "audit_record": "(SELECT puente_side() = 'marketplace')",
    "engineer": "(SELECT puente_side() = 'marketplace')",
    "engineer_skill": "(SELECT puente_side() = 'marketplace')",
    "engineer_language": "(SELECT puente_side() = 'marketplace')",
    "engineer_certification": "(SELECT puente_side() = 'marketplace')",
    "engineer_domain": "(SELECT puente_side() = 'marketplace')",
    "engineer_contact": "(SELECT puente_side() = 'marketplace')",
    "engineer_document": "(SELECT puente_side() = 'marketplace')",
    "person_key": "(SELECT puente_side() IN ('marketplace', 'ranking'))",
    "request": """
        (SELECT puente_side() = 'marketplace')
        OR ((SELECT puente_side() = 'supplier') AND open_to_suppliers AND status = 'open')
    """,
    "request_skill": OF_OPEN_REQUEST,
    "request_certification": OF_OPEN_REQUEST,
    "profile_entry": "(SELECT puente_side() = 'ranking')",
}
WRITE = {
    "organisation": STAFF,
    "member": OF_FIRM,
    "api_key": OF_FIRM,
    "idempotency_record": """
        (SELECT puente_side() = 'system') OR ((SELECT puente_side() IN ('supplier', 'client', 'marketplace'))
        AND organisation_id = (SELECT puente_organisation()))
    """,
    "audit_record": "(SELECT puente_side() = 'system')",
    "audit_chain": CHAINS,
    "audit_checkpoint": CHAINS,
    "engineer": """
        (SELECT puente_side() = 'system')
        OR ((SELECT puente_side() = 'supplier') AND organisation_id = (SELECT puente_organisation()))
    """,
    "engineer_skill": OF_ENGINEER,
    "engineer_language": OF_ENGINEER,
    "engineer_certification": OF_ENGINEER,
    "engineer_domain": OF_ENGINEER,
    "engineer_contact": OF_ENGINEER,
    "engineer_document": OF_ENGINEER,
    "person_key": OF_ENGINEER,
    "request": """
        (SELECT puente_side() = 'system')
        OR ((SELECT puente_side() = 'client') AND organisation_id = (SELECT puente_organisation()))
    """,
    "request_skill": OF_REQUEST,
    "request_certification": OF_REQUEST,
    "profile_entry": OF_ENGINEER,
    "brief_entry": BRIEF,
    "shortlist": f"{STAFF} OR ((SELECT puente_side() = 'client') AND organisation_id = (SELECT puente_organisation()))",
    "shortlist_entry": OF_SHORTLIST,
}


def upgrade() -> None:
    """Put every table under its policies; from here on data migrations see rows on the system's side only."""
    for function in FUNCTIONS:
        op.execute(function)
    for table, condition in READ.items():
        op.execute(f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({condition})")
    for table, condition in WRITE.items():
        op.execute(f"CREATE POLICY {table}_write ON {table} FOR ALL USING ({condition}) WITH CHECK ({condition})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY audit_record_add ON audit_record FOR INSERT WITH CHECK ((SELECT puente_side() = 'audit'))"
    )
    op.execute(f"CREATE POLICY api_key_change ON api_key FOR UPDATE USING ({SIGN_IN}) WITH CHECK ({SIGN_IN})")


def downgrade() -> None:
    """Show every row to whoever may use its table."""
    op.execute("DROP POLICY api_key_change ON api_key")
    op.execute("DROP POLICY audit_record_add ON audit_record")
    for table in WRITE:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"DROP POLICY {table}_write ON {table}")
    for table in READ:
        op.execute(f"DROP POLICY {table}_read ON {table}")
    op.execute("DROP FUNCTION puente_organisation()")
    op.execute("DROP FUNCTION puente_side()")
