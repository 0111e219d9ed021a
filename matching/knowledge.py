"""What is learned from a thesaurus once, at import, and serves every text afterwards.

Nothing here sees a profile, a request or a label of relevance: only names of things.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from matching.adapter import Adapter, class_means, fit_adapter
from matching.encoder import Encoder, Progress, unit
from matching.language import LanguageIdentifier
from matching.lexical import Bm25, bag
from matching.ngrams import Ngrams
from matching.state import State, part, prefixed, strings, strings_of
from matching.stems import stems
from matching.text import key
from matching.thesaurus import LANGUAGES, Entry
from matching.translation import Dictionary

KNOWLEDGE_VERSION: Final = 2
"""Goes up whenever the same names would teach something else."""
FITTED_NAMES: Final = 3
"""Names of a concept in each other language that the adapter is fitted to, beside all English ones: as good as all of
them, and a third less to encode."""
NAME_B: Final = 0.3
"""Length normalisation of BM25 over names, which are all short."""
PROFILE_SIZE: Final = 40
PROFILE_TEMPERATURE: Final = 0.2
"""A text is a mixture of its 40 nearest concepts, by a softmax of adapted cosines."""
HEADLINE_COUNTS: Final = 5.0
SAMPLE: Final = 4_000
"""Names of which the spread of scores is taken by `matching.evidence.Background`."""
NEAREST: Final = 5
"""Concepts a text belongs to in part when it is no concept's name."""
BATCH: Final = 2_000
_TINY: Final = 1e-9

Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]
Bags = tuple[Mapping[str, float], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Texts as the matcher reads them, one item a text.

    `pivots` are bags of English stems with expected counts, `vectors` adapted unit vectors of the glosses.
    """

    texts: tuple[str, ...]
    languages: tuple[str, ...]
    bags: Bags
    pivots: Bags
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.texts)

    def with_more(self, others: "Reading") -> "Reading":
        """These texts, and then the others."""
        return Reading(
            self.texts + others.texts,
            self.languages + others.languages,
            (*self.bags, *others.bags),
            (*self.pivots, *others.pivots),
            np.concatenate([self.vectors, others.vectors]),
        )

    def rows(self, start: int, stop: int) -> "Reading":
        """Take some of the texts, in order."""
        some = slice(start, stop)
        return Reading(self.texts[some], self.languages[some], self.bags[some], self.pivots[some], self.vectors[some])


class Knowledge:
    """Dictionaries, adapter and concepts of a thesaurus under one encoder.

    Args:
        entries: the thesaurus. Entries of the taxonomy's single words teach the dictionaries and are no concepts.
        encoder: the frozen model.
        adapted: whether its vectors go through the adapter.
        glossed: whether the model reads Spanish and Portuguese word by word in English; a multilingual model need not.
        progress: hears how many names have been encoded, which is what takes the time.

    `revision` names everything it computes: sixteen hex digits over what it was learned from, so that the same entries
    give the same one on every machine.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        encoder: Encoder,
        *,
        adapted: bool = True,
        glossed: bool = True,
        progress: Progress | None = None,
    ) -> None:
        self.encoder = encoder
        self.revision = revision_of(entries, encoder.model_hash, adapted=adapted, glossed=glossed)
        self._glossed = glossed
        self.identifier = LanguageIdentifier(entries)
        self.dictionaries = {language: Dictionary(entries, language) for language in LANGUAGES[1:]}
        self.concepts = concepts_of(entries)
        names, owners, languages = _flat(self.concepts)
        english = np.flatnonzero(np.asarray(languages, "U2") == "en")
        self._letters = Ngrams(names)
        self._words = _words_of(names)
        self._english_words = _words_of([names[at] for at in english])
        self._owners = _Owners(owners, len(self.concepts))
        self._english_owners = _Owners(owners[english], len(self.concepts))
        fitted = _fitted(owners, languages) if adapted else english
        vectors = encoded([names[at] for at in fitted], encoder, progress)
        self.adapter = fit_adapter(vectors, owners[fitted]) if adapted and names else None
        self._english_vectors = self.adapted(vectors[np.isin(fitted, english)])
        self.centroids = unit(class_means(self._english_vectors, self._english_owners.owners, len(self.concepts)))
        in_names = dict(zip((names[at] for at in fitted), vectors, strict=True))
        self.sample = self._sampled(in_names, progress)
        self._by_name: dict[str, list[int]] = {}
        for name, owner in zip(names, owners.tolist(), strict=True):
            known = self._by_name.setdefault(key(name), [])
            if owner not in known:
                known.append(owner)

    def state(self) -> State:
        """What `restored` needs beside the entries."""
        numbers = [len(owners) for owners in self._by_name.values()]
        named: State = {
            "names": strings(self._by_name),
            "numbers": np.asarray(numbers, dtype=np.int64),
            "owners": np.asarray([owner for owners in self._by_name.values() for owner in owners], dtype=np.int64),
        }
        parts: dict[str, State] = {
            "identifier": self.identifier.state(),
            "letters": self._letters.state(),
            "words": self._words.state(),
            "english_words": self._english_words.state(),
            "by_name": named,
        }
        parts.update({f"dictionary_{language}": known.state() for language, known in self.dictionaries.items()})
        if self.adapter:
            parts["adapter"] = self.adapter.state()
        nested = (prefixed(name, state) for name, state in parts.items())
        return {
            "english_vectors": self._english_vectors,
            "centroids": self.centroids,
            "sample_vectors": self.sample.vectors,
            "owners": self._owners.owners,
            "english_owners": self._english_owners.owners,
            **{name: array for state in nested for name, array in state.items()},
        }

    @classmethod
    def restored(
        cls, state: State, entries: Sequence[Entry], encoder: Encoder, *, adapted: bool = True, glossed: bool = True
    ) -> Self:
        """The knowledge whose `state` this was, learned from these very entries; every reading is the same bit for bit.

        Raises:
            KeyError, ValueError: the state is none of these entries'.
        """
        found = cls.__new__(cls)
        found.encoder = encoder
        found.revision = revision_of(entries, encoder.model_hash, adapted=adapted, glossed=glossed)
        found._glossed = glossed
        found.identifier = LanguageIdentifier.restored(part("identifier", state))
        found.dictionaries = {
            language: Dictionary.restored(part(f"dictionary_{language}", state), language) for language in LANGUAGES[1:]
        }
        found.concepts = concepts_of(entries)
        found._letters = Ngrams.restored(part("letters", state))
        found._words = Bm25.restored(part("words", state))
        found._english_words = Bm25.restored(part("english_words", state))
        found._owners = _Owners(state["owners"], len(found.concepts))
        found._english_owners = _Owners(state["english_owners"], len(found.concepts))
        map_ = part("adapter", state)
        found.adapter = Adapter.restored(map_) if map_ else None
        found._english_vectors, found.centroids = state["english_vectors"], state["centroids"]
        texts = found._some_names()
        found.sample = found.reading(texts, found.identifier.identify(texts), state["sample_vectors"])
        named = part("by_name", state)
        owners = iter(named["owners"].tolist())
        numbers = named["numbers"].tolist()
        found._by_name = {
            name: list(islice(owners, number)) for name, number in zip(strings_of(named["names"]), numbers, strict=True)
        }
        return found

    def read(self, texts: Sequence[str], *, progress: Progress | None = None) -> Reading:
        """Read the texts of one collection together: their languages are judged beside each other."""
        languages = self.identifier.identify(texts)
        glosses = self.glosses(texts, languages)
        return self.reading(texts, languages, self.adapted(self.encoder.encode(glosses, progress=progress)))

    def reading(self, texts: Sequence[str], languages: Sequence[str], vectors: Vectors) -> Reading:
        """The reading of texts of known languages with the adapted vectors of their glosses."""
        bags, pivots = self._bags(texts, languages)
        return Reading(tuple(texts), tuple(languages), bags, pivots, vectors)

    def glosses(self, texts: Sequence[str], languages: Sequence[str]) -> list[str]:
        """What the model is given: a text in English, word by word, or as it is where nothing can be carried over."""
        return [self._gloss(text, language) for text, language in zip(texts, languages, strict=True)]

    def read_requests(self, texts: Sequence[str]) -> Reading:
        """Read texts as requests: the first of several lines is the role's title, and its words count five times."""
        reading = self.read(texts)
        headlines = [head if rest else "" for head, _, rest in (text.strip().partition("\n") for text in texts)]
        bags, pivots = self._bags(headlines, reading.languages)
        return replace(
            reading,
            bags=tuple(map(_emphasised, reading.bags, bags)),
            pivots=tuple(map(_emphasised, reading.pivots, pivots)),
        )

    def _gloss(self, text: str, language: str) -> str:
        dictionary = self.dictionaries.get(language) if self._glossed else None
        return (dictionary.gloss(text) if dictionary else "") or text

    def _bags(self, texts: Sequence[str], languages: Sequence[str]) -> tuple[Bags, Bags]:
        """Stems as written, and English stems with their expected counts."""
        bags: Bags = tuple(bag(stems(text)) for text in texts)
        pivots = (
            self.dictionaries[language].translate(text) if language in self.dictionaries else words
            for text, language, words in zip(texts, languages, bags, strict=True)
        )
        return bags, tuple(pivots)

    def profiles(self, vectors: Vectors, *, size: int = PROFILE_SIZE) -> sp.csr_matrix:
        """Mixtures of concepts, each row of length one; shape (texts, concepts)."""
        rows = [_mixture(vectors[at : at + BATCH] @ self.centroids.T, size) for at in range(0, len(vectors), BATCH)]
        return sp.vstack(rows, format="csr") if rows else sp.csr_matrix((0, len(self.concepts)), dtype=np.float32)

    def membership(self, reading: Reading) -> sp.csr_matrix:
        """Which concepts each text belongs to, in shares of one: those it is a name of, else its nearest ones."""
        named = [self._by_name.get(key(text), []) for text in reading.texts]
        starts = np.cumsum([0, *map(len, named)])
        columns = np.asarray([owner for owners in named for owner in owners], dtype=np.int64)
        shares = np.repeat([1 / max(1, len(owners)) for owners in named], np.diff(starts)).astype(np.float32)
        exact = sp.csr_matrix((shares, columns, starts), shape=(len(reading), len(self.concepts)))
        near = self.profiles(reading.vectors, size=NEAREST)
        total = np.maximum(np.asarray(near.sum(axis=1)).ravel(), _TINY)
        unnamed = np.asarray([not owners for owners in named], dtype=np.float32)
        return sp.csr_matrix(exact + sp.diags_array(unnamed / total) @ near)

    def knows(self, folded: str) -> bool:
        """Whether a folded text is a name of a concept."""
        return folded in self._by_name

    @property
    def letters(self) -> Ngrams:
        """All names by their letters."""
        return self._letters

    @property
    def words(self) -> Bm25:
        """All names by their words."""
        return self._words

    def link(self, reading: Reading) -> Scores:
        """How strongly each text points to each concept, by its names' letters, words and meaning.

        Sum of z-scores over the concepts, nothing below their mean; words as written and words carried over into
        English are one evidence in two guises and count half each. Shape (texts, concepts).
        """
        if not self.concepts:
            return np.zeros((len(reading), 0), dtype=np.float32)
        letters = self._owners.best(self._letters.scores(reading.texts))
        words = self._owners.best(self._words.scores(reading.bags))
        carried = self._english_owners.best(self._english_words.scores(reading.pivots))
        meaning = self._english_owners.best(reading.vectors @ self._english_vectors.T)
        total = standard(letters) + 0.5 * standard(words) + 0.5 * standard(carried) + standard(meaning)
        links: Scores = np.maximum(total, 0)
        return links

    def _sampled(self, known: Mapping[str, Vectors], progress: Progress | None) -> Reading:
        """Some of the names; `known` are the encoder's vectors of texts it has been given."""
        texts = self._some_names()
        languages = self.identifier.identify(texts)
        glosses = self.glosses(texts, languages)
        fresh = [gloss for gloss in dict.fromkeys(glosses) if gloss not in known]
        both = {**known, **dict(zip(fresh, encoded(fresh, self.encoder, progress), strict=True))}
        vectors = np.stack([both[gloss] for gloss in glosses]) if glosses else _no_vectors(self.encoder)
        return self.reading(texts, languages, self.adapted(vectors))

    def _some_names(self) -> Sequence[str]:
        """Every so many of the names, up to `SAMPLE`."""
        names, _, _ = _flat(self.concepts)
        return names[:: max(1, -(-len(names) // SAMPLE))]

    def adapted(self, vectors: Vectors) -> Vectors:
        """The encoder's vectors as they are compared."""
        return self.adapter.apply(vectors) if self.adapter else vectors


def revision_of(entries: Iterable[Entry], model_hash: str, *, adapted: bool = True, glossed: bool = True) -> str:
    """Sixteen hex digits over everything `Knowledge` is learned from, known before anything is learned."""
    digest = hashlib.sha256(json.dumps([KNOWLEDGE_VERSION, model_hash, adapted, glossed]).encode())
    for entry in entries:
        digest.update(json.dumps([entry.id, entry.source, *entry.names.items()]).encode())
    return digest.hexdigest()[:16]


def concepts_of(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that are concepts, in order: they have an English name and are no single word of the taxonomy."""
    return [entry for entry in entries if not entry.id.startswith("term:") and entry.names.get("en")]


def encoded(texts: Sequence[str], encoder: Encoder, progress: Progress | None = None) -> Vectors:
    """Vectors of texts, a repeated one encoded once; shape (len(texts), dimension)."""
    numbers = {text: at for at, text in enumerate(dict.fromkeys(texts))}
    if not numbers:
        return _no_vectors(encoder)
    return encoder.encode(list(numbers), progress=progress)[[numbers[text] for text in texts]]


def _emphasised(words: Mapping[str, float], headline: Mapping[str, float]) -> Mapping[str, float]:
    extra = {word: (HEADLINE_COUNTS - 1) * count for word, count in headline.items() if word in words}
    return {word: count + extra.get(word, 0.0) for word, count in words.items()}


def _words_of(names: Sequence[str]) -> Bm25:
    return Bm25([bag(stems(name)) for name in names], b=NAME_B)


class _Owners:
    """The concept each name belongs to, ascending."""

    def __init__(self, owners: NDArray[np.int64], count: int) -> None:
        self.owners = owners
        self.count = count
        self._present, self._starts = np.unique(owners, return_index=True)

    def best(self, scores: Scores) -> Scores:
        """Each concept's best name: shape (texts, names) to (texts, concepts)."""
        best = np.zeros((len(scores), self.count), dtype=np.float32)
        best[:, self._present] = np.maximum.reduceat(scores, self._starts, axis=1)
        return best


def standard(scores: Scores) -> Scores:
    """Z-scores of each row; a row without difference gives zeros."""
    if not scores.size:
        return np.zeros_like(scores)
    centred = scores - scores.mean(axis=1, keepdims=True)
    deviation = scores.std(axis=1, keepdims=True)
    z: Scores = np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > _TINY)
    return z


def _flat(concepts: Sequence[Entry]) -> tuple[list[str], NDArray[np.int64], list[str]]:
    names: list[str] = []
    owners: list[int] = []
    languages: list[str] = []
    for number, entry in enumerate(concepts):
        for language, written in entry.names.items():
            names.extend(written)
            owners.extend([number] * len(written))
            languages.extend([language] * len(written))
    return names, np.asarray(owners, dtype=np.int64), languages


def _fitted(owners: NDArray[np.int64], languages: Sequence[str]) -> NDArray[np.int64]:
    """Which names the adapter is fitted to: those in English, and each concept's first in every other language."""
    written = np.asarray(languages, "U2")
    begins = np.ones(len(owners), dtype=bool)
    begins[1:] = (owners[1:] != owners[:-1]) | (written[1:] != written[:-1])
    places = np.arange(len(owners))
    places -= np.maximum.accumulate(np.where(begins, places, 0))
    return np.flatnonzero((written == "en") | (places < FITTED_NAMES))


def _mixture(cosines: Scores, size: int) -> sp.csr_matrix:
    size = min(size, cosines.shape[1])
    nearest = np.argpartition(-cosines, size - 1, axis=1)[:, :size] if size else np.empty((len(cosines), 0), np.int64)
    nearest = np.sort(nearest, axis=1)
    values = np.take_along_axis(cosines, nearest, axis=1)
    shares = np.exp((values - values.max(axis=1, initial=-1, keepdims=True)) / PROFILE_TEMPERATURE)
    shares /= np.maximum(np.linalg.norm(shares, axis=1, keepdims=True), _TINY)
    starts = np.arange(0, nearest.size + 1, size) if size else np.zeros(len(cosines) + 1, np.int64)
    return sp.csr_matrix((shares.ravel().astype(np.float32), nearest.ravel(), starts), shape=cosines.shape)


def _no_vectors(encoder: Encoder) -> Vectors:
    return np.zeros((0, encoder.dimension), dtype=np.float32)
