import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from matching.text import fold, key, tokens
from tests.matching.builders import quickly


@pytest.mark.parametrize(
    ("written", "folded"),
    [("Programación", "programacion"), ("PROGRAMAÇÃO", "programacao"), ("Ñandú", "nandu"), ("Straße", "strasse")],
)
def test_case_and_accents_are_folded_away(written, folded):
    assert fold(written) == folded


@quickly
@given(some.text())
def test_folding_twice_is_folding_once(text):
    once = fold(text)

    assert fold(once) == once


@pytest.mark.parametrize("spelling", ["Node.js", "node js", "NodeJS", "Node-JS", "NODE_JS", " node.js "])
def test_spellings_of_one_name_share_a_key(spelling):
    assert key(spelling) == "nodejs"


def test_names_that_differ_only_in_signs_keep_different_keys():
    keys = {key(name) for name in ("C", "C++", "C#", ".C", "NET", ".NET", "F", "F#")}

    assert len(keys) == 8


def test_a_composed_and_a_decomposed_accent_are_the_same_letter():
    composed, decomposed = (unicodedata.normalize(form, "programación ágil") for form in ("NFC", "NFD"))

    assert composed != decomposed
    assert [key(token.text) for token in tokens(composed)] == [key(token.text) for token in tokens(decomposed)]


def test_signs_belong_to_the_word_and_punctuation_does_not():
    found = [token.text for token in tokens("C++, C#; .NET (Node.js) snake_case, São Paulo!")]

    assert found == ["C++", "C#", ".NET", "Node", ".js", "snake", "case", "São", "Paulo"]


@quickly
@given(some.text())
def test_a_token_is_where_it_says_it_is(text):
    found = list(tokens(text))

    assert all(text[token.start : token.end] == token.text for token in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


@pytest.mark.parametrize("text", ["", "   ", "...", "😀🎉", "\u0301\u0301", "___"])
def test_a_text_without_words_has_no_tokens(text):
    assert list(tokens(text)) == []
