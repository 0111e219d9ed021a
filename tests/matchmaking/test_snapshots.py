"""The pool comes back from disk as the database has it, or is built anew."""

import asyncio

import pytest
from sqlmodel import col, delete, select, update

from app import main
from app.core.actor import Role
from app.main import read_pool
from app.matchmaking import queries
from app.matchmaking import snapshots as stored
from app.matchmaking.engine import Engine
from app.matchmaking.models import ProfileEntry
from app.matchmaking.snapshots import Due, sums_of
from matching import HashingEncoder, Pool, snapshot
from tests.factories import make_caller
from tests.payloads import matching, post_engineer

GROUND = {"ground": "objection"}


@pytest.fixture
async def firm(committed_database):
    async with committed_database.transaction() as session:
        return await make_caller(session, Role.SUPPLIER_ADMIN)


@pytest.fixture
def start(committed_database, tmp_path):
    """Starts engines on one folder, as processes would be, and ends them."""
    engines = []

    async def begin(**options) -> Engine:
        engine = Engine(HashingEncoder(**options), snapshots=tmp_path)
        engines.append(engine)
        await read_pool(committed_database, engine)
        return engine

    yield begin
    for engine in engines:
        engine.close()


@pytest.fixture
def reads(monkeypatch):
    """From which watermark each reading of the index began."""
    began, original = [], queries.changes_since

    def recorded(session, mark):
        began.append(mark)
        return original(session, mark)

    monkeypatch.setattr(queries, "changes_since", recorded)
    return began


async def test_a_start_reads_what_came_since_and_no_more(committed_client, firm, start, reads):
    for _ in range(3):
        await post_engineer(committed_client, firm)
    first = await start()
    assert await first.publish()
    first.close()
    await post_engineer(committed_client, firm)
    reads.clear()

    second = await start()

    assert reads == [first.watermark]
    assert reads[0] > 0
    assert second.size == 4


async def test_who_is_erased_or_withdrawn_after_a_snapshot_stays_away(committed_client, firm, start, tmp_path):
    gone, unlisted, _ = [await post_engineer(committed_client, firm) for _ in range(3)]
    first = await start()
    await first.publish()
    first.close()
    erased = await committed_client.post(
        f"/v1/engineers/{gone['id']}/erase", json=GROUND, headers=firm.headers | {"If-Match": "*"}
    )
    unlist = await committed_client.post(
        f"/v1/engineers/{unlisted['id']}/unlist", headers=matching(firm, unlisted["version"])
    )

    second = await start()

    assert (erased.status_code, unlist.status_code) == (200, 200)
    assert second.size == 1
    assert second._due.removed_at is not None
    await second.publish()
    assert snapshot.verify(tmp_path).count == 1


async def test_rows_that_vanished_or_changed_behind_its_back_make_it_read_anew(
    committed_client, committed_database, firm, start, reads
):
    for _ in range(3):
        await post_engineer(committed_client, firm)
    first = await start()
    await first.publish()
    first.close()
    async with committed_database.transaction() as session:
        one = (await session.exec(select(ProfileEntry.engineer_id))).first()
        await session.exec(delete(ProfileEntry).where(col(ProfileEntry.engineer_id) == one))
    reads.clear()

    second = await start()

    assert reads == [first.watermark, 0]
    assert second.size == 2
    await second.publish()
    second.close()
    async with committed_database.transaction() as session:
        await session.exec(update(ProfileEntry).values(version=ProfileEntry.version + 1))
    reads.clear()
    third = await start()
    assert third.size == 2
    async with committed_database.transaction() as session:
        assert sums_of(third.pool) == await queries.listed_sums(session)


async def test_a_snapshot_of_a_later_database_is_not_used(committed_client, firm, start, tmp_path, reads):
    await post_engineer(committed_client, firm)
    first = await start()
    await asyncio.to_thread(snapshot.publish, first.pool, tmp_path, first.watermark + 10**6)
    first.close()
    reads.clear()

    second = await start()

    assert reads == [0]
    assert second.size == 1


@pytest.mark.parametrize("way", ["cut", "turned", "model"])
async def test_a_damaged_or_foreign_snapshot_is_read_anew_and_replaced(
    committed_client, committed_database, firm, start, tmp_path, way
):
    await post_engineer(committed_client, firm)
    first = await start()
    await first.publish()
    first.close()
    file = max(tmp_path.glob("*.pool"))
    content = bytearray(file.read_bytes())
    if way == "cut":
        file.write_bytes(content[:-1])
    elif way == "turned":
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    else:
        await asyncio.to_thread(snapshot.publish, Pool("other", 32), tmp_path, 1)

    second = await start()

    assert second.size == 1
    assert await second.publish_when_due()
    assert snapshot.verify(tmp_path).count == 1


async def test_one_process_writes_and_the_next_when_it_has_ended(committed_client, firm, start):
    await post_engineer(committed_client, firm)
    first, second = await start(), await start()

    assert await first.publish()
    assert not await second.publish()
    assert await first.publish()
    first.close()
    assert await second.publish()


async def test_nothing_is_kept_without_a_folder(committed_database):
    engine = Engine(HashingEncoder())

    await read_pool(committed_database, engine)

    assert not await engine.publish()
    engine.close()


async def test_what_was_kept_is_deleted_when_nothing_is_to_be_kept(committed_client, firm, start, tmp_path):
    await post_engineer(committed_client, firm)
    engine = await start()
    await engine.publish()

    stored.forget(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [stored.LOCK]


async def test_a_disk_that_refuses_is_tried_again(committed_client, firm, start, monkeypatch):
    await post_engineer(committed_client, firm)
    engine = await start()

    def full(*_given):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "publish", full)
        assert not await engine.publish_when_due()

    assert await engine.publish_when_due()
    assert not await engine.publish_when_due()


async def test_a_snapshot_is_written_by_itself_after_a_removal(
    committed_client, committed_database, firm, start, tmp_path, monkeypatch
):
    monkeypatch.setattr(stored, "FORGET_WITHIN_S", 0.0)
    monkeypatch.setattr(main, "STORE_EVERY_S", 0.01)
    monkeypatch.setattr(main, "FOLLOW_EVERY_S", 0.01)
    ana, _ = [await post_engineer(committed_client, firm) for _ in range(2)]
    engine = await start()
    await engine.publish()

    async with main.following(committed_database, engine), main.storing(engine), asyncio.timeout(20):
        await committed_client.post(f"/v1/engineers/{ana['id']}/unlist", headers=matching(firm, ana["version"]))
        while snapshot.verify(tmp_path).count != 1:  # noqa: ASYNC110 - another task is awaited
            await asyncio.sleep(0.02)


def test_a_removal_is_due_soon_and_another_change_later():
    due = Due(last=1000.0)
    quiet = due.at(5000.0)
    due.note(1010.0, removed=False)
    later = [due.at(now) for now in (1011.0, 1299.0, 1300.0)]
    due.note(1020.0, removed=True)
    due.note(1029.0, removed=True)

    assert not quiet
    assert later == [False, False, True]
    assert [due.at(now) for now in (1021.0, 1029.0, 1030.0)] == [False, False, True]
