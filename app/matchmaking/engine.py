"""What one process keeps in memory to rank with: the encoder, what was learned from names, and the pool.

Nothing of it runs on the event loop. The encoder has a thread, and so has what changes the pool; rankings look at views
of it in threads of their own, and a snapshot is written in another.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, Self, TypeVar
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.errors import CannotStart
from app.core.health import Failing
from app.core.settings import Settings
from app.core.tenancy import Side, side_of
from app.matchmaking import queries
from app.matchmaking.knowledge import FOLDER, KnowledgeSource
from app.matchmaking.snapshots import Due, Snapshots, sums_of
from app.taxonomy import service as taxonomy
from app.taxonomy.words import Taxonomy
from matching import (
    Brief,
    Change,
    Counterfactual,
    Encoder,
    Interpreter,
    Knowledge,
    ModelUnavailable,
    Pool,
    PoolBusy,
    Profile,
    Ranking,
    SentenceTransformerEncoder,
    SnapshotRefused,
    Standing,
    counterfactuals,
    rank,
    standing,
)
from matching.encoder import Progress
from matching.interpreter import Encoded

Answer = TypeVar("Answer")
Stood = tuple[Standing, tuple[Counterfactual, ...]]
"""Where somebody stands, and what would help them."""
WHOLE_INDEX: Final = frozenset({Side.RANKING, Side.SYSTEM})
"""The sides that see every entry of the index."""


RANKINGS_AT_ONCE: Final = 2
KNOWLEDGE_WAIT_S: Final = 20.0
"""Long enough to read what was learned before, too short to learn it."""

log = structlog.get_logger(__name__)


@dataclass
class Index:
    """A pool read under one interpreter, and the mark all of it lies under."""

    interpreter: Interpreter
    pool: Pool
    watermark: int = 0

    @classmethod
    def empty(cls, interpreter: Interpreter) -> Self:
        """Nobody has been read yet."""
        return cls(interpreter, Pool(interpreter.revision, interpreter.dimension))


class Engine:
    """Encodes texts, follows committed changes, ranks.

    Until names have been learned from, titles are compared by their vectors alone. When there is new knowledge the
    whole pool is read again under it; the one before serves until then.

    Args:
        encoder: makes the vectors.
        snapshots: the folder the pool is kept in between two runs; without one it is read anew at every start.
        knowledge: the folder of what is learned from names; without one nothing is.
        glossed: whether the model reads Spanish and Portuguese word by word in English.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        snapshots: Path | None = None,
        knowledge: Path | None = None,
        glossed: bool = True,
    ) -> None:
        self.encoder = encoder
        self._index: Index | None = None
        self._snapshots = None if snapshots is None else Snapshots(snapshots)
        self._due = Due()
        self._catching_up = asyncio.Lock()
        self._encoding = ThreadPoolExecutor(1, "encoder")
        self._changing = ThreadPoolExecutor(1, "pool")
        self._ranking = ThreadPoolExecutor(RANKINGS_AT_ONCE, "ranking")
        self._storing = ThreadPoolExecutor(1, "snapshot")
        self._source = (
            None if knowledge is None else KnowledgeSource(encoder, knowledge, self._encoding, glossed=glossed)
        )

    @property
    def size(self) -> int:
        """How many profiles the pool holds."""
        return 0 if self._index is None else len(self._index.pool)

    @property
    def pool(self) -> Pool | None:
        """The pool as it is ranked now; None before anything has been read."""
        return None if self._index is None else self._index.pool

    @property
    def watermark(self) -> int:
        """Every change of a transaction below this number is in the pool."""
        return 0 if self._index is None else self._index.watermark

    async def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """The model's vectors of texts, shape (len(texts), dimension)."""
        return await _in(self._encoding, lambda: self.encoder.encode(texts, progress=progress))

    async def interpreter(self, session: AsyncSession) -> Interpreter:
        """What reads the words of profiles and requests now."""
        return (await self._current(session)).interpreter

    async def start(self, session: AsyncSession) -> None:
        """Take the pool from its snapshot, if it holds what the database says, and bring in what came since.

        The session's transaction has run no statement yet: everything is held against one moment of the database.
        Knowledge that is on disk is waited for; to learn it takes minutes, and the service begins without.
        """
        await queries.freeze(session)
        if self._source is not None:
            await self._source.refresh(session)
            await self._source.settled(within_s=KNOWLEDGE_WAIT_S)
        self._index = Index.empty(await self._new_interpreter(session))
        if self._snapshots is None or not await self._restored(self._snapshots, session):
            self._index = Index.empty(self._index.interpreter)
            await self.catch_up(session)
        await self._join(self._index)

    async def begin_learning(self, session: AsyncSession) -> None:
        """See what there is to learn from names, and begin to, unless it is known already."""
        if self._source is not None:
            await self._source.refresh(session)

    async def learned(self) -> None:
        """Wait until what was begun is learned, however long it takes: no transaction should be open meanwhile."""
        if self._source is not None:
            await self._source.settled()

    async def take_up(self, session: AsyncSession) -> None:
        """Read by what has been learned from now on."""
        self._index = Index.empty(await self._new_interpreter(session))

    async def catch_up(self, session: AsyncSession) -> int:
        """Bring in every change committed before now; return the watermark all of it lies under.

        Raises:
            RuntimeError: the session does not see the index of all firms, and would pass over what it does not see.
        """
        async with self._catching_up:
            return await self._follow(await self._current(session), session)

    async def renew(self, session: AsyncSession) -> bool:
        """Read the pool again under what was learned since, if anything was; say whether it was."""
        if self._source is None or self._index is None:
            return False
        await self._source.refresh(session)
        learned = self._source.current
        if learned is None or learned.revision == self._index.interpreter.knowledge.revision:
            return False
        fresh = Index.empty(await self._new_interpreter(session))
        await self._follow(fresh, session)
        await self._join(fresh)
        async with self._catching_up:
            # What a ranking has caught up with meanwhile must not be missing when it looks at the new pool.
            await self._follow(fresh, session)
            self._index = fresh
            self._due.note(monotonic(), removed=False)
        log.info("the pool is read anew", revision=fresh.interpreter.revision, profiles=len(fresh.pool))
        return True

    async def rank(
        self, session: AsyncSession, brief: Brief, encoded: Encoded, k: int, taxonomy: Taxonomy
    ) -> tuple[Ranking, int]:
        """The best `k` of all that is committed now, and the watermark they were ranked under.

        `encoded` may hold vectors of the brief's glosses; what it lacks is encoded.
        """
        watermark = await self.catch_up(session)
        index = await self._current(session)
        interpreter = index.interpreter
        adapted = await self._adapted(interpreter, interpreter.brief_glosses(brief).values(), encoded)
        return (
            await _in(self._ranking, lambda: rank(index.pool, brief, interpreter.asked(brief, adapted), k, taxonomy)),
            watermark,
        )

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
        snapshots, index = self._snapshots, self._index
        if snapshots is None or index is None:
            return False
        pool, watermark = index.pool, index.watermark
        # A change that comes while this one is written makes the next one due.
        due, self._due = self._due, Due(last=monotonic())
        try:
            return await _in(self._storing, lambda: snapshots.publish(pool, watermark))
        except (OSError, PoolBusy):
            self._due = due
            raise

    async def stand(
        self, session: AsyncSession, brief: Brief, encoded: Encoded, profile: Profile, version: int, taxonomy: Taxonomy
    ) -> tuple[Stood | None, int]:
        """Where a profile stands among all that is committed now, what would help it, and the watermark.

        None when the pool does not hold this profile at this version.
        """
        watermark = await self.catch_up(session)
        index = await self._current(session)
        interpreter = index.interpreter
        adapted = await self._adapted(interpreter, interpreter.brief_glosses(brief).values(), encoded)

        def stand() -> Stood | None:
            asked = interpreter.asked(brief, adapted)
            now = standing(index.pool, brief, asked, profile.id, taxonomy)
            if now is None or now.ranked.version != version:
                return None
            return now, counterfactuals(brief, asked, profile, now, taxonomy)

        return await _in(self._ranking, stand), watermark

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
        if self._source is not None:
            self._source.close()

    async def _current(self, session: AsyncSession) -> Index:
        if self._index is None:
            self._index = Index.empty(await self._new_interpreter(session))
        return self._index

    async def _new_interpreter(self, session: AsyncSession) -> Interpreter:
        words = await taxonomy.current(session)
        learned = None if self._source is None else self._source.current
        return await _in(self._changing, lambda: Interpreter(learned or Knowledge([], self.encoder), words))

    async def _restored(self, snapshots: Snapshots, session: AsyncSession) -> bool:
        """Whether the pool now is what was stored and what came since, and the database agrees."""
        interpreter = await self.interpreter(session)
        try:
            pool, watermark = await _in(
                self._storing, lambda: snapshots.load(interpreter.revision, interpreter.dimension)
            )
        except SnapshotRefused as refusal:
            return _unused(str(refusal))
        if watermark > await queries.watermark(session):
            return _unused("the snapshot is ahead of the database")
        self._index = Index(interpreter, pool, watermark)
        await self.catch_up(session)
        if await queries.listed_sums(session) != await _in(self._changing, lambda: sums_of(pool)):
            return _unused("the snapshot does not hold what the index lists")
        return True

    async def _follow(self, index: Index, session: AsyncSession) -> int:
        if side_of(session) not in WHOLE_INDEX:
            raise RuntimeError("The pool follows the index of all firms: elevate the session to the side of ranking.")
        watermark = await queries.watermark(session)
        async for changes in queries.changes_since(session, index.watermark):
            await self._apply(index, changes)
        index.watermark = max(index.watermark, watermark)
        return index.watermark

    async def _apply(self, index: Index, changes: queries.Changes) -> None:
        read = await _in(self._changing, lambda: _news(index, changes, self.encoder.model_hash))
        glosses = (gloss for one in read for gloss in one.glosses.values())
        stored = {gloss: vector for one in read for gloss, vector in one.stored.items()}
        adapted = await self._adapted(index.interpreter, glosses, stored)

        def apply() -> None:
            index.pool.apply([one.change(index.interpreter, adapted) for one in read], model_hash=index.pool.model_hash)

        await _in(self._changing, apply)
        if read:
            self._due.note(monotonic(), removed=any(one.profile is None for one in read))

    async def _adapted(self, interpreter: Interpreter, glosses: Iterable[str], stored: Encoded) -> Encoded:
        """Vectors of all these glosses as they are compared; what is not stored is encoded now."""
        wanted = list(dict.fromkeys(glosses))
        known = await _in(self._changing, lambda: interpreter.adapted(wanted, stored))
        missing = [gloss for gloss in wanted if gloss not in known]
        if missing:
            encoded = dict(zip(missing, await self.encode(missing), strict=True))
            known |= interpreter.adapted(missing, encoded)
        return known

    async def _join(self, index: Index) -> None:
        """Read all titles of the pool, so that the first ranking does not have to."""
        await _in(self._changing, lambda: index.interpreter.join(index.pool.words.titles))


