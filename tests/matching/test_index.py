import numpy as np
import pytest

from matching import FaissIndex, NumpyIndex
from tests.matching.builders import random_vectors

TWINS = pytest.mark.parametrize("kind", [FaissIndex, NumpyIndex])


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def filled(kind, vectors):
    index = kind(vectors.shape[1])
    index.put(np.arange(len(vectors)), vectors)
    return index


@TWINS
def test_similarities_are_cosines_in_the_order_asked_for(kind):
    index = filled(kind, np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32))

    cosines = index.similarities(np.array([1, 0], dtype=np.float32), rows(2, 0, 1))

    assert cosines == pytest.approx([0.6, 1.0, 0.0])


@TWINS
def test_the_nearest_are_allowed_ones_best_first(kind):
    index = filled(kind, np.array([[1, 0], [0, 1], [0.6, 0.8], [0.8, 0.6]], dtype=np.float32))

    found, cosines = index.nearest(np.array([1, 0], dtype=np.float32), 2, rows(1, 2, 3))

    assert found.tolist() == [3, 2]
    assert cosines == pytest.approx([0.8, 0.6])


@TWINS
def test_as_many_come_back_as_exist(kind):
    index = filled(kind, random_vectors(500, 16, seed=1))
    query = random_vectors(1, 16, seed=2)[0]

    assert len(index.nearest(query, 100, rows(*range(0, 500, 50)))[0]) == 10
    assert len(index.nearest(query, 10, rows(7))[0]) == 1
    assert len(index.nearest(query, 10, rows())[0]) == 0
    assert len(index.nearest(query, 0, rows(1, 2))[0]) == 0
    assert len(index.similarities(query, rows())) == 0


@TWINS
def test_a_row_is_overwritten_in_place_while_others_are_added(kind):
    index = filled(kind, random_vectors(3, 8, seed=3))
    fresh = random_vectors(3, 8, seed=4)

    index.put(rows(4, 1, 3), fresh)

    cosines = [index.similarities(vector, rows(row))[0] for row, vector in zip((4, 1, 3), fresh, strict=True)]
    assert cosines == pytest.approx([1.0, 1.0, 1.0], abs=1e-6)


def test_faiss_refuses_a_gap_in_the_numbering():
    index = filled(FaissIndex, random_vectors(3, 8, seed=5))

    with pytest.raises(ValueError, match="without a gap"):
        index.put(rows(5), random_vectors(1, 8, seed=6))


@pytest.mark.parametrize("seed", range(5))
def test_faiss_answers_like_its_twin(seed):
    vectors = random_vectors(700, 48, seed)
    query = random_vectors(1, 48, seed + 100)[0]
    allowed = np.flatnonzero(np.random.default_rng(seed).random(700) < 0.2)
    ours, twin = filled(FaissIndex, vectors), filled(NumpyIndex, vectors)

    rows_found, cosines = ours.nearest(query, 25, allowed)
    twin_rows, twin_cosines = twin.nearest(query, 25, allowed)

    assert rows_found.tolist() == twin_rows.tolist()
    assert cosines == pytest.approx(twin_cosines, abs=1e-6)
    assert ours.similarities(query, allowed) == pytest.approx(twin.similarities(query, allowed), abs=1e-6)


def test_a_cosine_does_not_depend_on_the_company_of_a_row():
    index = filled(FaissIndex, random_vectors(300, 384, seed=7))
    query = random_vectors(1, 384, seed=8)[0]

    together = index.similarities(query, np.arange(300))
    alone = np.array([index.similarities(query, rows(row))[0] for row in range(300)])

    assert np.array_equal(together, alone)


def test_a_query_in_double_precision_is_taken_too():
    index = filled(FaissIndex, random_vectors(10, 8, seed=9))
    query = random_vectors(1, 8, seed=10)[0].astype(np.float64)

    found, cosines = index.nearest(query, 3, np.arange(10))

    assert cosines == pytest.approx(index.similarities(query, found))
