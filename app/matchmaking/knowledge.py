"""What this process has learned from names, kept up with the thesaurus while it serves.

An import is noticed by its revision. What it teaches is read from its file or learned in a thread of its own; the
knowledge before serves until the new one is whole, and then they are swapped.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlmodel.ext.asyncio.session import AsyncSession

from app.taxonomy import thesaurus
from matching import Encoder, Entry, Knowledge, learn_or_load
from matching.encoder import Progress
from matching.knowledge_file import remove_others

FOLDER: Final = "knowledge"
"""Folder inside the state folder."""
_TEXTS_AT_ONCE: Final = 256
"""A fifth of a second of the thread that serves requests."""

_log = structlog.get_logger(__name__)


class KnowledgeSource:
    """The knowledge of the present thesaurus, as far as it has been learned.

    Args:
        encoder: the model.
        folder: where knowledge is kept on disk, for this process and others.
        encoding: the thread that serves requests with the same model; learning takes its turns there.
        glossed: see `Knowledge`.
    """

    def __init__(
        self, encoder: Encoder, folder: Path, encoding: Executor | None = None, *, glossed: bool = True
    ) -> None:
        self._encoder = encoder
        self._folder = folder
        self._encoding = encoding
        self._glossed = glossed
        self._learning = ThreadPoolExecutor(1, "knowledge")
        self._task: asyncio.Task[None] | None = None
        self._current: Knowledge | None = None
        self._seen: str | None = None
        self.failure: Exception | None = None
        """Why the thesaurus seen last could not be learned; the knowledge before it serves on."""

    @property
    def current(self) -> Knowledge | None:
        """The knowledge to use now; None before the first is there. Whoever uses it twice keeps it in between."""
        return self._current

    async def refresh(self, session: AsyncSession) -> Knowledge | None:
        """See whether the thesaurus has changed, and begin to learn it if so; never waits for it."""
        revision = await thesaurus.revision(session)
        if revision != self._seen:
            entries = await thesaurus.entries(session)
            # What is learned for a thesaurus before this one is let finish; this one waits its turn.
            self._seen = revision
            self._task = asyncio.create_task(self._swap(revision, entries, self._task, None))
        return self._current

    async def ready(self, session: AsyncSession, *, progress: Progress | None = None) -> Knowledge:
        """The knowledge of the thesaurus as it is now, waited for; `progress` hears of names encoded.

        Raises:
            Exception: what kept it from being learned.
        """
        revision = await thesaurus.revision(session)
        if revision != self._seen or self._task is None or self.failure is not None:
            entries = await thesaurus.entries(session)
            self._seen = revision
            self._task = asyncio.create_task(self._swap(revision, entries, self._task, progress))
        await asyncio.shield(self._task)
        if self.failure is not None:
            raise self.failure
        if self._current is None:
            raise RuntimeError("Learning ended without knowledge.")
        return self._current

    async def settled(self, *, within_s: float | None = None) -> Knowledge | None:
        """The knowledge to use now; what is being learned is waited for, so long and no longer if that is given."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=within_s)
        return self._current

    def close(self) -> None:
        """Let the thread end."""
        if self._task is not None:
            self._task.cancel()
        self._learning.shutdown(wait=False, cancel_futures=True)

    async def _swap(
        self, revision: str, entries: Sequence[Entry], before: asyncio.Task[None] | None, progress: Progress | None
    ) -> None:
        """Learn what `refresh` or `ready` read, after what was begun earlier, and put it in place."""
        if before is not None:
            await asyncio.wait([before])
        if revision != self._seen:
            return
        try:
            learned = await asyncio.get_running_loop().run_in_executor(self._learning, self._learn, entries, progress)
        except Exception as failure:  # noqa: BLE001 - the knowledge before serves on, whatever it was
            self.failure = failure
            _log.exception("knowledge_not_learned")
            return
        kept = [knowledge.revision for knowledge in (self._current, learned) if knowledge is not None]
        self._current, self.failure = learned, None
        await asyncio.get_running_loop().run_in_executor(self._learning, remove_others, self._folder, kept)
        _log.info("knowledge_swapped", revision=learned.revision, concepts=len(learned.concepts))

    def _learn(self, entries: Sequence[Entry], progress: Progress | None) -> Knowledge:
        encoder = self._encoder if self._encoding is None else _TakingTurns(self._encoder, self._encoding)
        learned = learn_or_load(self._folder, entries, encoder, glossed=self._glossed, progress=progress)
        # Requests are read in the encoding thread itself, where waiting for a turn would be for ever.
        learned.encoder = self._encoder
        return learned


class _TakingTurns:
    """Encodes a few texts at a time in the thread that serves requests, so that these come in between."""

    def __init__(self, encoder: Encoder, thread: Executor) -> None:
        self._encoder = encoder
        self._thread = thread
        self.model_id, self.model_hash, self.dimension = encoder.model_id, encoder.model_hash, encoder.dimension

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension)."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # Of like length together, as the model itself would take them.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(order), _TEXTS_AT_ONCE):
            rows = order[start : start + _TEXTS_AT_ONCE]
            some = [texts[row] for row in rows]
            vectors[rows] = self._thread.submit(self._encoder.encode, some, progress=progress).result()
        return vectors
