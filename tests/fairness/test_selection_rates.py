"""The report over HTTP: who may read it, of what, and figures of a market small enough to be counted by hand."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.core.actor import Role
from app.core.clock import today
from app.core.ids import new_id
from app.fairness import service
from app.fairness.models import ShortlistPopulation
from tests.payloads import (
    Statements,
    matching,
    pointers,
    post_declaration,
    post_request,
    post_shortlist,
    skills,
    told,
)

URL = "/v1/reports/selection-rates"
ASKED = {"skills": skills("Python", must=True, years=8)}
PROFILE = ["seniority", "country", "hub_size", "profile_language", "career_gap"]
DECLARED = ["gender", "age_band", "ethnicity", "gender_and_ethnicity", "disability"]


async def report(client, caller, **params):
    reply = await client.get(URL, params=params, headers=caller.headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


def groups_of(body, dimension):
    (found,) = [one for one in body["dimensions"] if one["dimension"] == dimension]
    return {group["value"]: group for group in found["groups"]}


async def test_an_empty_market_has_an_empty_report(client, buyer, recruiter):
    for caller, dimensions in ((buyer, PROFILE), (recruiter, PROFILE + DECLARED)):
        body = await report(client, caller)

        assert (body["shortlists"], body["left_out"], body["considered"], body["selected"]) == (0, 0, 0, 0)
        assert [one["dimension"] for one in body["dimensions"]] == dimensions
        assert all((one["groups"], one["reference"], one["ndkl"]) == ([], None, None) for one in body["dimensions"])


async def test_a_shortlist_is_counted_as_it_was_made(client, buyer, recruiter, market):
    request = await post_request(client, buyer, **ASKED)
    await post_shortlist(client, buyer, request, size=10)

    body = await report(client, buyer)

    assert (body["shortlists"], body["considered"], body["selected"]) == (1, 20, 10)
    by_hand = {
        "seniority": ("senior", "junior"),
        "country": ("CO", "BR"),
        "hub_size": ("metropolis", "unknown"),
        "profile_language": ("es", "en"),
        "career_gap": ("none", "over_a_year"),
    }
    for dimension, (first, second) in by_hand.items():
        groups = groups_of(body, dimension)
        assert set(groups) == {first, second}
        assert (groups[first]["selection"]["taken"], groups[first]["selection"]["of"]) == (10, 10)
        assert (groups[second]["selection"]["taken"], groups[second]["selection"]["of"]) == (0, 10)
        assert groups[first]["scoring"]["rate"] == 1.0
        assert groups[second]["scoring"]["rate"] == 0.0
        compared = None if second == "unknown" else 0.0
        assert groups[second]["selection"]["impact_ratio"] == compared
        assert groups[second]["selection"]["below_four_fifths"] is (None if second == "unknown" else True)
        assert groups[second]["skew"] is None
    assert [one["ndkl"] > 0 for one in body["dimensions"]] == [True] * 5
    for key in ("from_on", "to_on"):
        assert body[key]
    staff = await report(client, recruiter)
    assert staff["dimensions"][:5] == body["dimensions"]


async def test_the_first_places_may_count_alone(client, buyer, market):
    request = await post_request(client, buyer, **ASKED)
    await post_shortlist(client, buyer, request, size=20)

    all_of_them = await report(client, buyer)
    top = await report(client, buyer, stage="top_k", k="5")
    usual = await report(client, buyer, stage="top_k")

    assert (all_of_them["k"], top["k"], usual["k"]) == (None, 5, 10)
    assert (all_of_them["selected"], top["selected"], usual["selected"]) == (20, 5, 10)
    assert groups_of(all_of_them, "seniority")["junior"]["selection"]["impact_ratio"] == 1.0
    assert groups_of(top, "seniority")["senior"]["selection"]["rate"] == 0.5
    assert groups_of(usual, "seniority")["junior"]["selection"]["rate"] == 0.0


async def test_a_later_profile_changes_no_earlier_count(client, buyer, supplier, market):
    request = await post_request(client, buyer, **ASKED)
    await post_shortlist(client, buyer, request, size=10)
    before = await report(client, buyer)

    for engineer in market[:9]:
        url = f"/v1/engineers/{engineer.id}"
        assert (await client.patch(url, json={"seniority": "lead"}, headers=matching(supplier, 1))).status_code == 200
    gone = await client.post(
        f"/v1/engineers/{market[9].id}/erase", json={"ground": "objection"}, headers=matching(supplier, 1)
    )

    assert gone.status_code == 200
    assert await report(client, buyer) == before


async def test_filters_name_a_period_a_request_a_client_and_a_discipline(client, acting_as, buyer, recruiter, market):
    one, two = [await post_request(client, buyer, **ASKED, discipline=each) for each in ("software", None)]
    other = await acting_as(Role.CLIENT_ADMIN)
    three = await post_request(client, other, **ASKED)
    for caller, request in ((buyer, one), (buyer, two), (other, three)):
        await post_shortlist(client, caller, request, size=10)
    tomorrow = str(today() + timedelta(days=1))

    async def counted(**params):
        return (await report(client, recruiter, **params))["shortlists"]

    assert await counted() == 3
    assert await counted(request_id=one["id"]) == 1
    assert await counted(organisation_id=str(buyer.organisation.id)) == 2
    assert await counted(discipline="software") == 1
    assert await counted(discipline="civil") == 0
    assert await counted(from_on=tomorrow, to_on=tomorrow) == 0
    assert await counted(from_on=str(today()), to_on=str(today())) == 3
    assert (await report(client, buyer))["shortlists"] == 2


async def test_a_client_reads_of_its_own_alone(client, acting_as, buyer, recruiter, market):
    request = await post_request(client, buyer, **ASKED)
    await post_shortlist(client, buyer, request, size=10)
    stranger = await acting_as(Role.CLIENT_ADMIN)
    missing = str(new_id())

    for name, foreign in (("request_id", request["id"]), ("organisation_id", str(buyer.organisation.id))):
        there, nowhere = [
            await client.get(URL, params={name: value}, headers=stranger.headers) for value in (foreign, missing)
        ]
        assert there.status_code == 404
        assert told(there) == told(nowhere)
        assert (await client.get(URL, params={name: missing}, headers=recruiter.headers)).status_code == 404
    assert (await report(client, stranger))["shortlists"] == 0
    assert (await report(client, buyer, request_id=request["id"]))["shortlists"] == 1


@pytest.mark.parametrize("role", Role)
async def test_no_firm_reads_a_report(client, acting_as, role):
    caller = await acting_as(role)

    reply = await client.get(URL, headers=caller.headers)

    assert reply.status_code == (403 if role in (Role.SUPPLIER_ADMIN, Role.SUPPLIER_RECRUITER) else 200)


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"from_on": "2026-02-01", "to_on": "2026-01-31"}, "/to_on"),
        ({"from_on": "2020-01-01", "to_on": "2026-01-01"}, "/to_on"),
        ({"from_on": "0001-01-01", "to_on": "9999-12-31"}, "/to_on"),
        ({"from_on": "9999-12-31", "to_on": "9999-12-31"}, "/to_on"),
        ({"from_on": "2999-01-01"}, "/to_on"),
        ({"from_on": "yesterday"}, "/from_on"),
        ({"k": "10"}, "/k"),
        ({"stage": "top_k", "k": "6"}, "/k"),
        ({"stage": "hired"}, "/stage"),
        ({"gender": "woman"}, "/gender"),
        ({"request_id": "Ñandú"}, "/request_id"),
    ],
)
async def test_a_malformed_filter_is_named(client, buyer, params, pointer):
    reply = await client.get(URL, params=params, headers=buyer.headers)

    assert reply.status_code == 422
    assert pointers(reply) == [pointer]


async def test_the_first_days_there_are_have_a_period_of_a_year(client, buyer):
    body = await report(client, buyer, to_on="0001-01-02")

    assert (body["from_on"], body["to_on"]) == ("0001-01-01", "0001-01-02")


async def test_too_many_shortlists_are_refused_and_a_shorter_period_is_not(client, buyer, market, monkeypatch):
    request = await post_request(client, buyer, **ASKED)
    for _ in range(3):
        await post_shortlist(client, buyer, request, size=10)
    monkeypatch.setattr(service, "MOST_SHORTLISTS", 2)

    reply = await client.get(URL, headers=buyer.headers)

    assert (reply.status_code, reply.json()["code"]) == (409, "report-too-large")
    yesterday = str(today() - timedelta(days=1))
    assert (await report(client, buyer, to_on=yesterday))["shortlists"] == 0


async def test_of_few_people_nothing_is_told_or_kept(client, session, buyer, recruiter, make_engineers):
    engineers = await make_engineers(*[{"skills": skills("Python")}] * 4)
    for engineer in engineers:
        await post_declaration(client, recruiter, str(engineer.id), gender="woman")
    request = await post_request(client, buyer, **ASKED)
    await post_shortlist(client, buyer, request)
    await make_engineers(*[{"skills": skills("Python")}] * 9)
    await post_shortlist(client, buyer, request, size=4)

    body = await report(client, recruiter)

    assert (body["shortlists"], body["left_out"], body["considered"], body["selected"]) == (0, 2, 0, 0)
    assert all(one["groups"] == [] for one in body["dimensions"])
    assert (await session.exec(select(ShortlistPopulation.groups))).all() == [{}, {}]


async def test_a_small_group_is_not_kept_either(client, session, buyer, make_engineers, market):
    await make_engineers(*[{"seniority": "lead", "skills": skills("Python"), "country": "UY"}] * 3)
    request = await post_request(client, buyer, **ASKED)
    await post_shortlist(client, buyer, request, size=10)

    body = await report(client, buyer)

    assert set(groups_of(body, "country")) == {"CO", "withheld"}
    assert groups_of(body, "country")["withheld"]["selection"] is None
    (kept,) = (await session.exec(select(ShortlistPopulation.groups))).all()
    assert {value: group["admitted"] for value, group in kept["country"].items()} == {"CO": 10, "withheld": 13}


async def test_what_was_declared_is_told_to_the_marketplace_in_groups(client, acting_as, buyer, recruiter, market):
    for at, engineer in enumerate(market):
        said = {"gender": "woman" if at >= 10 else "man"}
        if at in (0, 1, 2):
            said["disability"] = "yes"
        await post_declaration(client, recruiter, str(engineer.id), **said)
    request = await post_request(client, buyer, **ASKED)
    await post_shortlist(client, buyer, request, size=10)

    for role in (Role.RECRUITER, Role.ADMIN, Role.AUDITOR):
        body = await report(client, await acting_as(role))
        gender = groups_of(body, "gender")
        assert set(gender) == {"man", "woman"}
        assert (gender["man"]["selection"]["rate"], gender["woman"]["selection"]["rate"]) == (1.0, 0.0)
        assert gender["woman"]["selection"]["below_four_fifths"] is True
        assert groups_of(body, "disability")["withheld"]["selection"] is None
        assert set(groups_of(body, "disability")) == {"withheld"}
        assert groups_of(body, "ethnicity") == {}
    mine = await client.get(URL, headers=buyer.headers)
    assert "woman" not in mine.text
    assert [one["dimension"] for one in mine.json()["dimensions"]] == PROFILE


async def test_what_is_declared_or_withdrawn_later_counts_as_it_is_now(client, buyer, recruiter, supplier, market):
    for engineer in market:
        await post_declaration(client, recruiter, str(engineer.id), gender="man", ethnicity="asian")
    request = await post_request(client, buyer, **ASKED)
    await post_shortlist(client, buyer, request, size=20)
    for engineer in market[:6]:
        await post_declaration(client, recruiter, str(engineer.id), gender="woman", ethnicity="asian")
    await post_declaration(client, recruiter, str(market[6].id))
    await client.post(
        f"/v1/engineers/{market[7].id}/erase", json={"ground": "objection"}, headers=matching(supplier, 1)
    )

    body = await report(client, recruiter)

    gender = {value: group["selection"]["of"] for value, group in groups_of(body, "gender").items()}
    assert gender == {"woman": 6, "man": 12}
    both = {value: group["selection"]["of"] for value, group in groups_of(body, "gender_and_ethnicity").items()}
    assert both == {"woman/asian": 6, "man/asian": 12}


async def test_a_report_takes_as_many_statements_for_many_shortlists_as_for_one(
    client, connection, buyer, recruiter, market
):
    await post_declaration(client, recruiter, str(market[0].id), gender="woman")
    request = await post_request(client, buyer, **ASKED)
    await post_shortlist(client, buyer, request, size=10)
    statements = Statements(connection)

    first = await statements.of(client.get(URL, headers=recruiter.headers))
    for _ in range(4):
        await post_shortlist(client, buyer, request, size=10)

    assert await statements.of(client.get(URL, headers=recruiter.headers)) == first
