"""So many requests that fail somewhere and are retried until they succeed: each has one effect, and one answer.

    python -m tests.proofs.retries [--times 1000] [--seed 1] [--kills 30]

A server process on a database of its own, on the server that the tests use. Each round takes one POST with an
Idempotency-Key, lets it fail at a random step (see `server.py`), or leaves before, while or after sending it, or kills
the server at a random moment; then it retries with the same key, sometimes twice at once, until there is a reply, and
once more. What must hold: the tables of effects have changed by that one effect and by nothing else, there is one
audit record more and one kept reply more, all replies are the same to the byte, and in the end the audit chains verify.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import psycopg
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import reading
from app.core.actor import Role
from app.core.database import create_engine
from app.core.ids import new_id
from app.core.settings import Settings, with_driver
from tests.factories import make_caller
from tests.payloads import an_engineer
from tests.ports import free_port
from tests.postgres import MASTER_KEYS, Server, connect, prepared_server, start_server
from tests.proofs.server import ADMIN_URL, HEADER, Blow, Step

KEY: Final = "k" * 64
ROOT: Final = Path(__file__).parents[2]
TABLES: Final = ("organisation", "member", "api_key", "engineer", "request", "shortlist", "unmatched_skill")
VERSIONED: Final = ("organisation", "member", "engineer", "request", "unmatched_skill")
SAME: Final = ("content-type", "content-length", "etag", "location")
"""Headers that a repeat must not change."""
GIVE_UP_S: Final = 60


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> tuple[Any, ...]:
        """What must be the same whenever it is asked for again."""
        return self.status, self.body, *(self.headers.get(name) for name in SAME)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Call:
    """One POST of somebody's, and what it changes: a row more in a table, or a version more."""

    name: str
    path: str
    headers: dict[str, str]
    body: bytes
    table: str
    creates: bool

    def change(self) -> Counter[str]:
        """By what the ledger must differ afterwards."""
        wanted = Counter({"audit_record": 1, "idempotency_record": 1})
        if self.creates:
            wanted[self.table] += 1
        if self.table in VERSIONED:
            wanted[f"{self.table}.version"] += 1
        return wanted


