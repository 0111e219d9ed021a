"""Random queries: any tables, columns, joins, subselects, aggregates and conditions, all of them valid SQL."""

from collections import defaultdict
from dataclasses import dataclass
from random import Random
from typing import Any

from psycopg import sql

from tests.row_security.world import Connection

CONDITIONS = "true", "1 = 1 OR {c} IS NULL", "{c} IS NOT NULL", "NOT ({c} IS NULL)", "{c}::text LIKE '%%'"


@dataclass(frozen=True)
class Schema:
    """The tables a query may name: their columns by type, and values that stand in each column."""

    columns: dict[str, dict[str, str]]
    values: dict[tuple[str, str], list[str]]
    ids: list[tuple[str, str]]


def read_schema(connection: Connection, tables: list[str]) -> Schema:
    """The schema as it is, with values of every tenant to look for."""
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, kind in connection.execute(
        "SELECT table_name, column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public'"
    ):
        if table in tables:
            columns[table][column] = kind
    values = {}
    for table, names in columns.items():
        for column in names:
            query = sql.SQL("SELECT DISTINCT {c}::text FROM {t} WHERE {c} IS NOT NULL LIMIT 40")
            found = connection.execute(query.format(c=sql.Identifier(column), t=sql.Identifier(table)))
            values[table, column] = [value for (value,) in found if len(value) < 200]
    ids = [(table, column) for table, names in columns.items() for column, kind in names.items() if kind == "uuid"]
    return Schema(dict(columns), values, ids)


class Writer:
    """Writes one random query after another."""

    def __init__(self, schema: Schema, dice: Random) -> None:
        self.schema = schema
        self.dice = dice

    def query(self) -> str:
        """A query whose rows, as a bag, do not depend on the order they are found in."""
        shape = self.dice.choice([self._plain, self._plain, self._aggregate, self._grouped, self._combined])
        return shape()

    def _plain(self) -> str:
        source, names = self._source()
        chosen = self._columns(names, self.dice.randint(1, 4))
        order = ", ".join(str(place) for place in range(1, len(chosen) + 1))
        # Only a whole order makes the first few the same few.
        tail = self.dice.choice(
            ["", f" ORDER BY {order} LIMIT {self.dice.randint(1, 9)}", f" ORDER BY {order} OFFSET 2"]
        )
        distinct = self.dice.choice(["", "", "DISTINCT "])
        return f"SELECT {distinct}{', '.join(chosen)} FROM {source}{tail}"

    def _aggregate(self) -> str:
        source, names = self._source()
        (column,) = self._columns(names, 1)
        what = self.dice.choice(
            [
                "count(*)",
                f"count(DISTINCT {column}::text)",
                f"min({column}::text), max({column}::text)",
                f"string_agg({column}::text, ',' ORDER BY {column}::text)",
                f"array_agg({column}::text ORDER BY {column}::text)",
                f"bool_or({column} IS NULL), count(*) FILTER (WHERE {column} IS NOT NULL)",
            ]
        )
        return f"SELECT {what} FROM {source}"

    def _grouped(self) -> str:
        source, names = self._source()
        by, other = self._columns(names, 1)[0], self._columns(names, 1)[0]
        having = self.dice.choice(["", " HAVING count(*) > 1"])
        return f"SELECT {by}, count(*), max({other}::text) FROM {source} GROUP BY {by}{having}"

    def _combined(self) -> str:
        parts = []
        for _ in range(2):
            source, names = self._source()
            parts.append(f"SELECT {self._columns(names, 1)[0]}::text FROM {source}")
        return self.dice.choice([" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "]).join(parts)

    def _source(self) -> tuple[str, dict[str, str]]:
        """Tables joined, with a condition; and what each is called."""
        first = self._table()
        names = {"a": first}
        source = self._from(first, "a")
        if self.dice.random() < 0.45 and any(at == first for at, _ in self.schema.ids):
            (left, right), other = self._edge(first)
            names["b"] = other
            join = self.dice.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
            source += f" {join} {self._from(other, 'b')} ON a.{left} = b.{right}"
        return f"{source} WHERE {self._condition(names)}", names

    def _from(self, table: str, name: str) -> str:
        if self.dice.random() < 0.2:
            inner = self._condition({"x": table})
            return f"(SELECT x.* FROM {table} AS x WHERE {inner}) AS {name}"
        return f"{table} AS {name}"

    def _condition(self, names: dict[str, str]) -> str:
        return self.dice.choice([" AND ", " OR "]).join(self._test(names) for _ in range(self.dice.randint(1, 2)))

    def _test(self, names: dict[str, str]) -> str:
        name = self.dice.choice(sorted(names))
        table = names[name]
        column = self.dice.choice(sorted(self.schema.columns[table]))
        values = self.schema.values[table, column]
        match self.dice.randint(0, 5):
            case 0 | 1 if values:
                value = self.dice.choice(values).replace("'", "''")
                return f"{name}.{column}::text {self.dice.choice(['=', '<>', '<', '>='])} '{value}'"
            case 2 | 3:
                return self._subselect(name, table)
        return f"({self.dice.choice(CONDITIONS).format(c=f'{name}.{column}')})"

    def _subselect(self, name: str, table: str) -> str:
        own = [column for at, column in self.schema.ids if at == table]
        other, theirs = self.dice.choice(self.schema.ids)
        if not own:
            return f"EXISTS (SELECT 1 FROM {other})"
        mine = self.dice.choice(own)
        return self.dice.choice(
            [
                f"{name}.{mine} IN (SELECT {theirs} FROM {other})",
                f"EXISTS (SELECT 1 FROM {other} AS o WHERE o.{theirs} = {name}.{mine})",
                f"NOT EXISTS (SELECT 1 FROM {other} AS o WHERE o.{theirs} = {name}.{mine})",
                f"(SELECT count(*) FROM {other} AS o WHERE o.{theirs} = {name}.{mine}) > 0",
            ]
        )

    def _edge(self, table: str) -> tuple[tuple[str, str], str]:
        own = [column for at, column in self.schema.ids if at == table]
        other, theirs = self.dice.choice(self.schema.ids)
        return (self.dice.choice(own), theirs), other

    def _columns(self, names: dict[str, str], count: int) -> list[str]:
        chosen = []
        for _ in range(count):
            name = self.dice.choice(sorted(names))
            chosen.append(f"{name}.{self.dice.choice(sorted(self.schema.columns[names[name]]))}")
        return chosen

    def _table(self) -> str:
        return self.dice.choice(sorted(self.schema.columns))


def bag(rows: list[tuple[Any, ...]]) -> list[str]:
    """The rows, in an order that is always the same."""
    return sorted(map(repr, rows))
