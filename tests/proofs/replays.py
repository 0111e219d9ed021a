"""So many stored shortlists, ranked again elsewhere: each comes out bit for bit from what was stored of it.

    python -m tests.proofs.replays [--times 1000] [--seed 1] [--people 300]

Random requests are ranked over a seeded pool, and the shortlists frozen. Then much changes: the model (vectors of
another length), the knowledge (names are imported, what was learned is learned anew), the index (written again), and
a good part of the people, of whom some are changed and some withdrawn. Other processes, with other numbers of threads
and without any model, then rank every shortlist again (`matching.replay`) from its brief, its profiles and its
closenesses. What must hold: the same people in the same order, with the same scores, ranges, closenesses, parts and
explanations, and the same bytes from every process. That it is no matter of course is seen by ranking some requests
afresh, of which most come out otherwise.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any, Final
from uuid import UUID

import faiss
from pydantic_core import from_json, to_json
from sqlalchemy import true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import keyring
from app.core.actor import Actor, Role
from app.core.clock import today
from app.core.database import Database, create_engine
from app.core.etags import IfMatch
from app.core.ids import new_id
from app.core.settings import Settings
from app.core.tenancy import RANKING, SYSTEM
from app.core.trade import Seniority
from app.demand import service as demand
from app.demand.schemas import GateKind, RequestCreate, Weights
from app.main import known_to_sessions, read_pool, subscriptions
from app.matchmaking import maintenance, queries, service
from app.matchmaking.engine import Engine
from app.matchmaking.explanations import closeness_of, document_of
from app.matchmaking.knowledge import FOLDER
from app.matchmaking.models import Shortlist, ShortlistEntry
from app.operations import learn
from app.seeding.generate import Demonstration, generate
from app.talent import service as talent
from app.talent.lifecycle import EngineerStatus
from app.talent.schemas import EngineerPatch
from app.taxonomy import service as taxonomy
from app.taxonomy import thesaurus
from app.taxonomy.words import Entry, Taxonomy
from matching import BRIEF, PARTS, PROFILE, HashingEncoder, explain, replay
from tests.factories import make_caller
from tests.postgres import MASTER_KEYS, Server, prepared_server, start_server
from tests.proofs.retries import KEY, ROOT

BEFORE: Final = 64
AFTER: Final = 96
"""Lengths of a vector under the model that ranked, and under the one that came after it."""
THREADS: Final = (1, 4)
SAMPLE: Final = 20
"""Requests that are ranked afresh."""
AT_ONCE: Final = 25
NAMES: Final = (
    Entry("occupation/a", {"en": ("artisan baker",), "es": ("panadero artesano",), "pt": ("padeiro artesanal",)}, "us"),
    Entry("occupation/b", {"en": ("underwater welder",), "es": ("soldador submarino",)}, "us"),
)


def main() -> None:
    """Try, and print what was found; exit with 1 when a promise did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--replay", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.replay:
        print(json.dumps(asyncio.run(replay_all(Settings()))))
        return
    start_server()
    found = prove(prepared_server(), times=arguments.times, seed=arguments.seed, people=arguments.people)
    print(json.dumps(found))
    sys.exit(0 if found["holds"] else 1)


def prove(server: Server, *, times: int, seed: int, people: int, learned: bool = True) -> dict[str, Any]:
    """Rank, change and replay on a database of its own.

    With `learned`, titles are compared by what was learned from names, and that changes too.
    """
    started = perf_counter()
    with server.clone(f"puente_replays_{new_id().hex}") as urls, tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        settings = Settings(database_url=urls.app, state_dir=state)
        knowledge = state / FOLDER if learned else None
        first, second = (Engine(HashingEncoder(length), knowledge=knowledge) for length in (BEFORE, AFTER))
        asyncio.run(Maker(settings, first, random.Random(seed)).make(times, people, seed))
        made = perf_counter() - started
        changed = asyncio.run(Changer(settings, second, random.Random(seed)).change())
        found = [replayed(urls.app, state, threads) for threads in THREADS]
    wrong = [line for one in found for line in one["wrong"]]
    digests = {one["digest"] for one in found}
    counts = [one["replayed"] for one in found]
    holds = not wrong and len(digests) == 1 and counts == [times] * len(THREADS) and changed["otherwise"] > 0
    return {
        "shortlists": counts[0],
        "entries": found[0]["entries"],
        "processes": len(found),
        "threads": [one["threads"] for one in found],
        "different_bytes": len(digests) - 1,
        **changed,
        "wrong": wrong[:5],
        "holds": holds,
        "seconds_to_make": round(made, 1),
        "seconds": round(perf_counter() - started, 1),
    }


