"""Reasons in three languages, and how anybody stands to a request, over HTTP."""

import json

import pytest
from pydantic_core import from_json
from sqlmodel import select

from app.core.actor import Role
from app.core.ids import new_id
from app.core.keyring import person_keys
from app.matchmaking.explanations import document_of, fraction, told
from app.matchmaking.models import BriefEntry, Shortlist, ShortlistEntry
from app.matchmaking.schemas import CandidateExplanationOut, ShortlistOut
from matching import LANGUAGES, explain, rank, standing, words_in
from tests.isolation.replies import contents
from tests.matching.builders import Chance, Vectors, a_pool, asked_by, words
from tests.payloads import matching, post_engineer, post_request, post_shortlist, skills
from tests.payloads import told as refused

ASKED = {
    "discipline": "software",
    "seniority": "senior",
    "skills": [*skills("Python", years=4), *skills("Kafka", must=False)],
    "minimum_english": "B2",
    "domains": ["banking"],
    "countries": ["CO"],
    "open_to_suppliers": True,
}
FITS = {
    "title": "Desarrolladora Backend",
    "seniority": "senior",
    "skills": skills("Django", years=5),
    "languages": [{"language": "en", "speaking": "C1", "listening": "C1"}],
    "domains": [{"domain": "banca", "years": 2.5}],
    "country": "CO",
}
WORSE = FITS | {"skills": skills("Python", years=1), "languages": [{"language": "en", "speaking": "B2"}]}
MUTE = FITS | {"languages": [{"language": "en", "speaking": "A2", "listening": "A2"}]}
HOSTILE = "<b>{0}</b> {skill} %s ñandú 🦄"


def url(request, engineer) -> str:
    return f"/v1/requests/{request['id']}/candidates/{engineer['id']}/explanation"


