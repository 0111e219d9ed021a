"""A new master key: everything is rewrapped while others read and write, and an interruption costs nothing."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from app.core import keyring
from app.core.actor import Role
from app.core.database import create_engine
from app.core.encryption import FILE, MasterKeys
from app.core.errors import CannotStart
from app.core.settings import Settings
from app.main import create_app, subscriptions
from tests.conftest import client_of
from tests.databases import SystemDatabase
from tests.factories import make_caller
from tests.payloads import post_engineer

TEST_KEY = f"test:{'5e' * 32}"


@pytest.fixture
def settings_of_file(committed_urls, tmp_path) -> Settings:
    """Settings of a process that keeps its master keys in a file, which has the one the template was made with."""
    (tmp_path / FILE).write_text(TEST_KEY)
    return Settings(database_url=committed_urls.app, state_dir=tmp_path, master_keys=None)


@pytest.fixture
def process(settings_of_file, engine):
    """Another process: a database and a client with a keyring of their own."""

    @asynccontextmanager
    async def started():
        settings = settings_of_file
        database = SystemDatabase(
            create_engine(settings.database_url, settings), subscriptions(engine), keyring.keys(settings)
        )
        try:
            await keyring.prepare(database)
            async with client_of(create_app(settings, database=database, engine=engine)) as client:
                yield database, client
        finally:
            await database.close()

    return started


async def wrapping(database):
    async with database.transaction() as session:
        return await keyring.counts(session)


def master_ids(settings):
    return [key.id for key in MasterKeys.of(settings).every]


async def names(client, firm):
    items = (await client.get("/v1/engineers", params={"limit": 200}, headers=firm.headers)).json()["items"]
    assert not any(one["erased"] for one in items)
    return sorted(one["given_name"] for one in items)


async def test_a_rotation_under_reads_and_writes_loses_nothing(process, settings_of_file, monkeypatch):
    monkeypatch.setattr(keyring, "BATCH", 3)
    async with process() as (database, client), process() as (operator, _):
        async with database.transaction() as session:
            firm = await make_caller(session, Role.SUPPLIER_ADMIN)
        made = [(await post_engineer(client, firm, given_name=f"Ana {n:02}"))["given_name"] for n in range(12)]
        running = True

        async def work(worker):
            turn = 0
            while running:
                turn += 1
                name = f"Eva {worker} {turn:03}"
                await post_engineer(client, firm, given_name=name)
                made.append(name)
                assert set(made[:12]) <= set(await names(client, firm))

        workers = [asyncio.create_task(work(worker)) for worker in range(2)]
        await asyncio.sleep(0.2)
        done = await keyring.rotate(operator)
        await asyncio.sleep(0.2)
        running = False
        await asyncio.gather(*workers)

        assert done >= 13
        assert await names(client, firm) == sorted(made)
        new, old = master_ids(settings_of_file)
        assert old == "test"
        # One that was written as the file changed may have missed it; the next run takes it along.
        while len(await wrapping(database)) > 1:
            await keyring.rotate(operator)
        assert set(await wrapping(database)) == {new}
        assert await names(client, firm) == sorted(made)


async def test_an_interrupted_rotation_goes_on_and_the_old_key_goes_at_the_next(process, settings_of_file, monkeypatch):
    monkeypatch.setattr(keyring, "BATCH", 2)
    async with process() as (database, client):
        async with database.transaction() as session:
            firm = await make_caller(session, Role.SUPPLIER_ADMIN)
        made = sorted([(await post_engineer(client, firm, given_name=f"Ana {n}"))["given_name"] for n in range(7)])
        batch, calls = keyring._rewrap_batch, []

        async def killed(database):
            calls.append(1)
            if len(calls) > 2:
                raise KeyboardInterrupt
            return await batch(database)

        monkeypatch.setattr(keyring, "_rewrap_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            await keyring.rotate(database)
        monkeypatch.setattr(keyring, "_rewrap_batch", batch)
        halfway, keys_halfway = await wrapping(database), master_ids(settings_of_file)
        read_halfway = await names(client, firm)

        rest = await keyring.rotate(database)

        new, old = keys_halfway
        assert halfway == {new: 5, old: 3}
        assert (rest, await wrapping(database), master_ids(settings_of_file)) == (3, {new: 8}, [new, old])
        assert read_halfway == await names(client, firm) == made

        assert await keyring.rotate(database) == 8
        assert [old in master_ids(settings_of_file), new in master_ids(settings_of_file)] == [False, True]
        assert await names(client, firm) == made


async def test_look_ups_outlive_a_rotation(process):
    async with process() as (database, client):
        async with database.transaction() as session:
            firm = await make_caller(session, Role.SUPPLIER_ADMIN)
        ana = await post_engineer(client, firm, contact={"email": "ana@example.com"})
        await keyring.rotate(database)
    async with process() as (_, client):
        found = await client.post("/v1/engineers/find", json={"email": "ana@example.com"}, headers=firm.headers)

    assert [one["id"] for one in found.json()] == [ana["id"]]


async def test_keys_of_another_database_start_nothing(settings_of_file, tmp_path, process):
    for wrong in (f"test:{'00' * 32}", f"other:{'5e' * 32}"):
        (tmp_path / FILE).write_text(wrong)
        with pytest.raises(CannotStart, match="not those of this database"):
            async with process():
                pass
