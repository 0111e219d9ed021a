"""The pool by itself: bytes a profile, seconds to ready, changes while ranking, milliseconds of a ranking.

    python -m tests.bench.pool [--profiles 1000000] [--rounds 20] [--seed 1] [--processes 4]

Profiles are those of `people.py`, perturbed: years, dates, rates, a skill more or less, and one title in ten with a
word of its own, so that the share of distinct titles that is printed grows with the pool as it does among people.
Vectors are random: they weigh and take as long as any. Gates are mixed until they keep about 20 %, 5 %, 1 % and 0.1 %.

Each figure of memory is of a process of its own. `rss_per_profile` is what a process gained that took the pool from a
snapshot and touched all of it; `pss_mb_each` is what each of several processes on one snapshot takes when what they
share is divided among them (`/proc/PID/smaps_rollup`).
"""

import argparse
import gc
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, thread_time
from typing import Any, Final
from uuid import UUID

import numpy as np
import psutil
from numpy.typing import NDArray

from matching import Asked, Brief, Cefr, Change, Pool, Profile, SkillNeed, rank, snapshot
from tests.bench.people import AS_OF, profiles

MODEL: Final = "bench"
DIMENSION: Final = 384
ORIGINALS: Final = 1500
BATCH: Final = 2000
SIZE: Final = 25
SMALL: Final = 100_000
ROOT: Final = Path(__file__).parents[2]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20, help="rankings by each of the briefs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        hold(arguments.child)
        return
    print(json.dumps(measure(arguments.profiles, arguments.rounds, arguments.seed, arguments.processes)))


def measure(count: int, rounds: int, seed: int, processes: int) -> dict[str, Any]:
    """Everything, for a pool of so many."""
    people = People(seed)
    pool, small, built = Pool(MODEL, DIMENSION), {}, 0.0
    for start in range(0, count, BATCH):
        if start == SMALL and count > SMALL:
            small = ranked(pool, people, rounds)
        changes = [people.change(start + at + 1, 1) for at in range(min(BATCH, count - start))]
        begun = perf_counter()
        pool.apply(changes, model_hash=MODEL)
        built += perf_counter() - begun
    titles = len(pool.words.titles) - 1
    found = {
        "profiles": count,
        "distinct_titles": titles,
        "share_of_distinct_titles": round(titles / count, 4),
        "distinct_skills": len(pool.words.skills) - 1,
        "array_bytes_per_profile": {name: round(size / count, 1) for name, size in pool.nbytes().items()},
        "build_s": round(built, 1),
        "rank_ms": ranked(pool, people, rounds),
        "rank_ms_at_100000": small,
        "changes_per_s_while_ranking": round(changes_while_ranking(pool, people, count)),
    }
    with tempfile.TemporaryDirectory() as folder:
        found |= {"publish_s": timed(partial(snapshot.publish, pool, Path(folder), 1))[1]}
        del pool
        gc.collect()
        found |= from_snapshot(Path(folder), count, processes)
    return found


class People:
    """Profiles like those of the house, as many as one likes, and the vectors of their texts."""

    def __init__(self, seed: int) -> None:
        self.taxonomy, self._originals = profiles(ORIGINALS)
        self.dice = random.Random(seed)
        self._numbers = np.random.default_rng(seed)
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._skills = sorted({fact.skill for one in self._originals for fact in one.skills})

    def change(self, number: int, version: int) -> Change:
        """A profile like somebody's; the same number is the same person."""
        profile = self.profile(number)
        texts = (profile.title, *profile.past_titles, *(fact.skill for fact in profile.skills))
        return Change(profile.id, version, profile, {text: self.vector(text) for text in texts})

    def profile(self, number: int) -> Profile:
        """Somebody's, perturbed."""
        dice, one = self.dice, self.dice.choice(self._originals)
        skills = [
            replace(fact, years=dice.randrange(120) / 10, last_used=AS_OF.year - dice.randrange(8))
            if dice.random() < 0.3
            else fact
            for fact in one.skills
        ]
        if skills and dice.random() < 0.3:
            more = dice.choice(self._skills)
            skills = [fact for fact in skills[1:] if fact.skill != more] + [replace(skills[0], skill=more)]
        return replace(
            one,
            id=UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128),
            title=one.title if dice.random() < 0.9 else f"{one.title} {dice.randrange(100_000)}",
            skills=tuple(skills),
            rate=one.rate and max(1, one.rate + dice.randrange(-1500, 1500)),
            available_from=one.available_from and one.available_from + timedelta(days=dice.randrange(-40, 40)),
            updated_on=one.updated_on - timedelta(days=dice.randrange(400)),
        )

    def vector(self, text: str) -> NDArray[np.float32]:
        """A unit vector of its own for each text."""
        found = self._vectors.get(text)
        if found is None:
            drawn = self._numbers.normal(size=DIMENSION).astype(np.float32)
            found = self._vectors[text] = drawn / np.linalg.norm(drawn)
        return found

    def asked(self, brief: Brief) -> Asked:
        """Vectors of a brief."""
        skills = [self.vector(skill) for skill in brief.facets]
        return Asked(self.vector(brief.title), np.stack(skills))


