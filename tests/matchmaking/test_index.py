"""The index follows what is committed, in every process, whatever order transactions end in."""

import asyncio
import random
from contextlib import asynccontextmanager

import numpy as np
import pytest
from sqlmodel import col, delete, select, update

from app.core.actor import Role
from app.core.database import create_engine
from app.core.keyring import keys
from app.core.settings import Settings
from app.main import create_app, subscriptions
from app.matchmaking import maintenance, queries
from app.matchmaking.engine import Engine
from app.matchmaking.models import ProfileEntry
from app.talent import service as talent
from app.talent.models import Engineer
from app.talent.schemas import EngineerCreate
from matching import HashingEncoder
from tests.conftest import client_of
from tests.databases import SystemDatabase
from tests.factories import make_caller
from tests.payloads import an_engineer, matching, post_engineer, post_request, post_shortlist, skills


def quietly(done):
    """Progress nobody watches."""


def found(shortlist):
    return {entry["engineer_id"] for entry in shortlist["entries"]}


@pytest.fixture
async def everyone(committed_database):
    """A supplier, a buyer and an admin who are there for good."""
    async with committed_database.transaction() as session:
        return [await make_caller(session, role) for role in (Role.SUPPLIER_ADMIN, Role.HIRING_MANAGER, Role.ADMIN)]


@asynccontextmanager
async def process(urls, encoder):
    """Another process's worth of application over the same database."""
    settings = Settings(database_url=urls.app)
    engine = Engine(encoder)
    database = SystemDatabase(create_engine(urls.app, settings), subscriptions(engine), keys(settings))
    try:
        async with client_of(create_app(settings, database=database, engine=engine)) as client:
            yield client, database, engine
    finally:
        engine.close()
        await database.close()


async def listed(database):
    """Ids of the listed engineers, as committed."""
    async with database.transaction() as session:
        return {one.id for one in (await session.exec(select(Engineer).where(Engineer.status == "listed"))).all()}


async def ids_in_pool(database, engine):
    """Ids in an engine's pool once it has caught up."""
    async with database.transaction() as session:
        await engine.catch_up(session)
    return engine.pool.ids()


async def create_in(session, supplier, **given):
    """Post an engineer in a transaction that is still open."""
    data = EngineerCreate.model_validate(an_engineer(**given))
    return str((await talent.create_engineer(session, supplier.actor, data)).id)


async def test_what_is_rolled_back_never_reaches_the_pool(committed_client, committed_database, engine, everyone):
    supplier, buyer, _ = everyone
    request = await post_request(committed_client, buyer)
    kept = await post_engineer(committed_client, supplier)

    async with committed_database.transaction() as session:
        await create_in(session, supplier)
        during = await post_shortlist(committed_client, buyer, request)
        await session.rollback()
    after = await post_shortlist(committed_client, buyer, request)

    assert found(during) == found(after) == {kept["id"]}
    assert await ids_in_pool(committed_database, engine) == await listed(committed_database)


async def test_a_transaction_that_began_first_and_ends_last_is_picked_up(
    committed_client, committed_database, engine, everyone
):
    supplier, buyer, _ = everyone
    request = await post_request(committed_client, buyer)
    seen, younger = [], set()

    async with committed_database.transaction() as session:
        older = await create_in(session, supplier)
        for _ in range(3):
            younger.add((await post_engineer(committed_client, supplier))["id"])
            shortlist = await post_shortlist(committed_client, buyer, request)
            seen.append(found(shortlist))
        watermark = shortlist["watermark"]
    after = await post_shortlist(committed_client, buyer, request)

    assert seen[-1] == younger
    assert found(after) == {older, *younger}
    # No more than that: transactions of other databases on the server hold it back too.
    assert after["watermark"] >= watermark
    assert await ids_in_pool(committed_database, engine) == await listed(committed_database)


async def test_a_later_version_is_not_undone_by_a_transaction_with_a_lower_number(
    committed_client, committed_database, engine, everyone
):
    supplier, buyer, _ = everyone
    request = await post_request(committed_client, buyer)
    engineer = await post_engineer(committed_client, supplier, country="CO")
    url = f"/v1/engineers/{engineer['id']}"

    async with committed_database.transaction() as session:
        # Takes its number here, and changes the profile after somebody with a higher number did.
        await create_in(session, supplier, draft=True)
        await committed_client.patch(url, json={"country": "BR"}, headers=matching(supplier, 1))
        await post_shortlist(committed_client, buyer, request)
        row = await talent.queries.lock_engineer(session, engineer["id"], col(Engineer.id).is_not(None))
        row.country, row.version = "MX", 3
        await session.flush()
        await maintenance.index_profiles(session, engine, [row.id])
    after = await post_shortlist(committed_client, buyer, request)

    assert [entry["candidate"]["country"] for entry in after["entries"]] == ["MX"]


