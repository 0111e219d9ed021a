"""The states of a profile: every pair of them, in the table, over HTTP and in the index."""

from itertools import product

import pytest
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.matchmaking.models import ProfileEntry
from app.talent.errors import IllegalMove
from app.talent.lifecycle import EngineerStatus, move
from tests.payloads import matching, post_engineer, told

VERBS = {"listed": "list", "unlisted": "unlist", "archived": "archive"}
LEGAL = {
    ("draft", "listed"),
    ("draft", "archived"),
    ("listed", "unlisted"),
    ("listed", "archived"),
    ("unlisted", "listed"),
    ("unlisted", "archived"),
    ("draft", "erased"),
    ("listed", "erased"),
    ("unlisted", "erased"),
    ("archived", "erased"),
}
WAYS = {"draft": [], "listed": ["list"], "unlisted": ["list", "unlist"], "archived": ["archive"]}


async def engineer_in(client, supplier, status):
    """A profile brought into a state by legal moves alone."""
    engineer = await post_engineer(client, supplier, draft=True)
    for verb in WAYS[status]:
        url = f"/v1/engineers/{engineer['id']}/{verb}"
        engineer = (await client.post(url, headers=matching(supplier, engineer["version"]))).json()
    assert engineer["status"] == status
    return engineer


@pytest.mark.parametrize(("current", "to"), list(product(EngineerStatus, EngineerStatus)))
def test_the_table_permits_what_the_design_lists_and_nothing_else(current, to):
    if (current.value, to.value) in LEGAL:
        assert move(current, to=to) is to
    else:
        with pytest.raises(IllegalMove):
            move(current, to=to)


@pytest.mark.parametrize(("current", "to"), list(product(WAYS, VERBS)))
async def test_a_profile_moves_over_http_only_where_the_table_lets_it(client, session, acting_as, current, to):
    supplier = await acting_as(Role.SUPPLIER_RECRUITER)
    engineer = await engineer_in(client, supplier, current)
    legal = (current, to) in LEGAL

    reply = await client.post(
        f"/v1/engineers/{engineer['id']}/{VERBS[to]}", headers=matching(supplier, engineer["version"])
    )

    records = (
        await session.exec(
            select(AuditRecord).where(AuditRecord.action == "engineer.moved").order_by(AuditRecord.sequence)
        )
    ).all()
    entry = await session.get(ProfileEntry, engineer["id"], populate_existing=True)
    if legal:
        assert (reply.status_code, reply.json()["status"]) == (200, to)
        assert reply.json()["version"] == engineer["version"] + 1
        assert reply.headers["etag"] == f'"{engineer["version"] + 1}"'
        assert records[-1].payload == {"was": current, "became": to}
    else:
        assert (reply.status_code, reply.json()["code"]) == (409, "illegal-move")
        assert reply.json()["current"] == current
        assert set(reply.json()["legal_moves"]) == {after for before, after in LEGAL if before == current}
    assert len(records) == len(WAYS[current]) + legal
    assert entry.listed == ((to if legal else current) == "listed")


async def test_an_archived_profile_stays_readable_and_changes_no_more(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await engineer_in(client, supplier, "archived")
    url, headers = f"/v1/engineers/{engineer['id']}", matching(supplier, engineer["version"])

    patched = await client.patch(url, json={"title": "Other"}, headers=headers)
    contact = await client.put(f"{url}/contact", json={"phone": "+57 604 555 0100"}, headers=headers)

    assert told(patched) == told(contact)
    assert (patched.status_code, patched.json()["code"]) == (409, "engineer-archived")
    assert (await client.get(url, headers=supplier.headers)).json() == engineer


async def test_a_list_hides_archived_profiles_until_they_are_asked_for(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    made = {status: (await engineer_in(client, supplier, status))["id"] for status in WAYS}

    everything = (await client.get("/v1/engineers", headers=supplier.headers)).json()["items"]
    by_status = {
        status: [
            item["id"]
            for item in (await client.get(f"/v1/engineers?status={status}", headers=supplier.headers)).json()["items"]
        ]
        for status in WAYS
    }

    assert {item["id"] for item in everything} == {made["draft"], made["listed"], made["unlisted"]}
    assert by_status == {status: [engineer_id] for status, engineer_id in made.items()}
