"""Values under small numbers, each with a count of its uses; short texts have a vector too.

When the last use of a value goes, value and vector are blanked at once, and the number is given to another.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from matching.errors import ModelMismatch
from matching.index import FaissIndex, VectorIndex

Value = TypeVar("Value", bound=Hashable)
Vector = NDArray[np.float32]

NOTHING: Final = 0
"""The code of no value."""


class Codes(Generic[Value]):
    """Numbers from 1 upwards for values, in order of appearance; numbers of forgotten values are given again."""

    def __init__(self) -> None:
        self.values: list[Value | None] = [None]
        self.uses: list[int] = [0]
        self.revision = 0
        self._code: dict[Value, int] = {}
        self._free: list[int] = []
        self._kept: tuple[int, Hashable, NDArray[Any]] | None = None

    def __len__(self) -> int:
        """One more than the highest number ever given."""
        return len(self.values)

    def of(self, value: Value) -> int:
        """Number of a value, which has one use more."""
        code = self._code.get(value)
        if code is None:
            code = self._new(value)
        self.uses[code] += 1
        return code

    def known(self, value: Value) -> int | None:
        """Number of a value that is in use."""
        return self._code.get(value)

    def release(self, codes: NDArray[Any]) -> None:
        """Take back one use for each of these numbers; a value without uses is forgotten."""
        for code in codes.tolist():
            if code == NOTHING:
                continue
            self.uses[code] -= 1
            if not self.uses[code]:
                self._forget(code)

    def table(self, nothing: tuple[int, ...]) -> NDArray[np.int64]:
        """Values that are rows of numbers, by their number; `nothing` where there is no value."""
        return self.worked_out(nothing, lambda: np.array([value or nothing for value in self.values], dtype=np.int64))

    def worked_out(self, asked: Hashable, work: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """What `work` makes of the values for a question; the last answer is kept for as long as the values stay."""
        kept = self._kept
        if kept is None or kept[:2] != (self.revision, asked):
            # The number is read first: what is added meanwhile is worked out again, not missed.
            revision = self.revision
            kept = self._kept = revision, asked, work()
        return kept[2]

    def restore(self, values: Iterable[Value | None], uses: NDArray[np.int64]) -> None:
        """Take over numbers that were given before; those without a value are free."""
        self.values = list(values)
        self.uses = uses.tolist()
        self._code = {value: code for code, value in enumerate(self.values) if value is not None}
        self._free = [code for code, value in enumerate(self.values) if code and value is None]
        self.revision += 1

    def _new(self, value: Value) -> int:
        if self._free:
            code = self._free.pop()
            self.values[code] = value
        else:
            code = len(self.values)
            self.values.append(value)
            self.uses.append(0)
        self._code[value] = code
        self.revision += 1
        return code

    def _forget(self, code: int) -> None:
        value = self.values[code]
        assert value is not None  # noqa: S101 - what has a use has a value
        del self._code[value]
        self.values[code] = None
        self._free.append(code)
        self.revision += 1


class Texts(Codes[str]):
    """Distinct short texts and a unit vector of each; a text nobody has encoded has a vector of zeros."""

    def __init__(self, dimension: int, *, index: Callable[[int], VectorIndex] = FaissIndex) -> None:
        super().__init__()
        self.dimension = dimension
        self.index = index(dimension)
        self._blank = np.zeros((1, dimension), dtype=np.float32)
        self.index.put(np.zeros(1, dtype=np.int64), self._blank)
        self._encoded = bytearray(1)

    def learn(self, vectors: Mapping[str, Vector], texts: Iterable[str], *, required: bool) -> None:
        """Give texts that are new, or had none, their vectors; each gets a number, but no use yet.

        Raises:
            ModelMismatch: a vector is of another length; or a `required` text is new and has none.
        """
        for text in texts:
            code = self._code.get(text)
            if code is not None and self._encoded[code]:
                continue
            vector = vectors.get(text)
            if vector is None and required:
                raise ModelMismatch("a title came without its vector")
            if vector is not None and vector.shape != (self.dimension,):
                raise ModelMismatch(f"the pool holds vectors of length {self.dimension}, not {vector.shape}")
            if code is None:
                code = self._new(text)
            self._write(code, vector)

    def adopt(self, index: VectorIndex) -> None:
        """Take over vectors that were stored; a row of zeros is a text nobody has encoded."""
        self.index = index
        self._encoded = bytearray(index.filled(len(self.values)).tobytes())

    def _write(self, code: int, vector: Vector | None) -> None:
        row = self._blank if vector is None else vector[None, :]
        self.index.put(np.array([code], dtype=np.int64), row)
        if code == len(self._encoded):
            self._encoded.append(0)
        self._encoded[code] = vector is not None

    def _forget(self, code: int) -> None:
        super()._forget(code)
        self._write(code, None)