async def test_indexing_again_does_not_undo_a_change_it_races(committed_client, committed_database, engine, everyone):
    supplier, buyer, _ = everyone
    request = await post_request(committed_client, buyer)
    engineer = await post_engineer(committed_client, supplier, country="CO")
    async with committed_database.transaction() as session:
        stale = (await session.exec(select(ProfileEntry))).one()
    await committed_client.patch(
        f"/v1/engineers/{engineer['id']}", json={"country": "BR"}, headers=matching(supplier, 1)
    )

    async with committed_database.transaction() as session:
        await queries.save_profile_entries(session, [stale])
    shortlist = await post_shortlist(committed_client, buyer, request)

    assert [(e["engineer_version"], e["candidate"]["country"]) for e in shortlist["entries"]] == [(2, "BR")]
    assert await maintenance.verify(committed_database, engine, progress=quietly) == []


async def test_two_processes_are_both_current_after_each_write(committed_urls, committed_client, everyone):
    supplier, buyer, _ = everyone
    async with process(committed_urls, HashingEncoder()) as (other_client, _, _):
        clients = [committed_client, other_client]
        request = await post_request(committed_client, buyer, skills=skills("Go"))
        expected = {}
        for step in range(6):
            writer = clients[step % 2]
            engineer = await post_engineer(writer, supplier, skills=skills("Go", years=1))
            expected[engineer["id"]] = 1
            if step >= 2:
                moved = list(expected)[step - 2]
                url, headers = f"/v1/engineers/{moved}", matching(supplier, expected[moved])
                if step % 2:
                    await writer.post(f"{url}/unlist", headers=headers)
                    expected.pop(moved)
                    expected = {"gone": 0, **expected}
                else:
                    await writer.patch(url, json={"skills": skills("Go", years=step)}, headers=headers)
                    expected[moved] = 2
            shortlists = [await post_shortlist(client, buyer, request) for client in clients]
            for shortlist in shortlists:
                versions = {entry["engineer_id"]: entry["engineer_version"] for entry in shortlist["entries"]}
                assert versions == {one: version for one, version in expected.items() if one != "gone"}
            assert shortlists[0]["entries"] == shortlists[1]["entries"]


async def test_shortlists_and_writes_at_once_end_consistent_and_never_fail(
    committed_urls, committed_client, committed_database, engine, everyone
):
    supplier, buyer, _ = everyone
    request = await post_request(committed_client, buyer, skills=skills("Go"))
    made = [await post_engineer(committed_client, supplier, skills=skills("Go")) for _ in range(6)]
    statuses = []

    async def work(seed):
        chance = random.Random(seed)  # noqa: S311
        for _ in range(8):
            url = f"/v1/engineers/{chance.choice(made)['id']}"
            headers = {**supplier.headers, "If-Match": "*"}
            doing = chance.choice(["rank", "rank", "create", "patch", "unlist", "list"])
            if doing == "rank":
                reply = await committed_client.post(f"/v1/requests/{request['id']}/shortlists", headers=buyer.headers)
            elif doing == "create":
                body = an_engineer(skills=skills("Go", f"Zorblax {chance.randint(1, 3)}"))
                reply = await committed_client.post("/v1/engineers", json=body, headers=supplier.headers)
            elif doing == "patch":
                body = {"skills": skills("Go", years=chance.randint(1, 30))}
                reply = await committed_client.patch(url, json=body, headers=headers)
            else:
                reply = await committed_client.post(f"{url}/{doing}", headers=headers)
            statuses.append((doing, reply.status_code))
            if doing == "rank" and reply.status_code == 201:
                scores = [entry["score"] for entry in reply.json()["entries"]]
                assert scores == sorted(scores, reverse=True)

    async def watch():
        async with process(committed_urls, HashingEncoder()) as (_, database, other):
            return [line for _ in range(5) for line in await maintenance.verify(database, other, progress=quietly)]

    complaints, *_ = await asyncio.gather(watch(), *(work(seed) for seed in range(8)))

    assert complaints == []
    assert {status for doing, status in statuses if doing == "rank"} <= {201, 409}
    assert {status for doing, status in statuses if doing in ("list", "unlist")} <= {200, 409}
    assert {status for doing, status in statuses if doing in ("create", "patch")} <= {200, 201}
    assert await ids_in_pool(committed_database, engine) == await listed(committed_database)
    assert await maintenance.verify(committed_database, engine, progress=quietly) == []
    shortlist = await post_shortlist(committed_client, buyer, request, size=100)
    assert found(shortlist) == {str(one) for one in await listed(committed_database)}


