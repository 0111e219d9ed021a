"""Weights of a client: whole sets with a history, bounded, and reaching the next shortlist."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.errors import Forbidden
from app.core.ids import new_id
from app.demand.schemas import Weights
from app.demand.weighing import MOST_SHARE
from app.matchmaking.weights import service
from app.matchmaking.weights.models import RankingWeights
from matching import DEFAULT_WEIGHTS, PARTS
from tests.factories import make_caller
from tests.payloads import a_proposal, matching, pointers, post_request, post_shortlist, skills, told, walk


@pytest.fixture
async def boss(acting_as, buyer):
    """An admin of the buyer's company."""
    return await acting_as(Role.CLIENT_ADMIN, buyer.organisation)


def url_of(caller):
    return f"/v1/organisations/{caller.organisation.id}/ranking-weights"


async def put(client, caller, version=0, *, of=None, note=None, **weights):
    """Set weights over a version."""
    body = {"weights": weights, "note": note}
    return await client.put(url_of(of or caller), json=body, headers=matching(caller, version))


async def propose(session, caller, **given):
    made = a_proposal(caller.organisation.id, **given)
    session.add(made)
    await session.flush()
    return made


async def apply(client, caller, proposal_id, **sent):
    headers = {**caller.headers, **sent.pop("headers", {})}
    return await client.post(f"/v1/weight-proposals/{proposal_id}/apply", headers=headers, **sent)


def test_the_defaults_documented_are_those_the_ranking_has():
    assert Weights().model_dump() == dict(DEFAULT_WEIGHTS)
    assert max(DEFAULT_WEIGHTS.values()) < MOST_SHARE


async def test_before_anybody_sets_any_the_defaults_hold(client, buyer):
    reply = await client.get(url_of(buyer), headers=buyer.headers)

    body = reply.json()
    assert (reply.status_code, reply.headers["etag"]) == (200, '"0"')
    assert (body["version"], body["source"], body["id"]) == (0, "default", None)
    assert body["weights"] == dict(DEFAULT_WEIGHTS)


async def test_what_is_set_is_kept_as_shares_with_who_when_and_why(client, session, boss):
    reply = await put(client, boss, **dict.fromkeys(PARTS, 0) | {"english": 10, "semantic": 5, "rate": 5}, note="Why.")

    body = reply.json()
    read = await client.get(url_of(boss), headers=boss.headers)
    (record,) = (await session.exec(select(AuditRecord).where(AuditRecord.action == "ranking_weights.set"))).all()
    assert (reply.status_code, reply.headers["etag"]) == (200, '"1"')
    assert read.json() == body
    assert {part: share for part, share in body["weights"].items() if share} == {
        "english": 0.5,
        "semantic": 0.25,
        "rate": 0.25,
    }
    assert (body["version"], body["source"], body["note"]) == (1, "client", "Why.")
    assert (body["created_by"], body["proposal_id"]) == (str(boss.member.id), None)
    assert (record.organisation_id, record.payload["version"]) == (boss.organisation.id, 1)
    assert str(record.subject_id) == body["id"]


async def test_shares_add_up_to_one_whatever_is_sent(client, boss):
    reply = await put(client, boss, **dict.fromkeys(PARTS, 7.7) | {"freshness": 1e-300})

    assert sum(Decimal(str(share)) for share in reply.json()["weights"].values()) == 1


NO_WEIGHT = {**dict.fromkeys(PARTS, 0)}
WRONG = [
    ({"english": -0.1}, "/weights/english"),
    ({"english": 101}, "/weights/english"),
    ({"english": True}, "/weights/english"),
    ({"english": None}, "/weights/english"),
    ({"english": "0.5"}, "/weights/english"),
    ({"charm": 1}, "/weights/charm"),
    (NO_WEIGHT, "/weights"),
    ({"english": 1.5}, "/weights/english"),
    ({**NO_WEIGHT, "semantic": 1}, "/weights/semantic"),
    ({**NO_WEIGHT, "semantic": 61, "rate": 39}, "/weights/semantic"),
]


@pytest.mark.parametrize(("weights", "pointer"), WRONG, ids=str)
async def test_wrong_weights_are_pointed_at_and_change_nothing(client, boss, weights, pointer):
    reply = await put(client, boss, **weights)

    assert (reply.status_code, pointers(reply)) == (422, [pointer])
    assert (await client.get(url_of(boss), headers=boss.headers)).json()["version"] == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
async def test_weights_are_finite(client, boss, number):
    body = json.dumps({"weights": {"english": "@"}}).replace('"@"', number)
    headers = {**matching(boss, 0), "Content-Type": "application/json"}

    reply = await client.put(url_of(boss), content=body, headers=headers)

    assert reply.status_code == 422
    assert set(pointers(reply)) <= {"", "/weights/english"}


