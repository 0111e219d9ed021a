"""Bringing a database to the schema of this code, and knowing whether it is there."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, create_engine, inspect, text
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import Database
from app.core.embedded import DatabaseUrls
from app.core.errors import CannotStart
from app.core.health import Check, Failing
from app.core.roles import role_for
from app.core.tenancy import Side

SCRIPTS: Final = Path(__file__).parents[2] / "migrations"
APPEND_ONLY: Final = "append_only"
"""Key of a table's `info`: the application may add rows to it and never change them."""
KEPT: Final = "kept"
"""Key of a table's `info`: the application may add and change rows, and never deletes one."""


class DatabaseAhead(CannotStart):
    """The database has a revision that this code does not know."""


def migration_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; with a connection, migrations run on it."""
    config = Config(toml_file=SCRIPTS.parent / "pyproject.toml")
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def head_revision() -> str | None:
    """The newest revision this code has."""
    return ScriptDirectory.from_config(migration_config()).get_current_head()


def migrate(urls: DatabaseUrls, *, to: str = "head") -> None:
    """Run the missing migrations as the owner, then let the application's role use the tables.

    Where row level security would not hold for that role, it is let become one for which it does (`roles.confined`).
    """
    with owner_engine(urls.owner).begin() as connection:
        refuse_unknown_revision(connection)
        command.upgrade(migration_config(connection), to)
        grant(connection, role_for(connection, urls))


def owner_engine(url: str) -> Engine:
    """An engine for migrations: no pool, and no long wait behind a lock that holds up everybody else.

    It works on the system's side, or the owner, who obeys row level security too, would migrate no data.
    """
    options = {"connect_timeout": 10, "options": f"-c TimeZone=UTC -c lock_timeout=5s -c puente.side={Side.SYSTEM}"}
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)


def refuse_unknown_revision(connection: Connection) -> None:
    """Refuse a database that a newer release has migrated."""
    # Two starting processes must not migrate at once; the lock goes with the transaction.
    connection.execute(text("SELECT pg_advisory_xact_lock(7106)"))
    known_revision(connection)


def require_head(urls: DatabaseUrls) -> None:
    """Refuse to work on a database whose schema is not that of this code."""
    with owner_engine(urls.app).connect() as connection:
        if known_revision(connection) != head_revision():
            raise CannotStart("The database is behind this release: run `puente migrate`.")


def known_revision(connection: Connection) -> str | None:
    """The revision a database is at; None before the first migration.

    Raises:
        DatabaseAhead: this code does not know the revision.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseAhead(f"The database is at revision {current}, which this release does not know: update Puente.")
    return current


def grant(connection: Connection, role: str | None) -> None:
    """Let `role` read and write the rows of every table, and only add to append-only ones."""
    if role is None or role == connection.engine.url.username:
        return
    name = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {name}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"))
    connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}"))
    connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}"))
    # An older schema lacks tables of this code.
    there = set(inspect(connection).get_table_names())
    for table in there.intersection(tables_marked(APPEND_ONLY, SQLModel.metadata)):
        connection.execute(text(f"REVOKE UPDATE, DELETE ON {table} FROM {name}"))
    for table in there.intersection(tables_marked(KEPT, SQLModel.metadata)):
        connection.execute(text(f"REVOKE DELETE ON {table} FROM {name}"))


def tables_marked(mark: str, metadata: MetaData) -> list[str]:
    """The tables whose `info` has this mark."""
    return [name for name, table in metadata.tables.items() if table.info.get(mark)]


def at_head(database: Database) -> Check:
    """A readiness check: the database has the schema of this code."""
    head = head_revision()

    async def check() -> None:
        async with database.transaction(None) as session:
            current = await current_revision(session)
        if current != head:
            raise Failing(f"at revision {current}, not {head}: run puente migrate")

    return check


async def current_revision(session: AsyncSession) -> str | None:
    """The revision the database is at; None before the first migration."""
    known = await session.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    if not known:
        return None
    found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
    return found
