"""The pool between two runs: who may write it down, when it is due, and what it is held against."""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Final

import numpy as np

from matching import Pool, PoolBusy, SnapshotRefused, snapshot

LOCK: Final = "lock"
PUBLISH_EVERY_S: Final = 300.0
FORGET_WITHIN_S: Final = 10.0
"""Seconds after which somebody who has gone is taken out of what is stored; a process notices within thirty more."""

ATTEMPTS: Final = 50
BETWEEN_ATTEMPTS_S: Final = 0.02
"""Between two rankings there is a moment in which the pool can be copied."""


@dataclass
class Due:
    """When a snapshot has to be written: some time after a change, and soon after somebody has gone."""

    last: float | None = None
    changed: bool = False
    removed_at: float | None = None

    def note(self, now: float, *, removed: bool) -> None:
        """Something changed."""
        self.changed = True
        if removed and self.removed_at is None:
            self.removed_at = now

    def at(self, now: float) -> bool:
        """Whether it is due."""
        if self.removed_at is not None and now >= self.removed_at + FORGET_WITHIN_S:
            return True
        return self.changed and (self.last is None or now >= self.last + PUBLISH_EVERY_S)


class Snapshots:
    """A folder of snapshots. All processes may read it; the first that writes keeps that right until it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: int | None = None

    def load(self, model_hash: str, dimension: int) -> tuple[Pool, int]:
        """What was stored last, and its watermark.

        Raises:
            SnapshotRefused: it cannot be used.
        """
        try:
            return snapshot.load(self._folder, model_hash=model_hash, dimension=dimension)
        except SnapshotRefused:
            # Whoever publishes deletes what it has replaced, maybe just while it was read here.
            return snapshot.load(self._folder, model_hash=model_hash, dimension=dimension)

    def publish(self, pool: Pool, watermark: int) -> bool:
        """Store the pool; return False when another process does that.

        Raises:
            OSError: the disk refuses; what was stored before stays.
            PoolBusy: a ranking holds on to somebody who has gone; a moment later it does not.
        """
        if not self._may_write():
            return False
        for _ in range(ATTEMPTS):
            with suppress(PoolBusy):
                snapshot.publish(pool, self._folder, watermark)
                return True
            sleep(BETWEEN_ATTEMPTS_S)
        snapshot.publish(pool, self._folder, watermark)
        return True

    def close(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _may_write(self) -> bool:
        if self._lock is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._lock = descriptor
        return True


def forget(folder: Path) -> None:
    """Delete what is stored: nothing is to be kept any more."""
    snapshot.withdraw(folder)


def sums_of(pool: Pool) -> tuple[int, int, int]:
    """How many profiles there are, and the sums of both halves of their change numbers."""
    count = versions = transactions = 0
    for shard in pool.view().shards:
        count += shard.count
        versions += int(shard.columns.fixed["version_high"][shard.live].sum(dtype=np.uint64))
        transactions += int(shard.columns.fixed["version_low"][shard.live].sum(dtype=np.uint64))
    return count, versions, transactions
