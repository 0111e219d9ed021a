"""New knowledge takes the place of the old while rankings go on: each ranking is of one of them, whole."""

import asyncio

import pytest

from app import main
from app.core.actor import Actor, Role
from app.core.tenancy import RANKING
from app.main import read_pool
from app.matchmaking import queries
from app.matchmaking.engine import Engine
from app.taxonomy import reference, thesaurus
from app.taxonomy.words import Entry
from matching import HashingEncoder, snapshot
from tests.factories import make_caller
from tests.payloads import matching, post_engineer, post_request, post_shortlist

NAMES = (
    Entry("occupation/a", {"en": ("network architect",), "es": ("hacedor de mallas",)}, "somebody"),
    Entry("occupation/b", {"en": ("data analyst",), "es": ("escudriñador",)}, "somebody"),
    Entry("occupation/c", {"en": ("security tester",), "pt": ("farejador",)}, "somebody"),
)
ENGLISH = ("Data Analyst", "Java Developer", "Security Tester", "Network Architect", "Mobile Developer")
SPANISH = "Hacedor de mallas"


class Breakable(HashingEncoder):
    """An encoder that fails when it is told to."""

    broken = False

    def encode(self, texts, *, progress=None):
        if self.broken:
            raise RuntimeError("the model fell over")
        return super().encode(texts, progress=progress)


@pytest.fixture(autouse=True)
def few_names(monkeypatch):
    """A release that names three things, so that learning takes a moment."""
    kept = [one for one in reference.read_concepts() if one.id in ("kubernetes", "go", "backend-developer")]
    plain = [type(one)(**one.model_dump() | {"implies": [], "related": {}}) for one in kept]
    words = reference.taxonomy_of(plain)
    monkeypatch.setattr(reference, "present", lambda: words)


@pytest.fixture
def start(tmp_path):
    """Makes engines on one pair of folders, as processes would, and ends them."""
    engines = []

    def begin():
        engines.append(Engine(Breakable(), snapshots=tmp_path / "pool", knowledge=tmp_path / "knowledge"))
        return engines[-1]

    yield begin
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(start):
    """The one that the application ranks with."""
    return start()


@pytest.fixture
async def people(committed_database):
    """A supplier and a recruiter and a buyer who are there for good."""
    async with committed_database.transaction() as session:
        return [await make_caller(session, role) for role in (Role.SUPPLIER_ADMIN, Role.RECRUITER, Role.HIRING_MANAGER)]


@pytest.fixture
async def world(committed_client, committed_database, engine, people):
    """People with English titles, and a request with a Spanish one."""
    await read_pool(committed_database, engine)
    supplier, recruiter, buyer = people
    for title in ENGLISH:
        await post_engineer(committed_client, supplier, title=title)
    return recruiter, await post_request(committed_client, buyer, title=SPANISH)


@pytest.fixture
def renew(committed_database):
    """`await renew(engine)`, once what there is to learn has been learned."""

    async def renewed(engine):
        async with committed_database.transaction(RANKING) as session:
            await engine._source.refresh(session)
            await engine._source.settled(within_s=30)
            return await engine.renew(session)

    return renewed


async def bring(database, entries=NAMES):
    async with database.transaction() as session:
        given = thesaurus.Import("esco", "somebody", "", str(len(entries)), tuple(entries))
        await thesaurus.replace(session, Actor.system(), given)


def places(shortlist):
    """Everything about a ranking that the words decide."""
    return [(entry["engineer_id"], entry["score"]) for entry in shortlist["entries"]]


def closeness_of(shortlist, title):
    """How close the one with this title came."""
    (entry,) = (one for one in shortlist["entries"] if one["candidate"]["title"] == title)
    (part,) = (part for part in entry["parts"] if part["part"] == "semantic")
    return part["value"]


async def test_a_spanish_title_finds_the_english_one_once_their_names_are_imported(
    committed_client, committed_database, engine, world, renew
):
    before = await post_shortlist(committed_client, *world)
    await bring(committed_database)

    assert await renew(engine)
    after = await post_shortlist(committed_client, *world)

    assert before["entries"][0]["candidate"]["title"] != "Network Architect"
    assert after["entries"][0]["candidate"]["title"] == "Network Architect"
    assert closeness_of(before, "Network Architect") < 0.2
    assert closeness_of(after, "Network Architect") > 0.5
    assert before["model_hash"] != after["model_hash"] == engine.pool.model_hash
    assert {one for one, _ in places(before)} == {one for one, _ in places(after)}


