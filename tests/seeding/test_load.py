import json
from pathlib import Path

import httpx
import pytest
from sqlmodel import func, select

from app.core.actor import Actor
from app.core.database import Database
from app.core.events import Subscriptions
from app.core.keyring import KEYRING
from app.demand.models import Request
from app.identity.models import ApiKey, Member, Organisation
from app.seeding.load import seed
from app.talent import service as talent
from app.talent.events import ProfilesChanged
from app.talent.models import Engineer
from app.talent.queries import opened
from tests.databases import SharedDatabase

SMALL = {"engineers": 12, "firms": 3, "clients": 2, "seed": 5}


async def counts(database: Database) -> dict[str, int]:
    async with database.transaction() as session:
        tables = (Organisation, Member, ApiKey, Engineer, Request)
        return {
            table.__tablename__: (await session.exec(select(func.count()).select_from(table))).one() for table in tables
        }


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def family_names(database: Database) -> list[str]:
    async with database.transaction() as session:
        engineers = await opened(session, (await session.exec(select(Engineer))).all(), lists=False)
        return sorted(engineer.family_name for engineer in engineers)


async def test_seeding_fills_an_empty_database(database: Database, tmp_path: Path) -> None:
    steps: list[int] = []

    seeded = await seed(database, state_dir=tmp_path, progress=steps.append, **SMALL)

    found = await counts(database)
    assert (seeded.engineers, seeded.firms, seeded.clients) == (12, 3, 2)
    assert found["organisation"] == 6
    assert found["member"] == 3 * 2 + 2 * 2 + 3
    assert found["engineer"] == sum(steps) == 12
    assert found["request"] == seeded.requests >= 6


async def test_seeding_again_adds_nothing(database: Database, tmp_path: Path) -> None:
    first = await seed(database, state_dir=tmp_path, **SMALL)
    before, credentials = await counts(database), first.credentials.read_text()

    again = await seed(database, state_dir=tmp_path, **SMALL)

    assert (again.engineers, again.firms, again.clients, again.requests) == (0, 0, 0, 0)
    assert await counts(database) == before
    assert again.credentials.read_text() == credentials


async def test_asking_for_more_adds_the_difference(database: Database, tmp_path: Path) -> None:
    await seed(database, state_dir=tmp_path, **SMALL)

    more = await seed(database, state_dir=tmp_path, **{**SMALL, "engineers": 20})

    assert more.engineers == 8
    assert (await counts(database))["engineer"] == 20


async def test_an_interrupted_seeding_goes_on_where_it_stopped(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = talent.create_engineers
    calls: list[int] = []

    async def interrupted(session, actor: Actor, organisation_id, batch):
        calls.append(len(batch))
        created = await whole(session, actor, organisation_id, batch)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return created

    monkeypatch.setattr("app.seeding.load.BATCH", 2)
    monkeypatch.setattr(talent, "create_engineers", interrupted)
    with pytest.raises(KeyboardInterrupt):
        await seed(database, state_dir=tmp_path, **SMALL)
    assert (await counts(database))["engineer"] == 2
    assert names_in(tmp_path) == []

    rest = await seed(database, state_dir=tmp_path, **SMALL)

    assert rest.engineers == 10
    assert len(await family_names(database)) == 12


async def test_the_keys_open_their_doors(database: Database, client: httpx.AsyncClient, tmp_path: Path) -> None:
    seeded = await seed(database, state_dir=tmp_path, **SMALL)

    holders = json.loads(seeded.credentials.read_text())
    roles = {}
    for holder, entry in holders.items():
        me = await client.get("/v1/me", headers={"Authorization": f"Bearer {entry['key']}"})
        assert me.json()["organisation"]["name"] == entry["organisation"]
        roles[holder] = me.json()["member"]["role"]
    assert roles == {"supplier": "supplier_admin", "client": "client_admin", "recruiter": "recruiter", "admin": "admin"}
    assert seeded.credentials.stat().st_mode & 0o777 == 0o600
    assert names_in(tmp_path) == ["demo-credentials.json"]


async def test_lost_keys_are_replaced_and_stop_working(
    database: Database, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    first = await seed(database, state_dir=tmp_path, **SMALL)
    lost = json.loads(first.credentials.read_text())["admin"]["key"]
    first.credentials.write_text("{")

    again = await seed(database, state_dir=tmp_path, **SMALL)

    fresh = json.loads(again.credentials.read_text())["admin"]["key"]
    answers = {key: await client.get("/v1/me", headers={"Authorization": f"Bearer {key}"}) for key in (lost, fresh)}
    assert answers[lost].status_code == 401
    assert answers[fresh].status_code == 200


async def test_whoever_subscribed_hears_of_every_engineer(database: Database, tmp_path: Path) -> None:
    heard: list[int] = []

    async def listen(_, fact: ProfilesChanged) -> None:
        heard.append(len(fact.engineer_ids))

    subscriptions = Subscriptions()
    subscriptions.on(ProfilesChanged, listen)
    listening = SharedDatabase(
        database.bind, subscriptions, {KEYRING: database.info[KEYRING]}, join_transaction_mode="create_savepoint"
    )

    await seed(listening, state_dir=tmp_path, **SMALL)

    assert sum(heard) == 12
