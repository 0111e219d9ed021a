"""The listed profiles in memory: a cache that can always be rebuilt, under one model.

Whoever ranks takes a `View`, which nothing changes: changes make the next one. One at a time may change the pool; any
number may rank meanwhile, and neither waits for the other. What a profile was before it changed or went is wiped as
soon as nobody holds a view any more that shows it: at once, or when the rankings of that moment are over.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching.columns import VOCABULARIES, Columns, Rows, Vocabularies, columns_of, joined
from matching.errors import ModelMismatch, PoolBusy
from matching.index import FaissIndex, VectorIndex
from matching.profile import Profile
from matching.segments import SEGMENT_ROWS, Segment, Shard, Tail, copied, sealed
from matching.texts import Codes, Texts

_LOW = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one profile: its new content, or None when it is no longer listed.

    `version` is the caller's change number, below 2**128; the pool hands it back and ignores what it has already
    applied. `vectors` holds a unit vector for the title, each past title and each skill; a skill may be without.
    """

    id: UUID
    version: int
    profile: Profile | None = None
    vectors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Dropped:
    """Rows that newer views do not show."""

    home: Segment | Tail
    rows: Rows


class _Epoch:
    """Lives as long as a view that shows what was dropped when the next one came; then lets it be wiped.

    An epoch keeps the next one alive, because an older view shows what that will drop, too.
    """

    __slots__ = ("_wipe", "dropped", "next")

    def __init__(self, wipe: Callable[[Sequence[_Dropped]], None]) -> None:
        self._wipe = wipe
        self.dropped: list[_Dropped] = []
        self.next: _Epoch | None = None

    def __del__(self) -> None:
        if self.dropped:
            self._wipe(self.dropped)


@dataclass(frozen=True, slots=True)
class View:
    """The pool at one moment, for as long as somebody looks at it."""

    model_hash: str
    dimension: int
    words: Vocabularies
    shards: tuple[Shard, ...]
    epoch: _Epoch = field(repr=False, compare=False)

    def __len__(self) -> int:
        return sum(shard.count for shard in self.shards)


