"""The chains as they stand in the database, as the lines that an export holds and a verification sees.

Written in SQL and read as text wherever a superuser could have put what Python's types cannot hold: an instant beyond
the year 9999, a role that is none, a payload nested a thousand deep. A record like that must be found, not trip us up.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit.canonical import GENESIS, SYSTEM, Values
from app.audit.chain import seal_chains
from app.audit.verification import Verification

# to_char writes a year before Christ as it writes the one after.
INSTANT: Final = """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || CASE WHEN {0} < '0001-01-01T00:00:00Z' THEN ' BC' ELSE '' END"""
CHAINS: Final = text("""
    SELECT key, coalesce(last_sequence, 0), coalesce(last_hash, :genesis)
    FROM (
        SELECT organisation_id AS key FROM audit_chain
        UNION SELECT organisation_id FROM audit_checkpoint
        UNION SELECT coalesce(organisation_id, :system) FROM audit_record
    ) AS known LEFT JOIN audit_chain ON audit_chain.organisation_id = key
    WHERE key = :only OR CAST(:only AS uuid) IS NULL
    ORDER BY key
""")
CHECKPOINTS: Final = text(f"""
    SELECT 'checkpoint' AS kind, organisation_id, sequence, hash, {INSTANT.format("made_at")} AS made_at, signature
    FROM audit_checkpoint WHERE organisation_id = :key ORDER BY sequence
""")  # noqa: S608 - a constant
RECORDS: Final = f"""
    SELECT 'record' AS kind, id, {INSTANT.format("at")} AS at, actor_member_id, actor_organisation_id, actor_key_id,
           actor_role, organisation_id, action, subject_type, subject_id, CAST(payload AS text) AS payload,
           sequence, previous_hash, hash
    FROM audit_record WHERE {{}} ORDER BY sequence, id
"""  # noqa: S608 - a constant
OWN: Final = text(RECORDS.format("organisation_id = :key"))
SYSTEMS: Final = text(RECORDS.format("organisation_id IS NULL OR organisation_id = :key"))
UNSEALED: Final = text("""
    SELECT organisation_id, last_sequence, last_hash FROM audit_chain WHERE last_sequence > 0 AND NOT EXISTS (
        SELECT FROM audit_checkpoint AS made
        WHERE made.organisation_id = audit_chain.organisation_id AND made.sequence = last_sequence
    )
""")


async def lines(session: AsyncSession, only: UUID | None = None) -> AsyncGenerator[Values, None]:
    """Every line of every chain, or of `only` one, as of one moment; the transaction must not have begun to read."""
    connection = await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    given = {"genesis": GENESIS, "system": SYSTEM, "only": only}
    for key, sequence, last_hash in (await connection.execute(CHAINS, given)).all():
        yield {"kind": "chain", "organisation_id": str(key), "sequence": sequence, "hash": last_hash}
        for statement in (CHECKPOINTS, SYSTEMS if key == SYSTEM else OWN):
            async with aclosing(streamed(connection, statement, key)) as found:
                async for line in found:
                    yield line


async def streamed(connection: AsyncConnection, statement: Any, key: UUID) -> AsyncGenerator[Values, None]:
    """The lines of one kind of one chain, never more than a batch of them at a time."""
    found = await connection.stream(statement, {"key": key}, execution_options={"yield_per": 500})
    # Not `async with`: that leaves the cursor open when the reader stops in the middle.
    try:
        async for row in found.mappings():
            yield readable(dict(row))
    finally:
        await found.close()


def readable(row: Values) -> Values:
    """The row with ids as text and the payload as what it says; one that cannot be read stays text, and is found."""
    line = {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
    if "payload" in line:
        try:
            line["payload"] = read_payload(line["payload"])
        except (ValueError, TypeError):
            line["payload"] = str(line["payload"])
    return line


def read_payload(text: str) -> Any:
    """What a payload says.

    Raises:
        ValueError: it is nested deeper than anybody would.
    """
    value = from_json(text, allow_inf_nan=False)
    return json.loads(text, parse_float=exactly) if "." in text else value


def exactly(number: str) -> float | str:
    """The float that was written down as `number`; digits that no float has stay text, and are found."""
    value = float(number)
    return value if Decimal(number) == Decimal(repr(value)) else number


async def verify(session: AsyncSession, key: bytes | None) -> Verification:
    """Check every chain; return what was counted.

    Raises:
        Tampered: a record is not as it was written.
    """
    verification = Verification(key)
    # A finding leaves in the middle, and must not leave a cursor open.
    async with aclosing(lines(session)) as found:
        async for line in found:
            verification.see(line)
    verification.finish()
    return verification


async def checkpoint(session: AsyncSession, key: bytes) -> int:
    """Sign every chain where it ends now, unless it is signed there; return how many were."""
    # No lock: where a chain ended once is worth a signature, even when it has gone on.
    connection = await session.connection()
    heads = {row[0]: (row[1], row[2]) for row in await connection.execute(UNSEALED)}
    return await connection.run_sync(lambda sync: seal_chains(sync, heads, key))
