"""Creating a shortlist of 25 through HTTP, beside the same request answered by Postgres and by a vector database.

    python -m tests.bench.shortlist [--engineers 20000] [--rounds 10] [--seeded 10] [--index] [--fresh]

A server process of its own ranks; this process calls it over one kept-alive connection, in turn with the peers of
`peer.py` on the same database. Requests are made through the API for gates that keep about 20 %, 5 %, 1 % and 0.1 %:
the ceiling of the rate is moved until they do. Recall is the share of the peer's first 25, an exact scan, that the
shortlist has too; `missing` counts places left empty although somebody would have filled them. The `rank` figures are
of the ranking alone, in this process; processor time is what a busy machine disturbs least.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from time import perf_counter, sleep, thread_time
from typing import Any, Final
from uuid import UUID

import httpx
import numpy as np
import psutil

from app.matchmaking.queries import STORED_OF_REQUEST, vectors_of
from matching import BRIEF, Asked, Brief, Interpreter, Pool, Taxonomy, rank
from matching.interpreter import Encoded
from tests.bench import peer
from tests.bench.people import SEED_DATA
from tests.bench.scratch import credentials, read_pool, requests_of, scratch, state_of
from tests.ports import free_port
from tests.postgres import Server, connect

SIZE: Final = 25
WARM_UP: Final = 5
ROUNDING: Final = 5_000
"""Billionths by which two inner products summed in another order may move a score."""
TIE: Final = 1e-6
"""Distances that differ by less are equal: half of those who were perturbed kept every text, and have one vector."""
START_S: Final = 1800
STEPS: Final = 12
LEAST_RECALL: Final = 0.95

_NEW_YORK: Final = {"zone": "America/New_York", "working_window": {"starts_at": "09:00", "ends_at": "18:00"}}
_ROLES: Final[Mapping[str, Sequence[str]]] = {
    "Senior Backend Developer": ("Git", "REST APIs", "Docker", "PostgreSQL", "Redis"),
    "Desarrollador Frontend": ("JavaScript", "Git", "CSS", "TypeScript", "React"),
    "Desenvolvedor full stack": ("Git", "JavaScript", "REST APIs", "Node.js", "Unit testing"),
}
"""Titles, and skills asked for, those that most people have first."""
_GATES: Final[Mapping[str, tuple[float, int, Mapping[str, Any]]]] = {
    "20%": (0.2, 0, {"exclude_unknown": ["rate"]}),
    "5%": (0.05, 0, {"minimum_english": "B2", "exclude_unknown": ["rate", "english", "discipline"]}),
    "1%": (0.01, 1, {"minimum_shared_minutes": 300, "exclude_unknown": ["rate", "skill"]}),
    "0.1%": (
        0.001,
        2,
        {"minimum_shared_minutes": 300, "countries": ["MX", "CO", "BR", "AR"], "exclude_unknown": ["rate", "skill"]},
    ),
}
"""The share that gates are to keep, how many skills are musts, and the other gates."""


@dataclass
class Question:
    """A request, and what was measured of it; times in milliseconds."""

    id: UUID
    slice: str
    kept: float = 0.0
    admitted: int = 0
    brief: Brief = field(default_factory=lambda: Brief("", date.min))
    encoded: Encoded = field(default_factory=dict)
    ours: list[float] = field(default_factory=list)
    server_cpu: list[float] = field(default_factory=list)
    ranking: list[float] = field(default_factory=list)
    ranking_cpu: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    recall: float = 0.0
    off: float = 0.0
    missing: int = 0


def main() -> None:
    """Measure and print."""
    arguments = parse()
    said: dict[str, Any] = {"engineers": arguments.engineers}
    (server, name), said["fill_s"] = timed_s(lambda: scratch(arguments.engineers, fresh=arguments.fresh))
    database = server.admin.set(database=name)
    stored = (state_of(name) / "pool").exists()
    (engine, interpreter), seconds = timed_s(lambda: asyncio.run(read_pool(server, name)))
    said["read_from_snapshot_s" if stored else "read_from_postgres_s"] = seconds
    pool = engine.pool
    assert pool is not None
    with connect(database) as connection:
        if arguments.peer_rounds:
            _, said["peer_build_s"] = timed_s(lambda: peer.build(connection, database, pool))
        began = perf_counter()
        with serving(server, name, PUENTE_STATE_DIR=str(state_of(name))) as (url, process):
            said["ready_from_snapshot_s"] = round(perf_counter() - began, 1)
            with httpx.Client(base_url=url, timeout=120) as client:
                bench = Bench(client, credentials(name), connection, pool, interpreter, process)
                questions = bench.questions(arguments.seeded)
                bench.measure(questions, arguments.rounds, arguments.peer_rounds)
                said["rss_mb"] = round(process.memory_info().rss / 2**20, 1)
        if arguments.index:
            said |= indexed(questions, bench)
    print(json.dumps(said | figures(questions, pool)))


def parse() -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engineers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=10, help="how often every request is ranked")
    parser.add_argument("--seeded", type=int, default=10, help="how many of the seeded requests are ranked beside")
    parser.add_argument(
        "--peer-rounds", type=int, default=1, help="how often the peers answer every request; 0 for none"
    )
    parser.add_argument("--index", action="store_true", help="let the vector database build an HNSW index, too")
    parser.add_argument("--fresh", action="store_true", help="make the scratch database anew")
    return parser.parse_args()


class Bench:
    """One server, the peers' connection, and the pool in this process."""

    def __init__(
        self,
        client: httpx.Client,
        keys: Mapping[str, Any],
        connection: peer.Connection,
        pool: Pool,
        interpreter: Interpreter,
        process: psutil.Process,
    ) -> None:
        self._client = client
        self._process = process
        self._keys = keys
        self.connection = connection
        self._pool = pool
        self._interpreter = interpreter
        self.taxonomy = Taxonomy.load(SEED_DATA)

    def questions(self, seeded: int) -> list[Question]:
        """Some seeded requests, and one for each role and share that gates are to keep."""
        found = [Question(one, "seeded") for one in requests_of(self.connection)[:seeded]]
        for title, skills in _ROLES.items():
            found.extend(Question(self._tuned(title, skills, *gates), name) for name, gates in _GATES.items())
        for one in found:
            shortlist = self._shortlist(one.id)
            one.admitted = shortlist["admitted"]
            one.kept = shortlist["admitted"] / max(1, shortlist["considered"])
            self._read(one)
        return found

    def measure(self, questions: Sequence[Question], rounds: int, peer_rounds: int) -> None:
        """Rank every request in turn with the peers."""
        for one in questions[:WARM_UP]:
            self._shortlist(one.id)
        for turn in range(rounds):
            for one in questions:
                began = busy_ms(self._process)
                found, elapsed = timed(partial(self._shortlist, one.id))
                one.ours.append(elapsed)
                one.server_cpu.append(busy_ms(self._process) - began)
                one.missing += min(SIZE, one.admitted) - len(found["entries"])
                self._rank_alone(one)
                if turn < peer_rounds:
                    scores = {UUID(entry["engineer_id"]): entry["score"] for entry in found["entries"]}
                    self._ask_peers(one, scores)

    def asked(self, one: Question) -> Asked:
        """What the ranking compares with a request."""
        glosses = self._interpreter.brief_glosses(one.brief).values()
        return self._interpreter.asked(one.brief, self._interpreter.adapted(glosses, one.encoded))

    def _read(self, one: Question) -> None:
        """The brief of a request as it was ranked by, with its vectors."""
        row = self.connection.execute(
            "SELECT s.brief, b.vector FROM shortlist s JOIN brief_entry b USING (request_id) WHERE s.request_id = %s "
            "ORDER BY s.created_at DESC LIMIT 1",
            [one.id],
        ).fetchone()
        assert row is not None
        one.brief = BRIEF.validate_python(row[0])
        glosses = list(self._interpreter.brief_glosses(one.brief).values())
        one.encoded = vectors_of(glosses, row[1], STORED_OF_REQUEST)

    def _rank_alone(self, one: Question) -> None:
        """The ranking itself, in this process: what the peer's statement is to be compared with."""
        began = thread_time()
        _, elapsed = timed(lambda: rank(self._pool, one.brief, self.asked(one), SIZE, self.taxonomy))
        one.ranking.append(elapsed)
        one.ranking_cpu.append((thread_time() - began) * 1000)

    def _ask_peers(self, one: Question, found: Mapping[UUID, float]) -> None:
        asked, connection = self.asked(one), self.connection
        peer.give_titles(connection, one.id, self._pool, asked)
        statement = peer.query(one.id, one.brief, asked, SIZE, self.taxonomy, connection)
        rows, elapsed = timed(lambda: connection.execute(statement).fetchall())
        one.peer.append(elapsed)
        one.recall = recall(found, dict(rows))
        one.off = max((abs(found[other] * 1e9 - score) for other, score in rows if other in found), default=0.0)
        nearest = peer.nearest(one.brief, asked, SIZE, self.taxonomy, connection)
        _, elapsed = timed(lambda: connection.execute(nearest).fetchall())
        one.exact.append(elapsed)

    def _tuned(self, title: str, skills: Sequence[str], share: float, musts: int, gates: Mapping[str, Any]) -> UUID:
        """A request whose ceiling of the rate lets about this share pass."""
        asked = {
            "title": title,
            "discipline": "software",
            "skills": [{"skill": skill, "must": at < musts, "years": 3} for at, skill in enumerate(skills)],
            **_NEW_YORK,
            **gates,
        }
        low, high = 500, 20_000
        for _ in range(STEPS):
            ceiling = (low + high) // 2
            asked["hourly_rate_ceiling"] = {"amount_minor": ceiling, "currency": "USD"}
            request = UUID(self._call("client", "/v1/requests", asked)["id"])
            found = self._shortlist(request)
            if abs(found["admitted"] / found["considered"] - share) < share / 20:
                break
            low, high = (low, ceiling) if found["admitted"] > share * found["considered"] else (ceiling, high)
        return request

    def _shortlist(self, request: UUID) -> dict[str, Any]:
        """Create one shortlist and read the reply whole."""
        return self._call("recruiter", f"/v1/requests/{request}/shortlists", {"size": SIZE})

    def _call(self, side: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._keys[side]['key']}"}
        reply = self._client.post(path, json=body, headers=headers)
        if reply.is_error:
            raise SystemExit(f"{path} was answered {reply.status_code}: {reply.text[:500]}")
        found: dict[str, Any] = reply.json()
        return found


