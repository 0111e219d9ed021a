"""Schema = models = migration head, upwards and downwards."""

import pytest
from alembic import command
from alembic.util import CommandError
from pydantic_core import to_json
from sqlalchemy import Connection, text

import app.tables
from app.core.embedded import DatabaseUrls
from app.core.ids import new_id
from app.core.migrations import DatabaseAhead, known_revision, migrate, migration_config, owner_engine
from app.core.row_security import FUNCTIONS, SHARED, declared, protected
from matching import DEFAULT_WEIGHTS
from tests.postgres import Server

CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, is_generated
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
        AND contype <> 'n'""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'""",
    "policies": """
        SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies
        WHERE schemaname = 'public'""",
    "row security": """
        SELECT relname, relforcerowsecurity FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relrowsecurity""",
}


def catalogue(connection: Connection) -> dict[str, set[tuple[object, ...]]]:
    """What Postgres knows of the schema."""
    return {name: {tuple(row) for row in connection.execute(text(query))} for name, query in CATALOGUE.items()}


def secure(connection: Connection) -> None:
    """Put every table under the policies it declares."""
    for function in FUNCTIONS:
        connection.execute(text(function))
    for table, policies in protected(app.tables.metadata).items():
        for statement in policies.statements(table):
            connection.execute(text(statement))


@pytest.fixture
def empty_urls(server: Server):
    """A database that nobody has migrated."""
    with server.empty(f"puente_scratch_{new_id().hex}") as urls:
        yield urls


def test_autogenerate_finds_nothing_to_do(committed_urls: DatabaseUrls):
    with owner_engine(committed_urls.owner).begin() as connection:
        command.check(migration_config(connection))


def test_migrations_make_what_the_models_declare(committed_urls: DatabaseUrls, empty_urls: DatabaseUrls):
    with owner_engine(empty_urls.owner).begin() as connection:
        app.tables.metadata.create_all(connection)
        secure(connection)
        declared = catalogue(connection)
    with owner_engine(committed_urls.owner).begin() as connection:
        migrated = catalogue(connection)

    for kind in CATALOGUE:
        assert migrated[kind] ^ declared[kind] == set(), kind


def test_every_table_says_whose_its_rows_are(committed_urls: DatabaseUrls):
    with owner_engine(committed_urls.owner).begin() as connection:
        tables = {
            row[0] for row in connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        }
        secured = dict(tuple(row) for row in connection.execute(text(CATALOGUE["row security"])))
        policed = {row[0] for row in connection.execute(text(CATALOGUE["policies"]))}
    whose = declared(app.tables.metadata)

    # Alembic's own table is no model's; everybody reads it, and only the owner writes.
    assert tables - whose.keys() == {"alembic_version"}
    assert {table for table, policies in whose.items() if policies is not SHARED} == policed == secured.keys()
    assert set(secured.values()) == {True}


def test_migrations_run_up_down_and_up_again(empty_urls: DatabaseUrls):
    migrate(empty_urls)
    with owner_engine(empty_urls.owner).begin() as connection:
        first = catalogue(connection)
        command.downgrade(migration_config(connection), "base")
        assert catalogue(connection) == {kind: set() for kind in CATALOGUE}
        leftovers = connection.execute(text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"))
        assert leftovers.all() == []

    migrate(empty_urls)

    with owner_engine(empty_urls.owner).begin() as connection:
        assert catalogue(connection) == first


def test_migrating_twice_changes_nothing(committed_urls: DatabaseUrls):
    with owner_engine(committed_urls.owner).begin() as connection:
        before = (catalogue(connection), known_revision(connection))

    migrate(committed_urls)

    with owner_engine(committed_urls.owner).begin() as connection:
        assert (catalogue(connection), known_revision(connection)) == before


def test_a_database_ahead_of_the_code_is_left_alone(committed_urls: DatabaseUrls):
    with owner_engine(committed_urls.owner).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_0000'"))

    with pytest.raises(DatabaseAhead, match="2099_01_01_0000"):
        migrate(committed_urls)


def test_a_migration_does_not_wait_long_behind_a_lock(committed_urls: DatabaseUrls):
    with owner_engine(committed_urls.owner).begin() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "5s"


async def test_the_application_owns_nothing_and_obeys_row_security(session):
    role = await session.exec(
        text("SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user")
    )
    owned = await session.exec(text("SELECT relname FROM pg_class WHERE relowner = current_user::regrole"))

    assert role.one() == (False, False, False, False)
    assert owned.all() == []


def test_an_unknown_revision_cannot_be_asked_for(empty_urls: DatabaseUrls):
    with pytest.raises(CommandError):
        migrate(empty_urls, to="nowhere")


def test_profiles_in_plain_text_are_refused_and_left_alone(empty_urls: DatabaseUrls):
    migrate(empty_urls, to="2026_11_20_1410")
    with owner_engine(empty_urls.owner).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO organisation (id, kind, name, standing, version, created_at, updated_at) "
                "VALUES (:id, 'supplier', 'Firm', 'active', 1, now(), now())"
            ),
            {"id": (firm := new_id())},
        )
        connection.execute(
            text(
                "INSERT INTO engineer (id, organisation_id, status, version, given_name, family_name, title, "
                "discipline, created_at, updated_at) VALUES "
                "(:id, :firm, 'draft', 1, 'Ana', 'Soto', 'X', 'qa', now(), now())"
            ),
            {"id": new_id(), "firm": firm},
        )

    with pytest.raises(CommandError, match="seed anew"):
        migrate(empty_urls)

    with owner_engine(empty_urls.owner).begin() as connection:
        assert connection.scalar(text("SELECT given_name FROM engineer")) == "Ana"
        assert known_revision(connection) == "2026_11_20_1410"


def test_requests_that_had_the_default_weights_go_by_their_clients(empty_urls: DatabaseUrls):
    migrate(empty_urls, to="2026_11_21_0200")
    own = {**DEFAULT_WEIGHTS, "rate": 0.1}
    with owner_engine(empty_urls.owner).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO organisation (id, kind, name, standing, version, created_at, updated_at) "
                "VALUES (:id, 'client', 'Buyer', 'active', 1, now(), now())"
            ),
            {"id": (buyer := new_id())},
        )
        for title, weights in (("default", DEFAULT_WEIGHTS), ("own", own)):
            connection.execute(
                text(
                    "INSERT INTO request (id, organisation_id, status, open_to_suppliers, version, title, description, "
                    "english_modes, domains, countries, start_tolerance_days, headcount, service_type, engagement, "
                    "exclude_unknown, weights, created_at, updated_at) VALUES (:id, :buyer, 'open', false, 1, :title, "
                    "'', '{}', '{}', '{}', 30, 1, 'development', 'staff_augmentation', '{}', :weights, now(), now())"
                ),
                {"id": new_id(), "buyer": buyer, "title": title, "weights": to_json(dict(weights)).decode()},
            )

    migrate(empty_urls)

    every = text("SELECT title, weights FROM request ORDER BY title")
    with owner_engine(empty_urls.owner).begin() as connection:
        assert dict(tuple(row) for row in connection.execute(every)) == {"default": None, "own": own}
        command.downgrade(migration_config(connection), "2026_11_21_0200")
        assert dict(tuple(row) for row in connection.execute(every)) == {
            "default": dict(DEFAULT_WEIGHTS),
            "own": own,
        }
