"""What one process keeps in memory to rank with: the encoder, and the pool with its watermark.

Each has one thread, so that a core is never burnt on the event loop and the pool is never touched by two at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.errors import CannotStart
from app.core.health import Failing
from app.core.tenancy import Side, side_of
from app.matchmaking import queries
from app.matchmaking.errors import IndexOutdated
from app.taxonomy.words import Taxonomy
from matching import Brief, Change, Encoder, ModelUnavailable, Pool, Ranking, SentenceTransformerEncoder, rank
from matching.encoder import Progress

Answer = TypeVar("Answer")
WHOLE_INDEX: Final = frozenset({Side.RANKING, Side.SYSTEM})
"""The sides that see every entry of the index."""


class Engine:
    """Encodes cards, follows committed changes, ranks."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.watermark = 0
        self._pool = Pool(encoder.model_hash, encoder.dimension)
        self._catching_up = asyncio.Lock()
        self._encoding = ThreadPoolExecutor(1, "encoder")
        self._ranking = ThreadPoolExecutor(1, "pool")

    @property
    def size(self) -> int:
        """How many profiles the pool holds."""
        return len(self._pool)

    async def encode(self, cards: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors of cards, shape (len(cards), dimension)."""
        return await _in(self._encoding, lambda: self.encoder.encode(cards, progress=progress))

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
        return await _in(self._ranking, lambda: rank(self._pool, brief, vector, k, taxonomy)), watermark

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
        self._ranking.shutdown(wait=False, cancel_futures=True)

    async def _apply(self, changes: queries.Changes) -> None:
        foreign = {change.model_hash for change in changes if change.facts is not None} - {self.encoder.model_hash}
        if foreign:
            raise IndexOutdated(
                f"Profiles are encoded by model {foreign.pop()}, this process uses {self.encoder.model_hash}: "
                "run `puente reindex`."
            )

        def apply() -> int:
            # A transaction that stays open makes every ranking look again at all that came after it.
            known = self._pool.versions
            read: list[Change] = [
                change.read() for change in changes if change.number > known.get(change.engineer_id, -1)
            ]
            return self._pool.apply(read, model_hash=self.encoder.model_hash)

        await _in(self._ranking, apply)


def load_engine(model: str) -> Engine:
    """An engine with its model loaded.

    Raises:
        CannotStart: the model is missing or damaged.
    """
    try:
        return Engine(SentenceTransformerEncoder(model))
    except ModelUnavailable as failure:
        raise CannotStart(str(failure)) from failure


async def _in(executor: ThreadPoolExecutor, work: Callable[[], Answer]) -> Answer:
    return await asyncio.get_running_loop().run_in_executor(executor, work)
