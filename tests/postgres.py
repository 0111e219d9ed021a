"""The Postgres the tests run on: one server, one migrated template, a clone wherever rows are written."""

import asyncio
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

import app.tables
from app.core import migrations
from app.core.embedded import DatabaseUrls, admin_url
from app.core.migrations import SCRIPTS, migrate
from app.core.settings import Settings, with_driver
from app.operations import load_reference
from app.taxonomy import reference

ADMIN_URL = "PUENTE_TEST_DATABASE_URL"
"""A role that may create databases and roles; unset starts the embedded server."""

MASTER_KEYS = "PUENTE_MASTER_KEYS"
"""One master key for the template and all that is cloned from it."""

PASSWORD = "puente"
OWNER = "puente_test_owner"
APP = "puente_test_app"

Connection = psycopg.Connection[tuple[Any, ...]]


def start_server() -> None:
    """Start the embedded server unless another is named, and tell the workers where it is."""
    os.environ[MASTER_KEYS] = f"test:{'5e' * 32}"
    if ADMIN_URL not in os.environ:
        admin = admin_url(Path("var/test/postgres").resolve())
        os.environ[ADMIN_URL] = admin.render_as_string(hide_password=False)


@dataclass(frozen=True)
class Server:
    """The server, with its roles and its template in place."""

    admin: URL
    template: str

    @contextmanager
    def clone(self, name: str) -> Iterator[DatabaseUrls]:
        """A database of its own for the length of a block, as the migrations leave it."""
        with self.empty(name, template=self.template) as urls:
            yield urls

    @contextmanager
    def empty(self, name: str, *, template: str = "template0") -> Iterator[DatabaseUrls]:
        """A database that nobody has migrated."""
        with connect(self.admin) as connection:
            create_database(connection, name, template=template)
        try:
            yield self.urls(name)
        finally:
            with connect(self.admin) as connection:
                drop_database(connection, name)

    def urls(self, database: str) -> DatabaseUrls:
        """The ways of the owner and of the application into a database."""
        here = self.admin.set(database=database, password=PASSWORD)
        return DatabaseUrls(
            owner=here.set(username=OWNER).render_as_string(hide_password=False),
            app=here.set(username=APP).render_as_string(hide_password=False),
        )


def prepared_server() -> Server:
    """The server, after making what is missing; one worker works while the others wait."""
    server = Server(make_url(with_driver(os.environ[ADMIN_URL])), f"puente_template_{template_hash()}")
    with connect(server.admin) as connection:
        connection.execute("SELECT pg_advisory_lock(7107)")
        make_roles(connection)
        if not exists(connection, server.template):
            drop_old_templates(connection)
            build_template(connection, server)
    return server


def template_hash() -> str:
    """Changes with the migrations, what is granted after them, the reference data, and how it is read."""
    scripts = [*sorted(SCRIPTS.rglob("*.py")), Path(migrations.__file__), Path(reference.__file__)]
    content = b"".join(script.read_bytes() for script in scripts)
    return hashlib.sha256(content + reference.files_hash().encode()).hexdigest()[:12]


def build_template(connection: Connection, server: Server) -> None:
    """Migrate and fill a database under another name first, so that a template is always whole."""
    unfinished = f"{server.template}_unfinished"
    drop_database(connection, unfinished)
    create_database(connection, unfinished, template="template0")
    urls = server.urls(unfinished)
    migrate(urls)
    asyncio.run(load_reference(Settings(), urls))
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(server.template))
    )


def drop_old_templates(connection: Connection) -> None:
    """Forget the templates of earlier migrations."""
    found = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'puente\\_template\\_%'").fetchall()
    for (name,) in found:
        drop_database(connection, name)


def make_roles(connection: Connection) -> None:
    """Make the two roles a deployment has."""
    for role in (OWNER, APP):
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount == 0:
            statement = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(PASSWORD)))


def exists(connection: Connection, database: str) -> bool:
    return connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).rowcount == 1


def create_database(connection: Connection, name: str, *, template: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING 'UTF8'")
    connection.execute(statement.format(sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)))


def drop_database(connection: Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def connect(url: URL) -> Connection:
    return psycopg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True, connect_timeout=10
    )


__all__ = ["Server", "app", "prepared_server", "start_server"]
