"""Which of Spanish, Portuguese and English a text is written in, or none of them.

Multinomial naive Bayes over character n-grams (Cavnar and Trenkle 1994 used the same features), learned from the
thesaurus' own names. A short title is decided together with its neighbours: a collection is mostly in few languages.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from matching.ngrams import hashed_ngrams
from matching.state import State
from matching.stems import STOP_WORDS
from matching.text import fold
from matching.thesaurus import LANGUAGES, Entry

UNKNOWN_LANGUAGE: Final = ""
LONG_ENOUGH: Final = 20
"""Words from which on a text must show its language's own little words."""
FEWEST_LITTLE_WORDS: Final[Mapping[str, float]] = {"es": 0.22, "pt": 0.22, "en": 0.12}
"""About half of what prose has (0.44 and 0.34 of its words); a curriculum has less, another Romance language 0.2."""
_SMOOTHING: Final = 0.5
_ROUNDS: Final = 3
_TEMPERATURE: Final = 3.0
"""N-grams of one word overlap, so their evidence counts for about a third."""

LogLikelihoods = NDArray[np.float64]


class LanguageIdentifier:
    """Learned from names by language; deterministic."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        names: dict[str, list[str]] = {language: sorted(STOP_WORDS[language]) for language in LANGUAGES}
        for entry in entries:
            for language in LANGUAGES:
                names[language].extend(entry.names.get(language, ()))
        hashed = [hashed_ngrams(names[language])[1] for language in LANGUAGES]
        self._known = np.unique(np.concatenate(hashed))
        self._log = np.stack([self._log_probabilities(hashes) for hashes in hashed])

    def state(self) -> State:
        """What `restored` needs."""
        return {"known": self._known, "log": self._log}

    @classmethod
    def restored(cls, state: State) -> Self:
        """The identifier whose `state` this was."""
        found = cls.__new__(cls)
        found._known, found._log = state["known"], state["log"]
        return found

    def identify(self, texts: Sequence[str]) -> list[str]:
        """Language of each text of one collection, or UNKNOWN_LANGUAGE for a long text in none of the three."""
        evidence = self._evidence(texts)
        prior = np.full(len(LANGUAGES), 1 / len(LANGUAGES))
        for _ in range(_ROUNDS):
            prior = _posterior(evidence, prior).mean(axis=0) if len(texts) else prior
        best = _posterior(evidence, prior).argmax(axis=1)
        return [_checked(text, LANGUAGES[at]) for text, at in zip(texts, best, strict=True)]

    def _evidence(self, texts: Sequence[str]) -> LogLikelihoods:
        """Log-likelihood of each text in each language; shape (texts, languages)."""
        rows, hashes = hashed_ngrams(texts)
        columns = np.searchsorted(self._known, hashes)
        known = np.isin(hashes, self._known)
        sums = [np.bincount(rows[known], log[columns[known]], minlength=len(texts)) for log in self._log]
        return np.stack(sums, axis=1) / _TEMPERATURE

    def _log_probabilities(self, hashes: NDArray[np.uint64]) -> LogLikelihoods:
        counts = np.bincount(np.searchsorted(self._known, hashes), minlength=len(self._known)) + _SMOOTHING
        probabilities: LogLikelihoods = np.log(counts / counts.sum())
        return probabilities


def _posterior(evidence: LogLikelihoods, prior: NDArray[np.float64]) -> NDArray[np.float64]:
    joint = evidence + np.log(np.maximum(prior, 1e-6))
    odds: NDArray[np.float64] = np.exp(joint - joint.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _checked(text: str, language: str) -> str:
    words = fold(text).split()
    little = sum(word in STOP_WORDS[language] for word in words)
    return (
        UNKNOWN_LANGUAGE
        if len(words) >= LONG_ENOUGH and little < FEWEST_LITTLE_WORDS[language] * len(words)
        else language
    )
