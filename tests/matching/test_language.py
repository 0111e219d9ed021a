import pytest

from matching.language import LanguageIdentifier
from matching.thesaurus import entries_of

ROMANIAN = (
    "Căutăm un analist de date medicale pentru a se alătura organizației noastre. Acest rol se concentrează pe "
    "transformarea datelor medicale în perspective concrete pentru a sprijini luarea deciziilor și eficiența."
)


@pytest.fixture(scope="module")
def identifier(seed):
    return LanguageIdentifier(entries_of(seed))


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["ingeniera de automatización", "desarrolladora de software", "analista de datos"], "es"),
        (["engenheira de automação", "desenvolvedora de software", "analista de dados"], "pt"),
        (["automation engineer", "software developer", "data analyst"], "en"),
    ],
)
def test_titles_are_told_apart(identifier, texts, language):
    assert identifier.identify(texts) == [language] * len(texts)


def test_a_word_of_two_languages_goes_with_its_neighbours(identifier):
    spanish = ["técnica de soporte informático", "diseñador de moda", "ingeniero de perforación", "gerente"]
    portuguese = ["técnica de suporte informático", "desenhador de moda", "engenheiro de perfuração", "gerente"]

    assert identifier.identify(spanish)[-1] == "es"
    assert identifier.identify(portuguese)[-1] == "pt"


def test_a_long_text_in_another_language_is_unknown(identifier):
    assert identifier.identify([ROMANIAN]) == [""]


@pytest.mark.parametrize("texts", [[], [""], ["😀 日本語"]])
def test_nothing_to_go_by_is_no_failure(identifier, texts):
    assert len(identifier.identify(texts)) == len(texts)
