"""Whatever somebody does to the records, it is found, and the first bad record is named."""

import json
import random
from contextlib import aclosing
from dataclasses import dataclass, field

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlmodel import select

from app.audit import reading
from app.audit.canonical import GENESIS, SYSTEM, canonical, hash_of, link
from app.audit.models import AuditRecord
from app.audit.signing import signed
from app.audit.verification import Tampered, export, verify_export
from app.core.actor import Role
from app.core.clock import utcnow
from app.core.ids import new_id
from tests.audit.events import chained

KEY = b"k" * 64
FIELDS = ["id", "at", "actor_member_id", "actor_organisation_id", "actor_key_id", "actor_role", "organisation_id"]
FIELDS += ["action", "subject_type", "subject_id", "payload", "sequence", "previous_hash", "hash"]


def make_export():
    """Three chains of twelve records, two checkpoints in each."""
    lines = []
    for organisation_id in [None, *sorted(new_id() for _ in range(2))]:
        records, last = [], GENESIS
        for sequence in range(1, 13):
            values = {"id": new_id(), "at": utcnow(), "actor_member_id": new_id(), "actor_organisation_id": None}
            values |= {"actor_key_id": None, "actor_role": Role.ADMIN, "organisation_id": organisation_id}
            values |= {"action": "thing.happened", "subject_type": "thing", "subject_id": new_id()}
            values |= {"payload": {"number": sequence, "half": 0.5, "whole": 2.0, "ñ": ["a", None, True]}}
            record = link(values, sequence=sequence, previous_hash=last)
            records.append({"kind": "record", **record})
            last = record["hash"]
        key = str(organisation_id or SYSTEM)
        lines.append({"kind": "chain", "organisation_id": key, "sequence": 12, "hash": last})
        for place in (5, 11):
            point = {"kind": "checkpoint", "organisation_id": key, "sequence": place, "made_at": utcnow()}
            lines.append(signed({**point, "hash": records[place - 1]["hash"]}, KEY))
        lines += records
    return list(export(lines, KEY))


@dataclass
class Tampering:
    """What was done, and which record or records one may rightly name for it."""

    name: str
    lines: list[bytes]
    sequences: set[int] = field(default_factory=set)
    chain: str | None = None


def changed(value, dice):  # noqa: PLR0911 - a case each
    """Something else of the same kind."""
    match value:
        case None:
            return str(new_id())
        case bool():
            return not value
        case int():
            return value + dice.choice([-3, -1, 1, 2, 1000])
        case float():
            return value + 1
        case dict():
            key = dice.choice(sorted(value))
            return {**value, key: changed(value[key], dice)} if dice.random() < 0.7 else {**value, "new": 1}
        case list():
            return value[:-1]
    place = dice.randrange(len(value))
    return value[:place] + dice.choice([c for c in "0123456789abcdef" if c != value[place]]) + value[place + 1 :]


def tamper(texts, dice):
    lines = [json.loads(text) for text in texts]
    records = [place for place, line in enumerate(lines) if line["kind"] == "record"]
    place = dice.choice(records)
    line, sequence = lines[place], lines[place]["sequence"]
    chain = line["organisation_id"] or str(SYSTEM)
    name = dice.choice(
        ["edit", "delete", "swap", "duplicate", "cut", "head", "insert", "rehash", "rewrite", "checkpoint"]
    )
    may = {sequence}
    if name == "edit":
        column = dice.choice(FIELDS)
        line[column] = changed(line[column], dice)
        may |= {line["sequence"]}
    elif name == "delete":
        del lines[place]
    elif name == "swap":
        other = dice.choice([p for p in records if p != place])
        first = min(place, other)
        sequence, chain = lines[first]["sequence"], lines[first]["organisation_id"] or str(SYSTEM)
        lines[place], lines[other], may = lines[other], lines[place], {sequence}
    elif name == "duplicate":
        lines.insert(dice.choice([p for p in records if p >= place and mine(lines[p], chain)]) + 1, line)
        may |= set(range(1, 14))
    elif name == "cut":
        last = max(p for p in records if mine(lines[p], chain))
        del lines[place : last + 1]
    elif name == "head":
        head = next(entry for entry in lines if entry["kind"] == "chain" and entry["organisation_id"] == chain)
        column = dice.choice(["sequence", "hash"])
        head[column] = changed(head[column], dice)
        may = {12} if column == "hash" else {head["sequence"] + 1, 13}
    elif name == "insert":
        forged = link({**line, "id": str(new_id())}, sequence=sequence, previous_hash=line["previous_hash"])
        lines.insert(place, forged)
        may |= {sequence + 1}
    elif name == "rehash":
        line["subject_id"] = str(new_id())
        record = {column: value for column, value in line.items() if column not in {"kind", "hash"}}
        lines[place] |= link(record, sequence=sequence, previous_hash=line["previous_hash"])
        may = {sequence if sequence in {5, 11, 12} else sequence + 1}
    elif name == "rewrite":
        rewrite(lines, place, dice)
        may = {5 if sequence <= 5 else 11 if sequence <= 11 else 12}
    else:
        point = dice.choice([e for e in lines if e["kind"] == "checkpoint" and e["organisation_id"] == chain])
        may = {point["sequence"]}
        column = dice.choice(["hash", "made_at", "signature", "sequence"])
        point[column] = changed(point[column], dice)
        may |= {point["sequence"], 13}
    return Tampering(name, [canonical(entry) + b"\n" for entry in lines], may, chain)