def figures(questions: Sequence[Question], pool: Pool) -> dict[str, Any]:
    """Percentiles of all requests whose gates were chosen, and those of every slice."""
    chosen = [one for one in questions if one.slice in _GATES]
    words = len(pool.words.titles) - 1
    slices = {name: [one for one in questions if one.slice == name] for name in (*_GATES, "seeded")}
    return {
        **_figures(chosen),
        "slices": {
            name: {"kept": [round(one.kept, 5) for one in some], **_figures(some)}
            for name, some in slices.items()
            if some
        },
        "distinct_titles": words,
        "share_of_distinct_titles": round(words / max(1, len(pool)), 5),
        "size": SIZE,
        "load_average": os.getloadavg(),
        "processors": os.cpu_count(),
        "peer": "Postgres: SQL gates and parts, pgvector for skills, closeness of titles given",
        "exact": "pgvector: the same gates, exact inner product of one vector a profile",
    }


def _figures(questions: Sequence[Question]) -> dict[str, Any]:
    ours, ranking, cpu, other, exact = (
        [elapsed for one in questions for elapsed in getattr(one, name)]
        for name in ("ours", "ranking", "ranking_cpu", "peer", "exact")
    )
    p50, rank_p50 = statistics.median(ours), statistics.median(ranking)
    found: dict[str, Any] = {
        "p50_ms": round(p50, 2),
        "p99_ms": round(float(np.percentile(ours, 99)), 2),
        "server_cpu_ms": round(statistics.mean(cpu for one in questions for cpu in one.server_cpu), 2),
        "rank_p50_ms": round(rank_p50, 2),
        "rank_p99_ms": round(float(np.percentile(ranking, 99)), 2),
        "rank_cpu_p50_ms": round(statistics.median(cpu), 2),
        "missing": sum(one.missing for one in questions),
        "shortlists": len(ours),
    }
    if other:
        peer_p50, exact_p50 = statistics.median(other), statistics.median(exact)
        found |= {
            "recall": round(statistics.mean(one.recall for one in questions), 5),
            "scores_off_billionths": round(max(one.off for one in questions)),
            "peer_p50_ms": round(peer_p50, 2),
            "ratio": round(peer_p50 / p50, 2),
            "rank_ratio": round(peer_p50 / rank_p50, 2),
            "exact_p50_ms": round(exact_p50, 2),
            "exact_ratio": round(exact_p50 / p50, 2),
            "exact_rank_ratio": round(exact_p50 / rank_p50, 2),
        }
    return found