async def test_rankings_go_on_while_names_are_learned_and_each_is_of_one_knowledge_alone(
    committed_client, committed_database, engine, world, monkeypatch
):
    monkeypatch.setattr(main, "RENEW_EVERY_S", 0.01)
    old = await post_shortlist(committed_client, *world)
    seen = []

    async def rank_on():
        ranked = []
        while len([one for one in ranked if one["model_hash"] != old["model_hash"]]) < 3:
            ranked.append(await post_shortlist(committed_client, *world))
        seen.append(ranked)

    async with main.renewing(committed_database, engine), asyncio.timeout(60):
        ranking = asyncio.gather(*(rank_on() for _ in range(3)))
        await asyncio.sleep(0.05)
        await bring(committed_database)
        await ranking

    new = await post_shortlist(committed_client, *world)
    assert places(new) != places(old)
    for ranked in seen:
        hashes = [one["model_hash"] for one in ranked]
        assert hashes == sorted(hashes, key=[old["model_hash"], new["model_hash"]].index)
        assert all(places(one) == places(new if one["model_hash"] == new["model_hash"] else old) for one in ranked)


async def test_what_is_written_while_the_pool_is_read_anew_is_ranked_before_and_after(
    committed_client, committed_database, engine, people, world, renew, monkeypatch
):
    supplier, *_ = people
    gone = await post_engineer(committed_client, supplier, title="Data Analyst")
    await bring(committed_database)
    read, go_on, join = asyncio.Event(), asyncio.Event(), engine._join

    async def join_late(index):
        read.set()
        await go_on.wait()
        await join(index)

    monkeypatch.setattr(engine, "_join", join_late)
    renewing = asyncio.create_task(renew(engine))
    await asyncio.wait_for(read.wait(), 30)
    new = await post_engineer(committed_client, supplier, title="Network Architect")
    url = f"/v1/engineers/{gone['id']}/unlist"
    unlisted = await committed_client.post(url, headers=matching(supplier, gone["version"]))
    old = await post_shortlist(committed_client, *world)
    go_on.set()

    assert await renewing
    fresh = await post_shortlist(committed_client, *world)

    assert unlisted.status_code == 200
    assert old["model_hash"] != fresh["model_hash"]
    for shortlist in (old, fresh):
        assert new["id"] in {one for one, _ in places(shortlist)}
        assert gone["id"] not in {one for one, _ in places(shortlist)}
        assert len(places(shortlist)) == len(ENGLISH) + 1


async def test_a_snapshot_of_the_old_knowledge_is_not_used_under_the_new_and_the_next_one_is(
    committed_client, committed_database, engine, start, world, renew, monkeypatch, tmp_path
):
    began, original = [], queries.changes_since

    def recorded(session, mark):
        began.append(mark)
        return original(session, mark)

    old = await post_shortlist(committed_client, *world)
    assert await engine.publish()
    await bring(committed_database)
    assert await renew(engine)
    monkeypatch.setattr(queries, "changes_since", recorded)

    second = start()
    await read_pool(committed_database, second)
    from_the_old = began.copy()
    began.clear()
    assert await engine.publish()
    third = start()
    await read_pool(committed_database, third)

    assert from_the_old == [0]
    assert began == [engine.watermark]
    assert {one.pool.model_hash for one in (engine, second, third)} == {snapshot.verify(tmp_path / "pool").model_hash}
    assert engine.pool.model_hash != old["model_hash"]
    assert second.size == third.size == len(ENGLISH)


async def test_what_is_taken_away_again_leaves_rankings_as_they_were(
    committed_client, committed_database, engine, world, renew
):
    before = await post_shortlist(committed_client, *world)
    await bring(committed_database)
    await renew(engine)
    async with committed_database.transaction() as session:
        await thesaurus.remove(session, Actor.system(), "esco")

    assert await renew(engine)
    after = await post_shortlist(committed_client, *world)

    assert (after["model_hash"], places(after)) == (before["model_hash"], places(before))


async def test_without_news_nothing_is_read_anew(committed_client, committed_database, engine, world, renew):
    pool = engine.pool

    assert not await renew(engine)
    async with committed_database.transaction(RANKING) as session:
        assert not await Engine(HashingEncoder()).renew(session)
    assert engine.pool is pool


async def test_while_it_cannot_be_learned_the_old_serves(committed_client, committed_database, engine, world, renew):
    before = await post_shortlist(committed_client, *world)
    await bring(committed_database)
    engine.encoder.broken = True

    assert not await renew(engine)
    meanwhile = await post_shortlist(committed_client, *world)

    assert (meanwhile["model_hash"], places(meanwhile)) == (before["model_hash"], places(before))
