"""Evidences fused into one score: per-query z-scores, weighted by the query's length and by the pair of languages.

One table serves every collection, with or without a thesaurus imported. Its weights are quarters, chosen on the sets of
`tests.bench.quality`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.evidence import Documents, Evidence, same_language
from matching.knowledge import Reading, standard

Scores = NDArray[np.float32]
Weights = Mapping[str, float]

TITLE_WORDS: Final = 12
TEXT_WORDS: Final = 24
"""Up to 12 words a query is weighted as a title, from 24 on as a text, in between it is some of each."""

PAIRS: Final = ("english", "alike", "across")
"""Both in English; both in one other language, known or not; in two languages."""

TITLE: Final[Mapping[str, Weights]] = {
    "english": {"model": 1.0, "profile": 0.5, "ngrams": 0.25},
    "alike": {"model": 1.0, "profile": 0.5, "ngrams": 0.5, "words": 0.25, "pivot": 0.25},
    "across": {"model": 1.0, "pivot": 1.0, "ngrams": 0.5},
}
NAMED_TITLE: Final[Mapping[str, Weights]] = {
    "english": {"model": 1.0, "profile": 1.0, "link": 0.25},
    "alike": {"model": 1.0, "profile": 0.25, "ngrams": 0.25, "words": 0.25, "link": 1.0},
    "across": {"model": 1.0, "link": 1.0},
}
"""Where the documents are names of known concepts, the concept a query points to says most; the two tables are mixed
by the share of documents that are."""
TEXT: Final[Mapping[str, Weights]] = {
    "english": {"words": 1.0, "ngrams": 0.5, "model": 0.25},
    "alike": {"words": 1.0, "ngrams": 0.5, "model": 0.25},
    "across": {"pivot": 1.0, "ngrams": 1.0, "model": 0.5},
}


def search(documents: Documents, queries: Reading) -> Scores:
    """Fused score of every document for every query; shape (queries, documents)."""
    return fuse(documents.evidence(queries), queries, documents.reading, documents.coverage)


def fuse(evidence: Evidence, queries: Reading, documents: Reading, coverage: float) -> Scores:
    """Weighted mean of the parts' z-scores; `coverage` is the share of documents that are names of known concepts."""
    z = {part: standard(scores) for part, scores in evidence.items()}
    text = text_share(queries.texts)[:, None]
    alike = same_language(queries, documents)
    english = alike & (np.asarray(documents.languages, "U2") == "en")[None, :]
    fused = np.zeros(alike.shape, dtype=np.float32)
    for pair, where in zip(PAIRS, (english, alike & ~english, ~alike), strict=True):
        if where.any():
            title = _mixed(TITLE[pair], NAMED_TITLE[pair], coverage)
            fused += where * (_mean(z, title) * (1 - text) + _mean(z, TEXT[pair]) * text)
    return fused


def text_share(texts: Sequence[str]) -> Scores:
    """How far each text is a text and not a title: 0 up to 12 words, 1 from 24, linear in the logarithm between."""
    words = np.maximum([len(text.split()) for text in texts], 1)
    share: Scores = np.clip(np.log(words / TITLE_WORDS) / np.log(TEXT_WORDS / TITLE_WORDS), 0, 1).astype(np.float32)
    return share


def _mixed(some: Weights, others: Weights, share: float) -> dict[str, float]:
    parts = dict.fromkeys([*some, *others])
    return {part: (1 - share) * some.get(part, 0.0) + share * others.get(part, 0.0) for part in parts}


def _mean(z: Mapping[str, Scores], weights: Weights) -> Scores:
    whole = sum(weights.values())
    total = np.zeros_like(next(iter(z.values())))
    for part, weight in weights.items():
        total += np.float32(weight / whole) * z[part]
    return total
