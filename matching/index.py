"""Where vectors live: a FAISS index, and its twin in plain NumPy that tests hold against it.

Rows are numbered from zero by the pool. Similarities are inner products of unit vectors, that is cosines.
"""

import logging
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Vector = NDArray[np.float32]


class VectorIndex(Protocol):
    """A growing table of unit vectors that can be overwritten row by row."""

    def put(self, rows: Rows, vectors: Vector) -> None:
        """Write vectors, shape (len(rows), dimension); new rows continue the numbering without a gap."""
        ...

    def similarities(self, query: Vector, rows: Rows) -> NDArray[np.float32]:
        """Cosine of `query`, shape (dimension,), with each of `rows`, exactly."""
        ...

    def nearest(self, query: Vector, count: int, allowed: Rows) -> tuple[Rows, NDArray[np.float32]]:
        """Rows among `allowed` with the highest cosines, best first, at most `count`, and those cosines."""
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

    def nearest(self, query: Vector, count: int, allowed: Rows) -> tuple[Rows, NDArray[np.float32]]:
        """Sort all of them."""
        scores = self.similarities(query, allowed)
        best = np.argsort(-scores, kind="stable")[:count]
        return allowed[best], scores[best]


class FaissIndex:
    """FAISS `IndexFlatIP`: exact, deletable, and filtered inside the search.

    HNSW cannot forget a row, and erasure must; an approximate index may later propose rows here, because the ranking
    bounds what it has not seen instead of trusting the proposal.
    """

    def __init__(self, dimension: int) -> None:
        # It announces at length which build of itself it loads.
        logging.getLogger("faiss.loader").setLevel(logging.WARNING)
        import faiss  # noqa: PLC0415 - heavy, loaded where it is used

        self._faiss: Any = faiss
        self._index: Any = faiss.IndexFlatIP(dimension)
        self._dimension = dimension

    def put(self, rows: Rows, vectors: Vector) -> None:
        """Overwrite known rows in place and append the rest."""
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        known = rows < self._index.ntotal
        if known.any():
            self._view()[rows[known]] = vectors[known]
        if not known.all():
            fresh = rows[~known]
            expected = np.arange(self._index.ntotal, self._index.ntotal + len(fresh))
            if not np.array_equal(np.sort(fresh), expected):
                raise ValueError("new rows continue the numbering without a gap")
            self._index.add(vectors[~known][np.argsort(fresh)])

    def similarities(self, query: Vector, rows: Rows) -> NDArray[np.float32]:
        """Let FAISS gather and multiply."""
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        query = np.ascontiguousarray(query, dtype=np.float32)
        scores = np.empty(len(rows), dtype=np.float32)
        if len(rows):
            pointer = self._faiss.swig_ptr
            self._index.compute_distance_subset(1, pointer(query), len(rows), pointer(scores), pointer(rows))
        return scores

    def nearest(self, query: Vector, count: int, allowed: Rows) -> tuple[Rows, NDArray[np.float32]]:
        """Search with the filter inside, so that `count` come back whenever `count` exist."""
        count = min(count, len(allowed))
        if not count:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        bitmap = np.zeros(self._index.ntotal, dtype=bool)
        bitmap[allowed] = True
        packed = np.packbits(bitmap, bitorder="little")
        selector = self._faiss.IDSelectorBitmap(self._index.ntotal, self._faiss.swig_ptr(packed))
        parameters = self._faiss.SearchParameters(sel=selector)
        query = np.ascontiguousarray(query, dtype=np.float32)
        scores, rows = self._index.search(query[None, :], count, params=parameters)
        return rows[0], scores[0]

    def _view(self) -> NDArray[np.float32]:
        flat = self._faiss.rev_swig_ptr(self._index.get_xb(), self._index.ntotal * self._dimension)
        view: NDArray[np.float32] = flat.reshape(self._index.ntotal, self._dimension)
        return view
