"""Okapi BM25 over bags of terms, with weights on the query's side, as one sparse product.

Formula: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", with the idf of Lucene,
which is never negative.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from matching.state import State, part, parts_of, prefixed, sparse_of, strings, strings_of

K1: Final = 1.2
B: Final = 0.75
_TINY: Final = 1e-9

Bag = Mapping[str, float]
Scores = NDArray[np.float32]


class Bm25:
    """Documents by their terms. The postings hold finished weights, so a query only gathers and adds.

    Memory: eight bytes for each distinct term of each document.

    Args:
        documents: bags of terms.
        k1, b: saturation of counts and normalisation of lengths.
        like: the collection whose idf and mean length count instead of these documents' own; a term it has never seen
            is as rare as a term can be there.
    """

    def __init__(self, documents: Sequence[Bag], *, k1: float = K1, b: float = B, like: "Bm25 | None" = None) -> None:
        self.terms: dict[str, int] = {}
        counts = _matrix(documents, self.terms, grow=True)
        lengths = _sums(counts)
        self._k1, self._b = k1, b
        if like is None:
            frequency = np.bincount(counts.indices, minlength=len(self.terms))
            self._mean_length = max(float(lengths.mean()), _TINY) if len(documents) else 1.0
            self._unseen = _idf(np.zeros(1), len(documents))
            self._idf: Scores = _idf(frequency, len(documents))
        else:
            self._mean_length, self._unseen = like._mean_length, like._unseen
            self._idf = like._idf_of(self.terms)
        self._like = like
        self._postings: sp.csr_matrix = self._weighted(counts, lengths, self._idf).T.tocsr()

    def state(self) -> State:
        """What `restored` needs."""
        numbers = np.asarray([self._k1, self._b, self._mean_length])
        postings = prefixed("postings", parts_of(self._postings))
        return {"terms": strings(self.terms), "idf": self._idf, "numbers": numbers, **postings}

    @classmethod
    def restored(cls, state: State) -> Self:
        """The documents whose `state` this was."""
        found = cls.__new__(cls)
        found.terms = {term: at for at, term in enumerate(strings_of(state["terms"]))}
        found._idf = state["idf"]
        found._k1, found._b, found._mean_length = state["numbers"].tolist()
        found._postings = sparse_of(part("postings", state))
        found._unseen, found._like = _idf(np.zeros(1), found._postings.shape[1]), None
        return found

    def scores(self, queries: Sequence[Bag]) -> Scores:
        """Score every document for every query; shape (len(queries), documents)."""
        product: Scores = (_matrix(queries, self.terms, grow=False) @ self._postings).toarray()
        return product

    def ceilings(self, queries: Sequence[Bag]) -> Scores:
        """What each query would score against a document of its own words; shape (len(queries),)."""
        terms = self.terms if self._like is None else {}
        asked = _matrix(queries, terms, grow=self._like is not None)
        idf = self._idf if self._like is None else self._like._idf_of(terms)
        lengths = np.asarray([sum(query.values()) for query in queries], dtype=np.float64)
        return _sums(asked.multiply(self._weighted(asked.copy(), lengths, idf)).tocsr()).astype(np.float32)

    def _idf_of(self, terms: Iterable[str]) -> Scores:
        known = np.asarray([self.terms.get(term, -1) for term in terms], dtype=np.int64)
        return np.where(known < 0, self._unseen, np.append(self._idf, self._unseen)[known]).astype(np.float32)

    def _weighted(self, counts: sp.csr_matrix, lengths: NDArray[np.float64], idf: Scores) -> sp.csr_matrix:
        damping = self._k1 * (1 - self._b + self._b * lengths / self._mean_length)
        denominator = counts.data + np.repeat(damping, np.diff(counts.indptr))
        counts.data = (idf[counts.indices] * counts.data * (self._k1 + 1) / denominator).astype(np.float32)
        return counts


def _idf(frequency: NDArray[Any], documents: int) -> Scores:
    return np.log1p((documents - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)


def bag(terms: Sequence[str]) -> dict[str, float]:
    """Count terms."""
    counted: dict[str, float] = {}
    for term in terms:
        counted[term] = counted.get(term, 0.0) + 1.0
    return counted


def _sums(matrix: sp.csr_matrix) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    return sums


def _matrix(bags: Sequence[Bag], terms: dict[str, int], *, grow: bool) -> sp.csr_matrix:
    """Rows of term weights; unknown terms join the vocabulary or are left out."""
    starts, columns, weights = [0], [], []
    for words in bags:
        for word, weight in words.items():
            at = terms.setdefault(word, len(terms)) if grow else terms.get(word)
            if at is not None:
                columns.append(at)
                weights.append(weight)
        starts.append(len(columns))
    shape = (len(bags), len(terms))
    return sp.csr_matrix((np.asarray(weights, np.float32), np.asarray(columns, np.int32), starts), shape=shape)
