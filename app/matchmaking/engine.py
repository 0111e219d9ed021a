"""What one process keeps in memory to rank with: the encoder, and the pool with its watermark.

Nothing of it runs on the event loop. The encoder has a thread, and so has what changes the pool; rankings look at views
of it in threads of their own, and a snapshot is written in another.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Final, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.errors import CannotStart
from app.core.health import Failing
from app.core.tenancy import Side, side_of
from app.matchmaking import queries
from app.matchmaking.errors import IndexOutdated
from app.matchmaking.snapshots import Due, Snapshots, sums_of
from app.taxonomy.words import Taxonomy
from matching import (
    Asked,
    Brief,
    Change,
    Encoder,
    ModelUnavailable,
    Pool,
    PoolBusy,
    Ranking,
    SentenceTransformerEncoder,
    SnapshotRefused,
    rank,
)
from matching.encoder import Progress

Answer = TypeVar("Answer")
WHOLE_INDEX: Final = frozenset({Side.RANKING, Side.SYSTEM})
"""The sides that see every entry of the index."""


RANKINGS_AT_ONCE: Final = 2

log = structlog.get_logger(__name__)


class Engine:
    """Encodes cards, follows committed changes, ranks.

    Args:
        encoder: makes the vectors.
        snapshots: the folder the pool is kept in between two runs; without one it is read anew at every start.
    """

    def __init__(self, encoder: Encoder, *, snapshots: Path | None = None) -> None:
        self.encoder = encoder
        self.watermark = 0
        self._pool = Pool(encoder.model_hash, encoder.dimension)
        self._snapshots = None if snapshots is None else Snapshots(snapshots)
        self._due = Due()
        self._catching_up = asyncio.Lock()
        self._encoding = ThreadPoolExecutor(1, "encoder")
        self._changing = ThreadPoolExecutor(1, "pool")
        self._ranking = ThreadPoolExecutor(RANKINGS_AT_ONCE, "ranking")
        self._storing = ThreadPoolExecutor(1, "snapshot")

    @property
    def size(self) -> int:
        """How many profiles the pool holds."""
        return len(self._pool)

    async def encode(self, cards: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors of cards, shape (len(cards), dimension)."""
        return await _in(self._encoding, lambda: self.encoder.encode(cards, progress=progress))

    async def start(self, session: AsyncSession) -> None:
        """Take the pool from its snapshot, if it holds what the database says, and bring in what came since.

        The session's transaction has run no statement yet: everything is held against one moment of the database.

        Raises:
            IndexOutdated: a listed profile is encoded by another model.
        """
        await queries.freeze(session)
        if self._snapshots is not None and await self._restored(self._snapshots, session):
            return
        self._pool, self.watermark = Pool(self.encoder.model_hash, self.encoder.dimension), 0
        await self.catch_up(session)

    async def catch_up(self, session: AsyncSession) -> int:
        """Bring in every change committed before now; return the watermark all of it lies under.

        Raises:
            IndexOutdated: a listed profile is encoded by another model.
            RuntimeError: the session does not see the index of all firms, and would pass over what it does not see.
        """
        if side_of(session) not in WHOLE_INDEX:
            raise RuntimeError("The pool follows the index of all firms: elevate the session to the side of ranking.")
        async with self._catching_up:
            watermark = await queries.watermark(session)
            async for changes in queries.changes_since(session, self.watermark):
                await self._apply(changes)
            self.watermark = max(self.watermark, watermark)
            return self.watermark

    async def rank(
        self, session: AsyncSession, brief: Brief, vector: NDArray[np.float32], k: int, taxonomy: Taxonomy
    ) -> tuple[Ranking, int]:
        """The best `k` of all that is committed now, and the watermark they were ranked under."""
        watermark = await self.catch_up(session)
        asked = asked_by(brief, vector)
        return await _in(self._ranking, lambda: rank(self._pool, brief, asked, k, taxonomy)), watermark

    async def publish_when_due(self) -> bool:
        """Write a snapshot if what is stored is too old, or holds somebody who has gone; say whether one was written.

        What cannot be written now is due again the next time.
        """
        if not self.watermark or not self._due.at(monotonic()):
            return False
        try:
            return await self.publish()
        except (OSError, PoolBusy) as failure:
            log.warning("the pool could not be stored", reason=str(failure))
            return False

    async def publish(self) -> bool:
        """Write a snapshot, unless another process keeps this folder; say whether it was written.

        Raises:
            OSError: the disk refuses; what was stored before stays.
            PoolBusy: a ranking holds on to somebody who has gone; a moment later it does not.
        """
        snapshots, pool, watermark = self._snapshots, self._pool, self.watermark
        if snapshots is None:
            return False
        # A change that comes while this one is written makes the next one due.
        due, self._due = self._due, Due(last=monotonic())
        try:
            return await _in(self._storing, lambda: snapshots.publish(pool, watermark))
        except (OSError, PoolBusy):
            self._due = due
            raise

    async def encodes(self) -> None:
        """A readiness check: the model answers."""
        await self.encode(["ready"])

    async def has_read(self) -> None:
        """A readiness check: the pool has been read once."""
        if not self.watermark:
            raise Failing("the pool has not been read yet")

    def close(self) -> None:
        """Let the threads end."""
        self._encoding.shutdown(wait=False, cancel_futures=True)
        self._changing.shutdown(wait=False, cancel_futures=True)
        self._ranking.shutdown(wait=False, cancel_futures=True)
        self._storing.shutdown(wait=True, cancel_futures=True)
        if self._snapshots is not None:
            self._snapshots.close()

    async def _restored(self, snapshots: Snapshots, session: AsyncSession) -> bool:
        """Whether the pool now is what was stored and what came since, and the database agrees."""
        model_hash, dimension = self.encoder.model_hash, self.encoder.dimension
        try:
            pool, watermark = await _in(self._storing, lambda: snapshots.load(model_hash, dimension))
            if watermark > await queries.watermark(session):
                raise SnapshotRefused("the snapshot is ahead of the database")
            self._pool, self.watermark = pool, watermark
            await self.catch_up(session)
            if await queries.listed_sums(session) != await _in(self._changing, lambda: sums_of(self._pool)):
                raise SnapshotRefused("the snapshot does not hold what the index lists")
        except SnapshotRefused as refusal:
            log.warning("the snapshot of the pool is not used", reason=str(refusal))
            return False
        return True

    async def _apply(self, changes: queries.Changes) -> None:
        foreign = {change.model_hash for change in changes if change.facts is not None} - {self.encoder.model_hash}
        if foreign:
            raise IndexOutdated(
                f"Profiles are encoded by model {foreign.pop()}, this process uses {self.encoder.model_hash}: "
                "run `puente reindex`."
            )

        def apply() -> int:
            # A transaction that stays open makes every ranking look again at all that came after it.
            known = self._pool.versions_of([change.engineer_id for change in changes])
            read: list[Change] = [
                change.read()
                for change, version in zip(changes, known, strict=True)
                if version is None or change.number > version
            ]
            self._pool.apply(read, model_hash=self.encoder.model_hash)
            if read:
                self._due.note(monotonic(), removed=any(change.profile is None for change in read))
            return len(read)

        await _in(self._changing, apply)


def asked_by(brief: Brief, vector: NDArray[np.float32]) -> Asked:
    """The vectors of a request: that of its card stands for its title, and its skills have none."""
    return Asked(vector, np.zeros((len(brief.skills), len(vector)), dtype=np.float32))


def load_engine(model: str, *, snapshots: Path | None = None) -> Engine:
    """An engine with its model loaded.

    Raises:
        CannotStart: the model is missing or damaged.
    """
    try:
        return Engine(SentenceTransformerEncoder(model), snapshots=snapshots)
    except ModelUnavailable as failure:
        raise CannotStart(str(failure)) from failure


async def _in(executor: ThreadPoolExecutor, work: Callable[[], Answer]) -> Answer:
    return await asyncio.get_running_loop().run_in_executor(executor, work)
