"""Every transaction extends the chains it touches, whole or not at all, whoever else does so at the time."""

import asyncio
import re
import time

import pytest
from alembic import command
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.audit import reading
from app.audit import service as audit
from app.audit.canonical import GENESIS, SYSTEM
from app.audit.models import AuditChain, AuditCheckpoint, AuditRecord
from app.audit.signing import SEALING, Sealing
from app.core.actor import Actor, OrganisationKind, Role
from app.core.embedded import DatabaseUrls
from app.core.events import Subscriptions
from app.core.ids import new_id
from app.core.migrations import migrate, migration_config, owner_engine
from app.identity.models import Organisation
from tests.audit.events import chained, ends, happened
from tests.databases import SystemDatabase

SYSTEMS_OWN = Actor.system()
KEY = b"k" * 64
ODD = [
    0.1,
    5.0,
    -0.0,
    1e-7,
    1e16,
    1e300,
    123456789012345678901234567890,
    "ñ\u2028\U0001f600",
    [],
    {"b": 1, "a": {}},
    None,
]


async def verified(database, key=None):
    async with database.transaction() as session:
        return await reading.verify(session, key)


async def write(database, *organisations, pause=0.0):
    """One transaction with a record of each organisation, in this order."""
    async with database.transaction() as session:
        for organisation_id in organisations:
            await audit.record(session, SYSTEMS_OWN, happened(organisation_id))
            await asyncio.sleep(pause)


async def test_each_chain_counts_from_one_and_each_record_follows_the_last(committed_database):
    ours = new_id()
    for number in ODD:
        async with committed_database.transaction() as session:
            await audit.record_all(session, SYSTEMS_OWN, [happened(ours, number), happened(None, number)])

    assert await ends(committed_database) == {ours: len(ODD), SYSTEM: len(ODD)}
    assert (await verified(committed_database)).records == 2 * len(ODD)
    async with committed_database.transaction() as session:
        first, second, *_ = (
            await session.exec(select(AuditRecord).filter_by(organisation_id=ours).order_by("sequence"))
        ).all()
    assert (first.sequence, first.previous_hash, second.previous_hash) == (1, GENESIS, first.hash)


async def test_records_of_a_transaction_keep_their_order(committed_database):
    async with committed_database.transaction() as session:
        await audit.record_all(session, SYSTEMS_OWN, [happened(None, number) for number in range(50)])

    async with committed_database.transaction() as session:
        records = (await session.exec(select(AuditRecord).order_by("sequence"))).all()
    assert [record.payload["number"] for record in records] == list(range(50))


@pytest.mark.parametrize("chains", [1, 5])
async def test_eight_writers_at_once_leave_no_gap(committed_database, chains):
    organisations = [new_id() for _ in range(chains)]

    async def writer(first):
        for turn in range(15):
            turned = organisations[(first + turn) % chains :] + organisations[: (first + turn) % chains]
            await write(committed_database, *(turned if first % 2 else reversed(turned)))

    await asyncio.gather(*(writer(first) for first in range(8)))

    assert await ends(committed_database) == dict.fromkeys(organisations, 8 * 15)
    assert (await verified(committed_database)).records == 8 * 15 * chains


async def test_two_transactions_in_opposite_order_do_not_deadlock(committed_database):
    one, other = new_id(), new_id()
    for _ in range(5):
        await asyncio.gather(
            write(committed_database, one, other, pause=0.01), write(committed_database, other, one, pause=0.01)
        )

    assert await ends(committed_database) == {one: 10, other: 10}


async def test_chains_are_locked_in_the_order_of_their_keys(committed_database):
    first, *others = sorted(new_id() for _ in range(8))
    await write(committed_database, first, *others)
    locking = "SELECT FROM audit_chain WHERE organisation_id {} :first FOR UPDATE NOWAIT"
    async with committed_database.transaction() as holding:
        await holding.exec(text(locking.format("=")), params={"first": first})
        waiting = asyncio.create_task(write(committed_database, *reversed(others), first))
        await asyncio.sleep(0.3)
        async with committed_database.transaction() as looking:
            await looking.exec(text(locking.format(">")), params={"first": first})
        assert not waiting.done()

    await waiting


async def test_the_lock_is_the_last_that_happens(connection, database):
    seen = []
    event.listen(connection.sync_connection, "before_cursor_execute", lambda *call: seen.append(call[2]))
    async with database.transaction() as session:
        async with session.begin_nested():
            await audit.record(session, SYSTEMS_OWN, happened(None))
        session.add(Organisation(kind=OrganisationKind.CLIENT, name="Acme"))

    tables = [found[1] for statement in seen if (found := re.match(r"(?:INSERT INTO|UPDATE) (\w+)", statement))]
    assert tables == ["organisation", "audit_chain", "audit_record", "audit_chain"]


