"""Where vectors live: blocks that FAISS multiplies, and their twin in plain NumPy that tests hold against them.

Rows are numbered from zero. Similarities are inner products of unit vectors, that is cosines.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Vector = NDArray[np.float32]

BLOCK: Final = 4096
"""Vectors a block. A block never moves, so that it may grow at its end while somebody reads it."""


class VectorIndex(Protocol):
    """A growing table of unit vectors that can be overwritten row by row."""

    def put(self, rows: Rows, vectors: Vector) -> None:
        """Write vectors, shape (len(rows), dimension); new rows continue the numbering without a gap."""
        ...

    def similarities(self, query: Vector, rows: Rows) -> NDArray[np.float32]:
        """Cosine of `query`, shape (dimension,), with each of `rows`, exactly."""
        ...

    def vectors(self, rows: Rows) -> Vector:
        """Copies of the vectors of `rows`, shape (len(rows), dimension)."""
        ...

    def filled(self, count: int) -> NDArray[np.bool_]:
        """Which of the first `count` rows hold anything but zeros."""
        ...


class NumpyIndex:
    """The definition: gather and multiply."""

    def __init__(self, dimension: int) -> None:
        self._vectors = np.zeros((0, dimension), dtype=np.float32)

    def put(self, rows: Rows, vectors: Vector) -> None:
        """Write vectors, growing as needed."""
        missing = int(rows.max(initial=-1)) + 1 - len(self._vectors)
        if missing > 0:
            self._vectors = np.vstack([self._vectors, np.zeros((missing, self._vectors.shape[1]), np.float32)])
        self._vectors[rows] = vectors

    def similarities(self, query: Vector, rows: Rows) -> NDArray[np.float32]:
        """Multiply the gathered rows."""
        product: NDArray[np.float32] = self._vectors[rows] @ query
        return product

    def vectors(self, rows: Rows) -> Vector:
        """Gather them."""
        return self._vectors[rows]

    def filled(self, count: int) -> NDArray[np.bool_]:
        """Look at every number."""
        return np.asarray(self._vectors[:count].any(axis=1))


class FaissIndex:
    """A flat table in blocks, multiplied by FAISS: exact, deletable, and safe to read while it grows.

    `IndexFlatIP` moves its one block when it grows, under whoever reads it, and cannot lie in a mapped file; its
    multiplication is used on blocks that do neither. HNSW cannot forget a row, and erasure must.
    """

    def __init__(self, dimension: int) -> None:
        # It announces at length which build of itself it loads.
        logging.getLogger("faiss.loader").setLevel(logging.WARNING)
        import faiss  # noqa: PLC0415 - heavy, loaded where it is used

        self._faiss: Any = faiss
        self._dimension = dimension
        self._count = 0
        self.blocks: list[Vector] = []
        self.revisions: list[int] = []
        self.stored: list[Mapping[str, Any] | None] = []

    def put(self, rows: Rows, vectors: Vector) -> None:
        """Overwrite known rows in place and append the rest."""
        fresh = np.sort(rows[rows >= self._count])
        if len(fresh) and not np.array_equal(fresh, np.arange(self._count, self._count + len(fresh))):
            raise ValueError("new rows continue the numbering without a gap")
        self._count += len(fresh)
        while len(self.blocks) * BLOCK < self._count:
            self.blocks.append(np.zeros((BLOCK, self._dimension), dtype=np.float32))
            self.revisions.append(0)
            self.stored.append(None)
        for block in np.unique(rows // BLOCK):
            here = rows // BLOCK == block
            self._writable(int(block))[rows[here] % BLOCK] = vectors[here]

    def similarities(self, query: Vector, rows: Rows) -> NDArray[np.float32]:
        """Let FAISS gather and multiply, block by block."""
        query = np.ascontiguousarray(query, dtype=np.float32)
        order = np.argsort(rows, kind="stable")
        ascending = np.ascontiguousarray(rows[order], dtype=np.int64)
        scores = np.empty(len(rows), dtype=np.float32)
        bounds = np.searchsorted(ascending, np.arange(len(self.blocks) + 1) * BLOCK)
        for block in np.flatnonzero(np.diff(bounds)).tolist():
            within = slice(int(bounds[block]), int(bounds[block + 1]))
            scores[within] = self._products(query, self.blocks[block], ascending[within] - block * BLOCK)
        answer = np.empty_like(scores)
        answer[order] = scores
        return answer

    def vectors(self, rows: Rows) -> Vector:
        """Gather them, block by block."""
        found = [self.blocks[row // BLOCK][row % BLOCK] for row in rows.tolist()]
        return np.stack(found) if found else np.zeros((0, self._dimension), dtype=np.float32)

    def filled(self, count: int) -> NDArray[np.bool_]:
        """Look at every number."""
        found = [block.any(axis=1) for block in self.blocks]
        return np.concatenate([*found, np.zeros(0, dtype=bool)])[:count]

    def adopt(self, blocks: list[Vector], count: int) -> None:
        """Take over blocks that were stored; one that cannot be written is copied before it is changed."""
        self.blocks, self._count = blocks, count
        self.revisions = [0] * len(blocks)
        self.stored = [None] * len(blocks)

    def _products(self, query: Vector, block: Vector, rows: Rows) -> NDArray[np.float32]:
        products = np.empty(len(rows), dtype=np.float32)
        # One query is no work for a team of threads, and waking one takes longer on a busy machine than the work does.
        self._faiss.omp_set_num_threads(1)
        pointer = self._faiss.swig_ptr
        self._faiss.fvec_inner_products_by_idx(
            pointer(products), pointer(query), pointer(block), pointer(rows), self._dimension, 1, len(rows)
        )
        return products

    def _writable(self, block: int) -> Vector:
        if not self.blocks[block].flags.writeable:
            self.blocks[block] = self.blocks[block].copy()
        self.revisions[block] += 1
        self.stored[block] = None
        return self.blocks[block]
