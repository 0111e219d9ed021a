import random
import re
from dataclasses import replace

import pytest

from matching import (
    CertificationFact,
    CertificationNeed,
    DomainFact,
    SkillFact,
    SkillNeed,
    card_hash,
    render_brief,
    render_profile,
)
from tests.matching.builders import a_brief, a_profile, musts, skills, words


def test_a_profile_becomes_short_canonical_english():
    profile = a_profile(
        title="Desarrolladora Backend Sr",
        seniority=3,
        skills=(SkillFact("python", 2), SkillFact("java", 9), SkillFact("Zig", 1)),
        domains=(DomainFact("banking", 3),),
        certifications=(CertificationFact("aws-sa"),),
        past_titles=("Desarrollador de datos", "Desarrollador backend"),
    )

    card = render_profile(profile, ["Trabajé con React y programación en Java."], words())

    assert card == (
        "Senior backend developer. Skills: Zig, Java, Python. Also: React. Domains: Banking. "
        "Certifications: AWS Solutions Architect. Before: data developer."
    )


def test_a_request_is_written_like_the_profile_it_hopes_to_find():
    brief = a_brief(
        title="Desarrollador backend",
        seniority=2,
        skills=(SkillNeed("docker"), *musts("python")),
        certifications=(CertificationNeed("cka"),),
    )

    card = render_brief(brief, "Banca: microservicios en Node.js, com Python.", words())

    assert card == (
        "Middle backend developer. Skills: Python, Docker. Also: Node.js. Domains: Banking. Certifications: CKA."
    )


def test_an_empty_profile_and_an_empty_request_have_cards():
    assert render_profile(a_profile(title=""), [], words()) == "."
    assert render_brief(a_brief(title=""), "", words()) == "."


def test_a_skill_is_not_repeated_by_what_it_implies():
    assert render_profile(a_profile(skills=skills(django=1)), ["Python and Django"], words()) == (
        "Backend developer. Skills: Django."
    )


def test_equal_cards_have_equal_hashes():
    assert card_hash("a card") == card_hash("a card")
    assert card_hash("a card") != card_hash("a card.")
    assert len(card_hash("")) == 32


# ---- What must not be in a card


PERSONAL = (
    "Soy María Fernanda Gutiérrez (34 años, casada), maria.gutierrez@docker.com, +52 55 1234 5678, DNI 30.123.456. "
    "LinkedIn https://linkedin.com/in/python-maria?ref=java and www.ruby-maria.dev, @django_maria. "
    "Nasci em 12/03/1991 em Ouro Preto; meu CPF é 123.456.789-09. I worked at Acme Widgets Ltd. with React."
)


def test_names_contacts_and_ages_never_enter_a_card():
    card = render_profile(a_profile(), [PERSONAL], words())

    assert card == "Backend developer. Also: React."


def test_against_the_reference_data_too_only_concepts_leave_a_bio(seed):
    card = render_profile(a_profile(title="Backend Developer"), [PERSONAL, PERSONAL.upper(), PERSONAL.lower()], seed)

    said = card.casefold()
    private = "maría maria fernanda gutiérrez gutierrez casada linkedin acme widgets preto django docker ruby dni cpf"
    assert [word for word in private.split() if word in said] == []
    assert not re.search(r"\d{2}|@|http", card)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Soy Carlos Pérez, casado, 52 años.", "Soy Ana Souza, soltera, 23 años."),
        ("Desarrollador con React; él ama Docker.", "Desarrolladora con React; ella ama Docker."),
        ("Nací en Monterrey. React.", "Nací en Bogotá. React."),
        ("Mail juan@java.com. React.", "Mail ana@python.org. React."),
    ],
)
def test_another_identity_is_the_same_card(one, other, seed):
    cards = {render_profile(a_profile(), [bio], taxonomy) for bio in (one, other) for taxonomy in (words(), seed)}

    assert {render_profile(a_profile(), [one], seed)} == {render_profile(a_profile(), [other], seed)}
    assert len(cards) <= 2


# ---- What must not change a card


def test_the_same_profile_in_three_languages_is_the_same_card(seed):
    titles = {
        "en": ("Senior Data Engineer", "Software Developer"),
        "es": ("Ingeniera de Datos Senior", "Desarrolladora de Software"),
        "pt": ("Engenheiro de Dados Sênior", "Desenvolvedor de Software"),
    }
    facts = {
        "seniority": 3,
        "discipline": "data",
        "skills": tuple(SkillFact(seed.skills.find(s), 3) for s in ("Python", "Spark")),
    }

    cards = {
        render_profile(a_profile(title=now, past_titles=(then,), **facts), [], seed) for now, then in titles.values()
    }

    assert len(cards) == 1


def test_the_same_bio_in_three_languages_is_the_same_card(seed):
    bios = (
        "I build data pipelines with Apache Airflow and PostgreSQL on Kubernetes.",
        "Construyo tuberías con Kubernetes, PostgreSQL y Apache Airflow.",
        "Trabalho com PostgreSQL e k8s; orquestro tudo com Apache Airflow.",
    )

    mentioned = [
        set(re.findall(r"Kubernetes|PostgreSQL|Apache Airflow", render_profile(a_profile(), [bio], seed)))
        for bio in bios
    ]

    assert mentioned == [{"Kubernetes", "PostgreSQL", "Apache Airflow"}] * 3


def test_the_order_of_sections_skills_and_sentences_does_not_matter():
    profile = a_profile(
        skills=skills(python=3, java=3, docker=1),
        domains=(DomainFact("banking"), DomainFact("insurance")),
        certifications=(CertificationFact("cka"), CertificationFact("aws-sa")),
    )
    bios = ["React and Node.js.", "Golang, C# and .NET."]
    shuffled = replace(
        profile,
        skills=profile.skills[::-1],
        domains=profile.domains[::-1],
        certifications=profile.certifications[::-1],
    )

    assert render_profile(profile, bios, words()) == render_profile(shuffled, bios[::-1], words())


def test_a_gained_year_does_not_move_a_card_that_shows_every_skill():
    before = a_profile(skills=skills(python=3, java=5))
    after = a_profile(skills=skills(python=9, java=5))

    assert render_profile(before, [], words()) == render_profile(after, [], words())


# ---- Texts nobody should write


@pytest.mark.parametrize(
    "bio",
    ["", " \n\t", "😀" * 500, "你好，我是工程师", "\x00\x01", "Привет", "java " * 30_000, "x@" * 50_000, "@" * 100_000],
)
def test_any_bio_makes_a_short_card(bio):
    card = render_profile(a_profile(), [bio], words())

    assert card.startswith("Backend developer.")
    assert len(card) < 500


def test_a_card_is_short_however_much_is_stated_and_keeps_the_strongest(seed):
    names = sorted(seed.skills.concepts)[:300]
    random.Random(1).shuffle(names)  # noqa: S311 - examples, not secrets
    profile = a_profile(skills=tuple(SkillFact(name, years) for years, name in enumerate(names)))

    card = render_profile(profile, [", ".join(seed.skills.name_of(name) for name in names)], seed)

    assert seed.skills.name_of(names[-1]) in card
    assert len(card) < 2500
