"""A scratch database of any size: two thousand encoded engineers, and the rest perturbed from them.

Encoding a million profiles would take hours. A perturbed engineer has the titles of one that was encoded, and so the
vectors, and their facts with figures moved: a million people share some thousands of titles. Two processes write
them, chunk by chunk.
"""

import asyncio
import json
import multiprocessing
import random
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from rich.progress import Progress

from app.core.embedded import DatabaseUrls
from app.core.encryption import Key, Keyring, MasterKeys, Wrapped, place
from app.core.ids import new_id
from app.core.keyring import place_of
from app.core.settings import Settings
from app.core.tenancy import SYSTEM
from app.matchmaking.engine import Engine
from app.matchmaking.models import facts_place
from app.operations import learn, opened
from app.seeding.load import seed
from matching import PROFILE, Interpreter, Profile, Taxonomy
from tests.bench.people import SEED, SEED_DATA
from tests.postgres import Server, connect, create_database, drop_database, exists, prepared_server, start_server

ENCODED: Final = 2000
CHUNK: Final = 5000
PROCESSES: Final = 2
DAY_MS: Final = 86_400_000

COPY_ENGINEERS: Final = (
    "COPY engineer (id, organisation_id, status, version, discipline, created_at, updated_at, sealed) FROM STDIN"
)
COPY_KEYS: Final = "COPY person_key (engineer_id, master_key_id, wrapped, created_at) FROM STDIN"
COPY_ENTRIES: Final = (
    "COPY profile_entry (engineer_id, version, listed, model_hash, card_hash, vector, facts) FROM STDIN"
)


def scratch(engineers: int, *, fresh: bool) -> tuple[Server, str]:
    """A server and the name of a database on it with that many listed engineers, made if need be.

    A large one begins as a copy of the one that holds those who are encoded.
    """
    start_server()
    server = prepared_server()
    name = f"puente_bench_{engineers}"
    with connect(server.admin) as connection:
        if fresh:
            drop_database(connection, name)
        if exists(connection, name):
            return server, name
    template = server.template
    if engineers > ENCODED:
        _, template = scratch(ENCODED, fresh=fresh)
        shutil.rmtree(state_of(name), ignore_errors=True)
        shutil.copytree(state_of(template), state_of(name), ignore=shutil.ignore_patterns("pool"))
    with connect(server.admin) as connection:
        drop_database(connection, f"{name}_unfinished")
        create_database(connection, f"{name}_unfinished", template=template)
    fill(server, f"{name}_unfinished", engineers)
    with connect(server.admin) as connection:
        connection.execute(f'ALTER DATABASE "{name}_unfinished" RENAME TO "{name}"')
    return server, name


def fill(server: Server, database: str, engineers: int) -> None:
    """Seed the engineers that are encoded where there are none, and perturb the rest from those there are."""
    with Progress(transient=True, disable=not sys.stderr.isatty()) as bars:
        if engineers <= ENCODED:
            state_of(database).mkdir(parents=True, exist_ok=True)
            encoding = bars.add_task("encoded", total=engineers)
            asyncio.run(_encode(server.urls(database), state_of(database), engineers, partial(bars.advance, encoding)))
            return
        perturbing = bars.add_task("perturbed", total=engineers - ENCODED)
        url = server.admin.set(database=database)
        sizes = [min(CHUNK, engineers - ENCODED - start) for start in range(0, engineers - ENCODED, CHUNK)]
        for written in in_processes(_Perturbing, (url,), list(enumerate(sizes))):
            bars.advance(perturbing, written)
        with connect(url) as connection:
            connection.execute("ANALYZE")


def state_of(database: str) -> Path:
    """Where the keys to a scratch database are kept, what was learned from names, and its pool."""
    return (Path("var/bench") / database.removesuffix("_unfinished")).resolve()


def credentials(database: str) -> dict[str, Any]:
    """The keys to a scratch database."""
    found: dict[str, Any] = json.loads((state_of(database) / "demo-credentials.json").read_text())
    return found


def settings_of(urls: DatabaseUrls, state: Path) -> Settings:
    """Settings under which a process reads a scratch database as its server does; it may take as long as it takes."""
    return Settings(
        database_url=urls.app, state_dir=state, idle_in_transaction_timeout_ms=DAY_MS, statement_timeout_ms=DAY_MS
    )


async def read_pool(server: Server, database: str) -> tuple[Engine, Interpreter]:
    """An engine that has read the pool and stored it for others, and what it reads by; it follows no more."""
    urls = server.urls(database)
    async with opened(settings_of(urls, state_of(database)), urls) as (tables, engine):
        await learn(tables, engine)
        async with tables.transaction(SYSTEM) as session:
            await engine.start(session)
            interpreter = await engine.interpreter(session)
        await engine.publish()
        return engine, interpreter


