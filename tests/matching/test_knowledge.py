import time

import numpy as np
import pytest

from matching import HashingEncoder
from matching.evidence import EVIDENCES, Background, Documents, ask, spread
from matching.fusion import NAMED_TITLE, PAIRS, TEXT, TITLE, closeness, fuse, search, text_share
from matching.knowledge import Knowledge, Reading, standard
from matching.thesaurus import Entry

ENTRIES = [
    Entry("o/1", {"en": ("baker", "bread maker"), "es": ("panadero", "panadera"), "pt": ("padeiro",)}),
    Entry("o/2", {"en": ("network engineer",), "es": ("ingeniero de redes",), "pt": ("engenheiro de redes",)}),
    Entry("o/3", {"en": ("civil engineer",), "es": ("ingeniero civil",), "pt": ("engenheiro civil",)}),
    Entry("o/4", {"en": ("nurse", "registered nurse"), "es": ("enfermera", "enfermero"), "pt": ("enfermeira",)}),
    Entry("o/5", {"en": ("bread shop assistant",), "es": ("dependiente de panadería",)}),
    Entry("term:redes", {"en": ("network",), "": ("redes",)}),
]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(ENTRIES, HashingEncoder())


def ranked(knowledge: Knowledge, query: str, documents: list[str]) -> list[str]:
    scores = search(Documents(knowledge.read(documents), knowledge), knowledge.read([query]))[0]
    return [documents[at] for at in np.argsort(-scores, kind="stable")]


def a_reading(*texts: str, language: str = "en") -> Reading:
    return Reading(texts, (language,) * len(texts), ({},) * len(texts), ({},) * len(texts), np.zeros((len(texts), 2)))


def spreads_of(evidence):
    return {part: spread(scores) for part, scores in evidence.items()}


def test_single_words_teach_and_are_no_concepts(knowledge):
    assert [entry.id for entry in knowledge.concepts] == ["o/1", "o/2", "o/3", "o/4", "o/5"]


def test_a_name_in_any_language_belongs_to_its_concept(knowledge):
    shares = knowledge.membership(knowledge.read(["Panadera", "REGISTERED NURSE", "engenheiro civil"])).toarray()

    assert shares.tolist() == [[1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 1, 0, 0]]


def test_what_is_no_name_belongs_in_part_and_shares_add_up_to_one(knowledge):
    shares = knowledge.membership(knowledge.read(["engineer of something", "", "😀"])).toarray()

    assert shares.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert Documents(knowledge.read(["Baker", "engineer of something"]), knowledge).named.tolist() == [0.5, 0.5]


def test_a_name_of_two_concepts_is_shared(knowledge):
    both = Knowledge([*ENTRIES, Entry("o/6", {"en": ("baker",)})], HashingEncoder())

    assert both.membership(both.read(["baker"])).toarray().tolist() == [[0.5, 0, 0, 0, 0, 0.5]]


def test_a_text_points_to_its_concept_across_languages(knowledge):
    links = knowledge.link(knowledge.read(["panaderas", "engenheiras de redes", "civil engineering"]))

    assert links.argmax(axis=1).tolist() == [0, 1, 2]
    assert links.min() >= 0


@pytest.mark.parametrize("query", ["INGENIERAS DE REDES", "engenheira de redes", "network engineers"])
def test_one_request_in_three_languages_finds_the_same_title_first(knowledge, query):
    documents = ["civil engineer", "nurse", "network engineer", "baker"]

    assert ranked(knowledge, query, documents)[0] == "network engineer"


def test_the_same_texts_give_the_same_scores(knowledge):
    documents = ["civil engineer", "nurse", "panadero", "baker and cook"]
    again = Knowledge(ENTRIES, HashingEncoder())

    first = search(Documents(knowledge.read(documents), knowledge), knowledge.read(["enfermeros"]))
    second = search(Documents(again.read(documents), again), again.read(["enfermeros"]))

    assert first.tobytes() == second.tobytes()


def test_every_part_scores_every_document(knowledge):
    evidence = Documents(knowledge.read(["baker", ""]), knowledge).evidence(
        ask(knowledge.read(["panadero", "", "de la"]), knowledge)
    )

    assert tuple(evidence) == EVIDENCES
    assert all(scores.shape == (3, 2) and np.isfinite(scores).all() for scores in evidence.values())


@pytest.mark.parametrize("documents", [[], [""], ["baker"]])
def test_few_documents_are_no_failure(knowledge, documents):
    scores = search(Documents(knowledge.read(documents), knowledge), knowledge.read(["panadero"]))

    assert scores.shape == (1, len(documents))
    assert np.isfinite(scores).all()


def test_without_a_thesaurus_words_letters_and_the_model_remain():
    bare = Knowledge([], HashingEncoder())

    assert ranked(bare, "network engineer", ["baker", "network engineers"])[0] == "network engineers"


