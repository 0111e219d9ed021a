"""Requests per second of a profile read with every guard on, against the same read on a bare route.

    python -m tests.bench.guards [--engineers 200] [--rounds 12] [--seconds 1] [--concurrency 8]

Two server processes on one database, one worker each; this process is the client of both, over kept-alive connections,
a slice of time each in turn, so that a busy machine slows both. `bare.py` says what the peer leaves out. The limits on
rates are on, too high to refuse; the server logs each request, to nowhere.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter, sleep
from typing import Any, Final

import httpx
import numpy as np
import psutil

from tests.bench.scratch import credentials, scratch
from tests.bench.shortlist import serving
from tests.ports import free_port
from tests.postgres import Server

WARM_UP_S: Final = 1.5
PLENTY: Final = "100000000/minute"
GUARDED: Final = {
    "PUENTE_RATE_PER_KEY": PLENTY,
    "PUENTE_RATE_PER_ORGANISATION": PLENTY,
    "PUENTE_LOG_LEVEL": "info",
    "PUENTE_LOG_FORMAT": "json",
}


@dataclass
class Measured:
    """What one of the two has done."""

    requests: list[bytes]
    port: int
    rates: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    process: psutil.Process = field(default_factory=psutil.Process)
    cpu_s: float = 0.0

    def cpu_ms(self) -> float:
        """Milliseconds of its process that one request took: what a busy machine disturbs least."""
        return round((busy(self.process) - self.cpu_s) / len(self.times) * 1000, 2)


def main() -> None:
    """Measure and print."""
    arguments = parse()
    server, name = scratch(arguments.engineers, fresh=arguments.fresh)
    with serving(server, name, **GUARDED) as (url, process), serving_bare(server, name) as (bare, peer_process):
        guarded, peer = contenders(url, bare, credentials(name)["supplier"]["key"])
        guarded.process, peer.process = process, peer_process
        asyncio.run(compare(guarded, peer, arguments.rounds, arguments.seconds, arguments.concurrency))
        print(json.dumps(figures(guarded, peer, arguments)))


def parse() -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engineers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--fresh", action="store_true", help="make the scratch database anew")
    return parser.parse_args()


def figures(guarded: Measured, peer: Measured, arguments: argparse.Namespace) -> dict[str, Any]:
    """Medians over the slices; the ratio is the median of the ratios of neighbouring slices."""
    ratios = [ours / theirs for ours, theirs in zip(guarded.rates, peer.rates, strict=True)]
    return {
        "ratio": round(statistics.median(ratios), 3),
        "guarded_rps": round(statistics.median(guarded.rates), 1),
        "bare_rps": round(statistics.median(peer.rates), 1),
        **percentiles("guarded", guarded.times),
        **percentiles("bare", peer.times),
        "guarded_cpu_ms": guarded.cpu_ms(),
        "bare_cpu_ms": peer.cpu_ms(),
        "ratio_low": round(min(ratios), 3),
        "ratio_high": round(max(ratios), 3),
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "concurrency": arguments.concurrency,
        "requests": len(guarded.times) + len(peer.times),
        "peer": "FastAPI + SQLModel: the same statements and response model, no guards",
    }


def percentiles(name: str, times: list[float]) -> dict[str, float]:
    """Milliseconds a request took."""
    return {f"{name}_p{q}_ms": round(float(np.percentile(times, q)) * 1000, 2) for q in (50, 99)}


@contextmanager
def serving_bare(server: Server, name: str) -> Iterator[tuple[str, psutil.Process]]:
    """The peer in a process of its own, ready."""
    port = free_port()
    address = server.admin.set(database=name).render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.bench.bare", "--url", address, "--port", str(port)]
    process = subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_listening(url, process)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def wait_until_listening(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody answers."""
    for _ in range(300):
        try:
            httpx.get(url, timeout=5)
        except httpx.TransportError:
            if process.poll() is not None:
                raise SystemExit(f"The peer ended with {process.returncode}.") from None
            sleep(0.1)
        else:
            return
    raise SystemExit("The peer did not become ready.")


def contenders(url: str, bare: str, key: str) -> tuple[Measured, Measured]:
    """The requests for the same profiles to both, once both are seen to give the same answers."""
    headers = {"Authorization": f"Bearer {key}"}
    found = httpx.get(f"{url}/v1/engineers", params={"limit": 50}, headers=headers).raise_for_status()
    guarded, peer = Measured([], int(url.rpartition(":")[2])), Measured([], int(bare.rpartition(":")[2]))
    for item in found.json()["items"]:
        ours = httpx.get(f"{url}/v1/engineers/{item['id']}", headers=headers).raise_for_status()
        theirs = httpx.get(f"{bare}/engineers/{item['id']}").raise_for_status()
        assert ours.json() == theirs.json()
        assert {"etag", "ratelimit", "x-request-id", "content-security-policy"} <= set(ours.headers)
        guarded.requests.append(written(f"/v1/engineers/{item['id']}", **headers))
        peer.requests.append(written(f"/engineers/{item['id']}"))
    return guarded, peer


def written(path: str, **headers: str) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def compare(guarded: Measured, peer: Measured, rounds: int, seconds: float, concurrency: int) -> None:
    """A slice of time each in turn; who goes first changes with each round."""
    for contender in (guarded, peer):
        await load(contender, WARM_UP_S, concurrency)
        contender.rates.clear()
        contender.times.clear()
        contender.cpu_s = busy(contender.process)
    for turn in range(rounds):
        for contender in (guarded, peer) if turn % 2 else (peer, guarded):
            await load(contender, seconds, concurrency)


def busy(process: psutil.Process) -> float:
    """Seconds of processor time a process has had."""
    times = process.cpu_times()
    return times.user + times.system


async def load(contender: Measured, seconds: float, concurrency: int) -> None:
    """Ask for one profile after the other over so many connections, and note how many came."""
    before, started = len(contender.times), perf_counter()
    await asyncio.gather(*(ask(contender, start, started + seconds) for start in range(concurrency)))
    contender.rates.append((len(contender.times) - before) / (perf_counter() - started))


async def ask(contender: Measured, turn: int, until: float) -> None:
    """One connection, kept alive until the time is over."""
    reader, writer = await asyncio.open_connection("127.0.0.1", contender.port)
    while (start := perf_counter()) < until:
        writer.write(contender.requests[turn % len(contender.requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        contender.times.append(perf_counter() - start)
        turn += 1
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    main()