async def test_a_transaction_that_takes_its_time_holds_up_nobody(committed_database):
    ours = new_id()
    await chained(committed_database, ours, 1)
    async with committed_database.transaction() as slow:
        await audit.record(slow, SYSTEMS_OWN, happened(ours))
        await slow.flush()
        await asyncio.wait_for(write(committed_database, ours), timeout=2)

    assert await ends(committed_database) == {ours: 3}


async def test_what_is_rolled_back_leaves_no_gap(committed_database):
    ours = new_id()

    async def failing():
        async with committed_database.transaction() as session:
            await audit.record(session, SYSTEMS_OWN, happened(ours))
            await session.flush()
            raise RuntimeError("no")

    done = await asyncio.gather(
        *(failing() if turn % 2 else write(committed_database, ours) for turn in range(12)), return_exceptions=True
    )

    assert sum(isinstance(result, RuntimeError) for result in done) == 6
    assert await ends(committed_database) == {ours: 6}
    await verified(committed_database)


async def test_a_savepoint_that_is_undone_takes_only_its_own_records(committed_database):
    async with committed_database.transaction() as session:
        await audit.record(session, SYSTEMS_OWN, happened(None, "before"))
        async with session.begin_nested():
            await audit.record(session, SYSTEMS_OWN, happened(None, "kept"))
            with pytest.raises(DBAPIError):  # noqa: PT012 - the savepoint is part of it
                async with session.begin_nested():
                    await audit.record(session, SYSTEMS_OWN, happened(None, "undone"))
                    session.add(AuditChain(organisation_id=new_id(), last_sequence=None, last_hash=""))
                    await session.flush()
        await audit.record(session, SYSTEMS_OWN, happened(None, "after"))

    async with committed_database.transaction() as session:
        records = (await session.exec(select(AuditRecord).order_by("sequence"))).all()
    assert [record.payload["number"] for record in records] == ["before", "kept", "after"]


async def test_a_chain_that_has_come_far_is_signed_on_the_way(committed_database):
    sealing = {SEALING: Sealing(KEY, every=10)}
    signing = SystemDatabase(committed_database.bind, Subscriptions(), sealing)
    ours = new_id()
    await chained(signing, ours, 9)
    async with signing.transaction() as session:
        await audit.record_all(session, SYSTEMS_OWN, [happened(ours) for _ in range(4)])
    await chained(signing, ours, 2)

    async with signing.transaction() as session:
        (made,) = (await session.exec(select(AuditCheckpoint))).all()
    assert (made.organisation_id, made.sequence) == (ours, 13)
    await verified(signing, KEY)


async def test_a_batch_is_one_lock_and_quick(committed_database):
    ours = new_id()
    began = time.perf_counter()
    async with committed_database.transaction() as session:
        await audit.record_all(session, SYSTEMS_OWN, [happened(ours, number) for number in range(2000)])

    assert time.perf_counter() - began < 3
    assert await ends(committed_database) == {ours: 2000}


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_chain",
        "TRUNCATE audit_chain",
        "UPDATE audit_checkpoint SET hash = ''",
        "DELETE FROM audit_checkpoint",
    ],
)
async def test_the_application_removes_no_chain_and_changes_no_checkpoint(session, change):
    with pytest.raises(DBAPIError) as refusal:
        async with session.begin_nested():
            await session.exec(text(change))
    assert refusal.value.orig.sqlstate == "42501"


async def test_readers_of_records_see_their_place_in_the_chain(client, acting_as):
    admin = await acting_as(Role.ADMIN)
    await client.post("/v1/organisations", json={"kind": "client", "name": "Acme"}, headers=admin.headers)

    (record,) = (await client.get("/v1/audit-events", headers=admin.headers)).json()["items"]

    assert (record["sequence"], record["previous_hash"], len(record["hash"])) == (1, GENESIS, 64)


async def test_records_that_were_there_are_chained_by_the_migration(committed_urls: DatabaseUrls, committed_database):
    ours = new_id()
    for number in ODD:
        await write(committed_database, ours, None)
        async with committed_database.transaction() as session:
            await audit.record(session, SYSTEMS_OWN, happened(ours, number))
    with owner_engine(committed_urls.owner).begin() as connection:
        command.downgrade(migration_config(connection), "2026_11_20_1400")

    migrate(committed_urls)

    assert await ends(committed_database) == {ours: 2 * len(ODD), SYSTEM: len(ODD)}
    assert (await verified(committed_database)).records == 3 * len(ODD)
