"""So many random tampers with the audit record, by a superuser and in exported files: each is found, and named.

    python -m tests.proofs.tampers [--times 10000] [--seed 1]

In a database of its own, three chains of twenty to sixty records with signed checkpoints; constraints and triggers are
lifted, as a superuser could. Each tamper happens in a transaction that verifies and is rolled back. Which record is the
first bad one is told by comparing the rows with what they were: no hash and nothing of the verification is used.

A record can be forged together with its own hash. Then the record that is named is the one where that shows: the next,
whose link is broken, or the one that is signed. What cannot be found in the database alone is one class, generated and
counted apart (`beyond_checkpoint`): everything behind the last checkpoint that is left, rewritten or cut consistently,
by somebody who controls the database. It is found as soon as there is a checkpoint behind the place where the rewriting
began, in the database or kept elsewhere (`found_by_checkpoint`).
"""

import argparse
import asyncio
import json
import random
import sys
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from time import perf_counter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import SAWarning
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import reading
from app.audit.canonical import SYSTEM, Values, link
from app.audit.chain import extend, lock_chains, seal_chains
from app.audit.signing import signature_of
from app.audit.verification import Tampered, Verification, export, verify_export
from app.core.actor import Role
from app.core.clock import utcnow
from app.core.database import create_engine
from app.core.ids import new_id
from app.core.settings import Settings
from tests.postgres import Server, prepared_server, start_server

KEY: Final = b"k" * 64
OTHER_KEY: Final = b"x" * 64
OF_FILES: Final = 0.2
"""Share of the tampers that are made to exported files."""

LIFTED: Final = """
    ALTER TABLE audit_record DROP CONSTRAINT pk_audit_record;
    DROP INDEX uq_audit_record_organisation_id_sequence;
    ALTER TABLE audit_record DROP CONSTRAINT ck_audit_record_actor_role;
    ALTER TABLE audit_chain ALTER last_sequence DROP NOT NULL, ALTER last_hash DROP NOT NULL;
    ALTER TABLE audit_checkpoint ALTER hash DROP NOT NULL, ALTER made_at DROP NOT NULL, ALTER signature DROP NOT NULL
"""
NULLABLE: Final = ("id", "at", "action", "subject_type", "subject_id", "payload", "sequence", "previous_hash", "hash")
ROWS: Final = """
    SELECT id, at::text AS at, actor_member_id, actor_organisation_id, actor_key_id, actor_role, organisation_id,
           action, subject_type, subject_id, payload::text AS payload, sequence, previous_hash, hash
    FROM audit_record ORDER BY coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'), sequence, id
"""
FORGED: Final = "action = :action, previous_hash = :previous_hash, hash = :hash"
A_UUID: Final = "gen_random_uuid()"
EDITS: Final = {
    "id": [A_UUID],
    "at": [
        "at + interval '1 microsecond'",
        "at - interval '1 microsecond'",
        "at + interval '1 day'",
        "'infinity'",
        "'-infinity'",
        "at + interval '18000 years'",
        "(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00 BC')::timestamptz",
    ],
    "actor_member_id": [A_UUID, "NULL", "subject_id"],
    "actor_organisation_id": [A_UUID, "coalesce(NULL, organisation_id, gen_random_uuid())"],
    "actor_key_id": [A_UUID],
    "actor_role": ["'auditor'", "'emperor'", "NULL", "''"],
    "organisation_id": [A_UUID],
    "action": ["action || 'x'", "upper(action)", "action || ' '", "''"],
    "subject_type": ["'x'", "subject_type || E'\\u200b'"],
    "subject_id": [A_UUID, "id"],
    "payload": [
        "payload || '{\"number\": 7000}'",
        "payload || '{\"new\": null}'",
        "payload - 'number'",
        "payload - 'ñ'",
        "jsonb_set(payload, '{deep,0,text}', '\"otra\"')",
        "jsonb_set(payload, '{deep,0,list,1}', 'false')",
        "jsonb_set(payload, '{deep,0,list}', '[]')",
        "jsonb_set(payload, '{deep,0,half}', '0.50000000000000000000001')",
        "jsonb_set(payload, '{number}', to_jsonb(payload->>'number'))",
        "jsonb_set(payload, '{deep,0}', 'null')",
        "'null'",
        "'{}'",
        "jsonb_build_array(payload)",
        "(repeat('[', 900) || repeat(']', 900))::jsonb",
        "('1' || repeat('0', 9000))::jsonb",
    ],
    "sequence": ["sequence + 1000", "-sequence", "0", "sequence + 1", "sequence - 1"],
    "previous_hash": ["repeat('b', 64)", "upper(previous_hash)", "hash", "''"],
    "hash": ["repeat('b', 64)", "upper(hash)", "previous_hash", "''"],
}
RESPELT: Final = (
    "jsonb_set(payload, '{number}', ((payload->>'number') || '.00')::jsonb)",
    "jsonb_set(payload, '{deep,0,half}', '5e-1')",
    "(E' \\n' || replace(payload::text, ':', E' :\\t'))::jsonb",
)
"""The same JSON, written in another way: no tamper."""

