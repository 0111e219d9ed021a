"""A scratch database of any size: two thousand encoded engineers, and the rest perturbed from them.

Encoding a million cards would take more than an hour. A perturbed engineer takes the vector of one that was encoded,
turned by a random few degrees, and their facts with figures moved: as hard to rank, and made a thousand times faster.
"""

import asyncio
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import psycopg
from rich.progress import Progress

from app.core.embedded import DatabaseUrls
from app.core.encryption import Key, Keyring, MasterKeys, Wrapped
from app.core.ids import new_id
from app.core.keyring import place_of
from app.core.settings import Settings
from app.matchmaking.models import facts_place
from app.operations import opened
from app.seeding.load import seed
from app.talent.documents import opened_profile, sealed_profile
from matching import PROFILE, Profile
from tests.bench.people import SEED
from tests.postgres import Server, connect, create_database, drop_database, exists, prepared_server, start_server

ENCODED: Final = 2000
CHUNK: Final = 5000
NOISE: Final = 0.35
"""Length of the random vector added to a unit vector: cosines with the original around 0.94."""

COPY_ENGINEERS: Final = (
    "COPY engineer (id, organisation_id, status, version, discipline, created_at, updated_at, sealed) FROM STDIN"
)
COPY_KEYS: Final = "COPY person_key (engineer_id, master_key_id, wrapped, created_at) FROM STDIN"
COPY_ENTRIES: Final = (
    "COPY profile_entry (engineer_id, version, listed, model_hash, card_hash, vector, facts) FROM STDIN"
)


def scratch(engineers: int, *, fresh: bool) -> tuple[Server, str]:
    """A server and the name of a database on it with that many listed engineers, made if need be."""
    start_server()
    server = prepared_server()
    name = f"puente_bench_{engineers}"
    with connect(server.admin) as connection:
        if fresh:
            drop_database(connection, name)
        if exists(connection, name):
            return server, name
        drop_database(connection, f"{name}_unfinished")
        create_database(connection, f"{name}_unfinished", template=server.template)
    fill(server, f"{name}_unfinished", engineers)
    with connect(server.admin) as connection:
        connection.execute(f'ALTER DATABASE "{name}_unfinished" RENAME TO "{name}"')
    return server, name


def fill(server: Server, database: str, engineers: int) -> None:
    """Seed the engineers that are encoded, then perturb the rest."""
    urls = server.urls(database)
    state_of(database).mkdir(parents=True, exist_ok=True)
    with Progress(transient=True, disable=not sys.stderr.isatty()) as bars:
        encoding = bars.add_task("encoded", total=min(ENCODED, engineers))
        asyncio.run(_encode(urls, state_of(database), min(ENCODED, engineers), partial(bars.advance, encoding)))
        perturbing = bars.add_task("perturbed", total=max(0, engineers - ENCODED))
        with connect(server.admin.set(database=database)) as connection:
            for written in _perturb(connection, engineers - ENCODED):
                bars.advance(perturbing, written)
            connection.execute("ANALYZE")


def state_of(database: str) -> Path:
    """Where the keys to a scratch database are kept."""
    return Path("var/bench") / database.removesuffix("_unfinished")


def credentials(database: str) -> dict[str, Any]:
    """The keys to a scratch database."""
    found: dict[str, Any] = json.loads((state_of(database) / "demo-credentials.json").read_text())
    return found


async def _encode(urls: DatabaseUrls, state: Path, engineers: int, progress: Any) -> None:
    settings = Settings(database_url=urls.app)
    async with opened(settings, urls) as (database, _):
        await seed(database, engineers=engineers, seed=SEED, state_dir=state, progress=progress)


