"""A linear map over a frozen encoder, under which names of one thing lie closer than names of different things.

Within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006) after centring: directions in which synonyms
and translations differ are shrunk. In closed form from the thesaurus' names; the encoder stays as it is.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from matching.encoder import unit
from matching.state import State

RIDGE: Final = 1.0
"""Share of the average variance added to every direction; 1 keeps the map mild."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Adapter:
    """Centre, then map; shapes (dimension,) and (dimension, dimension)."""

    centre: Vectors
    matrix: Vectors

    def state(self) -> State:
        """What `restored` needs."""
        return {"centre": self.centre, "matrix": self.matrix}

    @classmethod
    def restored(cls, state: State) -> Self:
        """The map whose `state` this was."""
        return cls(state["centre"], state["matrix"])

    def apply(self, vectors: Vectors) -> Vectors:
        """Map unit vectors to unit vectors of the same length."""
        return unit(np.asarray((vectors - self.centre) @ self.matrix, dtype=np.float32))


def fit_adapter(vectors: Vectors, classes: NDArray[np.int64], *, ridge: float = RIDGE) -> Adapter:
    """Fit to the vectors of names and the number of the thing each one names; every thing counts alike."""
    _, compact, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    means = class_means(vectors, compact, len(sizes))
    spread: NDArray[np.float64] = (vectors - means[compact]) / np.sqrt(sizes[compact], dtype=np.float64)[:, None]
    within = spread.T @ spread / len(sizes)
    dimension = vectors.shape[1]
    within += max(ridge * np.trace(within) / dimension, 1e-9) * np.eye(dimension)
    values, directions = np.linalg.eigh(within)
    matrix = (directions / np.sqrt(values)) @ directions.T
    return Adapter(means.mean(axis=0).astype(np.float32), matrix.astype(np.float32))


def class_means(vectors: Vectors, classes: NDArray[np.int64], count: int) -> Vectors:
    """Mean vector of each class, shape (count, dimension); classes are numbered from zero and none is empty."""
    belongs = sp.csr_matrix((np.ones(len(classes)), (classes, np.arange(len(classes)))), shape=(count, len(classes)))
    means: Vectors = (belongs @ vectors / np.bincount(classes, minlength=count)[:, None]).astype(np.float32)
    return means
