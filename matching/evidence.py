"""Every evidence that a document answers a request, part by part, for many documents at once.

A collection is measured by its own statistics, or by those of a background: names of things, a fixed collection that
does not change with the documents. By a background the score of a pair depends on that pair alone.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from matching.knowledge import Knowledge, Reading
from matching.lexical import Bm25
from matching.ngrams import Ngrams
from matching.text import key

EVIDENCES: Final = ("words", "pivot", "ngrams", "model", "profile", "link")
"""Words as written; words carried over into English; letters; meaning; neighbourhood of concepts; named concepts."""

_TINY: Final = 1e-9

Scores = NDArray[np.float32]
Evidence = Mapping[str, Scores]


@dataclass(frozen=True, slots=True)
class Queries:
    """Requests as read, with the concepts they point to and those they stand among; what no collection changes."""

    reading: Reading
    links: Scores
    mixtures: sp.csr_matrix


class Spread(NamedTuple):
    """Mean and deviation of a part's scores by request; each of shape (requests, 1)."""

    mean: Scores
    deviation: Scores

    def standard(self, scores: Scores) -> Scores:
        """Z-scores; a request under which nothing differs gives zeros."""
        z: Scores = np.divide(
            scores - self.mean, self.deviation, out=np.zeros_like(scores), where=self.deviation > _TINY
        )
        return z


class Documents:
    """A fixed collection, indexed for every evidence. Immutable, so that any number of threads may search it.

    `named` says how far each document counts as a name of a known concept: by a background each by itself, otherwise
    all alike, by the share of the collection that are.
    """

    def __init__(self, reading: Reading, knowledge: Knowledge, background: "Background | None" = None) -> None:
        self.reading = reading
        self.knowledge = knowledge
        self.background = background
        self.named = _named(reading, knowledge, by_itself=background is not None)
        self._index()
        self._profiles = knowledge.profiles(reading.vectors).T.tocsr()
        self._membership = knowledge.membership(reading).T.tocsr()

    def with_more(self, others: "Documents") -> "Documents":
        """These documents and then others, of one knowledge and one background, as one collection."""
        both = copy(self)
        both.reading = self.reading.with_more(others.reading)
        both.named = np.concatenate([self.named, others.named])
        both._index()
        both._profiles = sp.hstack([self._profiles, others._profiles], format="csr")
        both._membership = sp.hstack([self._membership, others._membership], format="csr")
        return both

    def _index(self) -> None:
        reading, background = self.reading, self.background
        self._words = Bm25(reading.bags, like=background.words if background else None)
        self._pivots = Bm25(reading.pivots, like=background.pivots if background else None)
        self._ngrams = Ngrams(reading.texts, like=background.ngrams if background else None)

    def __len__(self) -> int:
        return len(self.reading)

    def evidence(self, queries: Queries) -> dict[str, Scores]:
        """Raw scores by part, each of shape (queries, documents); their scales are their own."""
        reading = queries.reading
        return {
            "words": self._words.scores(reading.bags),
            "pivot": self._pivots.scores(reading.pivots),
            "ngrams": self._ngrams.scores(reading.texts),
            "model": reading.vectors @ self.reading.vectors.T,
            "profile": (queries.mixtures @ self._profiles).toarray(),
            "link": np.asarray((self._membership.T @ queries.links.T).T, dtype=np.float32),
        }

    def ceilings(self, queries: Queries) -> dict[str, Scores]:
        """What each query would score by part against a document that says just what it says; shape (queries, 1)."""
        reading = queries.reading
        whole = np.ones((len(reading), 1), dtype=np.float32)
        pointed = self.knowledge.membership(reading).multiply(queries.links).sum(axis=1)
        return {
            "words": self._words.ceilings(reading.bags)[:, None],
            "pivot": self._pivots.ceilings(reading.pivots)[:, None],
            "ngrams": whole,
            "model": whole,
            "profile": whole,
            "link": np.asarray(pointed, dtype=np.float32).reshape(-1, 1),
        }

    def spreads(self, queries: Queries, evidence: Evidence) -> dict[str, Spread]:
        """Mean and deviation of each part: of the background's sample, or of these documents' own `evidence`."""
        measured = self.background.sample.evidence(queries) if self.background else evidence
        return {part: spread(scores) for part, scores in measured.items()}


class Background:
    """Names of all concepts as the collection that scores are measured by; their spread is that of a sample."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.words = knowledge.words
        self.pivots = Bm25(knowledge.sample.pivots)
        self.ngrams = knowledge.letters
        self.sample = Documents(knowledge.sample, knowledge, self)


def ask(queries: Reading, knowledge: Knowledge) -> Queries:
    """Find the concepts that requests point to: once, for any number of collections."""
    return Queries(queries, knowledge.link(queries), knowledge.profiles(queries.vectors))


def spread(scores: Scores) -> Spread:
    """Mean and deviation of each row."""
    if not scores.shape[1]:
        nothing = np.zeros((len(scores), 1), dtype=np.float32)
        return Spread(nothing, nothing)
    return Spread(scores.mean(axis=1, keepdims=True), scores.std(axis=1, keepdims=True))


def same_language(queries: Reading, documents: Reading) -> NDArray[np.bool_]:
    """Whether a query and a document are written in one language; shape (queries, documents)."""
    same: NDArray[np.bool_] = np.equal.outer(np.asarray(queries.languages, "U2"), np.asarray(documents.languages, "U2"))
    return same


def _named(reading: Reading, knowledge: Knowledge, *, by_itself: bool) -> Scores:
    known = np.asarray([knowledge.knows(key(text)) for text in reading.texts], dtype=np.float32)
    return known if by_itself or not len(known) else np.full_like(known, known.mean())
