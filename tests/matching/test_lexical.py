import math

import numpy as np
import pytest

from matching.lexical import Bm25, bag
from matching.stems import stem, stems


@pytest.mark.parametrize(
    ("forms", "common"),
    [
        (("desarrollador", "desarrolladora", "desarrolladores", "desarrolladoras"), "desarrollador"),
        (("enfermero", "enfermera", "enfermeros", "enfermeras"), "enfermer"),
        (("operacao", "operacoes"), "operaca"),
        (("industrial", "industriais"), "industrial"),
        (("engineer", "engineers"), "engineer"),
        (("java",), "java"),
        (("press",), "press"),
    ],
)
def test_number_and_gender_leave_one_stem(forms, common):
    assert {stem(form) for form in forms} == {common}


def test_little_words_of_three_languages_are_no_content():
    assert stems("Jefe de la Operación em Paulo with the team") == ["jefe", "operacion", "paul", "team"]
    assert stems("") == stems("de la do the") == []


def test_signs_keep_their_languages_apart():
    assert stems("C, C++ y C#") == ["c", "c++", "c#"]


def test_bm25_by_hand():
    # Two documents of lengths 2 and 4, average 3; the idf of "go", in both, is ln(1 + 0.5 / 2.5), of "java" ln(2).
    index = Bm25([bag(["go", "java"]), bag(["go", "go", "sql", "css"])])

    scores = index.scores([{"go": 1.0}, {"java": 2.0}, {"cobol": 1.0}])

    once, twice = 1.2 * (0.25 + 0.75 * 2 / 3), 1.2 * (0.25 + 0.75 * 4 / 3)
    both = math.log(1.2)
    assert scores[0] == pytest.approx([both * 2.2 / (1 + once), both * 2 * 2.2 / (2 + twice)], rel=1e-6)
    assert scores[1] == pytest.approx([2 * math.log(2) * 2.2 / (1 + once), 0], rel=1e-6)
    assert not scores[2].any()


def test_a_ceiling_is_the_score_of_the_same_words_standing_among_the_documents():
    documents = [bag(["go", "java"]), bag(["go", "go", "sql", "css"]), bag(["css", "html", "sql"])]
    index = Bm25(documents)

    assert index.ceilings(documents) == pytest.approx(np.diag(index.scores(documents)), rel=1e-6)


@pytest.mark.parametrize("documents", [[], [{}], [{}, {}]])
def test_bm25_over_nothing_scores_nothing(documents):
    scores = Bm25(documents).scores([{"go": 1.0}, {}])

    assert scores.shape == (2, len(documents))
    assert not np.nan_to_num(scores, nan=1.0).any()
