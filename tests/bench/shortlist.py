"""Creating a shortlist of 25 through HTTP, beside the same request answered by Postgres alone.

    python -m tests.bench.shortlist [--engineers 20000] [--rounds 4] [--fresh]

A server process of its own ranks; this process calls it over one kept-alive connection, in turn with the peer of
`peer.py` on the same database. Recall is the share of the peer's first 25, an exact scan, that the shortlist has too.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final
from uuid import UUID

import httpx
import numpy as np
import psutil
import psycopg

from app.matchmaking.engine import asked_by
from app.matchmaking.queries import vector_of, vectors_of
from matching import BRIEF, PROFILE, Brief, Change, Pool, Taxonomy, rank
from tests.bench import peer
from tests.bench.people import SEED_DATA
from tests.bench.scratch import credentials, facts_of, requests_of, scratch
from tests.ports import free_port
from tests.postgres import Server, connect

SIZE: Final = 25
DIMENSION: Final = 384
WARM_UP: Final = 5
ROUNDING: Final = 5_000
"""Billionths by which two inner products of float16 vectors, summed in another order, may move a score."""
START_S: Final = 300


def main() -> None:
    """Measure and print."""
    arguments = parse()
    server, name = scratch(arguments.engineers, fresh=arguments.fresh)
    key = credentials(name)["recruiter"]["key"]
    with connect(server.admin.set(database=name)) as connection, serving(server, name) as (url, process):
        peer.build(connection)
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
            print(json.dumps(measure(client, connection, process, arguments.rounds)))


def parse() -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engineers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=4, help="how often every seeded request is ranked")
    parser.add_argument("--fresh", action="store_true", help="make the scratch database anew")
    return parser.parse_args()


def measure(
    client: httpx.Client, connection: psycopg.Connection[Any], process: psutil.Process, rounds: int
) -> dict[str, Any]:
    """Rank every request in turn with the peer; times in milliseconds."""
    requests = requests_of(connection)
    for request in requests[:WARM_UP]:
        shortlist(client, request)
    questions = {request: question(connection, request) for request in requests}
    taxonomy = Taxonomy.load(SEED_DATA)
    statements = {r: peer.query(brief, v, SIZE, taxonomy, connection) for r, (brief, v) in questions.items()}
    ranking_ms = rank_alone(connection, taxonomy, list(questions.values()), rounds)
    ours_ms: list[float] = []
    peer_ms: list[float] = []
    recalls: list[float] = []
    gates: set[str] = set()
    for turn in range(rounds):
        for request in requests:
            found, elapsed = timed(lambda request=request: shortlist(client, request))
            ours_ms.append(elapsed)
            gates |= {gate["kind"] for gate in found["gates"]}
            if turn == 0:
                rows, elapsed = timed(lambda request=request: connection.execute(statements[request]).fetchall())
                peer_ms.append(elapsed)
                recalls.append(recall({UUID(e["engineer_id"]): e["score"] for e in found["entries"]}, dict(rows)))
    p50, peer_p50, rank_p50 = (statistics.median(times) for times in (ours_ms, peer_ms, ranking_ms))
    return {
        "p50_ms": round(p50, 2),
        "p99_ms": round(float(np.percentile(ours_ms, 99)), 2),
        "peer_p50_ms": round(peer_p50, 2),
        "ratio": round(peer_p50 / p50, 2),
        "rank_p50_ms": round(rank_p50, 2),
        "rank_ratio": round(peer_p50 / rank_p50, 2),
        "recall": round(statistics.mean(recalls), 5),
        "engineers": found["considered"],
        "rss_mb": round(process.memory_info().rss / 2**20, 1),
        "size": SIZE,
        "shortlists": len(ours_ms),
        "gates": sorted(gates),
        "peer": "Postgres: SQL gates and parts, pgvector exact inner product",
    }


def shortlist(client: httpx.Client, request: UUID) -> dict[str, Any]:
    """Create one shortlist and read the reply whole."""
    reply = client.post(f"/v1/requests/{request}/shortlists", json={"size": SIZE})
    reply.raise_for_status()
    found: dict[str, Any] = reply.json()
    return found


def question(connection: psycopg.Connection[Any], request: UUID) -> tuple[Brief, np.ndarray]:
    """The brief of a request with its vector, as they are ranked by."""
    row = connection.execute("SELECT brief, vector FROM brief_entry WHERE request_id = %s", [request]).fetchone()
    assert row is not None
    return BRIEF.validate_python(row[0]), np.frombuffer(row[1], "<f4")


def rank_alone(
    connection: psycopg.Connection[Any], taxonomy: Taxonomy, questions: list[tuple[Brief, np.ndarray]], rounds: int
) -> list[float]:
    """Milliseconds of the ranking itself, in this process: what the peer's statement is to be compared with."""
    statement = "SELECT engineer_id, vector FROM profile_entry WHERE listed ORDER BY engineer_id"
    rows = connection.execute(statement).fetchall()
    profiles = [PROFILE.validate_json(facts) for facts in facts_of(connection).values()]
    pool = Pool("", DIMENSION)
    changes = [
        Change(one.id, 1, one, vectors_of(one, vector_of(vector)))
        for one, (_, vector) in zip(profiles, rows, strict=True)
    ]
    pool.apply(changes, model_hash="")
    return [
        timed(lambda brief=brief, vector=vector: rank(pool, brief, asked_by(brief, vector), SIZE, taxonomy))[1]
        for _ in range(rounds)
        for brief, vector in questions
    ]


def recall(found: dict[UUID, float], exact: dict[UUID, int]) -> float:
    """Share of the exact ids that were found; one that ties with the last of them but for rounding counts as it."""
    if not exact:
        return 1.0
    last = min(exact.values()) - ROUNDING
    as_good = [identifier for identifier, score in found.items() if identifier in exact or score * 1e9 >= last]
    return min(1.0, len(as_good) / len(exact))


def timed(work: Any) -> tuple[Any, float]:
    """What a call gives, and how many milliseconds it takes."""
    start = perf_counter()
    answer = work()
    return answer, (perf_counter() - start) * 1000


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
