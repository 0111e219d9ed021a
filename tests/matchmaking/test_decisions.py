"""What people decide about candidates, and that they have seen them."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.clock import utcnow
from app.core.errors import Forbidden
from app.core.ids import new_id
from app.matchmaking.review import impressions, service
from app.matchmaking.review.models import REASONS, Reason, ShortlistDecision, ShortlistImpression, Verdict
from app.matchmaking.review.schemas import DecisionCreate
from tests.factories import make_caller
from tests.payloads import (
    Statements,
    matching,
    pointers,
    post_engineer,
    post_request,
    post_shortlist,
    skills,
    told,
    walk,
)

ADVANCE = {"decision": "advance", "reason": "best_match"}
DECLINE = {"decision": "decline", "reason": "english", "note": "Anā says «poco» 🙂."}


@pytest.fixture
async def shortlist(client, buyer, make_engineers):
    """Three candidates on a list of the buyer's."""
    await make_engineers(*[{"skills": skills("Go", years=years)} for years in (1, 3, 5)])
    return await post_shortlist(client, buyer, await post_request(client, buyer, skills=skills("Go")))


async def decide(client, caller, shortlist, rank=1, *, headers=None, **given):
    url = f"/v1/shortlists/{shortlist['id']}/entries/{rank}/decisions"
    return await client.post(url, json={**ADVANCE, **given}, headers={**caller.headers, **(headers or {})})


async def decided(client, caller, shortlist, **params):
    return await walk(client, caller, f"/v1/shortlists/{shortlist['id']}/decisions", **params)


async def impressions_of(session, shortlist):
    statement = select(ShortlistImpression).where(ShortlistImpression.shortlist_id == UUID(shortlist["id"]))
    return (await session.exec(statement)).all()


async def test_a_decision_stands_beside_what_the_ranking_said(client, session, buyer, shortlist):
    reply = await decide(client, buyer, shortlist, 2, **DECLINE)

    entry = shortlist["entries"][1]
    body = reply.json()
    assert reply.status_code == 201
    assert {name: body[name] for name in ("rank", "score", "engineer_id")} == {
        name: entry[name] for name in ("rank", "score", "engineer_id")
    }
    assert {name: body[name] for name in DECLINE} == DECLINE
    assert (body["number"], body["current"], body["side"]) == (1, True, "client")
    assert body["decided_by"] == str(buyer.member.id)
    assert await decided(client, buyer, shortlist) == [body]
    (record,) = (
        await session.exec(select(AuditRecord).where(AuditRecord.action == "shortlist_candidate.decided"))
    ).all()
    assert (str(record.subject_id), record.organisation_id) == (shortlist["id"], buyer.organisation.id)
    assert record.payload == {
        "decision_id": body["id"],
        "rank": 2,
        "number": 1,
        "decision": "decline",
        "reason": "english",
    }


async def test_the_last_decision_counts_and_those_before_it_stay(client, buyer, recruiter, shortlist):
    await decide(client, buyer, shortlist, 1, decision="hold", reason="reserve")
    await decide(client, recruiter, shortlist, 1, **DECLINE)
    last = await decide(client, buyer, shortlist, 1)
    other = await decide(client, recruiter, shortlist, 3)

    rows = await decided(client, buyer, shortlist, sort="created_at", limit=1)

    assert [(one["rank"], one["number"], one["decision"], one["current"]) for one in rows] == [
        (1, 1, "hold", False),
        (1, 2, "decline", False),
        (1, 3, "advance", True),
        (3, 1, "advance", True),
    ]
    current = await decided(client, buyer, shortlist, current=True)
    assert {one["id"] for one in current} == {last.json()["id"], other.json()["id"]}
    assert len(await decided(client, buyer, shortlist, current=False)) == 2


async def test_nothing_is_decided_before_somebody_does(client, session, buyer, shortlist):
    assert await decided(client, buyer, shortlist) == []
    assert (await session.exec(select(ShortlistDecision))).all() == []


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"decision": "hire"}, "/decision"),
        ({"reason": "ugly"}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"reason": "english"}, "/reason"),
        ({"decision": "decline", "reason": "best_match"}, "/reason"),
        ({"reason": "other"}, "/note"),
        ({"note": ""}, "/note"),
        ({"note": "x" * 2001}, "/note"),
        ({"note": "a\0b"}, "/note"),
        ({"score": 1}, "/score"),
        ({"decided_by": str(new_id())}, "/decided_by"),
    ],
)
async def test_a_wrong_field_is_pointed_at(client, buyer, shortlist, given, pointer):
    reply = await decide(client, buyer, shortlist, **given)

    assert (reply.status_code, pointers(reply)) == (422, [pointer])
    assert await decided(client, buyer, shortlist) == []


