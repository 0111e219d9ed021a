"""A word-level dictionary into English, learned from the names things have in two languages.

IBM model 1 (Brown et al. 1993, "The Mathematics of Statistical Machine Translation") by expectation-maximisation over
pairs of names of one entry. It is no translator: it gives a bag of English stems with probabilities, for BM25 across
languages, and a gloss, the likeliest English word for each word, for an English model.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import islice, product
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from matching.state import State, part, parts_of, prefixed, sparse_of, strings, strings_of
from matching.stems import stem, stems
from matching.text import fold, tokens
from matching.thesaurus import ANY_LANGUAGE, Entry

MOST_NAMES: Final = 10
"""Names of one entry and language that are paired; the first are the preferred ones."""
ROUNDS: Final = 8
UNSEEN: Final = 1.0
"""Occurrences every word is thought to have had with words never seen: a rare word's translation is less sure."""
LEAST_PROBABILITY: Final = 0.03
HEAD_FIRST_WORDS: Final = 12
"""Up to this many words a text is one noun phrase, whose head goes to its English place, the end."""

Pair = tuple[list[str], list[str], float]


class Dictionary:
    """Probabilities of English stems for the stems of one other language.

    Args:
        entries: everything that has names in both languages.
        language: the other language; names of unsaid language serve it too.
    """

    def __init__(self, entries: Sequence[Entry], language: str) -> None:
        self.language = language
        read = cache(_distinct_stems)
        pairs = [pair for entry in entries for pair in _pairs(entry, language, read)]
        self._foreign = _numbered(word for foreign, _, _ in pairs for word in foreign)
        english = _numbered(word for _, words, _ in pairs for word in words)
        self._english = list(english)
        self._table = _learn(pairs, self._foreign, english)
        self._written = _surfaces(name for entry in entries for name in entry.names.get("en", ()))

    def state(self) -> State:
        """What `restored` needs."""
        words = {"foreign": strings(self._foreign), "english": strings(self._english)}
        written = {"stems": strings(self._written), "written": strings(self._written.values())}
        return words | written | prefixed("table", parts_of(self._table))

    @classmethod
    def restored(cls, state: State, language: str) -> Self:
        """The dictionary whose `state` this was."""
        found = cls.__new__(cls)
        found.language = language
        found._foreign = _numbered(strings_of(state["foreign"]))
        found._english = strings_of(state["english"])
        found._table = sparse_of(part("table", state))
        found._written = dict(zip(strings_of(state["stems"]), strings_of(state["written"]), strict=True))
        return found

    def __len__(self) -> int:
        return len(self._foreign)

    def translate(self, text: str) -> dict[str, float]:
        """English stems of a text with their expected counts; an unknown word stands for itself."""
        found: dict[str, float] = {}
        for word in stems(text):
            for english, probability in self._translations(word):
                found[english] = found.get(english, 0.0) + probability
        return found

    def gloss(self, text: str) -> str:
        """The text word by word in English, little words and repeats left out; an unknown word stays as written."""
        words = dict.fromkeys(self._likeliest(word.text) for word in tokens(fold(text)) if stems(word.text))
        glossed = list(words)
        if len(glossed) <= HEAD_FIRST_WORDS:
            glossed = [*glossed[1:], *glossed[:1]]
        return " ".join(glossed)

    def _likeliest(self, word: str) -> str:
        translations = self._translations(stem(word))
        best = max(translations, key=lambda pair: pair[1])[0]
        return word if best == stem(word) else self._written.get(best, best)

    def _translations(self, foreign: str) -> list[tuple[str, float]]:
        at = self._foreign.get(foreign)
        if at is None:
            return [(foreign, 1.0)]
        row = slice(self._table.indptr[at], self._table.indptr[at + 1])
        found = zip(self._table.indices[row].tolist(), self._table.data[row].tolist(), strict=True)
        return [(self._english[column], probability) for column, probability in found] or [(foreign, 1.0)]


def _distinct_stems(name: str) -> list[str]:
    return list(dict.fromkeys(stems(name)))


def _pairs(entry: Entry, language: str, read: Callable[[str], list[str]]) -> Iterable[Pair]:
    english = list(islice(entry.names.get("en", ()), MOST_NAMES))
    foreign = list(islice((*entry.names.get(language, ()), *entry.names.get(ANY_LANGUAGE, ())), MOST_NAMES))
    if not english or not foreign:
        return
    # Synonyms are paired with each other, not aligned: together they count as the square root of their number.
    weight = 1.0 / (len(english) * len(foreign)) ** 0.5
    yield read(foreign[0]), read(english[0]), 1.0
    for there, here in product(foreign, english):
        yield read(there), read(here), weight


def _numbered(words: Iterable[str]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for word in words:
        numbers.setdefault(word, len(numbers))
    return numbers


def _learn(pairs: Sequence[Pair], foreign: dict[str, int], english: dict[str, int]) -> sp.csr_matrix:
    """Return P(english stem | foreign stem), shape (foreign, english), unlikely ones dropped."""
    sources, targets, groups, weights = _alignments(pairs, foreign, english)
    cells, cell_of = np.unique(sources * len(english) + targets, return_inverse=True)
    cell_source = cells // max(1, len(english))
    probability = np.ones(len(cells))
    for _ in range(ROUNDS):
        expected = probability[cell_of]
        # What one English word of one pair expects is shared among the foreign words of that pair.
        share = weights * expected / np.bincount(groups, expected)[groups] if len(groups) else weights
        counts = np.bincount(cell_of, share, minlength=len(cells))
        totals = np.bincount(cell_source, counts, minlength=len(foreign))
        probability = counts / (totals[cell_source] + UNSEEN)
    kept = probability >= LEAST_PROBABILITY
    columns = cells[kept] % max(1, len(english))
    return sp.csr_matrix((probability[kept], (cell_source[kept], columns)), shape=(len(foreign), len(english)))


def _alignments(
    pairs: Sequence[Pair], foreign: dict[str, int], english: dict[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Every foreign word beside every English word of its pair, grouped by that one English word."""
    sources, targets, groups, weights, group = [], [], [], [], 0
    for there, here, weight in pairs:
        numbers = [foreign[word] for word in there]
        for word in here:
            sources.extend(numbers)
            targets.extend([english[word]] * len(numbers))
            groups.extend([group] * len(numbers))
            weights.extend([weight] * len(numbers))
            group += bool(numbers)
    as_numbers = [np.asarray(column, dtype=np.int64) for column in (sources, targets, groups)]
    return as_numbers[0], as_numbers[1], as_numbers[2], np.asarray(weights, dtype=np.float64)


def _surfaces(names: Iterable[str]) -> dict[str, str]:
    """The commonest written form of each English stem; of equally common ones the first in the alphabet."""
    counted = Counter(word.text for name in names for word in tokens(fold(name)))
    written: dict[str, str] = {}
    for word, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        written.setdefault(stem(word), word)
    return written
