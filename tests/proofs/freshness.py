"""So many rounds of writing through one server process and ranking through another: what was acknowledged is ranked.

    python -m tests.proofs.freshness [--times 1000] [--seed 1] [--kills 40]

Two server processes on one database and one state folder, as in production (see `replica.py`). Each round creates,
changes, unlists, lists again or erases up to three engineers at once, each through one of the processes, and as soon
as that is acknowledged has a shortlist made through both. What must hold: a shortlist shows those who are listed and
pass its gate, each at the version acknowledged last, and nobody else. Now and then one process is killed, idle, while
it writes or while it ranks; the write it did not acknowledge is made through the other with the same key, the round
goes on there, and the killed one comes back from the snapshot. Now and then somebody holds a transaction open, behind
which no watermark moves.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import psycopg
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Role
from app.core.database import create_engine
from app.core.ids import new_id
from app.core.settings import Settings, with_driver
from tests.factories import make_caller
from tests.payloads import a_request, an_engineer
from tests.postgres import MASTER_KEYS, Server, connect, prepared_server, start_server
from tests.proofs.retries import GIVE_UP_S, KEY, ROOT, Process, Reply, exchange, written

SKILLS: Final = ("python", "rust", "kafka", "figma")
"""None of which implies another."""
TITLES: Final = ("Backend Developer", "Desarrolladora de datos", "Engenheiro de redes sênior", "QA Analyst")
FEWEST: Final = 6
MOST: Final = 24
"""How many are listed: all of them fit on a shortlist."""
SIZE: Final = 100
HELD_ROUNDS: Final = 4
"""For how many rounds a transaction is held open."""
WAYS: Final = ("idle", "writing", "ranking")


@dataclass
class Person:
    """An engineer as acknowledged last."""

    id: str
    version: int
    listed: bool
    skill: str


@dataclass(frozen=True)
class Write:
    """A change that is asked for; a creation has nobody yet."""

    kind: str
    method: str
    path: str
    body: Any
    skill: str
    person: Person | None = None


@dataclass
class Tally:
    """What was seen."""

    rounds: int = 0
    shortlists: int = 0
    across: int = 0
    writes: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    held: int = 0
    stale: int = 0
    withdrawn: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    """Try, and print what was found; exit with 1 when a promise did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=40, help="in how many of the rounds a process is killed")
    arguments = parser.parse_args()
    start_server()
    found = prove(prepared_server(), times=arguments.times, seed=arguments.seed, kills=arguments.kills)
    print(json.dumps(found))
    sys.exit(0 if found["holds"] else 1)


def prove(server: Server, *, times: int, seed: int, kills: int, learned: bool = True) -> dict[str, Any]:
    """Run the rounds on a database and in a folder of their own."""
    with server.clone(f"puente_freshness_{new_id().hex}") as urls, tempfile.TemporaryDirectory() as folder:
        admin = server.admin.set(database=urls.app.rpartition("/")[2].partition("?")[0])
        with connect(admin) as holder, replicas(urls.app, Path(folder), learned=learned) as processes:
            address = admin.set(drivername="postgresql").render_as_string(hide_password=False)
            return asyncio.run(Prover(processes, holder, random.Random(seed)).run(address, times, kills))


class Replica(Process):
    """A server process that shares its state folder; what it says of its starts is kept."""

    def __init__(self, environment: dict[str, str], said: Path, options: Sequence[str]) -> None:
        super().__init__(environment)
        self.said = said
        self.options = options

    def start(self) -> None:
        """Start the server."""
        command = [sys.executable, "-m", "tests.proofs.replica", "--port", str(self.port), *self.options]
        with self.said.open("ab") as said:
            self._process = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdout=said, stderr=subprocess.DEVNULL
            )
        self.starts += 1

    def restored(self) -> int:
        """How many starts took the pool from its snapshot."""
        lines = self.said.read_text().splitlines() if self.said.exists() else []
        return sum(json.loads(line)["restored"] for line in lines if line.startswith("{"))


