import numpy as np
import pytest

from matching.adapter import class_means, fit_adapter
from tests.matching.builders import random_vectors


def test_class_means_by_hand():
    vectors = np.asarray([[1, 0], [0, 1], [1, 1]], dtype=np.float32)

    assert class_means(vectors, np.asarray([0, 0, 1]), 2).tolist() == [[0.5, 0.5], [1, 1]]


def test_a_direction_in_which_synonyms_differ_counts_less():
    # Names of one thing differ only along the second axis; the things themselves along the first.
    vectors = np.asarray([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.float32) / np.sqrt(2)
    adapter = fit_adapter(vectors, np.asarray([0, 0, 1, 1]), ridge=0.1)

    mapped = adapter.apply(vectors)

    assert mapped[0] @ mapped[1] > 0.8 > vectors[0] @ vectors[1]
    assert mapped[0] @ mapped[2] < -0.8


def test_the_map_by_hand():
    # Within-class variance 0.5 along the second axis alone; a ridge of one adds the mean variance, 0.25, to both.
    vectors = np.asarray([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.float32) / np.sqrt(2)
    adapter = fit_adapter(vectors, np.asarray([0, 0, 1, 1]), ridge=1.0)

    assert adapter.centre == pytest.approx([0, 0], abs=1e-6)
    assert adapter.matrix == pytest.approx(np.diag([0.25**-0.5, 0.75**-0.5]), abs=1e-5)


def test_it_gains_on_things_it_was_not_fitted_to():
    # Every thing's second name is the first one, disturbed along the same few directions.
    numbers = np.random.default_rng(3)
    things = random_vectors(400, 32, seed=1)
    names = np.vstack([things, things + numbers.normal(size=(400, 4)) @ random_vectors(4, 32, seed=2) * 0.8])
    names = (names / np.linalg.norm(names, axis=1, keepdims=True)).astype(np.float32)
    classes = np.tile(np.arange(400), 2)
    known = classes < 200

    mapped = fit_adapter(names[known], classes[known]).apply(names[~known])

    def found(vectors):
        return (np.argmax(vectors[:200] @ vectors[200:].T, axis=1) == np.arange(200)).mean()

    assert found(mapped) > found(names[~known]) + 0.1


@pytest.mark.parametrize("classes", [[0, 1, 2], [0, 0, 0]])
def test_things_without_synonyms_and_a_single_thing_are_no_failure(classes):
    vectors = random_vectors(3, 8, seed=5)

    assert np.isfinite(fit_adapter(vectors, np.asarray(classes)).apply(vectors)).all()