@pytest.mark.parametrize("rank", ["0", "-1", "101", "1.5", "first", "9" * 30])
async def test_a_place_is_a_number_from_1_to_100(client, buyer, shortlist, rank):
    assert (await decide(client, buyer, shortlist, rank)).status_code == 422


async def test_a_place_with_nobody_in_it_is_not_there(client, buyer, shortlist):
    reply = await decide(client, buyer, shortlist, 4)

    assert (reply.status_code, reply.json()["code"]) == (404, "shortlist-entry-not-found")


def test_every_reason_is_for_something_and_another_one_for_everything():
    assert frozenset().union(*REASONS.values()) == frozenset(Reason)
    assert set(REASONS) == set(Verdict)
    assert all(Reason.OTHER in reasons for reasons in REASONS.values())


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.CLIENT_ADMIN, 404),
        (Role.HIRING_MANAGER, 404),
        (Role.SUPPLIER_ADMIN, 403),
        (Role.ADMIN, 403),
        (Role.AUDITOR, 403),
    ],
)
async def test_a_foreign_list_is_told_from_a_missing_one_by_nothing(client, acting_as, buyer, shortlist, role, status):
    stranger = await acting_as(role)
    await decide(client, buyer, shortlist)
    missing = {"id": new_id()}

    for rank in (1, 4):
        here, there = [told(await decide(client, stranger, one, rank)) for one in (shortlist, missing)]
        assert here == there
        assert here[0] == status
    urls = [f"/v1/shortlists/{one['id']}/decisions" for one in (shortlist, missing)]
    here, there = [told(await client.get(url, headers=stranger.headers)) for url in urls]
    assert here == there
    assert len(await decided(client, buyer, shortlist)) == 1


async def test_a_repeat_with_the_same_key_decides_once(client, buyer, shortlist):
    once = {"Idempotency-Key": "decide"}

    first = await decide(client, buyer, shortlist, headers=once)
    second = await decide(client, buyer, shortlist, headers=once)

    assert second.content == first.content
    assert len(await decided(client, buyer, shortlist)) == 1


async def test_a_program_decides_nothing_and_has_seen_nothing(session, buyer, shortlist):
    program = replace(buyer.actor, client_id=new_id())
    before = len(await impressions_of(session, shortlist))

    with pytest.raises(Forbidden):
        await service.decide(session, program, UUID(shortlist["id"]), 1, DecisionCreate(**ADVANCE))
    await impressions.record_impression(session, program, UUID(shortlist["id"]))

    assert (await session.exec(select(ShortlistDecision))).all() == []
    assert len(await impressions_of(session, shortlist)) == before


async def test_a_recruiters_note_is_not_told_to_the_client(client, buyer, recruiter, shortlist):
    await decide(client, buyer, shortlist, 1, **DECLINE)
    await decide(client, recruiter, shortlist, 1, note="Xanthippe Quillfeather of Zyxocorp.")

    seen = await client.get(f"/v1/shortlists/{shortlist['id']}/decisions", headers=buyer.headers)

    assert "Xanthippe" not in seen.text
    assert [one["note"] for one in seen.json()["items"]] == [None, DECLINE["note"]]
    assert [one["note"] for one in await decided(client, recruiter, shortlist)] == [
        "Xanthippe Quillfeather of Zyxocorp.",
        DECLINE["note"],
    ]


async def test_a_note_is_sealed_and_no_row_is_changed(client, session, buyer, shortlist):
    await decide(client, buyer, shortlist, 1, **DECLINE)

    (row,) = (await session.exec(select(ShortlistDecision))).all()
    assert b"poco" not in row.note
    for statement in (
        "UPDATE shortlist_decision SET rank = rank",
        "DELETE FROM shortlist_decision",
        "UPDATE shortlist_impression SET slot = slot",
        "DELETE FROM shortlist_impression",
    ):
        with pytest.raises(DBAPIError):
            async with session.begin_nested():
                await session.exec(text(statement))