def briefs() -> dict[str, Brief]:
    """Gates that keep about a fifth, a twentieth, a hundredth and a thousandth."""
    asked = Brief(
        title="Backend Developer",
        as_of=AS_OF,
        seniority=3,
        skills=tuple(SkillNeed(skill, years=3) for skill in ("python", "aws", "docker", "postgresql", "react")),
        domains=("finance",),
        english=Cefr.B1,
        zone="America/New_York",
        window=(540, 1080),
        starts_on=AS_OF + timedelta(days=30),
        weights={},
    )
    asked = replace(asked, weights=Brief("x", AS_OF).weights)
    sure = frozenset({"discipline"})
    fifth = replace(
        asked, discipline="software", english=Cefr.B2, rate_ceiling=7000, currency="USD", exclude_unknown=sure
    )
    twentieth = replace(
        fifth, shared_minutes=300, countries=("MX", "CO"), exclude_unknown=frozenset({"discipline", "english", "rate"})
    )
    must = tuple(replace(need, must=need.skill in ("python", "docker")) for need in asked.skills)
    hundredth = replace(fifth, skills=must, exclude_unknown=frozenset({"english", "rate", "start", "discipline"}))
    every = tuple(replace(need, must=need.skill != "react") for need in asked.skills)
    thousandth = replace(twentieth, skills=every)
    return {"20%": fifth, "5%": twentieth, "1%": hundredth, "0.1%": thousandth}


def ranked(pool: Pool, people: People, rounds: int) -> dict[str, Any]:
    """Milliseconds of a ranking for each brief, and of all of them mixed."""
    every, every_cpu, figures = [], [], {}
    for name, brief in briefs().items():
        asked = people.asked(brief)
        rank(pool, brief, asked, SIZE, people.taxonomy)
        times, cpu = [], []
        for _ in range(rounds):
            begun = thread_time()
            ranking, seconds = timed(lambda brief=brief, asked=asked: rank(pool, brief, asked, SIZE, people.taxonomy))
            cpu.append((thread_time() - begun) * 1000)
            times.append(seconds * 1000)
        every += times
        every_cpu += cpu
        kept = ranking.admitted / ranking.considered
        figures[name] = {"kept": round(kept, 5), "entries": len(ranking.entries), **percentiles(times, cpu)}
    return {"all": percentiles(every, every_cpu), **figures}


def percentiles(times: Sequence[float], cpu: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile of elapsed time, and the same of the thread's own, which a busy machine spares."""
    return {
        "p50": round(float(np.percentile(times, 50)), 1),
        "p99": round(float(np.percentile(times, 99)), 1),
        "cpu_p50": round(float(np.percentile(cpu, 50)), 1),
        "cpu_p99": round(float(np.percentile(cpu, 99)), 1),
    }


def changes_while_ranking(pool: Pool, people: People, count: int, batches: int = 50, size: int = 100) -> float:
    """Changed and withdrawn profiles a second, in batches, while another thread ranks one brief after the other."""
    done = Event()
    asked = [(brief, people.asked(brief)) for brief in briefs().values()]

    def look() -> None:
        while not done.is_set():
            for brief, vectors in asked:
                rank(pool, brief, vectors, SIZE, people.taxonomy)

    changes = [
        [people.change(people.dice.randrange(count) + 1, version) for _ in range(size)]
        for version in range(2, batches + 2)
    ]
    looking = Thread(target=look)
    looking.start()
    _, seconds = timed(lambda: [pool.apply(batch, model_hash=MODEL) for batch in changes])
    done.set()
    looking.join()
    return batches * size / seconds


def from_snapshot(folder: Path, count: int, processes: int) -> dict[str, Any]:
    """What one process, and several at once, take that read the pool from a snapshot."""
    with Children(folder, 1) as [(_, one)]:
        alone = one
    with Children(folder, processes) as several:
        shares = [pss(process.pid) for process, _ in several]
    return {
        "ready_from_snapshot_s": alone["seconds"],
        "snapshot_mb": round(sum(path.stat().st_size for path in folder.iterdir()) / 2**20, 1),
        "rss_per_profile": round(alone["rss"] / count, 1),
        "private_per_profile": round(alone["private"] / count, 1),
        "pss_mb_each": [round(share / 2**20, 1) for share in shares],
        "pss_mb_without_pool": round(alone["before_pss"] / 2**20, 1),
    }


class Children:
    """Processes that hold the pool of a snapshot, with what each said of itself."""

    def __init__(self, folder: Path, count: int) -> None:
        arguments = [sys.executable, "-m", "tests.bench.pool", "--child", str(folder)]
        self._processes = [
            subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]

    def __enter__(self) -> list[tuple[subprocess.Popen[str], dict[str, Any]]]:
        said = []
        for process in self._processes:
            assert process.stdout is not None
            said.append((process, json.loads(process.stdout.readline())))
        return said

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.communicate("")


def hold(folder: Path) -> None:
    """Take the pool, touch every byte of it, say what it takes, and wait."""
    me = psutil.Process()
    Pool(MODEL, DIMENSION)
    gc.collect()
    before, before_pss = me.memory_full_info(), pss(me.pid)
    (pool, _), seconds = timed(lambda: snapshot.load(folder, model_hash=MODEL, dimension=DIMENSION))
    after = me.memory_full_info()
    figures = {
        "seconds": seconds,
        "profiles": len(pool),
        "rss": after.rss - before.rss,
        "private": after.uss - before.uss,
        "before_pss": before_pss,
    }
    print(json.dumps(figures), flush=True)
    sys.stdin.read()


def pss(pid: int) -> int:
    """Proportional share of memory in bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise LookupError(pid)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and how many seconds it takes."""
    begun = perf_counter()
    answer = work()
    return answer, round(perf_counter() - begun, 5)


if __name__ == "__main__":
    main()