@dataclass(frozen=True, slots=True)
class FrozenSegment:
    """A segment at one moment; `columns` are a copy unless it is stored already."""

    segment: Segment
    revision: int
    columns: Columns
    live: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FrozenTexts:
    """Vectors of texts at one moment; a block is a copy unless it is stored already."""

    index: FaissIndex
    revisions: Sequence[int]
    blocks: Sequence[NDArray[np.float32]]
    stored: Sequence[Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Frozen:
    """Everything a pool holds at one moment, which no change touches."""

    model_hash: str
    dimension: int
    segments: Sequence[FrozenSegment]
    rest: Columns | None
    words: Mapping[str, Sequence[Any]]
    texts: Mapping[str, FrozenTexts]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a profile is: which segment, None for the tail, and which row."""

    segment: Segment | None
    row: int


class Pool:
    """Profiles by row, and the texts they name. `apply` by one at a time; `view` by anybody.

    Args:
        model_hash: the one model all vectors are of.
        dimension: length of a vector.
        index: makes a table of vectors; FAISS unless a test brings its twin.
        segment_rows: how many rows a segment has at most; a tail of a quarter becomes one.
    """

    def __init__(
        self,
        model_hash: str,
        dimension: int,
        *,
        index: Callable[[int], VectorIndex] = FaissIndex,
        segment_rows: int = SEGMENT_ROWS,
    ) -> None:
        self.model_hash = model_hash
        self.dimension = dimension
        self.words = Vocabularies.of(Texts(dimension, index=index), Texts(dimension, index=index))
        self.segments: list[Segment] = []
        self.tail = Tail(self.words)
        self._segment_rows = segment_rows
        self._tail_rows = max(1, segment_rows // 4)
        self._gone: dict[int, int] = {}
        self._lock = Lock()
        self._unwiped = 0
        self._to_wipe: deque[_Dropped] = deque()
        self._epoch = _Epoch(self._wipe)
        self._publish()

    def __len__(self) -> int:
        return len(self._view)

    def __contains__(self, identifier: object) -> bool:
        return isinstance(identifier, UUID) and self._places([identifier])[0] is not None

    def view(self) -> View:
        """The pool as it is now."""
        return self._view

    def ids(self) -> set[UUID]:
        """Everybody in the pool."""
        live = [shard.columns.take(np.flatnonzero(shard.live)) for shard in self._view.shards]
        return {columns.identifier(row) for columns in live for row in range(len(columns))}

    def version_of(self, identifier: UUID) -> int | None:
        """Number of the last change of a profile, if there was one."""
        return self.versions_of([identifier])[0]

    def versions_of(self, identifiers: Sequence[UUID]) -> list[int | None]:
        """Number of the last change of each profile."""
        return [
            self._gone.get(identifier.int) if place is None else self._columns(place).version(place.row)
            for identifier, place in zip(identifiers, self._places(identifiers), strict=True)
        ]

    def apply(self, changes: Iterable[Change], *, model_hash: str) -> int:
        """Bring changes in, in any order and as often as they come; return for how many profiles there was news.

        Raises:
            ModelMismatch: the vectors are of another model than the pool's, or a title came without; nothing changes.
        """
        if model_hash != self.model_hash:
            raise ModelMismatch(f"the pool holds vectors of model {self.model_hash}, not of {model_hash}")
        with self._lock:
            news = self._bring_in(changes)
        self._wipe(())
        return news

    def _bring_in(self, changes: Iterable[Change]) -> int:
        newest: dict[UUID, Change] = {}
        for change in changes:
            if change.id not in newest or change.version > newest[change.id].version:
                newest[change.id] = change
        versions = self.versions_of(list(newest))
        news = [
            one for one, known in zip(newest.values(), versions, strict=True) if known is None or one.version > known
        ]
        self._learn(news)
        for start in range(0, len(news), self._tail_rows):
            self._apply(news[start : start + self._tail_rows])
            self._tidy()
        return len(news)

    def adopt(self, segments: Sequence[Segment], rest: Columns | None) -> None:
        """Take over rows that were stored, into an empty pool; the vocabularies hold their codes already."""
        self.segments = list(segments)
        if rest is not None and len(rest):
            self.tail.append(rest)
        self._publish()

    def freeze(self) -> Frozen:
        """Everything as it is now, with nothing of what went; changes wait for as long as the copying takes.

        Raises:
            PoolBusy: a ranking that is under way still shows what went; try again.
        """
        with self._lock:
            while self._to_wipe:
                self._wipe_one(self._to_wipe.popleft())
            if self._unwiped:
                raise PoolBusy("a ranking is under way that shows what has gone since")
            return Frozen(
                self.model_hash,
                self.dimension,
                [
                    FrozenSegment(one, one.revision, one.columns if one.stored else copied(one.columns), one.live)
                    for one in self.segments
                ],
                self.tail.live_columns() if len(self.tail) else None,
                {name: tuple(self.words.named(name).values) for name in VOCABULARIES},
                {name: _frozen_texts(self.words.named(name)) for name in ("titles", "skills")},
            )

    def remember(
        self, frozen: Frozen, segments: Sequence[Mapping[str, Any]], texts: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> None:
        """Note where what was frozen is stored, unless it has changed since."""
        with self._lock:
            for one, entry in zip(frozen.segments, segments, strict=True):
                if one.segment.revision == one.revision:
                    one.segment.stored = entry
            for name, entries in texts.items():
                held = frozen.texts[name]
                for at, entry in enumerate(entries):
                    if held.index.revisions[at] == held.revisions[at]:
                        held.index.stored[at] = entry

    def nbytes(self) -> dict[str, int]:
        """Bytes of the arrays of rows, and of the vectors of texts."""
        rows = sum(shard.columns.nbytes() + shard.live.nbytes for shard in self._view.shards)
        texts = (len(self.words.titles) + len(self.words.skills)) * self.dimension * 4
        return {"rows": rows, "texts": texts}

    def _learn(self, news: Sequence[Change]) -> None:
        """All texts of the changes, or none."""
        for change in news:
            for vector in change.vectors.values():
                if vector.shape != (self.dimension,):
                    raise ModelMismatch(f"the pool holds vectors of length {self.dimension}, not {vector.shape}")
            if change.profile is not None:
                for title in (change.profile.title, *change.profile.past_titles):
                    if title not in change.vectors and self.words.titles.known(title) is None:
                        raise ModelMismatch("a title came without its vector")
        for change in news:
            if change.profile is not None:
                titles = (change.profile.title, *change.profile.past_titles)
                self.words.titles.learn(change.vectors, titles, required=True)
                self.words.skills.learn(change.vectors, (fact.skill for fact in change.profile.skills), required=False)

    def _apply(self, news: Sequence[Change]) -> None:
        places = self._places([change.id for change in news])
        listed = [(change.profile, change.version) for change in news if change.profile is not None]
        if listed:
            self.tail.append(columns_of(listed, self.words))
        for change in news:
            if change.profile is None:
                self._gone[change.id.int] = change.version
            else:
                self._gone.pop(change.id.int, None)
        self._drop([place for place in places if place is not None])

    def _drop(self, places: Sequence[_Place]) -> None:
        """Show the pool without these rows; they are wiped when nobody looks at them any more."""
        rows_in: dict[Segment | Tail, list[int]] = {}
        for place in places:
            rows_in.setdefault(place.segment or self.tail, []).append(place.row)
        for home, rows in rows_in.items():
            dropped = _Dropped(home, np.array(rows, dtype=np.int64))
            home.drop(dropped.rows)
            self._epoch.dropped.append(dropped)
            self._unwiped += 1

    def _wipe(self, dropped: Sequence[_Dropped]) -> None:
        """Wipe rows now, or leave it to whoever changes the pool at this moment."""
        self._to_wipe.extend(dropped)
        while self._to_wipe and self._lock.acquire(blocking=False):
            try:
                while self._to_wipe:
                    self._wipe_one(self._to_wipe.popleft())
            finally:
                self._lock.release()

    def _wipe_one(self, dropped: _Dropped) -> None:
        home, rows = dropped.home, dropped.rows
        used = home.columns.codes(rows)
        home.blank(rows)
        for vocabulary, arrays in used.items():
            for codes in arrays:
                self.words.named(vocabulary).release(codes)
        self._unwiped -= 1

    def _tidy(self) -> None:
        """Make a segment of a full tail, one of several small ones, and move what is left of a hollow one.

        A tail has no postings, so it is kept small; segments cost something each, so they are made large.
        """
        for segment in [one for one in self.segments if 2 * one.count < len(one.columns)]:
            self.segments.remove(segment)
            if segment.count:
                self.tail.append(segment.columns.take(np.flatnonzero(segment.live)))
        if self.tail.count >= self._tail_rows:
            rows = self.tail.live_columns()
            self.tail = Tail(self.words)
            if 2 * len(rows) < self._tail_rows:
                self.tail.append(rows)
            else:
                self._seal(rows)
        self._publish()

    def _seal(self, rows: Columns) -> None:
        """Make segments of rows, together with those of small segments once that fills one."""
        small = [one for one in self.segments if 2 * len(one.columns) <= self._segment_rows]
        if sum(one.count for one in small) + len(rows) >= self._segment_rows:
            self.segments = [one for one in self.segments if one not in small]
            rows = joined([*(one.columns.take(np.flatnonzero(one.live)) for one in small), rows])
        for start in range(0, len(rows), self._segment_rows):
            self.segments.append(sealed(rows.take(np.arange(start, min(len(rows), start + self._segment_rows)))))

    def _publish(self) -> None:
        shards = [segment.shard() for segment in self.segments]
        if self.tail.count:
            shards.append(self.tail.shard())
        before, self._epoch = self._epoch, _Epoch(self._wipe)
        before.next = self._epoch
        self._view = View(self.model_hash, self.dimension, self.words, tuple(shards), self._epoch)

    def _places(self, identifiers: Sequence[UUID]) -> list[_Place | None]:
        places: list[_Place | None] = [
            None if (row := self.tail.row_of.get(one.int)) is None else _Place(None, row) for one in identifiers
        ]
        high = np.array([one.int >> 64 for one in identifiers], dtype=np.uint64)
        low = np.array([one.int & _LOW for one in identifiers], dtype=np.uint64)
        for segment in self.segments if identifiers else ():
            for at, row in enumerate(segment.find(high, low).tolist()):
                if row >= 0:
                    places[at] = _Place(segment, row)
        return places

    def _columns(self, place: _Place) -> Columns:
        return (place.segment or self.tail).columns


def pool_of(
    profiles: Sequence[Profile],
    vectors: Mapping[str, NDArray[np.float32]],
    *,
    model_hash: str,
    dimension: int,
    index: Callable[[int], VectorIndex] = FaissIndex,
) -> Pool:
    """Build a pool at once; `vectors` holds one for each text, shape (dimension,)."""
    pool = Pool(model_hash, dimension, index=index)
    pool.apply([Change(profile.id, 0, profile, vectors) for profile in profiles], model_hash=model_hash)
    return pool


def _frozen_texts(texts: Codes[Any]) -> FrozenTexts:
    assert isinstance(texts, Texts)  # noqa: S101 - by name
    index = texts.index
    if not isinstance(index, FaissIndex):
        raise TypeError("only vectors in FAISS blocks can be stored")
    blocks = [block if stored else block.copy() for block, stored in zip(index.blocks, index.stored, strict=True)]
    return FrozenTexts(index, tuple(index.revisions), blocks, tuple(index.stored))
