import time

import pytest

from matching import HashingEncoder
from matching.knowledge import Knowledge
from matching.passages import WORDS, best_passage, passages_of
from tests.matching.test_knowledge import ENTRIES

CV = """Ana Pérez
ana@example.com | +55 11 99999 8888

Bread. I baked bread for ten years. I sold it too!

Network engineer at a bank: routers, switches and firewalls.
Nights on call.
"""


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(ENTRIES, HashingEncoder())


def cut(text: str) -> list[str]:
    return [text[passage.start : passage.end] for passage in passages_of(text)]


def test_passages_are_paragraphs_without_name_and_contact_data():
    assert cut(CV) == [
        "Bread. I baked bread for ten years. I sold it too!",
        "Network engineer at a bank: routers, switches and firewalls.\nNights on call.",
    ]


def test_a_passage_ends_before_it_grows_too_long():
    sentence = "one two three four five six seven eight nine ten."

    assert [len(passage.split()) for passage in cut(" ".join([sentence] * 7))] == [40, 30]
    assert [len(passage.split()) for passage in cut("word " * 100)] == [WORDS, WORDS, 20]


@pytest.mark.parametrize("text", ["", " \n ", "a@b.c", "+55 11 99999-8888"])
def test_a_text_without_substance_has_no_passage(knowledge, text):
    assert passages_of(text) == []
    assert best_passage("baker", text, knowledge) is None


def test_the_answer_is_found_where_it_stands(knowledge):
    passage = best_passage("network engineer", CV, knowledge)

    assert CV[passage.start : passage.end].startswith("Network engineer at a bank")


def test_the_answer_is_found_across_languages(knowledge):
    passage = best_passage("ingeniera de redes", CV, knowledge)

    assert CV[passage.start : passage.end].startswith("Network engineer at a bank")


@pytest.mark.parametrize("text", ["." * 100_000, "a " * 50_000, "\n" * 100_000, "1-" * 50_000, "@" * 100_000])
def test_a_hostile_text_is_cut_in_reasonable_time(text):
    start = time.process_time()

    passages_of(text)

    assert time.process_time() - start < 5
