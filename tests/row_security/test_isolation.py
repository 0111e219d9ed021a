"""Nobody sees or touches what is another's, whatever a query says or forgets to say."""

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import psycopg
import pytest
from psycopg import errors, sql

from app.core.ids import new_id
from app.core.migrations import APPEND_ONLY, tables_marked
from app.core.row_security import protected
from app.core.tenancy import RANKING, SIGN_IN, SYSTEM, Side, Tenancy
from app.tables import metadata
from tests.row_security.chance import Writer, bag, read_schema
from tests.row_security.world import (
    CONFIDED,
    CREDENTIALS,
    PARENTS,
    VISIBLE,
    World,
    acting,
    identifiers,
    ids_in,
    inhabited,
    owned,
    schema_of,
    visible,
)

TABLES = sorted(protected(metadata))
OWNED = [table for table in TABLES if table != "sign_in_lock"]
"""Those whose rows say whose they are; of a lock nobody can tell, not even from its key."""
BATCH = 50


@pytest.fixture(scope="module")
def world(server):
    with inhabited(server, f"puente_isolation_{new_id().hex}") as world:
        yield world


def rows(connection, table, condition="true", what="*"):
    return bag(connection.execute(f"SELECT {what} FROM public.{table} WHERE {condition}").fetchall())


def test_every_table_holds_rows_of_both_tenants_of_a_side(world: World):
    with world.admin() as admin:
        for tenancy in world.tenants:
            for table in VISIBLE[tenancy.side]:
                assert rows(admin, table, owned(tenancy, table)) or table.startswith("request"), (tenancy.side, table)
        assert all(rows(admin, table) for table in TABLES)


@pytest.mark.parametrize("tenancy", [None, Tenancy(Side.SUPPLIER), Tenancy(Side.CLIENT, new_id())])
def test_a_transaction_that_works_for_nobody_has_no_rows(world: World, tenancy):
    with world.connect() as connection, acting(connection, tenancy):
        found = {table: rows(connection, table) for table in TABLES}

    # To a firm that owns nothing a request is open all the same.
    shown = {"request", "request_skill", "request_certification"} if tenancy and tenancy.side is Side.SUPPLIER else ()
    assert {table for table, here in found.items() if here} == set(shown)


@pytest.mark.parametrize("table", TABLES)
def test_a_raw_select_returns_exactly_what_is_the_tenants_to_see(world: World, table):
    with world.admin() as admin, world.connect() as connection:
        for tenancy in world.tenants:
            expected = rows(admin, table, visible(tenancy, table))
            with acting(connection, tenancy):
                assert rows(connection, table) == expected, tenancy.side


def test_the_marketplace_sees_what_it_works_with(world: World):
    hidden = {"idempotency_record", "profile_entry", "audit_chain", "audit_checkpoint", "sign_in_lock", *CONFIDED}
    with world.admin() as admin, world.connect() as connection, acting(connection, world.staff):
        for table in TABLES:
            if table not in hidden:
                assert rows(connection, table) == rows(admin, table), table
        assert rows(connection, "idempotency_record") == rows(
            admin, "idempotency_record", owned(world.staff, "idempotency_record")
        )
        assert not any(rows(connection, table) for table in hidden - {"idempotency_record"})


@pytest.mark.parametrize(
    ("tenancy", "seen"),
    [
        (SIGN_IN, {"organisation", "member", "api_key", "sign_in_lock", *CREDENTIALS}),
        (RANKING, {"profile_entry", "person_key"}),
        (Tenancy(Side.AUDIT), {"audit_chain", "audit_checkpoint"}),
        (SYSTEM, set(TABLES)),
    ],
)
def test_a_narrow_side_sees_what_its_work_needs(world: World, tenancy, seen):
    with world.connect() as connection, acting(connection, tenancy):
        assert {table for table in TABLES if rows(connection, table)} == seen


@dataclass
class Asked:
    """What came of asking random queries as random tenants."""

    wrong: list[str] = field(default_factory=list)
    """Queries that showed a foreign id, or answered otherwise than where only the tenant's rows are."""
    told_apart: int = 0
    """Of every fifth, asked again as the system: how many answered something else."""
    foreign: int = 0
    """How many of those showed ids that are foreign to the tenant."""


def ask(world: World, count: int) -> Asked:
    """Ask as tenants, on one connection, and compare."""
    dice, asked = Random(20261121), Asked()
    with world.admin() as admin, world.connect() as connection:
        everything = identifiers(admin, TABLES)
        foreign = {one: everything - identifiers(admin, TABLES, schema_of(one)) for one in world.tenants}
        assert all(len(ids) > 30 for ids in foreign.values())
        writer = Writer(read_schema(admin, TABLES), dice)
        for _ in range(count // BATCH):
            tenancy = dice.choice(world.tenants)
            queries = [writer.query() for _ in range(BATCH)]
            with acting(connection, tenancy):
                answers = [connection.execute(query).fetchall() for query in queries]
            admin.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema_of(tenancy))))
            for query, answer in zip(queries, answers, strict=True):
                if ids_in(answer) & foreign[tenancy] or bag(answer) != bag(admin.execute(query).fetchall()):
                    asked.wrong.append(query)
            with acting(connection, SYSTEM):
                for query, answer in list(zip(queries, answers, strict=True))[::5]:
                    whole = connection.execute(query).fetchall()
                    asked.told_apart += bag(whole) != bag(answer)
                    asked.foreign += bool(ids_in(whole) & foreign[tenancy])
    return asked


