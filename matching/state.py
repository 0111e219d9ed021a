"""What was learned, as arrays by name: what can be written down, checked and read back without running anything."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

State = Mapping[str, NDArray[Any]]


def strings(texts: Iterable[str]) -> NDArray[np.uint8]:
    """Texts as the bytes of one JSON list; lone surrogates survive."""
    return np.frombuffer(json.dumps(list(texts)).encode("ascii"), dtype=np.uint8)


def strings_of(array: NDArray[np.uint8]) -> list[str]:
    """The texts that `strings` wrote."""
    texts: list[str] = json.loads(array.tobytes())
    return texts


def parts_of(matrix: sp.csr_matrix) -> State:
    """A sparse matrix as arrays."""
    shape = np.asarray(matrix.shape, dtype=np.int64)
    return {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr, "shape": shape}


def sparse_of(state: State) -> sp.csr_matrix:
    """The sparse matrix that `parts_of` took apart; nothing is copied."""
    shape = tuple(state["shape"].tolist())
    return sp.csr_matrix((state["data"], state["indices"], state["indptr"]), shape=shape)


def prefixed(name: str, state: State) -> dict[str, NDArray[Any]]:
    """The same arrays under names that say whose they are."""
    return {f"{name}.{inner}": array for inner, array in state.items()}


def part(name: str, state: State) -> dict[str, NDArray[Any]]:
    """The arrays that `prefixed` put under this name."""
    start = f"{name}."
    return {inner.removeprefix(start): array for inner, array in state.items() if inner.startswith(start)}
