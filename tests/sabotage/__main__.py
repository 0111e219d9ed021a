"""Weaken one guard at a time in a copy of the tree, and run the tests that must notice.

    python -m tests.sabotage [--only NAME]... [--jobs 1]

Each job has a copy of its own, and in it a Postgres of its own: the template database of a weakened migration is in
nobody's way, and goes with the copy. The named tests run on the untouched copy first; when one fails there, the result
would mean nothing, and there is none. A weakening counts as caught when a test fails, and as broken when the tests
could not run. The last line is JSON; the exit code is 1 unless all were caught.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter
from typing import Final

from app.core.embedded import admin_url
from tests.postgres import ADMIN_URL
from tests.sabotage.weakenings import WEAKENINGS, Weakening

ROOT: Final = Path(__file__).resolve().parents[2]
TIMEOUT_S: Final = 600
FAILED: Final = re.compile(r"^FAILED (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What the tests said of one weakening."""

    weakening: Weakening
    verdict: str
    seconds: float
    told: str
    """The test that noticed, or else the end of what pytest said."""


@dataclass(frozen=True)
class Copy:
    """The tree somewhere else, and where its Postgres is."""

    folder: Path
    admin: str

    def pytest(self, tests: Iterable[str]) -> "subprocess.CompletedProcess[str]":
        """Run tests as they are in the copy."""
        known = {name: value for name, value in os.environ.items() if not name.startswith("PUENTE_")}
        here = {"PYTHONPATH": str(self.folder), "HF_HUB_OFFLINE": "1", ADMIN_URL: self.admin}
        options = ["-n", "0", "-x", "-q", "-rf", "--tb=line", "-p", "no:cacheprovider"]
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=self.folder,
            env={**known, **here},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    @contextmanager
    def weakened(self, weakening: Weakening) -> Iterator[None]:
        """The copy with one guard weakened for the length of a block."""
        file = self.folder / weakening.file
        whole = file.read_text()
        file.write_text(weakening.applied_to(whole))
        try:
            yield
        finally:
            file.write_text(whole)


@contextmanager
def copied() -> Iterator[Copy]:
    """A copy of what git knows or would add, with a server that lives as long."""
    folder = Path(tempfile.mkdtemp(prefix="puente-sabotage-"))
    try:
        for name in listed():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        # Compiled files are known by their content: two weakenings of one second and one size are not mixed up.
        compiling = ["-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "app", "matching", "migrations"]
        subprocess.run([sys.executable, *compiling], cwd=folder, check=True)
        yield Copy(folder, admin_url(folder / "var/test/postgres").render_as_string(hide_password=False))
    finally:
        # The server stops with this process; what it still writes goes nowhere.
        shutil.rmtree(folder, ignore_errors=True)


def listed() -> list[str]:
    """The files of the tree, those not yet committed included."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in found if name and (ROOT / name).is_file()]


def attempt(copies: "SimpleQueue[Copy]", weakening: Weakening) -> Outcome:
    """Weaken, run the tests, and say what came of it."""
    copy, started = copies.get(), perf_counter()
    try:
        with copy.weakened(weakening):
            ran = copy.pytest(weakening.tests)
    finally:
        copies.put(copy)
    noticed = FAILED.search(ran.stdout)
    if noticed and ran.returncode == 1:
        verdict, told = "caught", noticed[1]
    elif ran.returncode == 0:
        verdict, told = "survived", weakening.wrong
    else:
        verdict, told = "broken", (ran.stdout + ran.stderr)[-1500:]
    return Outcome(weakening, verdict, perf_counter() - started, told)


def tried(chosen: Sequence[Weakening], jobs: int) -> list[Outcome]:
    """Every outcome, told as it comes; the untouched copy goes first."""
    with ExitStack() as stack:
        copies: SimpleQueue[Copy] = SimpleQueue()
        first = stack.enter_context(copied())
        started = perf_counter()
        untouched = first.pytest(dict.fromkeys(test for weakening in chosen for test in weakening.tests))
        if untouched.returncode != 0:
            raise SystemExit(
                f"The tests do not pass as they are:\n{untouched.stdout[-4000:]}{untouched.stderr[-2000:]}"
            )
        print(f"untouched {perf_counter() - started:6.1f} s  {untouched.stdout.strip().splitlines()[-1]}", flush=True)
        for copy in [first, *(stack.enter_context(copied()) for _ in range(jobs - 1))]:
            copies.put(copy)
        outcomes = []
        with ThreadPoolExecutor(jobs) as threads:
            for outcome in threads.map(lambda weakening: attempt(copies, weakening), chosen):
                print(
                    f"{outcome.verdict:9} {outcome.seconds:6.1f} s  {outcome.weakening.name}: {outcome.told}",
                    flush=True,
                )
                outcomes.append(outcome)
        return outcomes


def main() -> None:
    """Read the command line and try the weakenings it names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME", choices=[one.name for one in WEAKENINGS])
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    # Weakened migrations last: between them and the rest the template is built anew.
    chosen = sorted(
        (one for one in WEAKENINGS if not given.only or one.name in given.only),
        key=lambda one: "migrations" in one.file,
    )
    for one in chosen:
        one.applied_to((ROOT / one.file).read_text())
    started = perf_counter()
    outcomes = tried(chosen, given.jobs)
    names = {
        verdict: [outcome.weakening.name for outcome in outcomes if outcome.verdict == verdict]
        for verdict in ("caught", "survived", "broken")
    }
    counts = {verdict: len(found) for verdict, found in names.items()}
    named = {f"{verdict}_names": names[verdict] for verdict in ("survived", "broken")}
    seconds = round(perf_counter() - started, 1)
    print(json.dumps({"weakenings": len(outcomes), **counts, **named, "seconds": seconds}))
    sys.exit(counts["caught"] < len(outcomes))


if __name__ == "__main__":
    main()
