"""So many kills while a pool is published, and so many damaged snapshots: the old, the new, or a refusal; never less.

    python -m tests.proofs.snapshots [--kills 200] [--damages 1000] [--seed 1]

Kills: a process publishes one generation of a pool after the other, says before and after each which it is, and is
killed at a random moment or at a chosen step of the publication. What is then in the folder must load, whole, as the
last generation that was finished or the one that was under way; and the next process must be able to go on from it.

Damages: a snapshot is cut short, has a bit turned, a file exchanged for another or missing, a manifest edited, or is of
another model. Each must be refused, and a pool built anew and published over it must load.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final
from uuid import UUID

from matching import Change, Pool, SnapshotRefused, snapshot
from tests.matching.builders import DIMENSION, MODEL, Chance, Vectors, changes_of

ROOT: Final = Path(__file__).parents[2]
SEGMENT_ROWS: Final = 32
PEOPLE: Final = Chance(1).profiles(120)
VECTORS: Final = Vectors(4, exact=False)
STEPS: Final = ("os.open", "os.fsync", "Path.rename", "Path.unlink")
"""Calls before which a publication may be killed: it makes no other change to the folder."""


def main() -> None:
    """Try, and print what was found; exit with 1 when a promise did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--damages", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", type=int, default=-1, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        publish_until_killed(arguments.child, arguments.step)
    found = prove(kills=arguments.kills, damages=arguments.damages, seed=arguments.seed)
    print(json.dumps(found))
    sys.exit(0 if found["holds"] else 1)


def prove(*, kills: int, damages: int, seed: int) -> dict[str, Any]:
    """Kill and damage, in folders of their own."""
    dice, started = random.Random(seed), perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        killed = _kill(Path(folder) / "killed", kills, dice)
        damaged = _damage(Path(folder) / "damaged", damages, dice)
    wrong = [*killed.pop("wrong"), *damaged.pop("wrong")]
    return {**killed, **damaged, "wrong": wrong[:5], "holds": not wrong, "seconds": round(perf_counter() - started, 1)}


def generation(number: int) -> Pool:
    """The pool of a generation: it grows, changes and loses people, in another order each time."""
    pool = Pool(MODEL, DIMENSION, segment_rows=SEGMENT_ROWS)
    pool.apply(changes_of(PEOPLE, VECTORS), model_hash=MODEL)
    advance(pool, number)
    return pool


def advance(pool: Pool, number: int) -> None:
    """Bring a pool of any generation to this one."""
    dice = random.Random(number)
    gone = {one.id for one in dice.sample(PEOPLE, 30)}
    changes = [
        Change(one.id, number + 1) if one.id in gone else changes_of([one], VECTORS, number + 1)[0] for one in PEOPLE
    ]
    pool.apply(changes, model_hash=MODEL)


def ids_of(number: int) -> set[UUID]:
    """Who is in the pool of a generation."""
    gone = {one.id for one in random.Random(number).sample(PEOPLE, 30)}
    return {one.id for one in PEOPLE} - gone


# ---- Kills


def publish_until_killed(folder: Path, step: int) -> None:
    """Publish generation after generation; with a `step`, die before that call of the second publication."""
    try:
        pool, first = snapshot.load(folder, model_hash=MODEL, dimension=DIMENSION)
    except SnapshotRefused:
        pool, first = generation(0), 0
    for number in range(first + 1, first + 10_000):
        advance(pool, number)
        if step >= 0 and number == first + 2:
            die_before(step)
        print(f"start {number}", flush=True)
        snapshot.publish(pool, folder, number)
        print(f"done {number}", flush=True)


def die_before(step: int) -> None:
    """Let this process be killed before so many more calls that change a folder."""
    left = [step]

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*given: Any, **named: Any) -> Any:
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return call(*given, **named)

        return guarded

    os.open = deadly(os.open)  # type: ignore[assignment]
    os.fsync = deadly(os.fsync)
    Path.rename = deadly(Path.rename)  # type: ignore[method-assign]
    Path.unlink = deadly(Path.unlink)  # type: ignore[method-assign]


def _kill(folder: Path, times: int, dice: random.Random) -> dict[str, Any]:
    wrong: list[str] = []
    seen: Counter[str] = Counter()
    for turn in range(times):
        # Every other kill comes at a step, one after the other, and the rest at any moment.
        step = turn // 2 if turn % 2 else -1
        started, done = _one_kill(folder, step, dice)
        try:
            pool, watermark = snapshot.load(folder, model_hash=MODEL, dimension=DIMENSION)
        except SnapshotRefused as refusal:
            if done is not None:
                wrong.append(f"kill {turn}: {refusal}")
            seen["nothing_yet"] += 1
            continue
        if watermark not in {started, done} or pool.ids() != ids_of(watermark):
            wrong.append(f"kill {turn}: {watermark} was loaded, {done} was finished and {started} begun")
        seen["new" if watermark == started else "old"] += 1
    return {"kills": times, "old": seen["old"], "new": seen["new"], "nothing_yet": seen["nothing_yet"], "wrong": wrong}