Place = tuple[str, int | None]
"""A chain and a sequence in it."""


@dataclass
class Tally:
    """What was seen."""

    done: Counter[str] = field(default_factory=Counter)
    found: int = 0
    named: int = 0
    beyond_checkpoint: int = 0
    found_by_checkpoint: int = 0
    respelt: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Chain:
    """A chain as it was written."""

    key: UUID
    records: list[Values]
    checkpoints: list[Values]

    @property
    def name(self) -> str:
        return str(self.key)

    @property
    def last(self) -> int:
        return len(self.records)

    @property
    def signed(self) -> list[int]:
        return [point["sequence"] for point in self.checkpoints]


def main() -> None:
    """Tamper, and print what was found; exit with 1 when something was not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    start_server()
    found = prove(prepared_server(), times=arguments.times, seed=arguments.seed)
    print(json.dumps(found))
    sys.exit(0 if found["holds"] else 1)


def prove(server: Server, *, times: int, seed: int) -> dict[str, Any]:
    """Run the tampers on a database of their own."""
    name = f"puente_tampers_{new_id().hex}"
    with server.clone(name):
        address = server.admin.set(database=name).render_as_string(hide_password=False)
        return asyncio.run(tamper(address, times, random.Random(seed)))


async def tamper(address: str, times: int, dice: random.Random) -> dict[str, Any]:
    """All tampers, one after the other."""
    engine, started = create_engine(address, Settings()), perf_counter()
    try:
        await write_chains(engine, dice)
        prover = await Prover.of(engine, dice)
        for _ in range(times):
            await (prover.tamper_file() if dice.random() < OF_FILES else prover.tamper_rows())
        return figures(prover.tally, times, perf_counter() - started)
    finally:
        await engine.dispose()


def figures(seen: Tally, times: int, seconds: float) -> dict[str, Any]:
    """What there is to say; every tamper is in one of the four numbers after the first."""
    accounted = seen.found + seen.beyond_checkpoint + seen.respelt
    return {
        "tampers": times,
        "found": seen.found,
        "named": seen.named,
        "beyond_checkpoint": seen.beyond_checkpoint,
        "respelt": seen.respelt,
        "found_by_checkpoint": seen.found_by_checkpoint,
        "missed": times - accounted,
        "wrong": seen.wrong[:5],
        "holds": not seen.wrong and accounted == times and seen.named == seen.found,
        "seconds": round(seconds, 1),
        "kinds": dict(sorted(seen.done.items())),
    }


async def write_chains(engine: AsyncEngine, dice: random.Random) -> None:
    """Chains of the system and of two organisations, two records signed in each; of one also the last."""
    async with AsyncSession(engine) as session, session.begin():
        connection = await session.connection()
        for statement in LIFTED.split(";"):
            await connection.execute(text(statement))
        for column in NULLABLE:
            await connection.execute(text(f"ALTER TABLE audit_record ALTER {column} DROP NOT NULL"))
    for key in [None, *sorted(new_id() for _ in range(2))]:
        length = dice.randint(20, 60)
        async with AsyncSession(engine) as session, session.begin():
            connection = await session.connection()
            signed = sorted({*dice.sample(range(3, length - 4), 2), *([length] if key is None else [])})
            for upto in sorted({*signed, length}):
                await grow(connection, key, upto)
                if upto in signed:
                    await connection.run_sync(partial(sign_end, key or SYSTEM))


def sign_end(key: UUID, connection: Connection) -> None:
    """Sign where a chain ends now."""
    seal_chains(connection, lock_chains(connection, {key}), KEY)


async def grow(connection: AsyncConnection, organisation_id: UUID | None, upto: int) -> None:
    """Write records until the chain has so many."""
    have = await connection.scalar(
        text("SELECT count(*) FROM audit_record WHERE organisation_id IS NOT DISTINCT FROM :key"),
        {"key": organisation_id},
    )
    records = [values(organisation_id, number) for number in range(have, upto)]
    await connection.run_sync(lambda sync: extend(sync, records))


def values(organisation_id: UUID | None, number: int) -> Values:
    """A record with something of everything."""
    deep = {"text": "uno", "half": 0.5, "list": [1, True, None], "more": {"é": 1e-7, "big": 2**70}}
    return {
        "id": new_id(),
        "at": utcnow(),
        "actor_member_id": new_id(),
        "actor_organisation_id": None,
        "actor_key_id": new_id() if number % 2 else None,
        "actor_role": Role.ADMIN,
        "organisation_id": organisation_id,
        "action": "thing.happened",
        "subject_type": "thing",
        "subject_id": new_id(),
        "payload": {"number": number, "ñ": "a b", "deep": [deep]},
    }


class Prover:
    """Tampers, verifies, and holds what was said against what was done."""

    def __init__(self, engine: AsyncEngine, dice: random.Random, chains: list[Chain], rows: list[Values]) -> None:
        self.engine = engine
        self.dice = dice
        self.chains = chains
        self.before = grouped(rows)
        self.tally = Tally()
        everything: list[Values] = []
        for chain in chains:
            end = {"kind": "chain", "organisation_id": chain.name, "sequence": chain.last}
            everything += [{**end, "hash": chain.records[-1]["hash"]}, *chain.checkpoints, *chain.records]
        self.file = list(export(everything, KEY))
        self.kinds: list[tuple[str, Callable[[Any], Any]]] = [
            ("edit", self.edit),
            ("edit", self.edit),
            ("edit", self.edit),
            ("null", self.null),
            ("delete", self.delete),
            ("insert", self.insert),
            ("duplicate", self.duplicate),
            ("reorder", self.reorder),
            ("move", self.move),
            ("empty", self.empty),
            ("combine", self.combine),
            ("respell", self.respell),
            ("rehash", self.rehash),
            ("rewrite", self.rewrite),
            ("head", self.head),
            ("checkpoint", self.checkpoint),
            ("beyond", self.beyond),
        ]

    @classmethod
    async def of(cls, engine: AsyncEngine, dice: random.Random) -> "Prover":
        """A prover who knows how everything was written."""
        async with transaction(engine) as session:
            lines = await read_lines(session)
            rows = await all_rows(await session.connection())
        chains: list[Chain] = []
        for line in lines:
            if line["kind"] == "chain":
                chains.append(Chain(UUID(line["organisation_id"]), [], []))
            else:
                (chains[-1].records if line["kind"] == "record" else chains[-1].checkpoints).append(line)
        return cls(engine, dice, chains, rows)

    async def tamper_rows(self) -> None:
        """One tamper in the database."""
        kind, do = self.dice.choice(self.kinds)
        self.tally.done[kind] += 1
        async with transaction(self.engine) as session:
            connection = await session.connection()
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            expected: set[Place] | None = await do(connection)
            if expected is None:
                expected = self.first_difference(await all_rows(connection))
            finding = await verdict(session)
            if kind == "beyond":
                await self.judge_beyond(session, finding, expected)
            else:
                self.judge(kind, finding, expected)
            await session.rollback()

    def judge(self, kind: str, finding: Tampered | None, expected: set[Place]) -> None:
        """Whether it was found, and the right record named; nothing expected means that nothing was changed."""
        if not expected:
            self.tally.respelt += finding is None
        elif finding is not None:
            self.tally.found += 1
            right = bool({(finding.chain, finding.sequence), (finding.chain, None)} & expected)
            right = right or (finding.chain is None and any(str(chain) in str(finding) for chain, _ in expected))
            self.tally.named += right
        if (finding is None) == bool(expected) or (finding is not None and not right):
            self.tally.wrong.append(f"{kind}: expected {sorted(map(str, expected))}, found {finding}")

    async def judge_beyond(self, session: AsyncSession, finding: Tampered | None, expected: set[Place]) -> None:
        """Not found in the database alone; found when a checkpoint behind it was kept elsewhere, if one was made."""
        self.tally.beyond_checkpoint += finding is None
        again = await verdict(session, kept=self.chains)
        if finding is not None or (again is None) == bool(expected):
            self.tally.wrong.append(f"beyond: found {finding}, with checkpoints kept {again}, expected {expected}")
        elif again is not None:
            self.tally.found_by_checkpoint += 1
            if (again.chain, again.sequence) not in expected:
                self.tally.wrong.append(f"beyond: expected {expected}, found {again}")

    def first_difference(self, rows: list[Values]) -> set[Place]:
        """Where the rows first differ from what they were, chain by chain in the order of their keys."""
        after = grouped(rows)
        for key in sorted(self.before.keys() | after.keys()):
            was, now = self.before.get(key, []), after.get(key, [])
            for place in range(max(len(was), len(now))):
                if place >= len(now) or place >= len(was) or was[place] != now[place]:
                    known = now[place]["sequence"] if place < len(now) else None
                    # What stands where another should is named by its own number when that was passed already.
                    passed = known is not None and known <= place
                    return {(str(key), place + 1)} | ({(str(key), known)} if passed else set())
        return set()

    def pick(self) -> tuple[Chain, Values]:
        """A chain and one of its records."""
        chain = self.dice.choice(self.chains)
        return chain, self.dice.choice(chain.records)

    async def edit(self, connection: AsyncConnection) -> None:
        """Another value in one column of one record."""
        _, record = self.pick()
        column = self.dice.choice(list(EDITS))
        await update(connection, record["id"], column, self.dice.choice(EDITS[column]))

    async def null(self, connection: AsyncConnection) -> None:
        """NULL in a column."""
        _, record = self.pick()
        await update(connection, record["id"], self.dice.choice(NULLABLE), "NULL")

    async def respell(self, connection: AsyncConnection) -> None:
        """The same payload, written in another way."""
        _, record = self.pick()
        await update(connection, record["id"], "payload", self.dice.choice(RESPELT))

    async def delete(self, connection: AsyncConnection) -> None:
        """One record, some in a row, the tail, or any."""
        chain, record = self.pick()
        first = record["sequence"]
        last = self.dice.choice([first, first + self.dice.randrange(6), chain.last])
        gone = [other["id"] for other in chain.records[first - 1 : last]]
        if self.dice.random() < 0.2:
            gone = [other["id"] for other in self.dice.sample(chain.records, 3)]
        await connection.execute(text("DELETE FROM audit_record WHERE id = ANY(:gone)"), {"gone": gone})

    async def insert(self, connection: AsyncConnection) -> None:
        """A record that never was, with a hash of its own, somewhere or at the end."""
        chain, record = self.pick()
        forged = {
            **plain_record(record),
            "id": new_id() if self.dice.random() < 0.5 else UUID(int=self.dice.getrandbits(128)),
        }
        sequence, previous = record["sequence"], record["previous_hash"]
        if self.dice.random() < 0.3:
            sequence, previous = chain.last + 1, chain.records[-1]["hash"]
        await write(connection, link(forged, sequence=sequence, previous_hash=previous))

    async def duplicate(self, connection: AsyncConnection) -> None:
        """A record twice, under its id or another."""
        _, record = self.pick()
        again = {**plain_record(record), **{name: record[name] for name in ("sequence", "previous_hash", "hash")}}
        await write(connection, again | ({"id": new_id()} if self.dice.random() < 0.5 else {}))

    async def reorder(self, connection: AsyncConnection) -> None:
        """Some records in each other's places: by their numbers, or by all they say."""
        chain, _ = self.pick()
        some = self.dice.sample(chain.records, self.dice.randint(2, 6))
        columns = self.dice.choice([["sequence"], ["payload"], ["subject_id"], ["sequence", "previous_hash", "hash"]])
        for record, other in zip(some, [*some[1:], some[0]], strict=True):
            given = {column: json.dumps(other[column]) if column == "payload" else other[column] for column in columns}
            sets = ", ".join(f"{c} = CAST(:{c} AS jsonb)" if c == "payload" else f"{c} = :{c}" for c in columns)
            await connection.execute(
                text(f"UPDATE audit_record SET {sets} WHERE id = :id"), {**given, "id": record["id"]}
            )

    async def move(self, connection: AsyncConnection) -> None:
        """A record in another chain: under its number, at the end, or linked there with a hash of its own."""
        chain, record = self.pick()
        other = self.dice.choice([c for c in self.chains if c is not chain])
        moved = {**plain_record(record), "organisation_id": None if other.key == SYSTEM else other.key}
        sequence, previous = record["sequence"], record["previous_hash"]
        if self.dice.random() < 0.5:
            sequence, previous = other.last + 1, other.records[-1]["hash"]
        row = {**moved, "sequence": sequence, "previous_hash": previous, "hash": record["hash"]}
        if self.dice.random() < 0.5:
            row = link(moved, sequence=sequence, previous_hash=previous)
        await connection.execute(text("DELETE FROM audit_record WHERE id = :id"), {"id": record["id"]})
        await write(connection, row)

    async def empty(self, connection: AsyncConnection) -> None:
        """All records of a chain, or of all."""
        chain, _ = self.pick()
        where = self.dice.choice(["true", "coalesce(organisation_id, :system) = :key"])
        await connection.execute(
            text(f"DELETE FROM audit_record WHERE {where} AND :key = :key AND :system = :system"),
            {"key": chain.key, "system": SYSTEM},
        )

    async def combine(self, connection: AsyncConnection) -> None:
        """Several at once."""
        for _ in range(self.dice.randint(2, 4)):
            do = self.dice.choice([self.edit, self.delete, self.insert, self.duplicate, self.reorder, self.move])
            await do(connection)

    async def rehash(self, connection: AsyncConnection) -> set[Place]:
        """A record forged together with its own hash: what follows it shows that."""
        chain, record = self.pick()
        place = record["sequence"]
        await self.forge(connection, chain, place, upto=place, move_end=False)
        return {(chain.name, place if place in chain.signed or place == chain.last else place + 1)}

    async def rewrite(self, connection: AsyncConnection) -> set[Place]:
        """A record forged, and every hash behind it, and the end: the next checkpoint shows that."""
        chain = self.dice.choice(self.chains)
        place = self.dice.randint(1, max(chain.signed))
        await self.forge(connection, chain, place, upto=chain.last)
        if self.dice.random() < 0.8:
            return {(chain.name, min(signed for signed in chain.signed if signed >= place))}
        made = await self.resign(connection, chain)
        return {(chain.name, min(s for s in {*chain.signed, *made} if s >= place)), (chain.name, min(chain.signed))}

    async def resign(self, connection: AsyncConnection, chain: Chain) -> list[int]:
        """Sign every checkpoint anew with a key that is not the one."""
        rows = (await connection.execute(text(
            "SELECT sequence, hash FROM audit_record WHERE coalesce(organisation_id, :system) = :key"),
            {"system": SYSTEM, "key": chain.key})).all()  # fmt: skip
        hashes = {row.sequence: row.hash for row in rows}
        for point in chain.checkpoints:
            made = {"kind": "checkpoint", "organisation_id": chain.name, "sequence": point["sequence"]}
            made |= {"hash": hashes[point["sequence"]], "made_at": point["made_at"]}
            await connection.execute(
                text("UPDATE audit_checkpoint SET hash = :hash, signature = :signature "
                     "WHERE organisation_id = :key AND sequence = :sequence"),
                {"hash": made["hash"], "signature": signature_of(made, OTHER_KEY), "key": chain.key,
                 "sequence": point["sequence"]},
            )  # fmt: skip
        return chain.signed

    async def forge(
        self, connection: AsyncConnection, chain: Chain, place: int, *, upto: int, move_end: bool = True
    ) -> None:
        """Change what a record says, and make the hashes from it to `upto` consistent."""
        previous = chain.records[place - 1]["previous_hash"]
        for record in chain.records[place - 1 : upto]:
            values = plain_record(record)
            if record["sequence"] == place:
                values["action"] = "thing.denied"
            made = link(values, sequence=record["sequence"], previous_hash=previous)
            previous = made["hash"]
            changed = {name: made[name] for name in ("action", "previous_hash", "hash", "id")}
            await connection.execute(text(f"UPDATE audit_record SET {FORGED} WHERE id = :id"), changed)
        if move_end:
            await self.end(connection, chain, chain.last, previous)

    async def end(self, connection: AsyncConnection, chain: Chain, sequence: int, last_hash: str) -> None:
        """Say where a chain ends."""
        await connection.execute(
            text("UPDATE audit_chain SET last_sequence = :s, last_hash = :h WHERE organisation_id = :key"),
            {"s": sequence, "h": last_hash, "key": chain.key},
        )

    async def head(self, connection: AsyncConnection) -> set[Place]:
        """Another end of a chain, or none, or somebody else's."""
        chain = self.dice.choice(self.chains)
        stranger = new_id()
        shorter, longer = self.dice.randrange(chain.last), chain.last + self.dice.randint(1, 9)
        ways: list[tuple[str, set[Place]]] = [
            (
                f"UPDATE audit_chain SET last_sequence = {shorter} WHERE organisation_id = :key",
                {(chain.name, shorter + 1)},
            ),
            (
                f"UPDATE audit_chain SET last_sequence = {longer} WHERE organisation_id = :key",
                {(chain.name, chain.last + 1)},
            ),
            ("UPDATE audit_chain SET last_sequence = NULL WHERE organisation_id = :key", {(chain.name, 1)}),
            (
                "UPDATE audit_chain SET last_hash = repeat('a', 64) WHERE organisation_id = :key",
                {(chain.name, chain.last)},
            ),
            ("UPDATE audit_chain SET last_hash = NULL WHERE organisation_id = :key", {(chain.name, chain.last)}),
            ("DELETE FROM audit_chain WHERE organisation_id = :key", {(chain.name, 1)}),
            (
                f"UPDATE audit_chain SET organisation_id = '{stranger}' WHERE organisation_id = :key",
                {(chain.name, 1), (str(stranger), 1)},
            ),
        ]
        statement, expected = self.dice.choice(ways)
        await connection.execute(text(statement), {"key": chain.key})
        return expected

    async def checkpoint(self, connection: AsyncConnection) -> set[Place]:
        """A checkpoint edited in each column, forged with another key, or put elsewhere."""
        chain = self.dice.choice(self.chains)
        point = self.dice.choice(chain.checkpoints)
        free = self.dice.choice([n for n in range(1, chain.last + 9) if n not in chain.signed])
        other = self.dice.choice([c for c in self.chains if c is not chain])
        forged = signature_of({name: value for name, value in point.items() if name != "signature"}, OTHER_KEY)
        here = (chain.name, point["sequence"])
        there = (chain.name, min(free, chain.last + 1))
        ways: list[tuple[str, set[Place]]] = [
            ("hash = repeat('a', 64)", {here}),
            ("hash = NULL", {here}),
            ("hash = upper(hash)", {here}),
            ("made_at = made_at + interval '1 microsecond'", {here}),
            ("made_at = NULL", {here}),
            ("signature = repeat('a', 64)", {here}),
            ("signature = NULL", {here}),
            ("signature = upper(signature)", {here}),
            (f"signature = '{forged}'", {here}),
            (f"sequence = {free}", {there}),
            ("sequence = -sequence", {(chain.name, None)}),
        ]
        if point["sequence"] not in other.signed:
            elsewhere = (other.name, min(point["sequence"], other.last + 1))
            ways.append((f"organisation_id = '{other.name}'", {elsewhere}))
        change, expected = self.dice.choice(ways)
        await connection.execute(
            text(f"UPDATE audit_checkpoint SET {change} WHERE organisation_id = :key AND sequence = :sequence"),
            {"key": chain.key, "sequence": point["sequence"]},
        )
        return expected

    async def beyond(self, connection: AsyncConnection) -> set[Place]:
        """Everything from some place rewritten or cut, the end moved, and the checkpoints behind that place removed.

        Returns where a checkpoint that was made, and kept elsewhere, shows it; nowhere when none was made behind it.
        """
        chain = self.dice.choice(self.chains)
        unsigned = range(max(chain.signed) + 1, chain.last + 1)
        place = (
            self.dice.choice(unsigned) if unsigned and self.dice.random() < 0.6 else self.dice.randint(1, chain.last)
        )
        await connection.execute(
            text("DELETE FROM audit_checkpoint WHERE organisation_id = :key AND sequence >= :place"),
            {"key": chain.key, "place": place},
        )
        later = [signed for signed in chain.signed if signed >= place]
        if self.dice.random() < 0.5 and place > 1:
            await connection.execute(
                text("DELETE FROM audit_record WHERE coalesce(organisation_id, :system) = :key AND sequence >= :place"),
                {"system": SYSTEM, "key": chain.key, "place": place},
            )
            await self.end(connection, chain, place - 1, chain.records[place - 2]["hash"])
            return {(chain.name, place)} if later else set()
        await self.forge(connection, chain, place, upto=chain.last)
        return {(chain.name, min(later))} if later else set()

    async def tamper_file(self) -> None:
        """One tamper with an exported file; its lines are in the order in which they are read."""
        lines = list(self.file)
        place, kind = (
            self.dice.randrange(len(lines)),
            self.dice.choice(["flip", "flip", "remove", "swap", "repeat", "cut"]),
        )
        self.tally.done[f"file: {kind}"] += 1
        if kind == "flip":
            at = self.dice.randrange(len(lines[place]))
            lines[place] = (
                lines[place][:at] + bytes([lines[place][at] ^ (1 << self.dice.randrange(8))]) + lines[place][at + 1 :]
            )
        elif kind == "remove":
            del lines[place : place + self.dice.choice([1, 1, 1, 5])]
        elif kind == "swap":
            other = self.dice.choice([n for n in range(len(lines)) if n != place])
            place, other = min(place, other), max(place, other)
            lines[place], lines[other] = lines[other], lines[place]
        elif kind == "repeat":
            lines.insert(place + 1, lines[place])
            place += 1
        else:
            del lines[place:]
        try:
            verify_export(b"".join(lines).splitlines(keepends=True), KEY)
        except Tampered as finding:
            self.tally.found += 1
            right = self.is_named(finding, place)
            self.tally.named += right
            if not right:
                self.tally.wrong.append(f"file {kind} at line {place + 1}: {finding}")
        else:
            self.tally.wrong.append(f"file {kind} at line {place + 1}: not found")

    def is_named(self, finding: Tampered, place: int) -> bool:
        """Whether a finding names the record of the first line that differs; other lines need only be found."""
        line = json.loads(self.file[place]) if place < len(self.file) else {"kind": "end"}
        if line["kind"] != "record":
            return True
        # The record itself, or the one before it where that stands once more.
        chain = line["organisation_id"] or str(SYSTEM)
        before = json.loads(self.file[place - 1])
        return finding.chain in {chain, before.get("organisation_id") or str(SYSTEM), None} and finding.sequence in {
            line["sequence"],
            before.get("sequence"),
            None,
        }


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A transaction as a verification wants it, in which somebody may write before; it is undone."""
    async with AsyncSession(engine) as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session
        await session.rollback()


async def verdict(session: AsyncSession, kept: list[Chain] | None = None) -> Tampered | None:
    """What is found in the database, held against checkpoints that were kept elsewhere if there are any."""
    outside = {chain.name: chain.checkpoints for chain in kept or ()}
    verification = Verification(KEY)
    try:
        for line in await read_lines(session):
            if line["kind"] == "checkpoint" and line in outside.get(line["organisation_id"], ()):
                continue
            verification.see(line)
            if line["kind"] == "chain":
                for point in outside.get(line["organisation_id"], ()):
                    verification.see(point)
        verification.finish()
    except Tampered as finding:
        return finding
    return None


async def read_lines(session: AsyncSession) -> list[Values]:
    """What a verification reads, in a transaction that has begun already."""
    with warnings.catch_warnings():
        # The isolation level is the one that was set when the transaction began.
        warnings.simplefilter("ignore", SAWarning)
        async with aclosing(reading.lines(session)) as found:
            return [line async for line in found]


async def all_rows(connection: AsyncConnection) -> list[Values]:
    """Every record as it stands, with numbers to their last digit."""
    rows = [dict(row) for row in (await connection.execute(text(ROWS))).mappings()]
    return [{**row, "payload": exact(row["payload"])} for row in rows]


def exact(payload: str | None) -> Any:
    """What a payload says; what is too deep or too long to be read stays as it is written."""
    try:
        return None if payload is None else json.loads(payload, parse_float=Decimal, parse_int=Decimal)
    except (RecursionError, ValueError):
        return payload


def grouped(rows: list[Values]) -> dict[UUID, list[Values]]:
    """The rows of each chain, in their order."""
    chains: dict[UUID, list[Values]] = {}
    for row in rows:
        chains.setdefault(row["organisation_id"] or SYSTEM, []).append(row)
    return chains


def plain_record(record: Values) -> Values:
    """A record without its place in a chain."""
    return {name: value for name, value in record.items() if name not in {"kind", "sequence", "previous_hash", "hash"}}


async def update(connection: AsyncConnection, record_id: str, column: str, to: str) -> None:
    """Set a column of a record to what an expression says."""
    await connection.exec_driver_sql(f"UPDATE audit_record SET {column} = {to} WHERE id = %s", (record_id,))


async def write(connection: AsyncConnection, row: Values) -> None:
    """Insert a record as it is given."""
    given = {**row, "payload": json.dumps(row["payload"])}
    names = ", ".join(given)
    places = ", ".join("CAST(:payload AS jsonb)" if name == "payload" else
                       "CAST(:at AS timestamptz)" if name == "at" else f":{name}" for name in given)  # fmt: skip
    await connection.execute(text(f"INSERT INTO audit_record ({names}) VALUES ({places})"), given)


if __name__ == "__main__":
    main()
