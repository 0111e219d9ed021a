"""The benchmark on a folder small enough to score by hand."""

import json

import numpy as np
import pytest

from matching import HashingEncoder
from matching.knowledge import Knowledge
from tests.bench.labelled import LabelledSet, find_data, read_sets
from tests.bench.quality import CachedEncoder, figures_of, interval, measure
from tests.matching.test_knowledge import ENTRIES


@pytest.fixture
def data(tmp_path):
    for folder in ("title_match", "title_link", "parallel_text", "skill_linking", "jd_to_cv_ro", "lexicon"):
        (tmp_path / folder).mkdir()
    for language in ("en", "es"):
        (tmp_path / f"title_match/{language}.queries.tsv").write_text(
            "q_id\tjobtitle\n1\tnurse\n2\tcook\n3\tnobody asks\n"
        )
        (tmp_path / f"title_match/{language}.corpus.tsv").write_text("c_id\tjobtitle\n7\tbaker\n8\tnurses\n9\tcooks\n")
        (tmp_path / f"title_match/{language}.qrels.tsv").write_text("1\t0\t8\t1\n2\t0\t9\t1\n2\t0\t7\t1\n1\t0\t7\t0\n")
    for language, target in (("pt", "pt"), ("pt", "en"), ("es", "es"), ("es", "en")):
        (tmp_path / f"title_link/{language}.queries.tsv").write_text("q_id\ttitle\nQ1\tpadeiro\n")
        corpus = f"doc_id\tesco_concept\tlabel\nC1\to/1\tbaker\nC2\to/4\tnurse {target}\n"
        (tmp_path / f"title_link/{language}.{target}_corpus.tsv").write_text(corpus)
        (tmp_path / f"title_link/{language}.to_{target}.qrels.tsv").write_text("Q1\t0\tC1\t1\n")
    for name in ("digital_skills", "occupations"):
        (tmp_path / f"parallel_text/{name}.tsv").write_text(
            "esco_concept\ttext_es\ttext_en\ns/1\tHornea pan.\tBakes bread.\n"
        )
    for name in ("tech", "house"):
        rows = "sentence,span,sub_span,label\nx,JS,,JavaScript\nx,JS,,ECMAScript\n"
        rows += "x,nice,,LABEL NOT PRESENT\nx,lost,,Unlisted\n"
        (tmp_path / f"skill_linking/{name}_validation.csv").write_text(rows)
    (tmp_path / "lexicon/esco_skill_labels_en.txt").write_text("JavaScript\nbaking\nECMAScript\nbaking\n")
    (tmp_path / "jd_to_cv_ro/queries.jsonl").write_text(json.dumps({"id": "1", "text": "Baker\nBread."}) + "\n")
    (tmp_path / "jd_to_cv_ro/corpus.jsonl").write_text(json.dumps({"id": "2", "text": "I baked bread."}) + "\n")
    (tmp_path / "jd_to_cv_ro/qrels.tsv").write_text("1\t0\t2\t1\n")
    return tmp_path


def test_every_slice_is_read_with_its_measure(data):
    assert {one.name: one.metric for one in read_sets(data)} == {
        "title_match_en": "map",
        "title_match_es": "map",
        "skill_linking_tech": "mrr",
        "skill_linking_house": "mrr",
        "parallel_digital": "mrr",
        "parallel_occupations": "mrr",
        "jd_to_cv": "map",
        "title_link_pt_pt": "mrr",
        "title_link_pt_en": "mrr",
        "title_link_es_es": "mrr",
        "title_link_es_en": "mrr",
    }


def test_only_judged_queries_and_right_answers_count(data):
    sets = {one.name: one for one in read_sets(data)}

    titles, skills = sets["title_match_en"], sets["skill_linking_tech"]
    assert titles.queries == ["nurse", "cook"]
    assert [one.tolist() for one in titles.relevant] == [[1], [0, 2]]
    assert skills.queries == ["JS"]
    assert skills.documents == ["JavaScript", "baking", "ECMAScript"]
    assert skills.relevant[0].tolist() == [0, 2]


def test_figures_by_hand():
    labelled = LabelledSet("x", "map", ["q"], list("abcd"), [np.asarray([1, 3])])

    figures = figures_of(labelled, lambda *_: np.asarray([[0.9, 0.5, 0.5, 0.1]], dtype=np.float32))

    # The order is a, b, c, d (the tie goes to b), right at ranks 2 and 4.
    assert figures["map"] == pytest.approx([(1 / 2 + 2 / 4) / 2])
    assert figures["mrr"] == pytest.approx([1 / 2])
    assert figures["recall100"] == pytest.approx([1.0])
    assert figures["ndcg10"] == pytest.approx([(1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3))])


def test_every_system_is_measured_on_every_query(data):
    encoder = HashingEncoder()
    knowledge = Knowledge(ENTRIES, encoder)
    (labelled,) = (one for one in read_sets(data) if one.name == "title_match_en")

    measured = measure(labelled, encoder, {"puente": knowledge, "puente_esco": knowledge}, with_parts=False)

    assert list(measured) == ["bm25", "ngrams", "model", "puente", "puente_esco"]
    assert measured["ngrams"]["mrr"].tolist() == [1.0, 1.0]
    assert measured["bm25"]["mrr"][0] < 1.0


def test_a_paired_interval_is_the_same_on_every_run():
    values = np.asarray([0.1, 0.5, 0.9, 0.3])

    assert interval(values) == interval(values)
    assert interval(np.full(5, 0.25)) == (0.25, 0.25)


def test_vectors_are_kept_between_runs(tmp_path, monkeypatch):
    first = CachedEncoder(HashingEncoder(), tmp_path)
    vectors = first.encode(["nurse", "baker", "nurse"])

    again = HashingEncoder()
    monkeypatch.setattr(again, "encode", None)  # nothing is encoded twice

    assert CachedEncoder(again, tmp_path).encode(["nurse", "baker", "nurse"]).tolist() == vectors.tolist()


def test_without_data_there_is_one_line_and_no_trace(tmp_path, monkeypatch):
    monkeypatch.setenv("PUENTE_BENCH_DATA", str(tmp_path / "nowhere"))

    with pytest.raises(SystemExit, match=r"^There are no labelled sets in .*nowhere: give --data PATH") as refusal:
        find_data(None)

    assert "\n" not in str(refusal.value)