def replayed(url: str, state: Path, threads: int) -> dict[str, Any]:
    """What a process of its own finds that computes with so many threads."""
    clean = {name: value for name, value in os.environ.items() if name == MASTER_KEYS or not name.startswith("PUENTE_")}
    ours = {"PUENTE_DATABASE_URL": url, "PUENTE_STATE_DIR": str(state), "PUENTE_AUDIT_KEY": KEY}
    counts = {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL")}
    command = [sys.executable, "-m", "tests.proofs.replays", "--replay"]
    done = subprocess.run(command, env={**clean, **ours, **counts}, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@asynccontextmanager
async def opened(settings: Settings, engine: Engine) -> AsyncIterator[Database]:
    """The database of these settings, followed by an engine that ends with the block."""
    assert settings.database_url is not None
    pool = create_engine(settings.database_url, settings)
    database = Database(pool, subscriptions(engine), known_to_sessions(settings))
    try:
        await keyring.prepare(database)
        yield database
    finally:
        engine.close()
        await database.close()


# ---- Before


class Maker:
    """Fills the pool and has random requests ranked."""

    def __init__(self, settings: Settings, engine: Engine, dice: random.Random) -> None:
        self.settings = settings
        self.engine = engine
        self.dice = dice

    async def make(self, times: int, people: int, seed: int) -> None:
        """So many shortlists over so many people."""
        plan = generate(seed, engineers=people, firms=4, clients=6, as_of=today())
        async with opened(self.settings, self.engine) as database:
            await learn(database, self.engine)
            await self._offer(database, plan)
            await read_pool(database, self.engine)
            async with database.transaction(SYSTEM) as session:
                asking = (await make_caller(session, Role.CLIENT_ADMIN)).actor
            wanted = [request for requests in plan.requests.values() for request in requests]
            for start in range(0, times, AT_ONCE):
                async with database.transaction(SYSTEM) as session:
                    for _ in range(start, min(start + AT_ONCE, times)):
                        await self._rank(session, asking, self.a_request(wanted))

    def a_request(self, wanted: Sequence[RequestCreate]) -> RequestCreate:
        """One of the requests, with gates dropped and turned into wishes, and weights of its own."""
        dice, given = self.dice, self.dice.choice(wanted)
        weights = {part: Decimal(dice.randint(5, 100)) / 100 for part in PARTS}
        kept = [skill for skill in given.skills if dice.random() < 0.7]
        fields: dict[str, Any] = {
            "skills": [skill.model_copy(update={"must": dice.random() < 0.15}) for skill in kept],
            "weights": Weights.model_validate(weights) if dice.random() < 0.8 else None,
            "seniority": dice.choice([None, *Seniority]),
            "exclude_unknown": dice.sample(list(GateKind), dice.randint(0, 2)),
        }
        forgettable = ("minimum_english", "countries", "hourly_rate_ceiling", "certifications", "domains")
        plain = RequestCreate.model_fields
        dropped = {name: plain[name].get_default(call_default_factory=True) for name in forgettable}
        fields.update({name: value for name, value in dropped.items() if dice.random() < 0.5})
        return given.model_copy(update=fields)

    async def _rank(self, session: AsyncSession, asking: Actor, body: RequestCreate) -> None:
        request = await demand.create_request(session, asking, body)
        await service.create_shortlist(session, asking, self.engine, request.id, size=self.dice.randint(1, 40))
        session.expunge_all()

    async def _offer(self, database: Database, plan: Demonstration) -> None:
        for team in plan.engineers.values():
            async with database.transaction(SYSTEM) as session:
                firm = (await make_caller(session, Role.SUPPLIER_ADMIN)).organisation
                await talent.create_engineers(session, Actor.system(), firm.id, team)


# ---- What changes


class Changer:
    """Brings another model, other knowledge, and other people."""

    def __init__(self, settings: Settings, engine: Engine, dice: random.Random) -> None:
        self.settings = settings
        self.engine = engine
        self.dice = dice

    async def change(self) -> dict[str, Any]:
        """Change all of it, and rank some requests afresh."""
        async with opened(self.settings, self.engine) as database:
            async with database.transaction(SYSTEM) as session:
                given = thesaurus.Import("esco", "us", "", "1", NAMES)
                await thesaurus.replace(session, Actor.system(), given)
            await learn(database, self.engine)
            changed = await self._people(database)
            encoded = await maintenance.reindex(database, self.engine, progress=lambda _: None)
            await read_pool(database, self.engine)
            return {"people_changed": changed, "encoded_again": encoded, **await self._afresh(database)}

    async def _people(self, database: Database) -> int:
        async with database.transaction(SYSTEM) as session:
            everybody = await talent.listed_ids(session, after=None, limit=10_000)
            some = self.dice.sample(list(everybody), len(everybody) // 4)
            whatever = IfMatch(frozenset({"*"}))
            for one in some[::2]:
                patch = EngineerPatch(title="Panadero artesano")
                await talent.change_engineer(session, Actor.system(), one, whatever, patch)
            for one in some[1::2]:
                await talent.move_engineer(session, Actor.system(), one, whatever, to=EngineerStatus.UNLISTED)
        return len(some)

    async def _afresh(self, database: Database) -> dict[str, int]:
        """How many requests would be ranked otherwise now."""
        async with database.transaction(SYSTEM) as session:
            ids = self.dice.sample(found := await shortlist_ids(session), min(SAMPLE, len(found)))
            stored = [await queries.get_shortlist(session, one, true()) for one in ids]
            words = await taxonomy.current(session)
        otherwise = 0
        for one in stored:
            async with database.transaction(RANKING) as session:
                brief = BRIEF.validate_python(one.brief)
                ranking, _ = await self.engine.rank(session, brief, {}, one.size, words)
            now = [(entry.id, entry.score) for entry in ranking.entries]
            otherwise += now != [(entry.engineer_id, entry.score) for entry in one.entries]
        return {"ranked_afresh": len(stored), "otherwise": otherwise}


# ---- After


async def replay_all(settings: Settings) -> dict[str, Any]:
    """Rank every stored shortlist again, and say where it came out otherwise."""
    wrong: list[str] = []
    digest = hashlib.sha256()
    entries = 0
    async with opened(settings, Engine(HashingEncoder())) as database:
        async with database.transaction(SYSTEM) as session:
            words = await taxonomy.current(session)
            ids = await shortlist_ids(session)
        for start in range(0, len(ids), AT_ONCE):
            async with database.transaction(SYSTEM) as session:
                for one in ids[start : start + AT_ONCE]:
                    shortlist = await queries.get_shortlist(session, one, true())
                    again = ranked_again(shortlist, words)
                    entries += len(again)
                    digest.update(to_json(again))
                    if again != [as_stored(entry) for entry in shortlist.entries]:
                        wrong.append(f"shortlist {one} came out otherwise")
    return {
        "replayed": len(ids),
        "entries": entries,
        "wrong": wrong,
        "digest": digest.hexdigest(),
        "threads": faiss.omp_get_max_threads(),
    }


async def shortlist_ids(session: AsyncSession) -> list[UUID]:
    """All shortlists, oldest first."""
    return list(await session.exec(select(Shortlist.id).order_by(col(Shortlist.id))))


def ranked_again(shortlist: Shortlist, words: Taxonomy) -> list[Any]:
    """The entries as they come out of what is stored, given in an order that says nothing."""
    brief = BRIEF.validate_python(shortlist.brief)
    entries = sorted(shortlist.entries, key=lambda entry: hashlib.sha256(entry.engineer_id.bytes).digest())
    stored = [(PROFILE.validate_python(one.profile), closeness_of(one.explanation)) for one in entries]
    people = {profile.id: profile for profile, _ in stored}
    ranking = replay(brief, stored, shortlist.size, words)
    return [
        [
            str(one.id),
            *(one.score, one.low, one.high),
            [one.closeness.title, one.closeness.past, list(one.closeness.skills)],
            from_json(to_json(document_of(explain(brief, people[one.id], one, words), one))),
        ]
        for one in ranking.entries
    ]


def as_stored(entry: ShortlistEntry) -> list[Any]:
    """The same of a stored entry."""
    said = dict(entry.explanation)
    close = said.pop("closeness")
    del said["title"]
    return [
        str(entry.engineer_id),
        *(entry.score, entry.low, entry.high),
        [close["title"], close["past"], list(close["skills"])],
        said,
    ]


if __name__ == "__main__":
    main()
