"""What a reply tells its caller, and what a database holds."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import httpx
from sqlalchemy import text
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit.models import AuditRecord
from tests.payloads import Json

VARYING = frozenset({"date", "x-request-id", "ratelimit"})
"""Headers that differ from one reply to the next whatever was asked."""
NOTED = ("last_used_at", "last_seen_at")
"""Columns that say when somebody called, whatever the answer was."""
RECORDS = frozenset({AuditRecord.__tablename__, "audit_chain", "audit_checkpoint"})
"""Tables to which a refusal adds."""


def told(reply: httpx.Response) -> tuple[int, str, int, Mapping[str, str]]:
    """All that a caller can tell one refusal from another by."""
    request_id = reply.headers["x-request-id"]
    headers = {name: value for name, value in reply.headers.items() if name not in VARYING}
    return reply.status_code, reply.text.replace(request_id, ""), len(reply.content), headers


async def contents(session: AsyncSession) -> dict[str, str]:
    """A digest of every table but those that record refusals."""
    digests = {}
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in RECORDS:
            noted = ", ".join(f"'{name}'" for name in NOTED)
            rows = f"SELECT (to_jsonb(t) - ARRAY[{noted}])::text AS row FROM {table.name} t"  # noqa: S608
            found = await session.scalar(text(f"SELECT string_agg(row, E'\\n' ORDER BY row) FROM ({rows}) AS whole"))  # noqa: S608
            digests[table.name] = sha256((found or "").encode()).hexdigest()
    return digests


async def recorded(session: AsyncSession) -> list[str]:
    """The actions on record, oldest first."""
    return [row.action for row in await session.exec(text("SELECT action FROM audit_record ORDER BY id"))]  # type: ignore[call-overload]


def ids_in(value: Any) -> set[str]:
    """Every `id` of the items of a page."""
    items: list[Json] = value["items"]
    return {str(item["id"]) for item in items if "id" in item}