@pytest.mark.parametrize("body", [{}, {"weights": None}, [], {"weights": {}, "version": 7}, {"note": "x"}])
async def test_a_body_that_is_none_is_refused(client, boss, body):
    reply = await client.put(url_of(boss), json=body, headers=matching(boss, 0))

    assert reply.status_code == 422


async def test_exactly_the_most_there_may_be_is_taken(client, boss):
    reply = await put(client, boss, **NO_WEIGHT | {"semantic": 60, "rate": 40})

    assert (reply.status_code, reply.json()["weights"]["semantic"]) == (200, MOST_SHARE)


async def test_a_request_may_go_by_its_text_alone(client, buyer):
    request = await post_request(client, buyer, weights=NO_WEIGHT | {"semantic": 1}, skills=skills("Python"))

    shortlist = await post_shortlist(client, buyer, request)

    assert shortlist["weights"]["semantic"] == 1.0


async def test_the_version_is_named_and_is_the_present_one(client, boss):
    unnamed = await client.put(url_of(boss), json={"weights": {}}, headers=boss.headers)
    early = await put(client, boss, version=1)
    made = await put(client, boss, version=0)
    late = await put(client, boss, version=0)

    assert [one.status_code for one in (unnamed, early, made, late)] == [428, 412, 200, 412]


async def test_every_version_is_kept(client, session, boss):
    for version, share in enumerate((0.1, 0.2, 0.3)):
        assert (await put(client, boss, version, english=share, note=f"Take {share} ñ 🙂")).status_code == 200

    kept = await walk(client, boss, f"{url_of(boss)}/versions", limit=2, sort="created_at")

    assert [(one["version"], one["note"]) for one in kept] == [
        (1, "Take 0.1 ñ 🙂"),
        (2, "Take 0.2 ñ 🙂"),
        (3, "Take 0.3 ñ 🙂"),
    ]
    assert len({json.dumps(one["weights"]) for one in kept}) == 3
    for statement in ("UPDATE ranking_weights SET version = 9", "DELETE FROM ranking_weights"):
        with pytest.raises(DBAPIError):
            async with session.begin_nested():
                await session.exec(text(statement))


async def test_of_two_who_change_the_same_version_one_is_told(committed_client, committed_database):
    async with committed_database.transaction() as session:
        boss = await make_caller(session, Role.CLIENT_ADMIN)

    replies = await asyncio.gather(*(put(committed_client, boss, "*", english=share) for share in (0.1, 0.2, 0.3)))

    made = [one for one in replies if one.status_code == 200]
    assert {one.status_code for one in replies} <= {200, 412}
    assert made
    async with committed_database.transaction() as session:
        versions = (await session.exec(select(RankingWeights.version))).all()
    assert sorted(versions) == list(range(1, len(made) + 1))


async def test_they_reach_the_next_shortlist_and_no_earlier_one(client, buyer, boss, recruiter, make_engineers):
    await make_engineers({"skills": skills("Python")})
    request = await post_request(client, buyer, skills=skills("Python"), minimum_english="B2")
    before = await post_shortlist(client, buyer, request)

    await put(client, boss, **NO_WEIGHT | {"english": 1, "skill_coverage": 1})
    after = await post_shortlist(client, recruiter, request)
    await put(client, boss, 1, **NO_WEIGHT | {"english": 1, "skill_coverage": 3, "semantic": 4})
    later = await post_shortlist(client, buyer, request)

    assert (before["weights_source"], before["weights_version"]) == ("default", None)
    assert (after["weights_source"], after["weights_version"]) == ("client", 1)
    assert {part: share for part, share in after["weights"].items() if share} == {"english": 0.5, "skill_coverage": 0.5}
    assert (later["weights_version"], later["weights"]["semantic"]) == (2, 0.5)
    again = (await client.get(f"/v1/shortlists/{before['id']}", headers=buyer.headers)).json()
    assert again["weights"] == before["weights"]


async def test_a_requests_own_weights_stand_in_their_place_as_a_whole(client, buyer, boss):
    await put(client, boss, **NO_WEIGHT | {"freshness": 1, "semantic": 1})
    request = await post_request(client, buyer, weights={"rate": 0.1})
    own = await post_shortlist(client, buyer, request)

    patched = await client.patch(f"/v1/requests/{request['id']}", json={"weights": None}, headers=matching(buyer, 1))
    given_up = await post_shortlist(client, buyer, request)

    assert (own["weights_source"], own["weights_version"]) == ("request", None)
    assert own["weights"]["semantic"] == pytest.approx(0.8)
    assert patched.json()["weights"] is None
    assert (given_up["weights_source"], given_up["weights_version"]) == ("client", 1)
    assert given_up["weights"]["semantic"] == 0.5