def _perturb(connection: psycopg.Connection[Any], count: int) -> Iterator[int]:
    """Write `count` engineers made from those there are, chunk by chunk."""
    models = connection.execute(
        "SELECT e.organisation_id, e.discipline, e.created_at, e.updated_at, i.model_hash, i.card_hash, e.id, "
        "e.sealed, i.vector FROM engineer e JOIN profile_entry i ON i.engineer_id = e.id WHERE i.listed ORDER BY e.id"
    ).fetchall()
    keyring, keys = Keyring(MasterKeys.of(Settings())), keys_of(connection)
    documents = [opened_profile(keys[row[6]], row[6], row[7]) for row in models]
    known = facts_of(connection)
    profiles = [PROFILE.validate_json(known[row[6]]) for row in models]
    vectors = np.stack([np.frombuffer(row[-1], "<f2").astype(np.float32) for row in models]) if models else None
    dice, noise = random.Random(SEED), np.random.default_rng(SEED)
    while count > 0 and vectors is not None:
        size = min(CHUNK, count)
        picks = [dice.randrange(len(models)) for _ in range(size)]
        made = [(new_id(), pick, perturbed(profiles[pick], dice)) for pick in picks]
        secrets = {identifier: keyring.new_key(place_of(identifier)) for identifier, _, _ in made}
        turned = turn(vectors[picks], noise)
        with connection.cursor() as cursor:
            with cursor.copy(COPY_ENGINEERS) as engineers:
                for identifier, pick, _ in made:
                    organisation, discipline, created, updated = models[pick][:4]
                    sealed = sealed_profile(Key(secrets[identifier][0]), identifier, documents[pick])
                    engineers.write_row((identifier, organisation, "listed", 1, discipline, created, updated, sealed))
            with cursor.copy(COPY_KEYS) as copied:
                for identifier, pick, _ in made:
                    wrapped = secrets[identifier][1]
                    copied.write_row((identifier, wrapped.master_key_id, wrapped.wrapped, models[pick][2]))
            with cursor.copy(COPY_ENTRIES) as entries:
                for (identifier, pick, profile), vector in zip(made, turned, strict=True):
                    content = PROFILE.dump_json(replace(profile, id=identifier))
                    facts = Key(secrets[identifier][0]).seal_document(facts_place(identifier), content)
                    model_hash, card_hash = models[pick][4:6]
                    entries.write_row((identifier, 1, True, model_hash, card_hash, vector.tobytes(), facts))
        count -= size
        yield size


def keys_of(connection: psycopg.Connection[Any]) -> dict[UUID, Key]:
    """Everybody's key."""
    keyring = Keyring(MasterKeys.of(Settings()))
    rows = connection.execute("SELECT engineer_id, master_key_id, wrapped FROM person_key").fetchall()
    return {one: keyring.unwrap(place_of(one), Wrapped(master, wrapped)) for one, master, wrapped in rows}


def facts_of(connection: psycopg.Connection[Any]) -> dict[UUID, bytes]:
    """What the index knows of everybody who is listed, as JSON."""
    keys = keys_of(connection)
    rows = connection.execute(
        "SELECT engineer_id, facts FROM profile_entry WHERE listed ORDER BY engineer_id"
    ).fetchall()
    return {one: keys[one].open_document(facts_place(one), facts) for one, facts in rows}


def turn(vectors: np.ndarray, noise: np.random.Generator) -> np.ndarray:
    """Unit vectors near `vectors`, in the float16 they are stored in."""
    moved = vectors + noise.normal(scale=NOISE / np.sqrt(vectors.shape[1]), size=vectors.shape)
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype("<f2")


def perturbed(profile: Profile, dice: random.Random) -> Profile:
    """Somebody like `profile`: figures moved, a skill fewer now and then."""
    skills = [
        replace(fact, years=None if fact.years is None else round(max(0.0, fact.years * dice.uniform(0.6, 1.4)), 1))
        for fact in profile.skills
    ]
    if len(skills) > 4 and dice.random() < 0.5:
        skills.pop(dice.randrange(len(skills)))
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
    """Ids of the seeded requests."""
    return [row[0] for row in connection.execute("SELECT id FROM request ORDER BY id").fetchall()]