async def test_a_process_with_another_model_encodes_by_itself_until_the_index_is_built_again(
    committed_urls, committed_client, committed_database, engine, everyone
):
    supplier, buyer, _ = everyone
    made = {(await post_engineer(committed_client, supplier, skills=skills("Go")))["id"] for _ in range(3)}
    request = await post_request(committed_client, buyer, skills=skills("Go"))
    async with process(committed_urls, HashingEncoder(32)) as (client, database, other):
        before = await post_shortlist(client, buyer, request)
        complaints = await maintenance.verify(database, other, progress=quietly)
        encoded = await maintenance.reindex(database, other, progress=quietly)
        again = await maintenance.reindex(database, other, progress=quietly)
        mended = await maintenance.verify(database, other, progress=quietly)
        model_hash = other.pool.model_hash

    old = await post_shortlist(committed_client, buyer, request)

    assert len(complaints) == 3
    assert (encoded, again, mended) == (1, 0, [])
    assert found(before) == found(old) == made
    assert before["model_hash"] == model_hash != old["model_hash"]


async def test_a_running_process_follows_when_the_index_is_built_again(
    committed_client, committed_database, engine, everyone
):
    supplier, buyer, admin = everyone
    engineer = await post_engineer(committed_client, supplier, skills=skills("Zorblax"))
    request = await post_request(committed_client, buyer, skills=skills("CI/CD"))
    before = await post_shortlist(committed_client, buyer, request)
    (word,) = (await committed_client.get("/v1/unmatched-skills", headers=admin.headers)).json()["items"]
    await committed_client.post(
        f"/v1/unmatched-skills/{word['id']}/map", json={"skill_id": "cicd"}, headers=matching(admin, 1)
    )

    await maintenance.reindex(committed_database, engine, progress=quietly)
    after = await post_shortlist(committed_client, buyer, request)

    assert (found(before), found(after)) == (set(), {engineer["id"]})
    assert after["entries"][0]["engineer_version"] == 1
    assert await maintenance.verify(committed_database, engine, progress=quietly) == []


def broken_facts(entry):
    return update(ProfileEntry).values(facts=entry.facts[:-1] + bytes([entry.facts[-1] ^ 1]))


def another_s_facts(entry):
    other = select(ProfileEntry.facts).where(col(ProfileEntry.engineer_id) != entry.engineer_id).limit(1)
    return update(ProfileEntry).values(facts=other.scalar_subquery())


def no_entry(entry):
    return delete(ProfileEntry)


def other_vector(entry):
    return update(ProfileEntry).values(vector=np.roll(np.frombuffer(entry.vector, queries.STORED), 1).tobytes())


def other_card(entry):
    return update(ProfileEntry).values(card_hash=b"x" * 32)


def other_version(entry):
    return update(ProfileEntry).values(version=entry.version + 1)


def not_listed(entry):
    return update(ProfileEntry).values(listed=False, facts=None, vector=None, card_hash=None)


@pytest.mark.parametrize(
    "damage", [broken_facts, another_s_facts, no_entry, other_vector, other_card, other_version, not_listed]
)
async def test_planted_damage_is_found_and_named(committed_client, committed_database, engine, everyone, damage):
    supplier, _, _ = everyone
    made = [await post_engineer(committed_client, supplier, skills=skills("Go")) for _ in range(3)]
    assert await maintenance.verify(committed_database, engine, progress=quietly) == []

    async with committed_database.transaction() as session:
        victim = await session.get(ProfileEntry, made[1]["id"])
        await session.exec(damage(victim).where(col(ProfileEntry.engineer_id) == victim.engineer_id))
    complaints = await maintenance.verify(committed_database, engine, progress=quietly)

    assert any(made[1]["id"] in line for line in complaints)
    assert not any(one["id"] in line for one in (made[0], made[2]) for line in complaints)


async def test_an_entry_nobody_is_listed_for_is_found(committed_urls, committed_client, committed_database, everyone):
    supplier, _, _ = everyone
    made = [await post_engineer(committed_client, supplier) for _ in range(2)]
    async with committed_database.transaction() as session:
        await session.exec(update(Engineer).where(col(Engineer.id) == made[0]["id"]).values(status="unlisted"))

    async with process(committed_urls, HashingEncoder()) as (_, database, other):
        complaints = await maintenance.verify(database, other, progress=quietly)

    assert complaints == ["the pool holds 2 profiles, 1 are listed"]
