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
    """Texts by their n-grams, each row of length one. Memory: eight bytes for each distinct n-gram of each text.

    Args:
        texts: as written; they are folded here.
        like: the collection whose idf counts instead of these texts' own; an n-gram it has never seen is as rare as one
            can be there.
    """

    def __init__(self, texts: Sequence[str], *, like: "Ngrams | None" = None) -> None:
        rows, hashes = hashed_ngrams(texts)
        self._known = np.unique(hashes)
        counts = _counts(rows, np.searchsorted(self._known, hashes), (len(texts), len(self._known)))
        if like is None:
            frequency = np.bincount(counts.indices, minlength=len(self._known))
            self._unseen = _rarest(len(texts))
            self._idf: Scores = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)
        else:
            self._unseen = like._unseen
            self._idf = like._idf_of(self._known)
        self._like = like
        self._postings: sp.csr_matrix = _weighted(counts, self._idf).T.tocsr()

    def state(self) -> State:
        """What `restored` needs."""
        return {"known": self._known, "idf": self._idf, **prefixed("postings", parts_of(self._postings))}

    @classmethod
    def restored(cls, state: State) -> Self:
        """The texts whose `state` this was."""
        found = cls.__new__(cls)
        found._known, found._idf = state["known"], state["idf"]
        found._postings = sparse_of(part("postings", state))
        found._unseen, found._like = _rarest(found._postings.shape[1]), None
        return found

    def scores(self, queries: Sequence[str]) -> Scores:
        """Cosine of every text with every query; shape (len(queries), texts)."""
        rows, hashes = hashed_ngrams(queries)
        if self._like is None:
            kept, _ = self._places(hashes)
            rows, hashes = rows[kept], hashes[kept]
        asked, columns = np.unique(hashes, return_inverse=True)
        idf = (self if self._like is None else self._like)._idf_of(asked)
        weights = _weighted(_counts(rows, columns, (len(queries), len(asked))), idf)
        here, there = self._places(asked)
        onto = sp.csr_matrix((np.ones(len(here), np.float32), (here, there)), (len(asked), len(self._known)))
        product: Scores = (weights @ onto @ self._postings).toarray()
        return product

    def _idf_of(self, hashes: Hashes) -> Scores:
        idf = np.full(len(hashes), self._unseen, dtype=np.float32)
        here, there = self._places(hashes)
        idf[here] = self._idf[there]
        return idf

    def _places(self, hashes: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of some hashes are known, and where."""
        at = np.searchsorted(self._known, hashes)
        here = (
            np.flatnonzero(self._known[np.minimum(at, len(self._known) - 1)] == hashes) if len(self._known) else at[:0]
        )
        return here, at[here]


def _rarest(texts: int) -> np.float32:
    """The idf of what none of so many texts has."""
    return np.float32(np.log(1 + texts) + 1)


def _weighted(counts: sp.csr_matrix, idf: Scores) -> sp.csr_matrix:
    """Logarithmic counts times idf, each row of length one."""
    counts.data = (1 + np.log(counts.data)) * idf[counts.indices]
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