def _one_kill(folder: Path, step: int, dice: random.Random) -> tuple[int | None, int | None]:
    """Which publication was begun last, and which finished last, also before this process."""
    try:
        _, done = snapshot.load(folder, model_hash=MODEL, dimension=DIMENSION)
    except SnapshotRefused:
        done = None
    arguments = [sys.executable, "-m", "tests.proofs.snapshots", "--child", str(folder), "--step", str(step % 60)]
    arguments = arguments if step >= 0 else arguments[:-2]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        if step < 0:
            sleep(dice.uniform(0, 0.4))
            process.kill()
        lines += process.stdout.read().splitlines()
    started: int | None = done
    for line in lines:
        word, _, number = line.strip().partition(" ")
        if word == "start":
            started = int(number)
        elif word == "done":
            done = int(number)
    return started, done


# ---- Damages


def _damage(folder: Path, times: int, dice: random.Random) -> dict[str, Any]:
    other, source = folder / "other", folder / "source"
    snapshot.publish(generation(5), source, 5)
    snapshot.publish(generation(6), other, 6)
    wrong: list[str] = []
    ways: Counter[str] = Counter()
    for turn in range(times):
        broken = folder / "broken"
        shutil.rmtree(broken, ignore_errors=True)
        shutil.copytree(source, broken)
        way = dice.choice(list(_WAYS))
        model = _WAYS[way](broken, other, dice)
        ways[way] += 1
        try:
            snapshot.load(broken, model_hash=model, dimension=DIMENSION)
            wrong.append(f"damage {turn}: {way} was not noticed")
        except SnapshotRefused:
            pass
        if turn % 50 == 0:
            snapshot.publish(generation(7), broken, 7)
            if snapshot.load(broken, model_hash=MODEL, dimension=DIMENSION)[0].ids() != ids_of(7):
                wrong.append(f"damage {turn}: what was published over it is not what it should be")
    return {"damages": times, "ways": dict(sorted(ways.items())), "wrong": wrong}


def _any_file(folder: Path, dice: random.Random) -> Path:
    return dice.choice(sorted(folder.iterdir()))


def _cut_short(folder: Path, _other: Path, dice: random.Random) -> str:
    path = _any_file(folder, dice)
    with path.open("r+b") as file:
        file.truncate(dice.randrange(path.stat().st_size))
    return MODEL


def _turn_a_bit(folder: Path, _other: Path, dice: random.Random) -> str:
    path = _any_file(folder, dice)
    content = bytearray(path.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)
    return MODEL


def _exchange(folder: Path, other: Path, dice: random.Random) -> str:
    """A file for another of the same snapshot, or of another one."""
    while True:
        path, instead = dice.choice(sorted(folder.glob("*.pool"))), _any_file(dice.choice([folder, other]), dice)
        content = instead.read_bytes()
        if content != path.read_bytes():
            path.write_bytes(content)
            return MODEL


def _foreign_manifest(folder: Path, other: Path, _dice: random.Random) -> str:
    shutil.copy(other / snapshot.MANIFEST, folder / snapshot.MANIFEST)
    return MODEL


def _edit_manifest(folder: Path, _other: Path, dice: random.Random) -> str:
    path = folder / snapshot.MANIFEST
    outer = json.loads(path.read_bytes())
    body = json.loads(outer["body"])
    name = dice.choice(["count", "watermark", "model_hash", "ids_sha256", "segments", "format"])
    body[name] = {"count": 3, "watermark": 10**9, "segments": body["segments"][1:], "format": 99}.get(name, "f" * 64)
    outer["body"] = json.dumps(body, sort_keys=True)
    path.write_text(json.dumps(outer))
    return MODEL


def _lose_a_file(folder: Path, _other: Path, dice: random.Random) -> str:
    _any_file(folder, dice).unlink()
    return MODEL


def _foreign_model(_folder: Path, _other: Path, dice: random.Random) -> str:
    return f"{dice.getrandbits(64):016x}"


_WAYS: Final[dict[str, Callable[[Path, Path, random.Random], str]]] = {
    "cut_short": _cut_short,
    "bit_turned": _turn_a_bit,
    "exchanged": _exchange,
    "manifest_of_another": _foreign_manifest,
    "manifest_edited": _edit_manifest,
    "file_lost": _lose_a_file,
    "model_foreign": _foreign_model,
}


if __name__ == "__main__":
    main()
