"""TF-IDF over accent-folded character n-grams inside words: what cognates, inflections and typing errors share.

Equal to scikit-learn's `TfidfVectorizer(analyzer="char_wb", sublinear_tf=True)` on folded text, but cut and hashed by
NumPy over all texts at once, because a pool is large.
"""

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from matching.state import State, part, parts_of, prefixed, sparse_of
from matching.text import fold

SHORTEST: Final = 2
LONGEST: Final = 5
_PRIME: Final = np.uint64(0x100000001B3)
_SEED: Final = np.uint64(0xCBF29CE484222325)

Hashes = NDArray[np.uint64]
Scores = NDArray[np.float32]


class Ngrams:
    """Texts by their n-grams, each row of length one. Memory: eight bytes for each distinct n-gram of each text."""

    def __init__(self, texts: Sequence[str]) -> None:
        rows, hashes = hashed_ngrams(texts)
        self._known = np.unique(hashes)
        counts = _counts(rows, np.searchsorted(self._known, hashes), (len(texts), len(self._known)))
        frequency = np.bincount(counts.indices, minlength=len(self._known))
        self._idf = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)
        self._postings: sp.csr_matrix = self._weighted(counts).T.tocsr()

    def state(self) -> State:
        """What `restored` needs."""
        return {"known": self._known, "idf": self._idf, **prefixed("postings", parts_of(self._postings))}

    @classmethod
    def restored(cls, state: State) -> Self:
        """The texts whose `state` this was."""
        found = cls.__new__(cls)
        found._known, found._idf = state["known"], state["idf"]
        found._postings = sparse_of(part("postings", state))
        return found

    def scores(self, queries: Sequence[str]) -> Scores:
        """Cosine of every text with every query; shape (len(queries), texts)."""
        rows, hashes = hashed_ngrams(queries)
        columns = np.searchsorted(self._known, hashes)
        known = np.isin(hashes, self._known)
        counts = _counts(rows[known], columns[known], (len(queries), len(self._known)))
        product: Scores = (self._weighted(counts) @ self._postings).toarray()
        return product

    def _weighted(self, counts: sp.csr_matrix) -> sp.csr_matrix:
        counts.data = (1 + np.log(counts.data)) * self._idf[counts.indices]
        squares = np.bincount(
            np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr)),
            counts.data.astype(np.float64) ** 2,
            minlength=counts.shape[0],
        )
        lengths = np.sqrt(np.maximum(squares, 1e-12))
        counts.data = (counts.data / np.repeat(lengths, np.diff(counts.indptr))).astype(np.float32)
        return counts


def hashed_ngrams(texts: Sequence[str]) -> tuple[NDArray[np.int64], Hashes]:
    """Every n-gram of every text: the text's number and the n-gram's 64-bit FNV-1a hash; a word ends on spaces."""
    padded = [f" {'  '.join(words)} " if (words := fold(text).split()) else "" for text in texts]
    letters = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in padded])
    begins = _word_begins(letters, rows)
    hashes = np.full(len(letters), _SEED)
    found_rows, found = [], []
    for length in range(1, LONGEST + 1):
        count = max(len(letters) - length + 1, 0)
        hashes = (hashes[:count] ^ letters[length - 1 :]) * _PRIME
        if length >= SHORTEST:
            whole = begins[:count] == begins[length - 1 :]
            found_rows.append(rows[:count][whole])
            # The length is hashed in, so that no n-gram equals a shorter one by chance of its letters.
            found.append(hashes[whole] ^ np.uint64(length))
    return np.concatenate(found_rows), np.concatenate(found)


def _word_begins(letters: NDArray[np.uint64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of the padded word each letter belongs to: words stand between two spaces, and end with their text."""
    space = letters == ord(" ")
    opens = space.copy()
    opens[1:] &= space[:-1] | (rows[1:] != rows[:-1])
    numbers: NDArray[np.int64] = np.cumsum(opens)
    return numbers


def _counts(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> sp.csr_matrix:
    ones = np.ones(len(rows), dtype=np.float32)
    # From coordinates to rows scipy adds what meets in one cell.
    return sp.coo_matrix((ones, (rows, columns)), shape=shape).tocsr()