def mine(line, chain):
    return line["kind"] == "record" and (line["organisation_id"] or str(SYSTEM)) == chain


def rewrite(lines, place, dice):
    """Forge a record and every hash behind it, as somebody would who may write everything but has no key."""
    chain = lines[place]["organisation_id"] or str(SYSTEM)
    last = lines[place]["previous_hash"]
    lines[place]["action"] = "thing.denied"
    for position in range(place, len(lines)):
        if mine(lines[position], chain):
            record = {name: value for name, value in lines[position].items() if name not in {"kind", "hash"}}
            made = link(record, sequence=record["sequence"], previous_hash=last)
            lines[position], last = {"kind": "record", **made}, made["hash"]
    for line in lines:
        if line["kind"] == "chain" and line["organisation_id"] == chain:
            line["hash"] = last


def test_an_export_that_nobody_touched_verifies():
    found = verify_export(make_export(), KEY)

    assert (found.records, found.chains) == (36, 3)


def test_two_thousand_random_tampers_are_found_and_named():
    dice, texts = random.Random(3), make_export()  # noqa: S311
    found = set()
    for _ in range(2000):
        done = tamper(texts, dice)
        with pytest.raises(Tampered) as finding:
            verify_export(done.lines, KEY)
        found.add(done.name)
        said = finding.value
        if done.name == "rewrite" and done.sequences == {12}:
            # Behind the last checkpoint only the seal knows; an export is sealed by the key as a whole.
            assert "seal" in str(said)
        elif said.chain is not None:
            assert (said.chain, said.sequence in done.sequences) == (done.chain, True), (done.name, str(said))
        else:
            assert done.name == "checkpoint", (done.name, str(said))
    assert len(found) == 10


def test_every_single_byte_of_an_export_counts():
    dice, text = random.Random(4), b"".join(make_export())  # noqa: S311
    for _ in range(300):
        place = dice.randrange(len(text))
        other = bytes([text[place] ^ (1 << dice.randrange(7))])
        bad = text[:place] + other + text[place + 1 :]
        with pytest.raises(Tampered):
            verify_export(bad.splitlines(keepends=True), KEY)


def test_an_export_cut_anywhere_is_found():
    texts = make_export()
    for length in range(len(texts)):
        with pytest.raises(Tampered):
            verify_export(texts[:length], KEY)
    with pytest.raises(Tampered):
        verify_export([*texts[:-1], texts[-1][:-1]], KEY)
    with pytest.raises(Tampered, match="behind the seal"):
        verify_export([*texts, texts[-1]], KEY)


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"[]\n", b"nul\n", b'{"kind":"x"}\n', b"\xff\n", b"[" * 5000 + b"\n", b'{"a":NaN}\n', b'"\\ud800"\n'],
)
@pytest.mark.parametrize("place", [0, 1, 5, -1])
def test_a_line_that_makes_no_sense_is_found(line, place):
    texts = make_export()
    texts[place] = line

    with pytest.raises(Tampered):
        verify_export(texts, KEY)


def test_another_key_signs_nothing():
    with pytest.raises(Tampered, match="audit key"):
        verify_export(make_export(), b"x" * 64)
    verify_export(make_export(), None)


# In the database, as superuser.

