"""How close a profile's texts come to those of a request: every side of the request takes its best counterpart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from matching.columns import Columns, Rows, Vocabularies, best_of
from matching.errors import ModelMismatch
from matching.parts import VALUE_UNIT, quantised, stretched
from matching.texts import Texts

Vector = NDArray[np.float32]
Whole = NDArray[np.int64]


class Counterparts(Protocol):
    """How close the texts of a pool come to one text of a request."""

    def of(self, codes: NDArray[Any]) -> NDArray[np.int32]:
        """Closeness of texts by code, in hundred-thousandths."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's texts as unit vectors: its title, shape (d,), and each facet of the brief, shape (facets, d).

    `titles` compares the pool's titles with the request's by more than their vectors, where there is more to go by.
    """

    title: Vector
    skills: Vector
    titles: Callable[[Texts], Counterparts] | None = None

    def check(self, dimension: int, skills: int) -> None:
        """Refuse vectors that do not fit the pool, or the brief.

        Raises:
            ModelMismatch: a vector is not as long as the pool's, or there is not one for each skill.
        """
        if self.title.shape != (dimension,) or self.skills.shape != (skills, dimension):
            raise ModelMismatch(
                f"the pool holds vectors of length {dimension} and the brief asks for {skills} skills; "
                f"the title has shape {self.title.shape}, the skills {self.skills.shape}"
            )


@dataclass(frozen=True, slots=True)
class Closeness:
    """How close one profile comes, in whole hundred-thousandths of one: enough to compute its part again."""

    title: float
    past: float
    skills: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Closenesses:
    """The same of many rows, in hundred-thousandths; `skills` has shape (skills asked for, rows)."""

    title: Whole
    past: Whole
    skills: Whole

    def of(self, row: int) -> Closeness:
        """That of one row."""
        return Closeness(
            int(self.title[row]) / VALUE_UNIT,
            int(self.past[row]) / VALUE_UNIT,
            tuple(one / VALUE_UNIT for one in self.skills[:, row].tolist()),
        )


class Nearness:
    """Closeness of one text of the request to every text of the pool; each is measured when it is first needed.

    The text itself is as close as can be, whether or not anybody has encoded it.
    """

    def __init__(self, texts: Texts, text: str | None, query: Vector) -> None:
        self._texts = texts
        self._query = query
        self._known: NDArray[np.int32] = np.full(len(texts), -1, dtype=np.int32)
        self._known[0] = 0
        itself = None if text is None else texts.known(text)
        if itself is not None and itself < len(self._known):
            self._known[itself] = VALUE_UNIT

    def of(self, codes: NDArray[Any]) -> NDArray[np.int32]:
        """Closeness of texts by code, in hundred-thousandths."""
        found = self._known.take(codes)
        missing = found < 0
        if missing.any():
            fresh = np.unique(codes[missing]).astype(np.int64)
            self._known[fresh] = quantised(stretched(self._texts.index.similarities(self._query, fresh)))
            found = self._known.take(codes)
        return found


class Measured(Protocol):
    """Closeness of rows to one request, however it is known."""

    def titles(self, columns: Columns, rows: Rows) -> tuple[Whole, Whole]:
        """Closeness of the current title, and of the closest past one."""
        ...

    def skills(self, columns: Columns, rows: Rows) -> Whole:
        """For each facet, closeness of the closest skill listed; shape (facets, rows)."""
        ...

    def all(self, columns: Columns) -> Closenesses:
        """Everything, of all rows."""
        ...


class Interaction:
    """Closeness of rows to one request, measured by their texts.

    Args:
        asked: the request's vectors; they fit.
        skills: what they are of.
        words: what the rows' codes mean.
    """

    def __init__(self, asked: Asked, skills: Sequence[str], words: Vocabularies) -> None:
        compared = asked.titles or (lambda texts: Nearness(texts, None, asked.title))
        self._title = compared(words.titles)
        self._skills = [Nearness(words.skills, *one) for one in zip(skills, asked.skills, strict=True)]

    def titles(self, columns: Columns, rows: Rows) -> tuple[Whole, Whole]:
        """Closeness of the current title, and of the closest past one."""
        lists = columns.lists["past_titles"]
        position, item = lists.of(rows)
        past = self._title.of(lists.items["code"].take(item))
        return self._title.of(columns.fixed["title"].take(rows)).astype(np.int64), best_of(
            position, past.astype(np.int64), len(rows)
        )

    def skills(self, columns: Columns, rows: Rows) -> Whole:
        """For each skill asked for, closeness of the closest one listed; shape (skills asked for, rows)."""
        best = np.zeros((len(self._skills), len(rows)), dtype=np.int64)
        if self._skills:
            lists = columns.lists["skills"]
            position, item = lists.of(rows)
            codes = lists.items["code"].take(item)
            for at, nearness in enumerate(self._skills):
                best[at] = best_of(position, nearness.of(codes).astype(np.int64), len(rows))
        return best

    def all(self, columns: Columns) -> Closenesses:
        """Everything, of all rows."""
        rows = np.arange(len(columns))
        return Closenesses(*self.titles(columns, rows), self.skills(columns, rows))
