"""What people call themselves, and how close each of it comes to what a request asks for.

Titles repeat: a million people share some thousands. Each distinct one is read once, against a fixed background, so
that its closeness depends on the two titles alone. Only words of the trade are given to this index, never a name, so
that a title may outlive the last profile that bore it.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.evidence import Background, Documents, Queries, ask
from matching.fusion import closeness
from matching.knowledge import Knowledge, Reading
from matching.taxonomy import Taxonomy

GROWTH: Final = 4
"""Two neighbouring segments become one when the later has more than a quarter of the earlier's titles."""
READ: Final = 50_000
"""Titles whose reading is remembered."""

Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]


class TitleText(NamedTuple):
    """A title as it is compared, the language it is in, and what the encoder is given for it."""

    text: str
    language: str
    gloss: str


class TitleReader:
    """Reads one title at a time: a known one as its English name, another without its seniority, a part of its own."""

    def __init__(self, knowledge: Knowledge, taxonomy: Taxonomy) -> None:
        self.knowledge = knowledge
        self._taxonomy = taxonomy
        self.read = lru_cache(READ)(self._read)

    def _read(self, written: str) -> TitleText:
        text = self._taxonomy.title_name(written)
        if text is not None:
            return TitleText(text, "en", text)
        text = self._taxonomy.without_seniority(written)
        (language,) = self.knowledge.identifier.identify([text])
        (gloss,) = self.knowledge.glosses([text], [language])
        return TitleText(text, language, gloss)

    def reading(self, titles: Sequence[TitleText], vectors: Vectors) -> Reading:
        """Titles with their adapted vectors."""
        return self.knowledge.reading([title.text for title in titles], [title.language for title in titles], vectors)


class TitleQuery:
    """A request's title; remembers how close each title it was compared with comes."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._answers: list[tuple[Documents, Scores]] = []
        self._lock = Lock()

    def closeness(self, segments: Sequence[Documents]) -> Scores:
        """Closeness of every title of these segments, one after the other, in [0, 1]."""
        with self._lock:
            common = 0
            while common < min(len(segments), len(self._answers)) and self._answers[common][0] is segments[common]:
                common += 1
            fresh = [(segment, closeness(segment, self._queries)[0]) for segment in segments[common:]]
            self._answers[common:] = fresh
            return np.concatenate([np.zeros(0, dtype=np.float32), *(scores for _, scores in self._answers)])


class TitleIndex:
    """Distinct titles in segments, each immutable; safe for any number of threads."""

    def __init__(self, reader: TitleReader) -> None:
        self.reader = reader
        self.segments: tuple[Documents, ...] = ()
        self._background = Background(reader.knowledge)
        self._lock = Lock()
        self._place: dict[str, int] = {}
        self._canonical: dict[TitleText, int] = {}

    def __len__(self) -> int:
        return len(self._canonical)

    def places(self, titles: Sequence[str], vectors: Callable[[Sequence[int]], Vectors]) -> NDArray[np.int64]:
        """Where titles are in the index, segment after segment; new ones join it.

        Args:
            titles: as written.
            vectors: gives the adapted vectors of some of `titles`, by position; shape (positions, d).
        """
        with self._lock:
            self._join([at for at, title in enumerate(titles) if title not in self._place], titles, vectors)
            return np.asarray([self._place[title] for title in titles], dtype=np.int64)

    def query(self, title: str, vector: Vectors) -> TitleQuery:
        """A request's title with its adapted vector, shape (d,)."""
        reading = self.reader.reading([self.reader.read(title)], vector[None, :])
        return TitleQuery(ask(reading, self.reader.knowledge))

    def _join(
        self, positions: Sequence[int], titles: Sequence[str], vectors: Callable[[Sequence[int]], Vectors]
    ) -> None:
        fresh: dict[TitleText, int] = {}
        for position in positions:
            title = self.reader.read(titles[position])
            if title not in self._canonical and title not in fresh:
                fresh[title] = position
        if fresh:
            reading = self.reader.reading(list(fresh), vectors(list(fresh.values())))
            self.segments = _merged([*self.segments, Documents(reading, self.reader.knowledge, self._background)])
            for title in fresh:
                self._canonical[title] = len(self._canonical)
        for position in positions:
            self._place[titles[position]] = self._canonical[self.reader.read(titles[position])]


def _merged(segments: list[Documents]) -> tuple[Documents, ...]:
    """The same documents in the same order, in segments that shrink by a factor: few, and seldom built anew."""
    while len(segments) > 1 and GROWTH * len(segments[-1]) > len(segments[-2]):
        later, earlier = segments.pop(), segments.pop()
        segments.append(earlier.with_more(later))
    return tuple(segments)
