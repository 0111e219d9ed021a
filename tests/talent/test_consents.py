"""What people agree to: only ever added to, and a withdrawal stops at once what it was about."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.matchmaking.models import ProfileEntry
from app.talent.privacy.models import ConsentDecision
from tests.factories import make_caller
from tests.payloads import decision, matching, post_engineer, post_link, post_request, post_shortlist, told, walk

PAPER = "Signed form of 2026-11-20, personnel file of José Ñúñez 🙂"


@pytest.fixture
async def firm(acting_as):
    return await acting_as(Role.SUPPLIER_ADMIN)


@pytest.fixture
async def ana(client, firm):
    return await post_engineer(client, firm)


async def on_paper(client, firm, engineer, **given):
    """The firm records a decision."""
    body = {**decision(**given), "evidence": PAPER}
    return await client.post(f"/v1/engineers/{engineer['id']}/consents", json=body, headers=firm.headers)


async def by_link(client, firm, engineer, *decisions):
    """The person decides through a link."""
    token = (await post_link(client, firm, engineer["id"], "consent"))["token"]
    return await client.post("/v1/engineer-links/consents", json={"token": token, "decisions": decisions})


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "everything"},
        {"decision": "maybe"},
        {"text_version": ""},
        {"text_version": "v 1"},
        {"text_version": "v" * 41},
        {"evidence": ""},
        {"evidence": None},
        {"at": "2020-01-01T00:00:00Z"},
    ],
)
async def test_a_malformed_decision_is_refused(client, session, firm, ana, wrong):
    body = {**decision(), "evidence": PAPER, **wrong}

    reply = await client.post(f"/v1/engineers/{ana['id']}/consents", json=body, headers=firm.headers)

    assert reply.status_code == 422
    assert (await session.exec(select(ConsentDecision))).all() == []


async def test_decisions_about_another_firms_engineer_are_neither_read_nor_made(client, acting_as, ana):
    other = await acting_as(Role.SUPPLIER_ADMIN)

    made = await on_paper(client, other, ana)
    read = await client.get(f"/v1/engineers/{ana['id']}/consents", headers=other.headers)

    assert told(made)[0] == told(read)[0] == 404


async def test_the_marketplace_reads_decisions_and_makes_none(client, acting_as, firm, ana):
    await on_paper(client, firm, ana)
    recruiter = await acting_as(Role.RECRUITER)

    refused = await on_paper(client, recruiter, ana)
    read = await client.get(f"/v1/engineers/{ana['id']}/consents", headers=recruiter.headers)

    assert refused.status_code == 403
    assert [one["evidence"] for one in read.json()["items"]] == [PAPER]


async def test_who_has_decided_nothing_has_withdrawn_nothing(client, firm, ana):
    url = f"/v1/engineers/{ana['id']}"

    unlisted = await client.post(f"{url}/unlist", headers=matching(firm, 1))
    listed = await client.post(f"{url}/list", headers=matching(firm, 2))

    assert (unlisted.status_code, listed.status_code) == (200, 200)


@pytest.mark.parametrize("way", ["paper", "link"])
async def test_withdrawing_matching_unlists_at_once_and_holds_until_it_is_granted(
    client, session, acting_as, firm, ana, way
):
    recruiter, buyer = await acting_as(Role.RECRUITER), await acting_as(Role.CLIENT_ADMIN)
    request, url = await post_request(client, buyer), f"/v1/engineers/{ana['id']}"
    before = await post_shortlist(client, recruiter, request)

    async def decide(decided):
        if way == "paper":
            return await on_paper(client, firm, ana, decided=decided)
        return await by_link(client, firm, ana, decision(decided))

    withdrawn = await decide("withdrawn")
    after = await post_shortlist(client, recruiter, request)
    engineer = (await client.get(url, headers=firm.headers)).json()
    refused = await client.post(f"{url}/list", headers=matching(firm, engineer["version"]))
    granted = await decide("granted")
    still = (await client.get(url, headers=firm.headers)).json()
    listed = await client.post(f"{url}/list", headers=matching(firm, still["version"]))

    assert (withdrawn.status_code, granted.status_code) == ((201, 201) if way == "paper" else (200, 200))
    assert [entry["engineer_id"] for entry in before["entries"]] == [ana["id"]]
    assert after["entries"] == []
    assert (engineer["status"], engineer["version"]) == ("unlisted", 2)
    assert (refused.status_code, refused.json()["code"]) == (409, "consent-withdrawn")
    assert still["status"] == "unlisted"
    assert (listed.status_code, listed.json()["status"]) == (200, "listed")
    assert (await session.get(ProfileEntry, ana["id"], populate_existing=True)).listed


async def test_the_last_decision_counts_whatever_the_version_of_its_text(client, firm, ana):
    url = f"/v1/engineers/{ana['id']}"
    await by_link(client, firm, ana, decision("withdrawn", version="v1"))

    await by_link(client, firm, ana, decision("granted", version="v2"))
    listed = await client.post(f"{url}/list", headers=matching(firm, 2))
    current = (await client.get(f"{url}/consents?current=true", headers=firm.headers)).json()["items"]

    assert listed.status_code == 200
    assert [(one["text_version"], one["decision"]) for one in current] == [("v2", "granted"), ("v1", "withdrawn")]


@pytest.mark.parametrize("purpose", ["identity", "documents"])
async def test_withdrawing_something_else_leaves_the_profile_listed(client, firm, ana, purpose):
    await by_link(client, firm, ana, decision(purpose=purpose))

    engineer = (await client.get(f"/v1/engineers/{ana['id']}", headers=firm.headers)).json()
    assert (engineer["status"], engineer["version"]) == ("listed", 1)


async def test_withdrawing_documents_deletes_them_and_lets_none_in(client, firm, ana):
    url = f"/v1/engineers/{ana['id']}/documents"
    sent = {"data": {"kind": "cv"}, "files": {"file": ("cv.txt", b"Ana, Backend Developer")}, "headers": firm.headers}
    added = await client.post(url, **sent)
    assert added.status_code == 201, added.text

    await by_link(client, firm, ana, decision(purpose="documents"))
    listed = await client.get(url, headers=firm.headers)
    refused = await client.post(url, **sent)
    gone = await client.get(f"{url}/{added.json()['id']}", headers=firm.headers)
    await by_link(client, firm, ana, decision("granted", purpose="documents"))

    assert listed.json()["items"] == []
    assert (refused.status_code, refused.json()["code"]) == (409, "consent-withdrawn")
    assert gone.status_code == 404
    assert (await client.post(url, **sent)).status_code == 201


async def test_several_decisions_by_one_link_stand_in_their_order(client, firm, ana):
    reply = await by_link(
        client,
        firm,
        ana,
        decision("granted", "identity"),
        decision("withdrawn", "matching"),
        decision("granted", "matching"),
    )

    everything = await walk(client, firm, f"/v1/engineers/{ana['id']}/consents", limit=1)
    assert [(one["number"], one["purpose"], one["decision"]) for one in reply.json()] == [
        (1, "identity", "granted"),
        (3, "matching", "granted"),
    ]
    assert [one["number"] for one in everything] == [3, 2, 1]
    assert {(one["channel"], one["evidence"]) for one in everything} == {("link", None)}


async def test_decisions_made_at_once_get_a_number_each(committed_client, committed_database):
    async with committed_database.transaction() as session:
        firm = await make_caller(session, Role.SUPPLIER_ADMIN)
    ana = await post_engineer(committed_client, firm)

    replies = await asyncio.gather(
        *(on_paper(committed_client, firm, ana, decided=one) for one in ["granted", "withdrawn"] * 3)
    )

    assert sorted(reply.json()["number"] for reply in replies) == [1, 2, 3, 4, 5, 6]


async def test_listing_and_withdrawing_at_once_never_end_listed(committed_client, committed_database):
    async with committed_database.transaction() as session:
        firm = await make_caller(session, Role.SUPPLIER_ADMIN)
    people = [await post_engineer(committed_client, firm, draft=True) for _ in range(4)]
    tokens = [(await post_link(committed_client, firm, one["id"], "consent"))["token"] for one in people]

    for one, token in zip(people, tokens, strict=True):
        await asyncio.gather(
            committed_client.post(f"/v1/engineers/{one['id']}/list", headers=matching(firm, 1)),
            committed_client.post(
                "/v1/engineer-links/consents", json={"token": token, "decisions": [decision("withdrawn")]}
            ),
        )

    listed = await committed_client.get("/v1/engineers?status=listed", headers=firm.headers)
    assert listed.json()["items"] == []


@pytest.mark.parametrize(
    "statement", ["UPDATE consent_decision SET decision = 'granted'", "DELETE FROM consent_decision"]
)
async def test_the_database_lets_nobody_change_a_decision(client, session, firm, ana, statement):
    await on_paper(client, firm, ana)

    async with session.begin_nested() as savepoint:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.scalar(text(statement))
        await savepoint.rollback()


async def test_every_decision_is_recorded_without_the_evidence(client, session, firm, ana):
    await on_paper(client, firm, ana)

    statement = select(AuditRecord).where(col(AuditRecord.subject_id) == ana["id"])
    records = (await session.exec(statement.order_by(col(AuditRecord.sequence)))).all()
    assert [one.action for one in records] == ["engineer.created", "consent.decided", "engineer.moved"]
    assert records[1].payload == {
        "number": 1,
        "purpose": "matching",
        "text_version": "v1",
        "decision": "withdrawn",
        "channel": "firm",
        "link_id": None,
    }