@dataclass
class Tally:
    """What was seen."""

    rounds: int = 0
    retries: int = 0
    crashes: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    double_effects: int = 0
    lost_effects: int = 0
    different_replays: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    """Try, and print what was found; exit with 1 when a promise did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=30, help="in how many of the rounds the server is killed")
    arguments = parser.parse_args()
    start_server()
    found = prove(prepared_server(), times=arguments.times, seed=arguments.seed, kills=arguments.kills)
    print(json.dumps(found))
    sys.exit(0 if found["holds"] else 1)


def prove(server: Server, *, times: int, seed: int, kills: int) -> dict[str, Any]:
    """Run the rounds on a database of their own."""
    with server.clone(f"puente_retries_{new_id().hex}") as urls:
        name = urls.app.rpartition("/")[2].partition("?")[0]
        address = server.admin.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
        with connect(server.admin.set(database=name)) as ledger, serving(urls.app, address) as process:
            return asyncio.run(Prover(process, ledger, random.Random(seed)).run(times, kills))


class Process:
    """The server process; brought back by whoever finds it dead."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.port = free_port()
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server."""
        command = [sys.executable, "-m", "tests.proofs.server", "--port", str(self.port)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=quiet, stderr=quiet)
        self.starts += 1

    async def ready(self) -> None:
        """Start the server unless it runs, and wait until it answers."""
        if self.is_dead:
            self.start()
        for _ in range(int(GIVE_UP_S / 0.05)):
            with suppress(OSError, EOFError, IndexError, ValueError):
                if (await exchange(self.port, written("GET", "/healthz", {}, b""))).status == 200:
                    return
            await asyncio.sleep(0.05)
        raise SystemExit("The server does not come back.")

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def is_dead(self) -> bool:
        return self._process is None or self._process.poll() is not None


@contextmanager
def serving(url: str, admin: str) -> Iterator[Process]:
    """A server for the length of a block."""
    clean = {name: value for name, value in os.environ.items() if name == MASTER_KEYS or not name.startswith("PUENTE_")}
    ours = {"PUENTE_DATABASE_URL": url, "PUENTE_AUDIT_KEY": KEY, "PUENTE_AUDIT_CHECKPOINT_EVERY": "10"}
    quiet = {"PUENTE_LOG_LEVEL": "error", "PUENTE_RATE_PER_KEY": "off", "PUENTE_RATE_PER_ORGANISATION": "off"}
    process = Process({**clean, **ours, **quiet, ADMIN_URL: admin})
    try:
        yield process
    finally:
        process.kill()


class Prover:
    """Calls, strikes, retries, and keeps count."""

    def __init__(self, process: Process, ledger: psycopg.Connection[Any], dice: random.Random) -> None:
        self.process = process
        self.ledger = ledger
        self.dice = dice
        self.tally = Tally()
        self.headers: dict[Role, dict[str, str]] = {}
        self.recipes: list[Callable[[int], Awaitable[Call]]] = [
            self.create_organisation,
            self.create_member,
            self.disable_member,
            self.create_api_key,
            self.curate_skill,
            self.create_engineer,
            self.move_engineer,
            self.create_request,
            self.archive_request,
            self.create_shortlist,
        ]

    async def run(self, times: int, kills: int) -> dict[str, Any]:
        """All rounds, and the audit chains behind them."""
        started = perf_counter()
        await self.enrol()
        await self.process.ready()
        deadly = set(self.dice.sample(range(times), min(kills, times)))
        for number in range(times):
            await self.round(number, deadly=number in deadly)
        return self.found(await self.verify(), perf_counter() - started)

    def found(self, records: int, seconds: float) -> dict[str, Any]:
        """What there is to say."""
        seen = self.tally
        holds = not (seen.double_effects or seen.lost_effects or seen.different_replays or seen.wrong)
        return {
            "rounds": seen.rounds,
            "retries": seen.retries,
            "crashes": sum(seen.crashes.values()),
            "double_effects": seen.double_effects,
            "lost_effects": seen.lost_effects,
            "different_replays": seen.different_replays,
            "wrong": seen.wrong[:5],
            "holds": holds,
            "audit_records_verified": records,
            "server_starts": self.process.starts,
            "seconds": round(seconds, 1),
            "crashes_by_step": dict(sorted(seen.crashes.items())),
            "calls": dict(sorted(seen.calls.items())),
        }

    async def verify(self) -> int:
        """The number of audit records, all of them as they were written."""
        async with self.opened() as session:
            return (await reading.verify(session, KEY.encode())).records

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[AsyncSession]:
        """A transaction of the superuser's, whom no guard in the database concerns."""
        engine = create_engine(with_driver(self.process.environment[ADMIN_URL]), Settings())
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
                yield session
        finally:
            await engine.dispose()

    async def enrol(self) -> None:
        """Somebody of each side, with a key."""
        async with self.opened() as session:
            for role in (Role.ADMIN, Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN):
                caller = await make_caller(session, role)
                self.headers[role] = caller.headers
                if role is Role.CLIENT_ADMIN:
                    self.client_id, self.client_member_id = caller.organisation.id, caller.member.id

    async def round(self, number: int, *, deadly: bool) -> None:
        """One call, its failure, its retries, and the reckoning."""
        recipe = self.dice.choice(self.recipes)
        call = await recipe(number)
        before = self.count()
        headers = {**call.headers, "Idempotency-Key": f"{number}-{new_id()}"}
        replies = [reply for reply in [await self.fail(call, headers, deadly=deadly)] if reply is not None]
        replies += await self.retry(call, headers)
        self.reckon(call, replies, self.count() - before)

    async def fail(self, call: Call, headers: dict[str, str], *, deadly: bool) -> Reply | None:
        """Send the call and let something befall it; its reply, if one came all the same."""
        way = self.dice.choice(["killed", Blow.KILL] if deadly else ["leaves", *set(Blow) - {Blow.KILL}])
        self.tally.calls[call.name] += 1
        if way == "leaves":
            return await self.leave(call, headers)
        if way == "killed":
            return await self.killed(call, headers)
        step = self.dice.choice(list(Step))
        if way == Blow.PAUSE and step is Step.COMMITTING:
            step = Step.KEPT  # one cannot wait inside the driver's commit
        if way == Blow.TERMINATE and step is Step.ARRIVED:
            step = Step.AUTHENTICATED  # there is no connection to cut before
        self.tally.crashes[f"{step}:{way}"] += 1
        patience = self.dice.uniform(0.005, 0.1) if way == Blow.PAUSE else GIVE_UP_S
        return await self.ask(call, {**headers, HEADER: f"{step}:{way}"}, patience=patience)

    async def leave(self, call: Call, headers: dict[str, str]) -> Reply | None:
        """Disconnect before the body, within it, or at a random moment after it."""
        request = written("POST", call.path, headers, call.body)
        head = request.index(b"\r\n\r\n") + 4
        upto = self.dice.choice([head, self.dice.randrange(head, len(request) + 1), len(request), len(request)])
        self.tally.crashes["client:left after body" if upto == len(request) else "client:left before body"] += 1
        stay = self.dice.uniform(0, 0.05) if upto == len(request) else 0
        with suppress(OSError, EOFError, TimeoutError):
            return await asyncio.wait_for(exchange(self.process.port, request[:upto]), stay)
        return None

    async def killed(self, call: Call, headers: dict[str, str]) -> Reply | None:
        """Kill the server at a random moment."""
        self.tally.crashes["server:killed"] += 1
        asking = asyncio.create_task(self.ask(call, headers))
        await asyncio.sleep(self.dice.uniform(0.001, 0.06))
        self.process.kill()
        return await asking

    async def retry(self, call: Call, headers: dict[str, str]) -> list[Reply]:
        """The replies to retries, the last of which follows upon a success."""
        good: list[Reply] = []
        until = perf_counter() + GIVE_UP_S
        while perf_counter() < until:
            if self.process.is_dead:
                await self.process.ready()
            at_once = self.dice.choice([1, 1, 2, 3])
            self.tally.retries += at_once
            replies = await asyncio.gather(*(self.ask(call, headers) for _ in range(at_once)))
            done = bool(good)
            good += [reply for reply in replies if reply is not None]
            if done and good:
                return good
            if not good:
                await asyncio.sleep(0.02)
        return good

    async def ask(self, call: Call, headers: dict[str, str], *, patience: float = GIVE_UP_S) -> Reply | None:
        """The reply to the call, unless it is lost, a failure of the server's, or that another is being answered."""
        request = written("POST", call.path, headers, call.body)
        try:
            reply = await asyncio.wait_for(exchange(self.process.port, request), patience)
        except (OSError, EOFError, TimeoutError):
            return None
        if reply.status >= 500:
            return None
        if reply.status == 409 and reply.json["code"] == "idempotency-in-flight":
            return None
        return reply

    def reckon(self, call: Call, replies: list[Reply], change: Counter[str]) -> None:
        """Hold what has changed against what should have."""
        self.tally.rounds += 1
        wanted, seen = call.change(), {name: by for name, by in change.items() if by}
        effect = change[call.table] if call.creates else change[f"{call.table}.version"]
        self.tally.double_effects += effect > 1 or change["audit_record"] > 1
        self.tally.lost_effects += effect < 1 or change["audit_record"] < 1
        if seen != wanted:
            self.tally.wrong.append(f"{call.name} changed {seen}")
        secret = call.name == "create_api_key"
        good = [reply for reply in replies if reply.status < 300]
        other = [reply for reply in replies if reply.status >= 300]
        # A reply with a secret is given once, and never again.
        withheld = (
            secret and len(good) <= 1 and all(reply.json["code"] == "idempotency-reply-withheld" for reply in other)
        )
        if not replies or (not withheld and (other or len({reply.told for reply in good}) != 1)):
            self.tally.different_replays += 1
            self.tally.wrong.append(f"{call.name} answered {[(reply.status, reply.body[:200]) for reply in replies]}")

    def count(self) -> Counter[str]:
        """How many rows there are of everything, and the sums of their versions."""
        parts = [f"SELECT '{t}', count(*) FROM {t}" for t in (*TABLES, "audit_record", "idempotency_record")]
        parts += [f"SELECT '{t}.version', coalesce(sum(version), 0) FROM {t}" for t in VERSIONED]
        rows = self.ledger.execute(" UNION ALL ".join(parts).encode()).fetchall()
        return Ledger({name: int(number) for name, number in rows})

    async def made(self, role: Role, path: str, body: Any) -> Any:
        """Something that a call needs, made beforehand and without a failure."""
        request = written("POST", path, self.headers[role], json.dumps(body).encode())
        reply = await exchange(self.process.port, request)
        assert reply.status in {200, 201}, reply
        return reply.json

    def call(self, name: str, role: Role, path: str, body: Any, *, of: str, version: int | None = None) -> Call:
        """A call; with a `version` it moves what is there, without one it makes something new."""
        match = {} if version is None else {"If-Match": f'"{version}"'}
        content = b"" if body is None else json.dumps(body).encode()
        return Call(name, path, {**self.headers[role], **match}, content, of, version is None)

    async def create_organisation(self, number: int) -> Call:
        body = {"kind": "client", "name": f"Acme {number}"}
        return self.call("create_organisation", Role.ADMIN, "/v1/organisations", body, of="organisation")

    async def create_member(self, number: int) -> Call:
        path = f"/v1/organisations/{self.client_id}/members"
        body = {"name": f"Eva {number}", "email": f"eva{number}@acme.example", "role": "hiring_manager"}
        return self.call("create_member", Role.CLIENT_ADMIN, path, body, of="member")

    async def disable_member(self, number: int) -> Call:
        new = await self.create_member(number)
        member = await self.made(Role.CLIENT_ADMIN, new.path, json.loads(new.body))
        path = f"/v1/members/{member['id']}/disable"
        return self.call("disable_member", Role.CLIENT_ADMIN, path, None, of="member", version=1)

    async def create_api_key(self, number: int) -> Call:
        path = f"/v1/members/{self.client_member_id}/api-keys"
        return self.call("create_api_key", Role.CLIENT_ADMIN, path, {"label": f"key {number}"}, of="api_key")

    async def curate_skill(self, number: int) -> Call:
        word = f"Zorblax {number} {self.dice.randrange(10**6)}"
        await self.made(Role.SUPPLIER_ADMIN, "/v1/engineers", an_engineer(skills=[{"skill": word}]))
        found = self.ledger.execute("SELECT id, version FROM unmatched_skill ORDER BY id DESC LIMIT 1").fetchone()
        assert found is not None
        move, body = self.dice.choice([("map", {"skill_id": "go"}), ("dismiss", None)])
        path = f"/v1/unmatched-skills/{found[0]}/{move}"
        return self.call(f"{move}_unmatched_skill", Role.ADMIN, path, body, of="unmatched_skill", version=found[1])

    async def create_engineer(self, number: int) -> Call:
        body = an_engineer(given_name=f"Ana {number}", skills=[{"skill": "go"}], contact={"email": "ana@x.example"})
        return self.call("create_engineer", Role.SUPPLIER_ADMIN, "/v1/engineers", body, of="engineer")

    async def move_engineer(self, _number: int) -> Call:
        move = self.dice.choice(["list", "unlist", "archive"])
        engineer = await self.made(Role.SUPPLIER_ADMIN, "/v1/engineers", an_engineer(draft=move == "list"))
        path, name = f"/v1/engineers/{engineer['id']}/{move}", f"{move}_engineer"
        return self.call(name, Role.SUPPLIER_ADMIN, path, None, of="engineer", version=engineer["version"])

    async def create_request(self, number: int) -> Call:
        body = {"title": f"Backend Developer {number}", "skills": [{"skill": "go"}]}
        return self.call("create_request", Role.CLIENT_ADMIN, "/v1/requests", body, of="request")

    async def archive_request(self, number: int) -> Call:
        request = await self.made(Role.CLIENT_ADMIN, "/v1/requests", {"title": f"Backend Developer {number}"})
        path, version = f"/v1/requests/{request['id']}/archive", request["version"]
        return self.call("archive_request", Role.CLIENT_ADMIN, path, None, of="request", version=version)

    async def create_shortlist(self, number: int) -> Call:
        request = await self.made(Role.CLIENT_ADMIN, "/v1/requests", {"title": f"Backend Developer {number}"})
        path = f"/v1/requests/{request['id']}/shortlists"
        return self.call("create_shortlist", Role.CLIENT_ADMIN, path, {"size": 5}, of="shortlist")


class Ledger(Counter[str]):
    """Counts that may also have become fewer."""

    def __sub__(self, other: Counter[str]) -> "Ledger":
        return Ledger({name: self[name] - other[name] for name in self.keys() | other.keys()})


def written(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A request as it goes over the wire, on a connection for itself."""
    more = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": str(len(body)), **headers}
    if body:
        more["Content-Type"] = "application/json"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in more.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def exchange(port: int, request: bytes) -> Reply:
    """Send the bytes and read a whole reply; raises OSError or EOFError when there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        length = headers.get("content-length")
        body = await (reader.read() if length is None else reader.readexactly(int(length)))
        return Reply(int(head[0].split()[1]), headers, body)
    finally:
        writer.close()


if __name__ == "__main__":
    main()
