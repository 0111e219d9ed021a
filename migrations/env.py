"""How Alembic reaches the database: on the connection it is handed, or as the owner the settings name."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlmodel import AutoString
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.embedded import locate_database
from app.core.migrations import owner_engine
from app.core.settings import Settings
from app.tables import metadata


def render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write SQLModel's own types as the plain ones they stand for, so that migrations outlive its releases."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length or ''})"
    return False


def run(connection: Connection) -> None:
    """Run the migrations asked for."""
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=True, render_item=render)
    with context.begin_transaction():
        context.run_migrations()


if (handed := context.config.attributes.get("connection")) is not None:
    run(handed)
else:
    with owner_engine(locate_database(Settings()).owner).begin() as own:
        run(own)