LIFTED = "SET session_replication_role = replica; ALTER TABLE audit_record DROP CONSTRAINT ck_audit_record_actor_role;"
TAMPERS = {
    "cut tail": "DELETE FROM audit_record WHERE organisation_id = '{o}' AND sequence >= {n}",
    "cut tail and move the end": """
        WITH cut AS (DELETE FROM audit_record WHERE organisation_id = '{o}' AND sequence >= {n})
        UPDATE audit_chain SET last_sequence = {n} - 1, last_hash = (SELECT hash FROM audit_record
        WHERE organisation_id = '{o}' AND sequence = {n} - 1) WHERE organisation_id = '{o}'""",
    "delete": "DELETE FROM audit_record WHERE organisation_id = '{o}' AND sequence = {n}",
    "swap": """
        UPDATE audit_record SET sequence = 2 * {n} + 1 - sequence
        WHERE organisation_id = '{o}' AND sequence IN ({n}, {n} + 1)""",
    "duplicate": """
        INSERT INTO audit_record SELECT gen_random_uuid(), at, actor_member_id, actor_organisation_id, actor_key_id,
        actor_role, organisation_id, action, subject_type, subject_id, payload, sequence, previous_hash, hash
        FROM audit_record WHERE organisation_id = '{o}' AND sequence = {n}""",
    "chain deleted": "DELETE FROM audit_chain WHERE organisation_id = '{o}'",
    "chain forgotten": """
        DELETE FROM audit_chain WHERE organisation_id = '{o}';
        DELETE FROM audit_checkpoint WHERE organisation_id = '{o}'""",
    "chain rewound": "UPDATE audit_chain SET last_sequence = {n} - 1 WHERE organisation_id = '{o}'",
    "chain hash": "UPDATE audit_chain SET last_hash = repeat('a', 64) WHERE organisation_id = '{o}'",
    "checkpoint": "UPDATE audit_checkpoint SET signature = repeat('a', 64) WHERE organisation_id = '{o}'",
}
EDITS = {
    "id": "gen_random_uuid()",
    "at": "at + interval '1 microsecond'",
    "at ": "'infinity'",
    "at  ": "'20000-01-01T00:00:00Z'",
    "at   ": "(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00 BC')::timestamptz",
    "actor_member_id": "gen_random_uuid()",
    "actor_organisation_id": "gen_random_uuid()",
    "actor_key_id": "gen_random_uuid()",
    "actor_role": "'auditor'",
    "actor_role ": "'emperor'",
    "organisation_id": "gen_random_uuid()",
    "organisation_id ": "NULL",
    "action": "action || 'x'",
    "subject_type": "'x'",
    "subject_id": "gen_random_uuid()",
    "payload": "payload || '{{\"number\": 7000}}'",
    "payload ": "(repeat('[', 900) || repeat(']', 900))::jsonb",
    "payload  ": "('1' || repeat('0', 9000))::jsonb",
    "payload   ": "jsonb_set(payload, '{{number}}', ((payload->>'number') || '.00000000000000000001')::jsonb)",
    "sequence": "sequence + 1000",
    "previous_hash": "repeat('b', 64)",
    "hash": "repeat('b', 64)",
}
TAMPERS |= {
    f"edit {column}": f"UPDATE audit_record SET {column} = {to} WHERE organisation_id = '{{o}}' AND sequence = {{n}}"  # noqa: S608
    for column, to in EDITS.items()
}
TAMPERS["rehash"] = "UPDATE audit_record SET action = 'forged' WHERE organisation_id = '{o}' AND sequence = {n}"
ELSEWHERE = {"chain forgotten": 1, "chain deleted": 1, "chain hash": 12, "checkpoint": 12}


async def verdict(database):
    """What is found in the database, or nothing."""
    try:
        async with database.transaction() as session:
            await reading.verify(session, KEY)
    except Tampered as finding:
        return finding
    return None


async def test_what_a_superuser_does_in_the_database_is_found_and_named(committed_database, committed_urls, server):
    ours, other = sorted(new_id() for _ in range(2))
    for organisation_id in (ours, other, None):
        await chained(committed_database, organisation_id, 12)
    async with committed_database.transaction() as session:
        assert await reading.checkpoint(session, KEY) == 3
    assert await verdict(committed_database) is None
    admin = server.admin.set(database=make_url(committed_urls.app).database, drivername="postgresql")
    before = await ids_of(committed_database, ours)
    dice = random.Random(5)  # noqa: S311

    for name, statement in TAMPERS.items():
        n = dice.randint(2, 11)
        with psycopg.connect(admin.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept")
            for table in ("audit_record", "audit_chain", "audit_checkpoint"):
                connection.execute(f"CREATE TABLE kept.{table} AS TABLE {table}")
            connection.execute("SET session_replication_role = replica")
            connection.execute("DROP INDEX IF EXISTS uq_audit_record_organisation_id_sequence")
            connection.execute("ALTER TABLE audit_record DROP CONSTRAINT IF EXISTS actor_role")
            connection.execute("ALTER TABLE audit_record DROP CONSTRAINT IF EXISTS ck_audit_record_actor_role")
            connection.execute(statement.format(o=ours, n=n))
            if name == "rehash":
                await rehash(committed_database, connection, before[n])

            finding = await verdict(committed_database)

            for table in ("audit_record", "audit_chain", "audit_checkpoint"):
                connection.execute(f"TRUNCATE {table}; INSERT INTO {table} SELECT * FROM kept.{table}")  # noqa: S608
        assert finding is not None, name
        if name == "edit organisation_id ":
            assert finding.id == str(before[n])  # it turns up in the system's chain, which comes first
        elif name == "rehash":
            assert (finding.chain, finding.sequence) == (str(ours), n + 1)
        else:
            assert (finding.chain, finding.sequence) == (str(ours), ELSEWHERE.get(name, n)), (name, str(finding))
    assert await verdict(committed_database) is None


async def rehash(database, connection, record_id):
    """Give a record the hash of what it says now."""
    async with database.transaction() as session, aclosing(reading.lines(session)) as lines:
        (record,) = [line async for line in lines if line.get("id") == str(record_id)]
    del record["kind"]
    connection.execute("UPDATE audit_record SET hash = %s WHERE id = %s", [hash_of(record), record_id])


async def ids_of(database, organisation_id):
    """The id of each record, by its sequence."""
    async with database.transaction() as session:
        records = await session.exec(select(AuditRecord).filter_by(organisation_id=organisation_id))
        return {record.sequence: record.id for record in records}
