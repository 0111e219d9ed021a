import numpy as np
import pytest

from matching import FaissIndex, NumpyIndex
from matching import index as index_module
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
    vectors = random_vectors(700, 48, seed=seed)
    query = random_vectors(1, 48, seed=seed + 100)[0]
    asked = np.random.default_rng(seed).permutation(700)[:140]
    ours, twin = filled(FaissIndex, vectors), filled(NumpyIndex, vectors)

    assert ours.similarities(query, asked) == pytest.approx(twin.similarities(query, asked), abs=1e-6)
    assert ours.similarities(query, rows()).tolist() == []


def test_blocks_are_filled_one_after_the_other_and_never_move(monkeypatch):
    monkeypatch.setattr(index_module, "BLOCK", 8)
    vectors = random_vectors(30, 16, seed=3)
    index = FaissIndex(16)
    index.put(rows(*range(5)), vectors[:5])
    first = index.blocks[0]

    for start in range(5, 30, 7):
        stop = min(30, start + 7)
        index.put(rows(*range(start, stop)), vectors[start:stop])

    assert index.blocks[0] is first
    assert len(index.blocks) == 4
    asked = rows(29, 0, 8, 7, 16, 0)
    assert index.similarities(vectors[8], asked) == pytest.approx(vectors[asked] @ vectors[8], abs=1e-6)
    assert index.filled(30).all()


def test_a_block_that_cannot_be_written_is_copied_before_it_changes():
    stored = random_vectors(4096, 8, seed=1)
    stored.setflags(write=False)
    index = FaissIndex(8)
    index.adopt([stored], 4096)

    index.put(rows(3), np.zeros((1, 8), dtype=np.float32))

    assert stored[3].any()
    assert not index.blocks[0][3].any()
    assert np.flatnonzero(~index.filled(4096)).tolist() == [3]


def test_a_cosine_does_not_depend_on_the_company_of_a_row():
    index = filled(FaissIndex, random_vectors(300, 384, seed=7))
    query = random_vectors(1, 384, seed=8)[0]

    together = index.similarities(query, np.arange(300))
    alone = np.array([index.similarities(query, rows(row))[0] for row in range(300)])

    assert np.array_equal(together, alone)


def test_a_query_in_double_precision_is_taken_too():
    index = filled(FaissIndex, random_vectors(10, 8, seed=9))
    query = random_vectors(1, 8, seed=10)[0].astype(np.float64)

    assert index.similarities(query, np.arange(10)).dtype == np.float32