def in_processes(worker: Callable[..., Any], given: tuple[Any, ...], tasks: Sequence[Any]) -> Iterator[Any]:
    """What processes of their own make of tasks, in any order; each makes one `worker` of `given` and calls it."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES, _begin, (worker, given)) as pool:
        yield from pool.imap_unordered(_work, tasks)


_worker: list[Callable[[Any], Any]] = []


def _begin(worker: Callable[..., Any], given: tuple[Any, ...]) -> None:
    _worker.append(worker(*given))


def _work(task: Any) -> Any:
    return _worker[0](task)


async def _encode(urls: DatabaseUrls, state: Path, engineers: int, progress: Any) -> None:
    async with opened(settings_of(urls, state), urls) as (database, engine):
        await learn(database, engine)
        await seed(database, engineers=engineers, seed=SEED, state_dir=state, progress=progress)


class _Perturbing:
    """Writes engineers made from those there were at first."""

    def __init__(self, url: Any) -> None:
        self._connection = connect(url)
        # What is written refers to what is written beside it; nothing else has to be looked up.
        self._connection.execute("SET session_replication_role = replica")
        self._taxonomy = Taxonomy.load(SEED_DATA)
        self._keyring = Keyring(MasterKeys.of(Settings()))
        self._models = self._connection.execute(
            "SELECT e.organisation_id, e.discipline, e.created_at, e.updated_at, i.model_hash, i.card_hash, i.vector, "
            "e.id, e.sealed, i.facts, k.master_key_id, k.wrapped FROM engineer e "
            "JOIN profile_entry i ON i.engineer_id = e.id JOIN person_key k ON k.engineer_id = e.id "
            "WHERE i.listed AND i.card_hash IS NOT NULL ORDER BY e.id LIMIT %s",
            [ENCODED],
        ).fetchall()
        keys = [self._keyring.unwrap(place_of(row[7]), Wrapped(*row[10:])) for row in self._models]
        self._documents = [
            key.open(place("engineer", "sealed", row[7]), row[8]) for key, row in zip(keys, self._models, strict=True)
        ]
        self._profiles = [
            PROFILE.validate_json(key.open_document(facts_place(row[7]), row[9]))
            for key, row in zip(keys, self._models, strict=True)
        ]

    def __call__(self, task: tuple[int, int]) -> int:
        number, size = task
        dice = random.Random(SEED + number)
        made = [self._made(dice.randrange(len(self._models)), dice) for _ in range(size)]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for at, statement in enumerate((COPY_ENGINEERS, COPY_KEYS, COPY_ENTRIES)):
                with cursor.copy(statement) as copied:
                    for rows in made:
                        copied.write_row(rows[at])
        return size

    def _made(self, pick: int, dice: random.Random) -> tuple[Sequence[Any], ...]:
        """Rows of an engineer, of their key, and of what the index knows of them."""
        identifier = new_id()
        secret, wrapped = self._keyring.new_key(place_of(identifier))
        key = Key(secret)
        profile = replace(perturbed(self._profiles[pick], dice, self._taxonomy), id=identifier)
        facts = key.seal_document(facts_place(identifier), PROFILE.dump_json(profile))
        sealed = key.seal(place("engineer", "sealed", identifier), self._documents[pick])
        organisation, discipline, created, updated, model_hash, card_hash, vector = self._models[pick][:7]
        return (
            (identifier, organisation, "listed", 1, discipline, created, updated, sealed),
            (identifier, wrapped.master_key_id, wrapped.wrapped, created),
            (identifier, 1, True, model_hash, card_hash, vector, facts),
        )


def perturbed(profile: Profile, dice: random.Random, taxonomy: Taxonomy) -> Profile:
    """Somebody like `profile`: figures moved, a known skill fewer now and then. Nobody has to encode them again."""
    skills = [
        replace(fact, years=None if fact.years is None else round(max(0.0, fact.years * dice.uniform(0.6, 1.4)), 1))
        for fact in profile.skills
    ]
    if len(skills) > 4 and dice.random() < 0.5:
        at = dice.randrange(len(skills))
        if skills[at].skill in taxonomy.skills:
            skills.pop(at)
    return replace(
        profile,
        skills=tuple(skills),
        rate=None if profile.rate is None else round(profile.rate * dice.uniform(0.8, 1.25)),
        available_from=_moved(profile.available_from, dice, 40),
        updated_on=_moved(profile.updated_on, dice, 60) or profile.updated_on,
        seniority=None
        if profile.seniority is None
        else min(5, max(0, profile.seniority + dice.choice((-1, 0, 0, 0, 1)))),
    )


def _moved(day: date | None, dice: random.Random, days: int) -> date | None:
    return None if day is None else day + timedelta(days=dice.randint(-days, days))


def requests_of(connection: psycopg.Connection[Any]) -> list[UUID]:
    """Ids of all requests, the seeded ones first."""
    return [row[0] for row in connection.execute("SELECT id FROM request ORDER BY id").fetchall()]
