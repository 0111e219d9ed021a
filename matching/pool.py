"""The listed profiles in memory: a cache that can always be rebuilt, under one model."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching.columns import Columns
from matching.errors import ModelMismatch
from matching.index import FaissIndex, VectorIndex
from matching.profile import Profile


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one profile: its new content, or None when it is no longer listed.

    `version` is the caller's change number; the pool hands it back and ignores what it has already applied.
    """

    id: UUID
    version: int
    profile: Profile | None = None
    vector: NDArray[np.float32] | None = None


class Pool:
    """Profiles by row, with their vectors in an index. Not safe for concurrent use: the owner holds a lock.

    Args:
        model_hash: the one model all vectors are of.
        dimension: length of a vector.
        index: makes the vector index; FAISS unless a test brings its twin.
    """

    def __init__(self, model_hash: str, dimension: int, *, index: Callable[[int], VectorIndex] = FaissIndex) -> None:
        self.model_hash = model_hash
        self.dimension = dimension
        self.columns = Columns()
        self.index = index(dimension)
        self.ids: list[UUID | None] = []
        self.versions: dict[UUID, int] = {}
        self._row: dict[UUID, int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._row

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows in use, ascending."""
        return np.flatnonzero(self.columns.live[: len(self.ids)])

    def row_of(self, identifier: UUID) -> int | None:
        """Row of a profile in the pool."""
        return self._row.get(identifier)

    def apply(self, changes: Iterable[Change], *, model_hash: str) -> int:
        """Bring changes in, in any order and as often as they come; return how many were news.

        Raises:
            ModelMismatch: the vectors are of another model than the pool's.
        """
        if model_hash != self.model_hash:
            raise ModelMismatch(f"the pool holds vectors of model {self.model_hash}, not of {model_hash}")
        written: dict[int, NDArray[np.float32]] = {}
        news = 0
        for change in self._checked(changes):
            if change.version <= self.versions.get(change.id, -1):
                continue
            news += 1
            self.versions[change.id] = change.version
            if change.profile is None or change.vector is None:
                self._forget(change.id, written)
            else:
                row = self._row_for(change.id)
                self.columns.put(row, change.profile)
                written[row] = change.vector
        self._write_vectors(written)
        return news

    def _checked(self, changes: Iterable[Change]) -> list[Change]:
        """All of the changes, or none: a vector that does not fit is refused before the first is applied."""
        checked = list(changes)
        for change in checked:
            if change.vector is not None and change.vector.shape != (self.dimension,):
                raise ModelMismatch(f"the pool holds vectors of length {self.dimension}, not {change.vector.shape}")
        return checked

    def _row_for(self, identifier: UUID) -> int:
        row = self._row.get(identifier)
        if row is None:
            row = self._free.pop() if self._free else len(self.ids)
            if row == len(self.ids):
                self.ids.append(identifier)
            self.ids[row] = identifier
            self._row[identifier] = row
        return row

    def _forget(self, identifier: UUID, written: dict[int, NDArray[np.float32]]) -> None:
        row = self._row.pop(identifier, None)
        if row is not None:
            self.columns.clear(row)
            self.ids[row] = None
            self._free.append(row)
            written[row] = np.zeros(self.dimension, dtype=np.float32)

    def _write_vectors(self, written: dict[int, NDArray[np.float32]]) -> None:
        if written:
            rows = np.fromiter(sorted(written), dtype=np.int64, count=len(written))
            self.index.put(rows, np.stack([written[int(row)] for row in rows]).astype(np.float32, copy=False))


def pool_of(
    profiles: Sequence[Profile],
    vectors: NDArray[np.float32],
    *,
    model_hash: str,
    index: Callable[[int], VectorIndex] = FaissIndex,
) -> Pool:
    """Build a pool at once; `vectors` has shape (len(profiles), dimension)."""
    pool = Pool(model_hash, vectors.shape[1], index=index)
    changes = [Change(profile.id, 0, profile, vector) for profile, vector in zip(profiles, vectors, strict=True)]
    pool.apply(changes, model_hash=model_hash)
    return pool
