import pytest

from matching.thesaurus import Entry, entries_of
from matching.translation import Dictionary


def an_entry(number: int, english: str, spanish: str, language: str = "es") -> Entry:
    return Entry(f"title:{number}", {"en": (english,), language: (spanish,)})


HOUSES = [
    an_entry(1, "house", "casa"),
    an_entry(2, "green house", "casa verde"),
    an_entry(3, "green book", "libro verde"),
]


def test_words_find_their_partners_by_elimination():
    dictionary = Dictionary(HOUSES, "es")

    assert dictionary.gloss("libro") == "book"
    assert dictionary.gloss("verde") == "green"
    assert dictionary.gloss("casa") == "house"


def test_probabilities_are_positive_and_leave_room_for_the_unseen():
    found = Dictionary(HOUSES, "es").translate("verde")

    assert max(found, key=lambda word: found[word]) == "green"
    assert 0 < sum(found.values()) < 1


def test_one_round_of_the_model_by_hand():
    # One pair, one word each, seen twice (as preferred names, and among all names): 2 / (2 + 1 unseen).
    assert Dictionary([an_entry(1, "baker", "panadero")], "es").translate("panadera") == {"baker": pytest.approx(2 / 3)}


def test_a_title_turns_its_head_to_the_end():
    assert Dictionary(HOUSES, "es").gloss("la casa verde") == "green house"


def test_an_unknown_word_stands_for_itself():
    dictionary = Dictionary(HOUSES, "es")

    assert dictionary.gloss("Kubernetes") == "kubernetes"
    assert dictionary.translate("Kubernetes") == {"kubernet": 1.0}


def test_words_of_unsaid_language_serve_both():
    entries = [Entry("term:datos", {"en": ("data",), "": ("datos",)})]

    assert Dictionary(entries, "es").gloss("datos") == Dictionary(entries, "pt").gloss("datos") == "data"


@pytest.mark.parametrize("text", ["", "de la", "😀", "\n"])
def test_a_text_without_words_has_no_gloss(text):
    dictionary = Dictionary(HOUSES, "es")

    assert dictionary.gloss(text) == ""
    assert dictionary.translate(text) == {}


def test_without_any_names_there_is_an_empty_dictionary():
    assert Dictionary([], "es").gloss("casa") == "casa"
    assert len(Dictionary([], "es")) == 0


def test_the_projects_own_names_teach_spanish_and_portuguese(seed):
    entries = entries_of(seed)

    assert Dictionary(entries, "es").gloss("desarrolladora de redes") == "network developer"
    assert Dictionary(entries, "pt").gloss("analista de segurança da informação") == "security information analyst"


def test_learning_twice_gives_the_same(seed):
    entries = entries_of(seed)[:500]
    first, second = Dictionary(entries, "es"), Dictionary(entries, "es")

    assert first.translate("ingeniero de redes y datos") == second.translate("ingeniero de redes y datos")