async def explained(client, caller, request, engineer, language="en"):
    headers = {**caller.headers, "Accept-Language": language}
    reply = await client.get(url(request, engineer), headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


def wordless(document):
    """A reply without its words."""
    match document:
        case dict():
            # The watermark goes on when other databases of the server are written to.
            spoken = {"reason", "summary", "verdict", "name", "through", "watermark"}
            return {name: wordless(value) for name, value in document.items() if name not in spoken}
        case list():
            return [wordless(value) for value in document]
    return document


# ---- Adding up


@pytest.mark.parametrize("seed", range(20))
def test_explanations_of_a_thousand_candidates_add_up_in_every_language(seed):
    taxonomy, chance = words(), Chance(seed + 900)
    profiles, brief = chance.profiles(50), chance.brief()
    vectors = Vectors(seed, exact=False)
    pool, asked = a_pool(profiles, vectors), asked_by(brief, vectors)

    admitted = {entry.id: entry for entry in rank(pool, brief, asked, 50, taxonomy).entries}
    for at, profile in enumerate(profiles):
        ranked = admitted.get(profile.id) or standing(pool, brief, asked, profile.id, taxonomy).ranked
        stored = from_json(json.dumps(document_of(explain(brief, profile, ranked, taxonomy), ranked)))
        document = told(stored, words_in(LANGUAGES[at % len(LANGUAGES)]))
        assert abs(sum(part["contribution"] for part in document["parts"]) - fraction(ranked.score)) < 1e-9
        assert wordless(document) == wordless(stored)


# ---- Languages of a shortlist


async def test_a_shortlist_is_told_in_the_language_that_is_asked_for(client, buyer, make_engineers):
    await make_engineers(FITS, WORSE)
    request = await post_request(client, buyer, **ASKED)
    url = f"/v1/requests/{request['id']}/shortlists"
    made = await client.post(url, headers={**buyer.headers, "Accept-Language": "es-CO"})

    replies = {
        language: await client.get(made.headers["location"], headers={**buyer.headers, "Accept-Language": language})
        for language in LANGUAGES
    }

    assert made.json() == replies["es"].json()
    for language, reply in replies.items():
        assert reply.headers["content-language"] == language
        assert reply.headers["vary"] == "Accept-Language"
        assert wordless(reply.json()) == wordless(made.json())
        assert ShortlistOut.model_validate(reply.json(), extra="forbid").model_dump(mode="json") == reply.json()
    first = {language: reply.json()["entries"][0] for language, reply in replies.items()}
    assert [first[language]["summary"].partition(":")[0] for language in LANGUAGES] == [
        "Senior Backend Developer",
        "Desarrollador backend sénior",
        "Desenvolvedor backend sênior",
    ]
    assert [one["requirements"][2]["name"] for one in first.values()] == ["Banking", "banca", "setor bancário"]
    gates = [[gate["name"] for gate in reply.json()["gates"]] for reply in replies.values()]
    assert gates[1] == ["Python", "Disciplina", "Inglés", "País"]
    assert gates[2] == ["Python", "Disciplina", "Inglês", "País"]


@pytest.mark.parametrize("header", ["", "x" * 5000, "es;q=9", "fr", "*", "{0}", "es\x00".replace("\x00", "%00")])
async def test_whatever_the_header_says_there_is_an_answer(client, buyer, header):
    request = await post_request(client, buyer)
    headers = {**buyer.headers, "Accept-Language": header}

    replies = [
        await client.post(f"/v1/requests/{request['id']}/shortlists", headers=headers),
        await client.get(f"/v1/requests/{request['id']}/shortlists", headers=headers),
    ]

    assert [(reply.status_code, reply.headers["content-language"]) for reply in replies] == [(201, "en"), (200, "en")]


async def test_a_repeated_post_is_answered_as_the_first_was(client, buyer):
    request = await post_request(client, buyer, **ASKED)
    url, key = f"/v1/requests/{request['id']}/shortlists", {"Idempotency-Key": "once"}

    first = await client.post(url, headers={**buyer.headers, **key, "Accept-Language": "pt"})
    again = await client.post(url, headers={**buyer.headers, **key, "Accept-Language": "es"})

    assert again.content == first.content
    assert (again.headers["content-language"], again.headers["vary"]) == ("pt", "Accept-Language")


async def test_what_was_frozen_in_english_words_stays_readable_and_says_so(client, session, buyer, make_engineers):
    await make_engineers(FITS)
    request = await post_request(client, buyer, **ASKED)
    shortlist = await post_shortlist(client, buyer, request)
    await freeze_as_before(session, shortlist)

    reply = await client.get(f"/v1/shortlists/{shortlist['id']}", headers={**buyer.headers, "Accept-Language": "es"})

    assert reply.headers["content-language"] == "en"
    (entry,) = reply.json()["entries"]
    (before,) = shortlist["entries"]
    assert entry == before | {"requirements": [], "unstated": []}
    assert ShortlistOut.model_validate(reply.json(), extra="forbid")


async def freeze_as_before(session, shortlist) -> None:
    """Put into the entry what was stored when explanations were kept in words."""
    stored = (await session.exec(select(ShortlistEntry))).one()
    keys = await person_keys(session, [stored.engineer_id])
    stored.open(keys[stored.engineer_id])
    (entry,) = shortlist["entries"]
    in_words = {name: entry[name] for name in ("summary", "parts", "gates", "skills", "missing")}
    explanation = {"title": stored.explanation["title"], **in_words}
    stored.seal(keys[stored.engineer_id], profile=stored.profile, explanation=explanation)
    session.add(stored)
    await session.flush()


async def test_a_name_nobody_curated_is_shown_as_it_was_written(client, buyer, make_engineers):
    await make_engineers({"skills": skills(HOSTILE, years=3)})
    request = await post_request(client, buyer, skills=[*skills(HOSTILE, years=2), *skills("{}", must=False)])
    name = HOSTILE.lower().replace("ñ", "n").replace("ú", "u")

    for language in LANGUAGES:
        reply = await client.post(
            f"/v1/requests/{request['id']}/shortlists", headers={**buyer.headers, "Accept-Language": language}
        )
        (entry,) = reply.json()["entries"]
        told_names = [one["name"] for one in entry["requirements"]]
        assert told_names == [entry["skills"][0]["name"], "{}"]
        assert name in told_names[0]
        assert told_names[0] in entry["parts"][1]["reason"]


# ---- Where anybody stands


async def test_who_is_on_the_list_stands_where_it_says(client, buyer, recruiter, make_engineers):
    await make_engineers(WORSE, FITS, MUTE)
    request = await post_request(client, buyer, **ASKED)
    shortlist = await post_shortlist(client, recruiter, request)

    for entry in shortlist["entries"]:
        found = await explained(client, recruiter, request, {"id": entry["engineer_id"]})
        assert (found["outcome"], found["place"], found["admitted"]) == ("admitted", entry["rank"], 2)
        same = ("score", "low", "high", "summary", "candidate", "identity", "parts", "gates", "skills", "missing")
        assert {name: found[name] for name in (*same, "requirements", "unstated")} == {
            name: entry[name] for name in (*same, "requirements", "unstated")
        }
    assert found["verdict"] == "Stands second of 2 admitted."


async def test_who_is_kept_out_is_told_by_what_and_what_would_help(client, buyer, recruiter, supplier, make_engineers):
    await make_engineers(WORSE)
    mute = await post_engineer(client, supplier, **MUTE)
    request = await post_request(client, buyer, **ASKED)

    found = await explained(client, recruiter, request, mute)

    assert (found["outcome"], found["place"], found["admitted"]) == ("kept_out", 1, 1)
    assert found["verdict"] == "Kept out by English; without that this would be first."
    assert [gate["kind"] for gate in found["gates"] if gate["outcome"] == "fail"] == ["english"]
    states = {one["subject"] or one["kind"]: one["state"] for one in found["requirements"]}
    assert states == {
        "python": "met",
        "kafka": "missing",
        "banking": "met",
        "discipline": "met",
        "seniority": "met",
        "english": "missing",
        "country": "met",
    }
    [one] = found["counterfactuals"]
    assert (one["kind"], one["admits"], one["place"]) == ("english", True, 1)
    assert one["reason"] == "With B2 English this would be admitted and stand first."
    assert CandidateExplanationOut.model_validate(found, extra="forbid").model_dump(mode="json") == found


async def test_a_change_leads_where_it_was_said_to(client, buyer, recruiter, supplier, make_engineers):
    await make_engineers(WORSE)
    mute = await post_engineer(client, supplier, **MUTE)
    request = await post_request(client, buyer, **ASKED)
    [promised] = (await explained(client, recruiter, request, mute))["counterfactuals"]

    given = {"languages": [{"language": "en", "speaking": "B2", "listening": "B2"}]}
    await client.patch(f"/v1/engineers/{mute['id']}", json=given, headers=matching(supplier, 1))
    kept = await explained(client, recruiter, request, mute)

    assert (kept["outcome"], kept["place"], kept["score"]) == ("admitted", promised["place"], promised["score"])
    assert kept["engineer_version"] == 2


async def test_an_explanation_is_told_in_three_languages(client, buyer, recruiter, supplier):
    mute = await post_engineer(client, supplier, **MUTE)
    request = await post_request(client, buyer, **ASKED)

    said = {language: await explained(client, recruiter, request, mute, language) for language in LANGUAGES}

    assert [one["verdict"] for one in said.values()] == [
        "Kept out by English; without that this would be first.",
        "Queda fuera por inglés; sin eso ocuparía el puesto 1.",
        "Fica de fora por inglês; sem isso ocuparia o 1º lugar.",
    ]
    assert wordless(said["es"]) == wordless(said["pt"]) == wordless(said["en"])


async def test_asking_changes_nothing(client, session, buyer, recruiter, supplier):
    engineer = await post_engineer(client, supplier, **FITS)
    request = await post_request(client, buyer, **ASKED)
    before = await contents(session)

    for caller in (recruiter, supplier):
        await explained(client, caller, request, engineer)

    assert await contents(session) == before
    assert (await session.exec(select(Shortlist))).all() == []


async def test_a_request_whose_brief_is_of_another_model_is_read_again_for_whoever_asks(
    client, session, buyer, supplier
):
    engineer = await post_engineer(client, supplier, **FITS)
    request = await post_request(client, buyer, **ASKED)
    stored = (await session.exec(select(BriefEntry))).one()
    stored.model_hash = "0" * 16
    session.add(stored)
    await session.flush()

    assert (await explained(client, supplier, request, engineer))["place"] == 1


# ---- Who is told


async def test_a_client_is_told_of_whom_its_shortlists_show_and_not_who_it_is(
    client, buyer, recruiter, supplier, make_engineers
):
    await make_engineers(*[WORSE] * 3)
    engineer = await post_engineer(client, supplier, **FITS)
    request = await post_request(client, buyer, **ASKED)
    other = await post_request(client, buyer, **ASKED)
    hidden = await client.get(url(request, engineer), headers=buyer.headers)

    await post_shortlist(client, buyer, request, size=1)
    found = await explained(client, buyer, request, engineer)

    assert hidden.status_code == 404
    assert (await client.get(url(other, engineer), headers=buyer.headers)).status_code == 404
    assert (found["identity"], found["admitted"], found["place"]) == (None, None, 1)
    assert found["verdict"] == "Stands first of all admitted."
    assert "Soto" not in json.dumps(found)
    known = await explained(client, recruiter, request, engineer)
    unnamed = known | {"identity": None, "admitted": None, "verdict": found["verdict"]}
    assert found == unnamed


async def test_a_firm_is_told_of_its_own_people_for_what_is_open_to_it(client, buyer, supplier, acting_as):
    rival = await acting_as(Role.SUPPLIER_ADMIN)
    mine, theirs = await post_engineer(client, supplier, **WORSE), await post_engineer(client, rival, **FITS)
    opened = await post_request(client, buyer, **ASKED)
    closed = await post_request(client, buyer, **ASKED | {"open_to_suppliers": False})

    found = await explained(client, supplier, opened, mine)

    assert (found["place"], found["admitted"], found["identity"]["given_name"]) == (2, None, "Ana")
    assert str(buyer.organisation.id) not in json.dumps(found)
    assert theirs["id"] not in json.dumps(found)
    assert (await client.get(url(opened, theirs), headers=supplier.headers)).status_code == 404
    assert (await client.get(url(closed, mine), headers=supplier.headers)).status_code == 404


async def test_nobody_is_told_from_nobody(client, buyer, recruiter, supplier, acting_as):
    """Missing, foreign, never listed, withdrawn, erased: one answer."""
    stranger, rival = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    request = await post_request(client, buyer, **ASKED)
    draft = await post_engineer(client, supplier, **FITS, draft=True)
    withdrawn, erased = [await post_engineer(client, supplier, **FITS) for _ in range(2)]
    listed = await post_engineer(client, supplier, **FITS)
    await post_shortlist(client, buyer, request)
    await client.post(f"/v1/engineers/{withdrawn['id']}/unlist", headers=matching(supplier, 1))
    gone = await client.post(
        f"/v1/engineers/{erased['id']}/erase", json={"ground": "objection"}, headers=matching(supplier, 1)
    )
    assert gone.status_code < 300, gone.text
    missing = {"id": str(new_id())}

    answers = [
        refused(await client.get(url(request, engineer), headers=caller.headers))
        for caller, engineers in (
            (buyer, (missing, draft, withdrawn, erased)),
            (recruiter, (missing, draft, withdrawn, erased)),
            (supplier, (missing, draft, withdrawn, erased)),
            (rival, (missing, draft, withdrawn, erased, listed)),
        )
        for engineer in engineers
    ]
    foreign = [refused(await client.get(url(asked, listed), headers=stranger.headers)) for asked in (request, missing)]

    assert {status for status, _ in answers} == {404}
    assert [answer for answer in answers if answer != answers[0]] == []
    assert foreign[0] == foreign[1]
    assert foreign[0][1]["code"] == "request-not-found"


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
async def test_who_ranks_nobody_is_refused(client, buyer, supplier, acting_as, role):
    caller = await acting_as(role)
    engineer, request = await post_engineer(client, supplier), await post_request(client, buyer)

    assert (await client.get(url(request, engineer), headers=caller.headers)).status_code == 403


async def test_what_cannot_be_ranked_for_is_a_conflict(client, buyer, recruiter, supplier):
    engineer = await post_engineer(client, supplier)
    # The others do not apply to a request that asks for nothing but a title.
    nothing = {"semantic": 0, "delivery": 0, "freshness": 0}
    weightless = await post_request(client, buyer, weights=nothing)
    archived = await post_request(client, buyer)
    await client.post(f"/v1/requests/{archived['id']}/archive", headers=matching(buyer, 1))

    replies = [await client.get(url(one, engineer), headers=recruiter.headers) for one in (weightless, archived)]

    assert [(one.status_code, one.json()["code"]) for one in replies] == [
        (409, "nothing-to-rank-by"),
        (409, "request-archived"),
    ]


async def test_a_profile_written_a_moment_before_is_the_one_explained(client, buyer, recruiter, supplier):
    engineer = await post_engineer(client, supplier, **WORSE)
    request = await post_request(client, buyer, **ASKED)
    before = await explained(client, recruiter, request, engineer)

    await client.patch(f"/v1/engineers/{engineer['id']}", json={"country": "BR"}, headers=matching(supplier, 1))
    after = await explained(client, recruiter, request, engineer)

    assert (before["outcome"], after["outcome"]) == ("admitted", "kept_out")
    assert after["candidate"]["country"] == "BR"
    assert after["counterfactuals"] == []