@dataclass(frozen=True, slots=True)
class _News:
    """One change to bring in: the profile, the glosses of its texts, and the vectors of these that are stored."""

    engineer_id: UUID
    number: int
    profile: Profile | None
    glosses: Mapping[str, str]
    stored: Encoded

    def change(self, interpreter: Interpreter, adapted: Encoded) -> Change:
        """The change as the pool takes it."""
        if self.profile is None:
            return Change(self.engineer_id, self.number)
        skills = [fact.skill for fact in self.profile.skills]
        return Change(self.engineer_id, self.number, self.profile, interpreter.vectors(self.glosses, skills, adapted))


def _news(index: Index, changes: queries.Changes, model_hash: str) -> list[_News]:
    """Unseal what the pool does not know yet. A transaction that stays open shows all that came after it again."""
    known = index.pool.versions_of([change.engineer_id for change in changes])
    return [
        _read(index.interpreter, change, model_hash)
        for change, version in zip(changes, known, strict=True)
        if version is None or change.number > version
    ]


def _read(interpreter: Interpreter, change: queries.StoredChange, model_hash: str) -> _News:
    profile = change.open()
    if profile is None:
        return _News(change.engineer_id, change.number, None, {}, {})
    glosses = interpreter.profile_glosses(profile)
    stored = change.vectors(list(glosses.values()), model_hash)
    return _News(change.engineer_id, change.number, profile, glosses, stored)


def load_engine(settings: Settings) -> Engine:
    """An engine with its model loaded.

    Raises:
        CannotStart: the model is missing or damaged.
    """
    try:
        encoder = SentenceTransformerEncoder(
            settings.model, revision=settings.model_revision, prompt=settings.model_prompt
        )
    except ModelUnavailable as failure:
        raise CannotStart(str(failure)) from failure
    snapshots = settings.snapshot_folder if settings.snapshots else None
    folder = settings.state_dir / FOLDER
    return Engine(encoder, snapshots=snapshots, knowledge=folder, glossed=not settings.model_multilingual)


def _unused(reason: str) -> bool:
    log.warning("the snapshot of the pool is not used", reason=reason)
    return False


async def _in(executor: ThreadPoolExecutor, work: Callable[[], Answer]) -> Answer:
    return await asyncio.get_running_loop().run_in_executor(executor, work)
