"""Every evidence that a document answers a query, part by part, for many documents at once."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.knowledge import Knowledge, Reading
from matching.lexical import Bm25
from matching.ngrams import Ngrams

EVIDENCES: Final = ("words", "pivot", "ngrams", "model", "profile", "link")
"""Words as written; words carried over into English; letters; meaning; neighbourhood of concepts; named concepts."""

Scores = NDArray[np.float32]


class Documents:
    """A fixed collection, indexed for every evidence. Immutable, so that any number of threads may search it."""

    def __init__(self, reading: Reading, knowledge: Knowledge) -> None:
        self.reading = reading
        self.knowledge = knowledge
        self.coverage = knowledge.coverage(reading.texts)
        self._words = Bm25(reading.bags)
        self._pivots = Bm25(reading.pivots)
        self._ngrams = Ngrams(reading.texts)
        self._profiles = knowledge.profiles(reading.vectors).T.tocsr()
        self._membership = knowledge.membership(reading).T.tocsr()

    def __len__(self) -> int:
        return len(self.reading)

    def evidence(self, queries: Reading) -> dict[str, Scores]:
        """Raw scores by part, each of shape (queries, documents); their scales are their own."""
        return {
            "words": self._words.scores(queries.bags),
            "pivot": self._pivots.scores(queries.pivots),
            "ngrams": self._ngrams.scores(queries.texts),
            "model": queries.vectors @ self.reading.vectors.T,
            "profile": (self.knowledge.profiles(queries.vectors) @ self._profiles).toarray(),
            "link": np.asarray((self._membership.T @ self.knowledge.link(queries).T).T, dtype=np.float32),
        }

    def ceilings(self, queries: Reading) -> dict[str, Scores]:
        """What each query would score by part against a document that says just what it says; shape (queries,)."""
        whole = np.ones(len(queries), dtype=np.float32)
        pointed = self.knowledge.membership(queries).multiply(self.knowledge.link(queries)).sum(axis=1)
        return {
            "words": self._words.ceilings(queries.bags),
            "pivot": self._pivots.ceilings(queries.pivots),
            "ngrams": whole,
            "model": whole,
            "profile": whole,
            "link": np.asarray(pointed, dtype=np.float32).ravel(),
        }


def same_language(queries: Reading, documents: Reading) -> NDArray[np.bool_]:
    """Whether a query and a document are written in one language; shape (queries, documents)."""
    same: NDArray[np.bool_] = np.equal.outer(np.asarray(queries.languages, "U2"), np.asarray(documents.languages, "U2"))
    return same


Evidence = Mapping[str, Scores]
