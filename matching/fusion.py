"""Evidences fused into one score: per-query z-scores, weighted by the query's length and by the pair of languages.

One table serves every collection, with or without a thesaurus imported. Its weights are quarters, chosen on the sets of
`tests.bench.quality`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.evidence import Documents, Evidence, Queries, Spread, ask, same_language
from matching.knowledge import Reading

Scores = NDArray[np.float32]
Weights = Mapping[str, float]

TITLE_WORDS: Final = 12
TEXT_WORDS: Final = 24
"""Up to 12 words a query is weighted as a title, from 24 on as a text, in between it is some of each."""

_LEAST_PERFECTION: Final = 1e-6

PAIRS: Final = ("english", "alike", "across")
"""Both in English; both in one other language, known or not; in two languages."""

TITLE: Final[Mapping[str, Weights]] = {
    "english": {"model": 1.0, "profile": 0.5, "ngrams": 0.25},
    "alike": {"model": 1.0, "profile": 0.75, "ngrams": 0.25, "words": 0.5, "pivot": 0.5},
    "across": {"model": 1.0, "pivot": 1.0, "ngrams": 0.5},
}
NAMED_TITLE: Final[Mapping[str, Weights]] = {
    "english": {"model": 1.0, "profile": 1.0, "link": 0.25},
    "alike": {"model": 1.0, "profile": 0.25, "ngrams": 0.25, "pivot": 0.25, "link": 1.0},
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
    """Fused score of every document for every query, for ranking; shape (queries, documents)."""
    asked = ask(queries, documents.knowledge)
    evidence = documents.evidence(asked)
    return fuse(evidence, documents.spreads(asked, evidence), queries, documents.reading, documents.named)


def closeness(documents: Documents, queries: Queries) -> Scores:
    """Fused score as a share of a perfect answer's, in [0, 1]: comparable from request to request.

    0 is the average of what the scores are measured by or worse; 1 is a document that says just what the request says.
    """
    evidence, ceilings = documents.evidence(queries), documents.ceilings(queries)
    spreads = documents.spreads(queries, evidence)
    reached = fuse(evidence, spreads, queries.reading, documents.reading, documents.named)
    perfect = fuse(ceilings, spreads, queries.reading, documents.reading, documents.named)
    shares: Scores = np.clip(reached / np.maximum(perfect, _LEAST_PERFECTION), 0, 1)
    return shares


def fuse(
    evidence: Evidence, spreads: Mapping[str, Spread], queries: Reading, documents: Reading, named: Scores
) -> Scores:
    """Weighted mean of the parts' z-scores, shape (queries, documents).

    Evidence is of that shape or (queries, 1); `named` says how far each document is a name of a known concept.
    """
    z = {part: spreads[part].standard(scores) for part, scores in evidence.items()}
    texts = text_share(queries.texts)
    fused = np.zeros((len(queries), len(documents)), dtype=np.float32)
    for where, title, text in _weights(queries, documents, named):
        fused += where * _mean(z, title, text, texts)
    return fused


def text_share(texts: Sequence[str]) -> Scores:
    """How far each text is a text and not a title: 0 up to 12 words, 1 from 24, linear in the logarithm between."""
    words = np.maximum([len(text.split()) for text in texts], 1)
    share: Scores = np.clip(np.log(words / TITLE_WORDS) / np.log(TEXT_WORDS / TITLE_WORDS), 0, 1).astype(np.float32)
    return share


def _weights(
    queries: Reading, documents: Reading, named: Scores
) -> Iterator[tuple[NDArray[np.bool_], Weights, Weights]]:
    """For each pair of languages and share of names that occur: where, and the weights of titles and of texts there."""
    alike = same_language(queries, documents)
    english = alike & (np.asarray(documents.languages, "U2") == "en")[None, :]
    for pair, where in zip(PAIRS, (english, alike & ~english, ~alike), strict=True):
        for share in np.unique(named).tolist():
            cells = where & (named == share)[None, :]
            if cells.any():
                yield cells, _mixed(TITLE[pair], NAMED_TITLE[pair], share), TEXT[pair]


def _mixed(some: Weights, others: Weights, share: float) -> dict[str, float]:
    parts = dict.fromkeys([*some, *others])
    return {part: (1 - share) * some.get(part, 0.0) + share * others.get(part, 0.0) for part in parts}


def _mean(z: Mapping[str, Scores], title: Weights, text: Weights, texts: Scores) -> Scores:
    """Weighted mean of the parts, each query by its own share of a text."""
    total = np.zeros_like(next(iter(z.values())))
    for part, scores in z.items():
        as_title, as_text = (weights.get(part, 0.0) / sum(weights.values()) for weights in (title, text))
        if as_title or as_text:
            total += scores * (as_title * (1 - texts) + as_text * texts)[:, None]
    return total