async def test_one_clients_weights_are_no_others(client, acting_as, boss):
    other = await acting_as(Role.CLIENT_ADMIN)
    await put(client, boss, english=0.3)
    request = await post_request(client, other)

    shortlist = await post_shortlist(client, other, request)

    assert shortlist["weights_source"] == "default"
    assert (await client.get(url_of(other), headers=other.headers)).json()["version"] == 0


@pytest.mark.parametrize(
    ("role", "read", "changed"),
    [
        (Role.CLIENT_ADMIN, 404, 404),
        (Role.HIRING_MANAGER, 404, 403),
        (Role.RECRUITER, 200, 200),
        (Role.ADMIN, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.SUPPLIER_ADMIN, 403, 403),
    ],
)
async def test_who_may_read_and_change_anothers(client, acting_as, boss, role, read, changed):
    stranger = await acting_as(role)

    seen = await client.get(url_of(boss), headers=stranger.headers)
    versions = await client.get(f"{url_of(boss)}/versions", headers=stranger.headers)
    made = await put(client, stranger, of=boss)

    assert (seen.status_code, versions.status_code, made.status_code) == (read, read, changed)


async def test_a_manager_reads_and_does_not_change_their_own(client, buyer):
    assert (await client.get(url_of(buyer), headers=buyer.headers)).status_code == 200
    assert (await put(client, buyer)).status_code == 403


async def test_a_firm_has_no_weights(client, recruiter, supplier):
    missing = f"/v1/organisations/{new_id()}/ranking-weights"

    for path in (url_of(supplier), url_of(recruiter)):
        here, there = [told(await client.get(one, headers=recruiter.headers)) for one in (path, missing)]
        assert here == there
        assert here[0] == 404
    assert (await put(client, recruiter, of=supplier)).status_code == 404


async def test_a_proposal_is_listed_and_applied_by_a_person(client, session, boss):
    made = await propose(session, boss)
    url = f"/v1/organisations/{boss.organisation.id}/weight-proposals"
    (before,) = await walk(client, boss, url)

    reply = await apply(client, boss, made.id, json={"note": "The figures convince me."})

    body = reply.json()
    (after,) = await walk(client, boss, url)
    assert (before["applied_as"], after["applied_as"]) == (None, 1)
    assert before["figures"]["log_loss"]["gain"] == {"value": 0.5, "low": 0.4, "high": 0.6}
    assert (reply.status_code, reply.headers["etag"]) == (201, '"1"')
    assert (body["proposal_id"], body["weights"]) == (str(made.id), made.weights)
    assert (body["created_by"], body["note"]) == (str(boss.member.id), "The figures convince me.")
    record = (await session.exec(select(AuditRecord).where(AuditRecord.action == "ranking_weights.set"))).one()
    assert record.payload["proposal_id"] == str(made.id)
    assert (await client.get(url_of(boss), headers=boss.headers)).json() == body


async def test_a_proposal_alone_changes_nothing(client, session, buyer):
    await propose(session, buyer)
    request = await post_request(client, buyer)

    shortlist = await post_shortlist(client, buyer, request)

    assert shortlist["weights_source"] == "default"


async def test_a_proposal_made_from_an_older_version_is_refused(client, session, boss):
    old = await propose(session, boss)
    await put(client, boss, english=0.3)
    present = await propose(session, boss, base_version=1)

    refused = await apply(client, boss, old.id)
    taken = await apply(client, boss, present.id)
    again = await apply(client, boss, present.id)

    assert (refused.status_code, refused.json()["code"]) == (409, "proposal-outdated")
    assert (taken.status_code, taken.json()["version"]) == (201, 2)
    assert (again.status_code, again.json()["code"]) == (409, "proposal-outdated")


async def test_applying_is_repeated_without_a_second_effect(client, session, boss):
    made = await propose(session, boss)
    once = {"Idempotency-Key": "apply"}

    first, second = [await apply(client, boss, made.id, headers=once) for _ in range(2)]

    assert (first.status_code, second.content) == (201, first.content)
    assert len((await session.exec(select(RankingWeights))).all()) == 1


async def test_a_foreign_proposal_is_not_there(client, session, boss, acting_as):
    made = await propose(session, boss)
    stranger = await acting_as(Role.CLIENT_ADMIN)

    foreign, missing = [told(await apply(client, stranger, one)) for one in (made.id, new_id())]

    assert foreign == missing
    assert foreign[0] == 404
    assert (await apply(client, await acting_as(Role.HIRING_MANAGER, boss.organisation), made.id)).status_code == 403


async def test_a_program_applies_nothing(session, boss):
    made = await propose(session, boss)

    with pytest.raises(Forbidden):
        await service.apply_proposal(session, replace(boss.actor, client_id=new_id()), made.id, note=None)

    assert (await session.exec(select(RankingWeights))).all() == []
