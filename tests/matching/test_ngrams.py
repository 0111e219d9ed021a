import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn.feature_extraction.text import TfidfVectorizer

from matching.ngrams import Ngrams, hashed_ngrams
from matching.text import fold
from tests.matching.builders import quickly


def test_the_n_grams_of_a_word_are_cut_with_its_ends():
    # " ab " has " a", "ab", "b ", " ab", "ab ", " ab "; five letters would not fit.
    rows, hashes = hashed_ngrams(["ab"])

    assert rows.tolist() == [0] * 6
    assert len(set(hashes.tolist())) == 6


def test_no_n_gram_crosses_from_word_to_word_or_text_to_text():
    together = set(hashed_ngrams(["ab cd"])[1].tolist())
    apart = set(hashed_ngrams(["ab", "cd"])[1].tolist())

    assert together == apart


def test_accents_and_case_are_no_difference():
    assert Ngrams(["Programación"]).scores(["PROGRAMACION"])[0, 0] == pytest.approx(1.0)


def test_a_cognate_is_nearer_than_a_stranger():
    cosines = Ngrams(["network administrator", "baker", "administration"]).scores(["administrador de redes"])[0]

    assert cosines[0] > cosines[1]
    assert cosines[2] > cosines[1]


@pytest.mark.parametrize("texts", [[], [""], ["", "ab", " "], ["😀"], ["日本"], ["\ud800 \x00"]])
def test_any_text_has_n_grams_or_none(texts):
    cosines = Ngrams(texts).scores([*texts, "ab", ""])

    assert cosines.shape == (len(texts) + 2, len(texts))
    assert np.isfinite(cosines).all()


@quickly
@given(
    some.lists(some.text("abñçé .-1", max_size=20), min_size=1, max_size=6).filter(
        lambda texts: any(t.strip() for t in texts)
    )
)
def test_cosines_are_those_of_scikit_learn(texts):
    peer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, preprocessor=fold)
    matrix = peer.fit_transform(texts)

    assert Ngrams(texts).scores(texts) == pytest.approx((matrix @ matrix.T).toarray(), abs=1e-5)


def test_thirty_three_thousand_titles_are_indexed_and_searched_in_seconds():
    titles = [
        f"{kind} {number} operator of machines" for number in range(11_000) for kind in ("lead", "second", "night")
    ]

    start = time.process_time()
    index = Ngrams(titles)
    index.scores(["operador de máquinas 77"])

    assert time.process_time() - start < 20