def test_ten_thousand_random_queries_return_nothing_foreign(world: World):
    asked = ask(world, 10_000)

    assert asked.wrong == []
    # Of two thousand asked again as the system: that many would have shown what is another's.
    assert asked.told_apart > 700
    assert asked.foreign > 200


@pytest.mark.parametrize(
    "hole",
    [
        "ALTER POLICY engineer_contact_write ON engineer_contact USING (true)",
        "ALTER POLICY request_read ON request USING ((SELECT puente_side() = 'supplier'))",
        "ALTER TABLE shortlist_entry DISABLE ROW LEVEL SECURITY",
    ],
)
def test_a_hole_is_found_by_a_few_of_them(server, hole):
    with inhabited(server, f"puente_isolation_{new_id().hex}") as world:
        with world.admin() as admin:
            admin.execute(hole)

        assert ask(world, 500).wrong != []


def test_an_error_tells_nothing_of_a_foreign_row(world: World):
    # A cast that fails quotes the value: it must not be tried on rows that are not there.
    supplier = world.tenants[0]
    with world.connect() as connection, acting(connection, Tenancy(Side.SUPPLIER, new_id())):
        for expression in ("CAST(zone AS integer)", "1 / (length(zone) - length(zone))"):
            found = connection.execute(f"SELECT id FROM engineer WHERE {expression} = 1").fetchall()
            assert found == []
    with world.connect() as connection, acting(connection, supplier), pytest.raises(errors.DataError):
        connection.execute("SELECT id FROM engineer WHERE CAST(zone AS integer) = 1")


def foreign_rows(admin, table, tenancy):
    """The rows of a table that belong to somebody else, as JSON, and the condition they are found by."""
    condition = f"({owned(tenancy, table)}) IS NOT TRUE"
    return [row for (row,) in admin.execute(f"SELECT to_jsonb(t) FROM {table} AS t WHERE {condition}")]


@pytest.mark.parametrize("table", OWNED)
def test_a_foreign_row_is_neither_changed_nor_deleted(world: World, table):
    with world.admin() as admin, world.connect() as connection:
        (column,) = admin.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
            "AND udt_name = 'uuid' ORDER BY ordinal_position LIMIT 1",
            [table],
        ).fetchone()
        for tenancy in world.tenants:
            keys = [UUID(row[column]) for row in foreign_rows(admin, table, tenancy) if row[column]]
            assert keys
            mine = [
                UUID(own)
                for (own,) in admin.execute(f"SELECT {column}::text FROM {table} WHERE {owned(tenancy, table)}")
            ]
            keys = sorted(set(keys) - set(mine))
            for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
                with acting(connection, tenancy):
                    assert touched(connection, f"{statement} WHERE {column} = ANY(%s)", [keys]) == 0, statement
            with acting(connection, tenancy):
                locked = f"SELECT 1 FROM {table} WHERE {column} = ANY(%s) FOR UPDATE"
                assert touched(connection, locked, [keys]) == 0


def touched(connection, statement, values):
    """How many rows a statement reached; none when the role may not say it at all."""
    try:
        return connection.execute(statement, values).rowcount
    except errors.InsufficientPrivilege:
        return 0


@pytest.mark.parametrize("table", OWNED)
def test_a_row_of_somebody_else_is_not_written(world: World, table):
    with world.admin() as admin, world.connect() as connection:
        for tenancy in (None, *world.tenants):
            one = foreign_rows(admin, table, tenancy or Tenancy(Side.CLIENT, new_id()))[0]
            with acting(connection, tenancy), pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
                connection.execute(
                    f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)",
                    [psycopg.types.json.Jsonb(one)],
                )


ADDED_TO = set(tables_marked(APPEND_ONLY, metadata))
"""Nobody changes a row of these, whosever it is."""
MOVES = [
    (Side.SUPPLIER, "member", "organisation_id"),
    (Side.SUPPLIER, "api_key", "organisation_id"),
    (Side.SUPPLIER, "idempotency_record", "organisation_id"),
    (Side.SUPPLIER, "engineer", "organisation_id"),
    (Side.CLIENT, "request", "organisation_id"),
    (Side.CLIENT, "shortlist", "organisation_id"),
    *(
        (Side.SUPPLIER, table, column)
        for table, (column, parent) in PARENTS.items()
        if parent == "engineer" and table not in {*ADDED_TO, *CONFIDED}
    ),
    *(
        (Side.CLIENT, table, column)
        for table, (column, parent) in PARENTS.items()
        if parent != "engineer" and table not in {*ADDED_TO, *CONFIDED}
    ),
    (Side.CLIENT, "shortlist_population", "organisation_id"),
]


@pytest.mark.parametrize(("side", "table", "column"), MOVES)
def test_an_own_row_cannot_be_given_away(world: World, side, table, column):
    mine, theirs = (tenancy for tenancy in world.tenants if tenancy.side is side)
    with world.admin() as admin, world.connect() as connection:
        other = admin.execute(f"SELECT {column} FROM {table} WHERE {owned(theirs, table)} LIMIT 1").fetchone()
        with acting(connection, mine), pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(f"UPDATE {table} SET {column} = %s", other)
