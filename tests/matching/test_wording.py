"""Every message in every language, whatever stands in its values."""

import re
from datetime import date

import pytest

from matching import LANGUAGES, Cefr, Taxonomy, words_in
from matching.brief import PARTS
from matching.catalogue import catalogue_of
from matching.gates import GATE_KINDS, NEIGHBOURS
from matching.messages import MESSAGES, Kind, names_of, say
from matching.profile import LANGUAGE_MODES
from tests.matching.builders import SEED_DATA

NBSP = "\N{NO-BREAK SPACE}"
HOSTILE = (
    "{0}",
    "{skill}",
    "{{",
    "}",
    "%s %(x)s",
    "<script>alert(1)</script>",
    "C\N{COMBINING ACUTE ACCENT}++",
    "日本語 🧑",
    "a;b. c",
)
VALUES = {
    Kind.NAME: "Python",
    Kind.NAMES: ["Python", "Java", "Go"],
    Kind.CONCEPT: ["Banking", "banca", "setor bancário"],
    Kind.ABILITIES: ["speaking:C1", "listening:NATIVE"],
    Kind.MODES: ["reading", "writing"],
    Kind.CEFR: "B2",
    Kind.SENIORITY: 3,
    Kind.DISCIPLINE: "qa",
    Kind.PARTS: ["shared_hours", "freshness"],
    Kind.DATUM: "start",
    Kind.GATES: ["weekly_hours", "skill:Python"],
    Kind.COUNTRY: "BR",
    Kind.COUNTRIES: ["MX", "US"],
    Kind.YEARS: 2.5,
    Kind.DAYS: 1,
    Kind.STEPS: 2,
    Kind.SKILLS: 1,
    Kind.PLACEMENTS: 3,
    Kind.WEEKLY_HOURS: 40,
    Kind.HOURS: 450,
    Kind.DATE: "2026-03-02",
    Kind.MONEY: [1_234_550, "USD"],
    Kind.PERCENT: 0.4,
    Kind.SCORE: 0.614,
    Kind.COUNT: 1234,
    Kind.PLACE: 3,
    Kind.PHRASE: say("if.english", level="B2"),
}


