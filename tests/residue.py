"""Looking for what is left of somebody: in every row, in every file of the server."""

import mmap
import os
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL


def connect(admin: URL, database: str) -> "psycopg.Connection[tuple[object, ...]]":
    """The superuser's way into a database."""
    url = admin.set(drivername="postgresql", database=database)
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def rows_of(admin: URL, database: str) -> bytes:
    """Every value of every row of every table: as text, and what is binary also as the bytes that it is."""
    parts: list[bytes] = []
    with connect(admin, database) as connection:
        every = (
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table in connection.execute(every).fetchall():
            name = sql.Identifier(str(schema), str(table))
            for row in connection.execute(sql.SQL("SELECT t.*, t::text FROM {} t").format(name)):
                parts += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(parts)


def data_folder(admin: URL, database: str) -> Path | None:
    """Where the server keeps its files, all of them written out; None when that is on another machine."""
    with connect(admin, database) as connection:
        connection.execute("CHECKPOINT")
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    return Path(str(folder)) if Path(str(folder)).is_dir() else None


def files_with(folder: Path, words: Iterable[bytes]) -> list[tuple[str, bytes]]:
    """Which files under a folder hold which words."""
    wanted = list(words)
    found = []
    # Not rglob, which raises when a folder goes while it looks: other tests' databases come and go.
    for file in (Path(root, name) for root, _, names in os.walk(folder) for name in names):
        try:
            with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
                found += [(str(file), word) for word in wanted if content.find(word) >= 0]
        # Empty, gone by now, or a socket.
        except (ValueError, OSError):
            continue
    return found


def spellings(word: str) -> list[bytes]:
    """A word as it could stand in a dump: as it is, in hexadecimal, and as escaped bytes."""
    plain = word.encode()
    return [plain, plain.hex().encode(), "".join(f"\\{byte:03o}" for byte in plain).encode()]