@contextmanager
def replicas(url: str, folder: Path, *, learned: bool) -> Iterator[list[Replica]]:
    """Two processes for the length of a block."""
    clean = {name: value for name, value in os.environ.items() if name == MASTER_KEYS or not name.startswith("PUENTE_")}
    ours = {"PUENTE_DATABASE_URL": url, "PUENTE_AUDIT_KEY": KEY, "PUENTE_STATE_DIR": str(folder / "state")}
    quiet = {"PUENTE_LOG_LEVEL": "error", "PUENTE_RATE_PER_KEY": "off", "PUENTE_RATE_PER_ORGANISATION": "off"}
    options = [] if learned else ["--unlearned"]
    processes = [Replica({**clean, **ours, **quiet}, folder / f"said-{number}", options) for number in range(2)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()


class Prover:
    """Writes, ranks, kills, and knows who should be there."""

    def __init__(self, processes: Sequence[Replica], holder: psycopg.Connection[Any], dice: random.Random) -> None:
        self.processes = processes
        self.holder = holder
        self.dice = dice
        self.tally = Tally()
        self.people: dict[str, Person] = {}
        self.headers: dict[Role, dict[str, str]] = {}
        self.requests: dict[str | None, str] = {}
        self.holding = 0

    async def run(self, address: str, times: int, kills: int) -> dict[str, Any]:
        """All rounds."""
        started = perf_counter()
        await self.enrol(address)
        for process in self.processes:
            await process.ready()
        await self.ask_for_roles()
        deadly = set(self.dice.sample(range(times), min(kills, times)))
        for number in range(times):
            self.hold()
            await self.round(deadly=number in deadly)
        return self.found(perf_counter() - started)

    def found(self, seconds: float) -> dict[str, Any]:
        """What there is to say."""
        seen = self.tally
        return {
            "rounds": seen.rounds,
            "shortlists": seen.shortlists,
            "written_by_another": seen.across,
            "writes": dict(sorted(seen.writes.items())),
            "kills": dict(sorted(seen.kills.items())),
            "held_open": seen.held,
            "server_starts": sum(process.starts for process in self.processes),
            "from_snapshot": sum(process.restored() for process in self.processes),
            "stale": seen.stale,
            "withdrawn": seen.withdrawn,
            "wrong": seen.wrong[:5],
            "holds": not (seen.stale or seen.withdrawn or seen.wrong),
            "seconds": round(seconds, 1),
        }

    async def enrol(self, address: str) -> None:
        """Somebody who offers, somebody who asks, and somebody between them, with keys."""
        engine = create_engine(with_driver(address), Settings())
        async with AsyncExitStack() as stack:
            stack.push_async_callback(engine.dispose)
            session = await stack.enter_async_context(AsyncSession(engine, expire_on_commit=False))
            await stack.enter_async_context(session.begin())
            for role in (Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN, Role.RECRUITER):
                self.headers[role] = (await make_caller(session, role)).headers

    async def ask_for_roles(self) -> None:
        """One request that everybody passes, and one for each skill."""
        for skill in (None, *SKILLS):
            body = a_request(skills=[] if skill is None else [{"skill": skill, "must": True}])
            reply = await self.send(self.processes[0], Role.CLIENT_ADMIN, "POST", "/v1/requests", body)
            assert reply.status == 201, reply
            self.requests[skill] = reply.json["id"]

    async def round(self, *, deadly: bool) -> None:
        """Write, and see it at once."""
        self.tally.rounds += 1
        doomed = self.dice.choice(self.processes) if deadly else None
        writes = self.some_writes()
        ways = [self.dice.choice(self.processes) for _ in writes]
        if doomed is not None:
            await self.strike(doomed, writes)
        else:
            replies = await asyncio.gather(*(self.write(*pair) for pair in zip(ways, writes, strict=True)))
            for write, reply in zip(writes, replies, strict=True):
                self.learn(write, reply)
        skill = self.dice.choice([None, None, *SKILLS])
        alive = [process for process in self.processes if not process.is_dead]
        await asyncio.gather(*(self.look(process, skill) for process in alive))
        self.tally.across += sum(way is not process for way in ways for process in alive)
        if doomed is not None:
            await doomed.ready()
            await self.look(doomed, skill)
            await self.look(doomed, None)

    async def strike(self, doomed: Replica, writes: Sequence[Write]) -> None:
        """Kill a process, and write what it did not acknowledge through the other."""
        (other,) = (process for process in self.processes if process is not doomed)
        way = self.dice.choice(WAYS)
        keys = [{"Idempotency-Key": str(new_id())} if write.method == "POST" else {} for write in writes]
        under_way: list[asyncio.Task[Any]] = []
        if way == "writing" and writes[0].method == "POST":
            under_way.append(asyncio.create_task(self.write(doomed, writes[0], keys[0])))
        elif way == "ranking":
            path = f"/v1/requests/{self.requests[None]}/shortlists"
            under_way.append(asyncio.create_task(self.send(doomed, Role.CLIENT_ADMIN, "POST", path, {"size": SIZE})))
        else:
            way = "idle"
        self.tally.kills[way] += 1
        if under_way:
            await asyncio.sleep(self.dice.uniform(0.001, 0.06))
        doomed.kill()
        await asyncio.gather(*under_way, return_exceptions=True)
        for write, key in zip(writes, keys, strict=True):
            self.learn(write, await self.insist(other, write, key))

    async def insist(self, process: Replica, write: Write, key: dict[str, str]) -> Reply:
        """The reply to a write that another process may have in its hands still."""
        until = perf_counter() + GIVE_UP_S
        while True:
            reply = await self.write(process, write, key)
            if reply.status != 409 or reply.json["code"] != "idempotency-in-flight" or perf_counter() > until:
                return reply
            await asyncio.sleep(0.02)

    def some_writes(self) -> list[Write]:
        """One to three changes, of different people."""
        free = list(self.people.values())
        self.dice.shuffle(free)
        return [self.a_write(free) for _ in range(self.dice.choice([1, 1, 2, 3]))]

    def a_write(self, free: list[Person]) -> Write:
        """A change of somebody who is free; who is taken is free no longer."""
        listed = sum(person.listed for person in self.people.values())
        skill = self.dice.choice(SKILLS)
        facts = {"title": self.dice.choice(TITLES), "skills": [{"skill": skill, "years": self.dice.randint(1, 9)}]}
        if not free or listed < FEWEST or (listed < MOST and self.dice.random() < 0.25):
            return Write("create", "POST", "/v1/engineers", an_engineer(**facts), skill)
        person = free.pop()
        url = f"/v1/engineers/{person.id}"
        kind = self.dice.choice(["change", "change", "unlist" if person.listed else "list", "erase"])
        match kind:
            case "change":
                return Write(kind, "PATCH", url, facts, skill, person)
            case "erase":
                return Write(kind, "POST", f"{url}/erase", {"ground": "objection"}, person.skill, person)
        return Write(kind, "POST", f"{url}/{kind}", None, person.skill, person)

    async def write(self, process: Replica, write: Write, key: dict[str, str] | None = None) -> Reply:
        """Ask for a change."""
        match = {} if write.person is None else {"If-Match": f'"{write.person.version}"'}
        more = {**match, **(key or {})}
        return await self.send(process, Role.SUPPLIER_ADMIN, write.method, write.path, write.body, more)

    async def send(
        self, process: Replica, role: Role, method: str, path: str, body: Any, more: dict[str, str] | None = None
    ) -> Reply:
        """Send somebody's request to a process."""
        content = b"" if body is None else json.dumps(body).encode()
        request = written(method, path, {**self.headers[role], **(more or {})}, content)
        return await asyncio.wait_for(exchange(process.port, request), GIVE_UP_S)

    def learn(self, write: Write, reply: Reply) -> None:
        """Remember what was acknowledged."""
        self.tally.writes[write.kind] += 1
        if reply.status not in {200, 201}:
            self.tally.wrong.append(f"{write.kind} was answered {reply.status} {reply.body[:200]!r}")
            return
        if write.kind == "erase" and write.person is not None:
            del self.people[write.person.id]
            return
        told = reply.json
        self.people[told["id"]] = Person(told["id"], told["version"], told["status"] == "listed", write.skill)

    async def look(self, process: Replica, skill: str | None) -> None:
        """Have a shortlist made, and hold it against what was acknowledged."""
        wanted = {one.id: one.version for one in self.people.values() if one.listed and skill in {None, one.skill}}
        listed = sum(person.listed for person in self.people.values())
        path = f"/v1/requests/{self.requests[skill]}/shortlists"
        role = self.dice.choice([Role.CLIENT_ADMIN, Role.RECRUITER])
        reply = await self.send(process, role, "POST", path, {"size": SIZE})
        self.tally.shortlists += 1
        if reply.status != 201:
            self.tally.wrong.append(f"a shortlist was answered {reply.status} {reply.body[:200]!r}")
            return
        shown = {entry["engineer_id"]: entry["engineer_version"] for entry in reply.json["entries"]}
        self.tally.withdrawn += len(shown.keys() - wanted.keys())
        self.tally.stale += sum(shown.get(one) != version for one, version in wanted.items())
        # Clients are not told how many there are.
        if reply.json["considered"] not in {None, listed}:
            self.tally.wrong.append(f"{reply.json['considered']} were considered, {listed} are listed")

    def hold(self) -> None:
        """Now and then a transaction stays open for some rounds."""
        if self.holding:
            self.holding -= 1
            if not self.holding:
                self.holder.execute("ROLLBACK")
        elif self.dice.random() < 0.1:
            self.holding = HELD_ROUNDS
            self.tally.held += 1
            self.holder.execute("BEGIN")
            self.holder.execute("SELECT pg_current_xact_id()")


if __name__ == "__main__":
    main()