async def test_whoever_is_erased_takes_the_note_along(client, session, buyer, supplier):
    ana = await post_engineer(client, supplier)
    shortlist = await post_shortlist(client, buyer, await post_request(client, buyer))
    once = {"Idempotency-Key": "decide"}
    await decide(client, buyer, shortlist, headers=once, **DECLINE)
    url = f"/v1/engineers/{ana['id']}"
    before = (await client.get(f"{url}/export", headers=supplier.headers)).json()["sections"]["decisions"]

    erased = await client.post(f"{url}/erase", json={"ground": "objection"}, headers=matching(supplier, "*"))

    (row,) = await decided(client, buyer, shortlist)
    repeat = await decide(client, buyer, shortlist, headers=once, **DECLINE)
    anew = await decide(client, buyer, shortlist, decision="hold", reason="reserve")
    assert erased.status_code == 200
    assert [(one["decision"], one["reason"], one["note"]) for one in before] == [tuple(DECLINE.values())]
    assert (row["decision"], row["reason"], row["note"]) == ("decline", "english", None)
    assert (repeat.status_code, repeat.json()["code"]) == (409, "idempotency-reply-withheld")
    assert (anew.status_code, anew.json()["code"]) == (409, "person-erased")


async def test_an_export_names_nobody_who_decided(client, buyer, recruiter, supplier):
    ana = await post_engineer(client, supplier)
    shortlist = await post_shortlist(client, buyer, await post_request(client, buyer))
    for caller in (buyer, recruiter):
        await decide(client, caller, shortlist, note="Good.")

    told_ana = await client.get(f"/v1/engineers/{ana['id']}/export", headers=supplier.headers)

    assert len(told_ana.json()["sections"]["decisions"]) == 2
    for caller in (buyer, recruiter):
        for word in (caller.member.id, caller.organisation.id, caller.member.name, caller.organisation.name):
            assert str(word) not in told_ana.text


async def test_decisions_at_the_same_moment_are_numbered_one_after_the_other(committed_client, committed_database):
    client = committed_client
    async with committed_database.transaction() as session:
        firm, buyer, recruiter = [
            await make_caller(session, role) for role in (Role.SUPPLIER_ADMIN, Role.HIRING_MANAGER, Role.RECRUITER)
        ]
    await post_engineer(client, firm)
    shortlist = await post_shortlist(client, buyer, await post_request(client, buyer))

    replies = await asyncio.gather(*(decide(client, caller, shortlist) for caller in (buyer, recruiter) * 3))

    assert {one.status_code for one in replies} == {201}
    assert sorted(one.json()["number"] for one in replies) == [1, 2, 3, 4, 5, 6]
    assert len(await decided(client, buyer, shortlist, current=True)) == 1


async def test_whoever_reads_a_list_has_seen_it_once_in_a_while(
    client, session, buyer, recruiter, shortlist, time_machine
):
    url = f"/v1/shortlists/{shortlist['id']}"
    made = await impressions_of(session, shortlist)
    time_machine.move_to((utcnow() + timedelta(hours=2)).replace(minute=1, second=0), tick=False)

    for _ in range(3):
        await client.get(url, headers=recruiter.headers)
    await client.get(url, headers=buyer.headers)
    time_machine.shift(impressions.WINDOW + timedelta(seconds=1))
    await client.get(url, headers=buyer.headers)

    seen = [one.member_id for one in await impressions_of(session, shortlist)]
    assert [one.member_id for one in made] == [buyer.member.id]
    assert sorted(seen) == sorted([*[buyer.member.id] * 3, recruiter.member.id])


async def test_a_list_of_lists_and_a_refusal_show_nobody(client, session, acting_as, buyer, shortlist):
    stranger = await acting_as(Role.HIRING_MANAGER)

    await client.get(f"/v1/shortlists/{shortlist['id']}", headers=stranger.headers)
    await client.get(f"/v1/requests/{shortlist['request_id']}/shortlists", headers=buyer.headers)

    assert len(await impressions_of(session, shortlist)) == 1


async def test_to_write_down_an_impression_takes_one_statement(client, connection, buyer, shortlist):
    statements = Statements(connection)

    await statements.of(client.get(f"/v1/shortlists/{shortlist['id']}", headers=buyer.headers))

    written = [one for one in statements.seen if "shortlist_impression" in one]
    assert len(written) == 1
    assert written[0].startswith("INSERT")