def test_the_first_of_several_lines_counts_five_times(knowledge):
    (words,) = knowledge.read_requests(["Baker\n\nA baker with ovens"]).bags
    (one_line,) = knowledge.read_requests(["Baker with ovens"]).bags

    assert words == {"baker": 2.0 + 4.0, "oven": 1.0}
    assert one_line == {"baker": 1.0, "oven": 1.0}


def test_a_text_of_a_hundred_thousand_letters_is_read_in_a_moment(knowledge):
    start = time.process_time()

    reading = knowledge.read_requests(["Engenheira de redes\n" + "experiência com redes e pão " * 3600, "x" * 100_000])

    assert reading.languages[0] == "pt"
    assert time.process_time() - start < 20


def test_a_multilingual_model_may_read_texts_as_they_are():
    encoder = HashingEncoder()
    multilingual = Knowledge(ENTRIES, encoder, adapted=False, glossed=False)

    reading = multilingual.read(["ingeniera de redes"])

    assert reading.vectors.tolist() == encoder.encode(["ingeniera de redes"]).tolist()
    assert "network" in reading.pivots[0]


def test_z_scores_by_hand():
    assert standard(np.asarray([[1, 2, 3], [5, 5, 5]], dtype=np.float32)) == pytest.approx(
        np.asarray([[-(1.5**0.5), 0, 1.5**0.5], [0, 0, 0]]), abs=1e-6
    )


def test_a_score_is_the_weighted_mean_of_z_scores_by_hand():
    # English titles without known names: model 1, profile a half, n-grams a quarter.
    evidence = {part: np.asarray([[0.0, 1.0]], dtype=np.float32) for part in EVIDENCES}
    evidence["profile"] = np.asarray([[3.0, 1.0]], dtype=np.float32)

    fused = fuse(evidence, spreads_of(evidence), a_reading("developer"), a_reading("a", "b"), np.zeros(2))

    assert fused == pytest.approx(np.asarray([[-3 / 7, 3 / 7]]), abs=1e-6)


@pytest.mark.parametrize("request_", ["network engineer", "nurse", "civil engineer for bridges"])
def test_a_document_in_the_requests_own_words_is_as_close_as_can_be(knowledge, request_):
    documents = Documents(knowledge.read([request_, "baker", "civil engineer", "office clerk", ""]), knowledge)

    shares = closeness(documents, ask(knowledge.read([request_]), knowledge))[0]

    assert shares[0] == pytest.approx(1.0, abs=0.02)
    assert 0 <= shares.min() <= shares[1:].max() < 1


def test_closeness_ranks_as_the_search_does(knowledge):
    documents = Documents(knowledge.read(["civil engineer", "nurse", "engineer", "baker"]), knowledge)
    query = knowledge.read(["network engineer"])

    above_average = search(documents, query)[0] > 0

    assert (
        np.argsort(-closeness(documents, ask(query, knowledge))[0][above_average]).tolist()
        == np.argsort(-search(documents, query)[0][above_average]).tolist()
    )


def test_words_of_another_language_say_nothing():
    words_only = {part: np.zeros((1, 2), dtype=np.float32) for part in EVIDENCES}
    words_only["words"] = np.asarray([[0.0, 1.0]], dtype=np.float32)

    spanish = a_reading("developer", language="es")
    assert not fuse(words_only, spreads_of(words_only), spanish, a_reading("a", "b"), np.zeros(2)).any()


def test_a_text_becomes_one_gradually():
    assert text_share(["", "title", "w " * 12, "w " * 17, "w " * 24, "w " * 5000]) == pytest.approx(
        [0, 0, 0, 0.5025, 1, 1], abs=1e-3
    )


def test_every_pair_of_languages_has_weights_for_known_parts():
    for table in (TITLE, NAMED_TITLE, TEXT):
        assert tuple(table) == PAIRS
        assert all(set(weights) <= set(EVIDENCES) and min(weights.values()) > 0 for weights in table.values())


@pytest.mark.parametrize("request_", ["network engineer", "panadera de noche", "zzyzx"])
def test_by_a_background_a_pair_is_scored_alike_in_any_collection(knowledge, request_):
    background = Background(knowledge)
    asked = ask(knowledge.read([request_]), knowledge)
    titles = ["network engineers", "panadero", "civil engineer", "zzyzx operator", "baker", ""]

    together = closeness(Documents(knowledge.read(titles), knowledge, background), asked)[0]
    alone = [closeness(Documents(knowledge.read([title]), knowledge, background), asked)[0, 0] for title in titles]

    assert together == pytest.approx(np.asarray(alone), abs=1e-5)
    assert together.max() > together.min()


def test_by_a_background_the_requests_own_words_are_perfect(knowledge):
    background = Background(knowledge)
    titles = ["network engineer", "operadora de zzyzx", "night nurse"]
    documents = Documents(knowledge.read(titles), knowledge, background)

    shares = closeness(documents, ask(knowledge.read(titles), knowledge))

    assert shares.diagonal() == pytest.approx([1, 1, 1], abs=1e-3)
    assert np.argmax(shares, axis=1).tolist() == [0, 1, 2]