def every_message():
    return [say(code, **{name: VALUES[kind] for name, kind in kinds.items()}) for code, kinds in MESSAGES.items()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_is_in_every_language_with_the_same_values(language):
    texts = catalogue_of(language).messages

    assert texts.keys() == MESSAGES.keys()
    for code, text in texts.items():
        named = re.findall(r"\{(\w*)\}", text)
        assert sorted(named) == sorted(MESSAGES[code]), code
        assert text.count("{") == text.count("}") == len(named), code


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_trade_is_in_every_language(language):
    catalogue = catalogue_of(language)
    data = {"skill_coverage", "skill_depth", "seniority", "domain", "english", "shared_hours", "start", "rate"}

    assert catalogue.terms["part"].keys() == set(PARTS)
    assert catalogue.terms["gate"].keys() == {*GATE_KINDS, "domain", "seniority"}
    assert catalogue.terms["discipline"].keys() >= NEIGHBOURS.keys()
    assert catalogue.terms["mode"].keys() == set(LANGUAGE_MODES)
    assert catalogue.terms["datum"].keys() == data
    assert len(catalogue.seniority) == 6
    assert all("other" in forms and "{n}" in form for forms in catalogue.units.values() for form in forms.values())


def test_no_english_is_left_in_the_other_languages():
    english = catalogue_of("en")
    for language in LANGUAGES[1:]:
        other = catalogue_of(language)
        told = {code: text for code, text in other.messages.items() if english.messages[code] == text}
        assert {re.sub(r"[{}\w: ,.]", "", text) for text in told.values()} <= {""}, told
        assert set(told) == {"depth.years", "domain.has", "domain.has_years"}
        for table, terms in other.terms.items():
            kept = {term for term, word in terms.items() if english.terms[table][term] == word}
            assert kept <= {"software"}, (language, table)


def test_no_english_word_is_heard_in_a_sentence_of_another_language():
    telling = re.compile(
        r"\b(the|and|of|is|are|not|with|for|was|asked|stated|years?|days?|hours?|skills?|rate|start|profile|between|"
        r"at least|available|native|speaking|reading|senior|lives|works|banking|march|mexico)\b",
        re.IGNORECASE,
    )
    for language in LANGUAGES[1:]:
        words = words_in(language)
        for message in every_message():
            assert telling.search(words.sentence([message])) is None, words.sentence([message])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_one(language):
    words = words_in(language)

    for message in every_message():
        sentence = words.sentence([message])
        assert sentence.endswith(".")
        assert "  " not in sentence
        assert not set("{}") & set(sentence)
        assert sentence[0].isupper() or sentence[0].isdigit(), sentence


def test_phrases_become_one_sentence_and_names_keep_their_first_letter():
    english, spanish = words_in("en"), words_in("es")
    said = [say("depth.unstated", skill="iOS"), say("depth.years", skill="dbt", years=1)]

    assert english.sentence(said) == "iOS: years not stated; dbt: 1 year."
    assert spanish.sentence(said) == "iOS: años sin indicar; dbt: 1 año."
    assert english.sentence([say("coverage.lacks", skills=["iOS"])]) == "Lacks iOS."


@pytest.mark.parametrize(
    ("language", "years", "written"),
    [
        ("en", 0, "0 years"),
        ("en", 1.0, "1 year"),
        ("en", 2.5, "2.5 years"),
        ("es", 1, "1 año"),
        ("es", 0.5, "0.5 años"),
        ("pt", 1, "1 ano"),
        ("pt", 1.5, "1,5 ano"),
        ("pt", 12, "12 anos"),
    ],
)
def test_numbers_agree_with_what_they_count(language, years, written):
    assert words_in(language).sentence([say("depth.years", skill="Go", years=years)]) == f"Go: {written}."


@pytest.mark.parametrize(
    ("language", "places"),
    [
        ("en", ["first", "third", "tenth", "11th", "21st", "22nd", "103rd", "1,112th"]),
        ("es", ["el puesto 1", "el puesto 3", "el puesto 10", "11", "21", "22", "103", "1,112"]),
        ("pt", ["o 1º lugar", "o 3º lugar", "o 10º lugar", "11º", "21º", "22º", "103º", "1.112º"]),
    ],
)
def test_places_are_told_as_people_say_them(language, places):
    for place, written in zip((1, 3, 10, 11, 21, 22, 103, 1112), places, strict=True):
        assert written in words_in(language).sentence([say("verdict.stands", place=place)])


def test_dates_money_and_lists_are_written_as_people_there_write_them():
    def said(code, **values):
        return [words_in(language).sentence([say(code, **values)]) for language in LANGUAGES]

    assert said("start.in_time", available_from="2026-03-02") == [
        "Available from March 2, 2026, in time.",
        "Disponible desde el 2 de marzo de 2026, a tiempo.",
        "Disponível a partir de 2 de março de 2026, a tempo.",
    ]
    assert said("coverage.lacks", skills=["A", "B", "C"]) == ["Lacks A, B, and C.", "Sin A, B y C.", "Sem A, B e C."]
    assert said("rate.stated", rate=[1_234_550, "USD"]) == [
        f"Rate USD{NBSP}12,345.50 an hour.",
        f"Tarifa de USD{NBSP}12,345.50 por hora.",
        f"Valor de USD{NBSP}12.345,50 por hora.",
    ]
    assert said("range.datum", datum="english", low=0.61, high=0.72) == [
        "English level not stated: between 0.61 and 0.72.",
        "Nivel de inglés sin indicar: entre 0.61 y 0.72.",
        "Sem informação sobre nível de inglês: entre 0,61 e 0,72.",
    ]


def test_money_is_written_with_the_digits_its_currency_has():
    money = words_in("en").money

    written = [money(4650, "USD"), money(52_000, "CLP"), money(5, "BRL"), money(12_345, "KWD"), money(150, None)]

    assert written == [f"USD{NBSP}46.50", f"CLP{NBSP}52,000", f"BRL{NBSP}0.05", f"KWD{NBSP}12.345", "1.5"]


def test_a_change_and_its_effect_are_one_sentence():
    change = say("would.place", change=say("if.english", level="B2"), place=3)

    assert [words_in(language).sentence([change]) for language in LANGUAGES] == [
        "With B2 English this would be third.",
        "Con inglés B2 ocuparía el puesto 3.",
        "Com inglês B2 ocuparia o 3º lugar.",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_shown_as_it_is_whatever_it_holds(language, name):
    words = words_in(language)

    assert name in words.sentence([say("depth.years", skill=name, years=3)])
    assert name in words.sentence([say("coverage.lacks", skills=[name, "Go"])])
    assert name in words.sentence([say("domain.has", domain=names_of(Taxonomy(skills=[]).domains, name))]).replace(
        name[:1].upper() + name[1:], name
    )
    gates = [f"skill:{name}", "english"]
    assert name in words.sentence([say("verdict.kept_out", gates=gates, place=1)])
    nested = say("would.place", change=say("if.skill", skill=name, years=1), place=2)
    assert name in words.sentence([nested])


def test_equal_values_of_different_messages_are_not_confused():
    words = words_in("en")

    said = {words.sentence([say(code, skill="Go")]) for code in ("skill.exact", "skill.missing", "depth.unstated")}

    assert len(said) == 3


def test_a_message_with_other_values_is_refused():
    with pytest.raises(TypeError, match="skill"):
        say("skill.exact", name="Go")
    with pytest.raises(KeyError):
        say("skill.exakt", skill="Go")


def test_titles_and_domains_are_named_as_the_taxonomy_names_them():
    taxonomy = Taxonomy.load(SEED_DATA)

    assert names_of(taxonomy.titles, "software-engineer") == [
        "Software Engineer",
        "desarrollador de software",
        "desenvolvedor de software",
    ]
    assert names_of(taxonomy.domains, "beekeeping") == ["beekeeping"] * 3


def test_levels_and_modes_are_known_to_every_language():
    for language in LANGUAGES:
        for level in Cefr:
            for mode in LANGUAGE_MODES:
                said = say("english.stated", abilities=[f"{mode}:{level.name}"], asked=level.name)
                assert words_in(language).sentence([said])
    assert date.fromisoformat(VALUES[Kind.DATE])