def indexed(questions: Sequence[Question], bench: Bench) -> dict[str, Any]:
    """The vector database with an HNSW index, at the least effort that finds enough of what its exact scan finds."""
    connection = bench.connection
    _, build_s = timed_s(lambda: peer.build_index(connection))
    chosen = [one for one in questions if one.slice in _GATES]
    found: dict[str, Any] = {"index_build_s": build_s}
    for effort in peer.EFFORTS:
        times, recalls = [], []
        for one in chosen:
            statement = peer.nearest(one.brief, bench.asked(one), SIZE, bench.taxonomy, connection)
            exact = peer.exactly(connection, statement)
            rows, elapsed = timed(
                lambda statement=statement, effort=effort: peer.by_index(connection, statement, effort)
            )
            times.append(elapsed)
            last = max(exact.values(), default=0.0) + TIE
            recalls.append(sum(distance <= last for _, distance in rows) / max(1, len(exact)))
        found |= {
            "index_p50_ms": round(statistics.median(times), 2),
            "index_recall": round(statistics.mean(recalls), 4),
            "index_effort": effort,
        }
        if found["index_recall"] >= LEAST_RECALL:
            break
    peer.drop_index(connection)
    return found


def recall(found: Mapping[UUID, float], exact: Mapping[UUID, int]) -> float:
    """Share of the exact ids that were found; one that ties with the last of them but for rounding counts as it."""
    if not exact:
        return 1.0
    last = min(exact.values()) - ROUNDING
    as_good = [identifier for identifier, score in found.items() if identifier in exact or score * 1e9 >= last]
    return min(1.0, len(as_good) / len(exact))


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and how many milliseconds it takes."""
    start = perf_counter()
    answer = work()
    return answer, (perf_counter() - start) * 1000


def timed_s(work: Callable[[], Any]) -> tuple[Any, float]:
    """The same in seconds."""
    answer, elapsed = timed(work)
    return answer, round(elapsed / 1000, 1)


def busy_ms(process: psutil.Process) -> float:
    """Milliseconds of processor time a process has had: what a busy machine disturbs least."""
    times = process.cpu_times()
    return float(times.user + times.system) * 1000


@contextmanager
def serving(server: Server, name: str, **given: str) -> Iterator[tuple[str, psutil.Process]]:
    """A server process on the scratch database, ready; `given` are further variables of its environment."""
    port, urls = free_port(), server.urls(name)
    environment = os.environ | {
        "PUENTE_DATABASE_URL": urls.app,
        "PUENTE_MIGRATION_DATABASE_URL": urls.owner,
        "PUENTE_PORT": str(port),
        "PUENTE_LOG_LEVEL": "error",
        "PUENTE_RATE_PER_KEY": "off",
        "PUENTE_RATE_PER_ORGANISATION": "off",
        **given,
    }
    quiet = None if environment["PUENTE_LOG_LEVEL"] == "error" else subprocess.DEVNULL
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("puente")), "serve"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=quiet,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(url, process)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for the server's readiness, or for its end."""
    deadline = perf_counter() + START_S
    while perf_counter() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The server ended with {process.returncode}.")
        try:
            if httpx.get(f"{url}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        sleep(0.2)
    raise SystemExit("The server did not become ready.")


if __name__ == "__main__":
    main()
