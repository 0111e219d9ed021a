"""Which language a reply is in, whatever `Accept-Language` says."""

import pytest

from app.core.languages import LONGEST, preferred

OFFERED = ("en", "es", "pt")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("ES-mx", "es"),
        ("es-419, en;q=0.9", "es"),
        ("pt-BR,pt;q=0.9,en-US;q=0.8", "pt"),
        ("zh-Hant-TW, pt;q=0.1", "pt"),
        ("en;q=0.5, es;q=0.8, pt;q=0.79", "es"),
        ("es;q=0.8, pt;q=0.8", "es"),
        ("pt;q=0.8, es;q=0.8", "pt"),
        ("fr, de;q=0.9", "en"),
        ("*", "en"),
        ("fr, *;q=0.5", "en"),
        ("en;q=0, *", "es"),
        ("en;q=0, es;q=0, *;q=0.1", "pt"),
        ("en;q=0, es;q=0, pt;q=0", "en"),
        ("es;q=0", "en"),
        ("es-MX;q=0, es;q=0.3", "es"),
        ("*;q=0.9, pt;q=0.1", "en"),
        ("spa", "en"),
        ("esperanto", "en"),
        (" , es\t; Q=0.5 ,, ", "es"),
        ("es;q=1.000", "es"),
    ],
)
def test_the_language_liked_best_is_spoken(header, language):
    assert preferred(header, OFFERED) == language


@pytest.mark.parametrize(
    "header",
    [
        "es;q=2",
        "es;q=1.001",
        "es;q=-1",
        "es;q=0.1234",
        "es;q=nan",
        "es;q=1e0",
        "es;level=1",
        "es_MX",
        "es-",
        "-es",
        "es mx",
        "es;",
        "español",
        "es\x00",
        "es;q=\N{ARABIC-INDIC DIGIT ONE}",
        "../../etc/passwd",
        "{0}",
        "es, <script>",
        "abcdefghi",
        "**",
        "es;q=0.5;q=0.9",
    ],
)
def test_what_makes_no_sense_is_answered_in_english(header):
    assert preferred(header, OFFERED) == "en"


def test_an_absurdly_long_header_is_answered_in_english():
    assert preferred("es," * (LONGEST // 3), OFFERED) == "es"
    assert preferred("es," * LONGEST, OFFERED) == "en"
    assert preferred("a-" * 400_000, OFFERED) == "en"


@pytest.mark.parametrize("junk", [",", ";", "-a", " ", "q=", "*,", "a;q=0.1,"])
def test_repetition_costs_no_time(junk):
    assert preferred((junk * LONGEST)[:LONGEST], OFFERED) == "en"
