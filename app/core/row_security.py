"""Who may see and write which rows of a table, declared beside its columns and held by Postgres.

A table says `{"info": {TENANCY: policies}}`, with SHARED for rows that belong to nobody. Policies add up, so `read`
names those who read besides those who may write. Migrations hold the SQL as it was when they were written; a test
compares what they left with what is declared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import MetaData

from app.core.tenancy import Side

TENANCY: Final = "tenancy"
"""Key of a table's `info`: its `Policies`."""

# As a subselect it is evaluated once a statement and not once a row, and an index serves what it is compared to.
ORGANISATION: Final = "(SELECT puente_organisation())"
FUNCTIONS: Final = (
    """
    CREATE FUNCTION puente_side() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN pg_catalog.current_setting('puente.side', true)
    """,
    """
    CREATE FUNCTION puente_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CAST(nullif(pg_catalog.current_setting('puente.organisation', true), '') AS uuid)
    """,
)


@dataclass(frozen=True, slots=True)
class Policies:
    """SQL conditions on a row of one table: who reads, does everything, only adds, or only changes."""

    read: str | None = None
    write: str | None = None
    add: str | None = None
    change: str | None = None

    def statements(self, table: str) -> Iterator[str]:
        """What a migration has to say to put `table` under them, its owner included."""
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
        if self.read:
            yield f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({self.read})"
        if self.write:
            yield f"CREATE POLICY {table}_write ON {table} FOR ALL USING ({self.write}) WITH CHECK ({self.write})"
        if self.add:
            yield f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({self.add})"
        if self.change:
            yield f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({self.change}) WITH CHECK ({self.change})"


SHARED: Final = Policies()
"""Of a table whose rows belong to nobody: whoever may use the table may use them all."""


def side(*sides: Side) -> str:
    """Transactions on one of these sides."""
    # The comparison, too, is inside: of a boolean Postgres expects that every other row passes, of an equation one in
    # two hundred, and then it sorts the whole table rather than walk an index in order.
    quoted = ", ".join(f"'{one.value}'" for one in sides)
    compared = f"= {quoted}" if len(sides) == 1 else f"IN ({quoted})"
    return f"(SELECT puente_side() {compared})"


def own(*sides: Side, column: str = "organisation_id") -> str:
    """Transactions on one of these sides, for rows of the organisation they work for."""
    return f"({side(*sides)} AND {column} = {ORGANISATION})"


def within(parent: str, child: str, *sides: Side) -> str:
    """Transactions on one of these sides, for rows whose parent they see: the parent's own policies decide."""
    # The side comes first, so that nobody looks for a parent in vain. Not EXISTS: Postgres would rather read and hash
    # every parent there is than look up those of the rows at hand.
    return f"({side(*sides)} AND (SELECT true FROM {parent} WHERE {parent}.id = {child}))"  # noqa: S608 - our names


def any_of(*conditions: str) -> str:
    """Where one of these holds."""
    return " OR ".join(conditions)


def declared(metadata: MetaData) -> dict[str, Policies]:
    """The policies of every table that says whose its rows are."""
    return {name: table.info[TENANCY] for name, table in metadata.tables.items() if TENANCY in table.info}


def protected(metadata: MetaData) -> dict[str, Policies]:
    """The policies of every table whose rows belong to somebody."""
    return {name: policies for name, policies in declared(metadata).items() if policies is not SHARED}
