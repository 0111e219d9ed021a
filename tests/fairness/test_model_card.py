"""The model card: what the running process is, and figures that somebody can measure again."""

import json
from pathlib import Path

import pytest

from app.core.actor import Role
from app.core.settings import Settings
from app.fairness import card
from app.fairness.card_schemas import FigureOut
from app.main import create_app
from app.taxonomy import service as taxonomy
from matching import DEFAULT_WEIGHTS, GATE_KINDS, PARTS
from tests.conftest import client_of

URL = "/v1/model-card"
FIGURES = Path("app/fairness/figures.json")


@pytest.mark.parametrize("role", Role)
async def test_everybody_who_is_signed_in_reads_it(client, acting_as, role):
    reply = await client.get(URL, headers=(await acting_as(role)).headers)

    assert reply.status_code == 200
    assert (await client.get(URL)).status_code == 401


async def test_it_says_what_this_process_is(client, session, engine, buyer):
    revision = (await engine.interpreter(session)).revision
    body = (await client.get(URL, headers=buyer.headers)).json()

    details = body["details"]
    assert (details["language_model"], details["model_hash"]) == (engine.encoder.model_id, revision)
    assert details["dimension"] == engine.encoder.dimension
    assert details["taxonomy_revision"] == await taxonomy.revision(session)
    assert details["contact"] is None
    assert {part["part"]: part["weight"] for part in body["parts"]} == DEFAULT_WEIGHTS
    assert [part["weight"] for part in body["parts"]] == sorted(DEFAULT_WEIGHTS.values(), reverse=True)
    assert [gate["kind"] for gate in body["gates"]] == list(GATE_KINDS)
    assert {"gender", "career_gap", "country"} <= set(body["factors"])
    assert body["decisions"].startswith("People decide.")


async def test_whom_to_ask_is_the_operator_s_to_say(settings, database, engine, buyer):
    named = settings.model_copy(update={"operator_contact": "fairness@operator.example"})
    async with client_of(create_app(named, database=database, engine=engine)) as client:
        body = (await client.get(URL, headers=buyer.headers)).json()

    assert body["details"]["contact"] == "fairness@operator.example"
    assert Settings(operator_contact="fairness@operator.example").operator_contact


async def test_another_model_is_not_described_as_the_bundled_one():
    bundled, other = (card.data_of(model, []) for model in ("all-MiniLM-L6-v2@53aa51172d14", "multilingual-e5-small@1"))

    assert "Apache" in bundled[0].source
    assert "Apache" not in other[0].source
    assert "multilingual-e5-small@1" in other[0].name


def test_every_part_and_every_gate_has_its_sentence():
    assert set(card.PART_MEANINGS) == set(PARTS)
    assert set(card.GATE_MEANINGS) == set(GATE_KINDS)
    for sentence in (*card.PART_MEANINGS.values(), *card.GATE_MEANINGS.values(), *card.LIMITS, *card.FAIRNESS_TESTS):
        assert sentence.endswith(".")


def test_the_tests_it_names_are_there():
    named = [word.strip("().,") for line in card.FAIRNESS_TESTS for word in line.split() if "tests/" in word]

    assert len(named) >= len(card.FAIRNESS_TESTS)
    assert [path for path in named if not Path(path).is_file()] == []


def test_every_figure_has_a_name_a_meaning_and_a_command():
    stored = json.loads(FIGURES.read_text(encoding="utf-8"))
    figures = card.figures()

    assert len(figures) == len(stored) == len({figure.id for figure in figures}) > 0
    for raw, figure in zip(stored, figures, strict=True):
        assert set(raw) == set(FigureOut.model_fields)
        assert figure.id == figure.id.lower().strip()
        assert figure.meaning.endswith(".")
        assert figure.command.startswith("python -m ")
        assert (figure.value is None) == (figure.measured_on is None)
        assert (figure.low is None) == (figure.high is None)
        if figure.value is not None and figure.low is not None and figure.high is not None:
            assert figure.low <= figure.value <= figure.high
