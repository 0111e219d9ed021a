"""Whose profiles an actor works with: what is foreign is not found, and contact data is kept apart."""

import pytest
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.ids import new_id
from tests.payloads import matching, post_engineer, told

OUTSIDERS = [Role.CLIENT_ADMIN, Role.HIRING_MANAGER, Role.ADMIN, Role.AUDITOR]
CONTACT = {
    "email": "lucia@mail.example",
    "phone": "+57 604 555 0100",
    "address": "Calle 10 # 43-12",
    "links": ["https://example.org/lucia"],
}


async def replies_about(client, caller, engineer_id):
    """What every route on one engineer answers."""
    url, headers = f"/v1/engineers/{engineer_id}", matching(caller, 1)
    return [
        told(await client.get(url, headers=headers)),
        told(await client.patch(url, json={"title": "X"}, headers=headers)),
        *[told(await client.post(f"{url}/{verb}", headers=headers)) for verb in ("list", "unlist", "archive")],
        told(await client.get(f"{url}/contact", params={"reason": "checking references"}, headers=headers)),
        told(await client.put(f"{url}/contact", json=CONTACT, headers=headers)),
    ]


@pytest.mark.parametrize("role", [Role.SUPPLIER_ADMIN, Role.SUPPLIER_RECRUITER, *OUTSIDERS])
async def test_a_foreign_profile_is_told_from_a_missing_one_by_nothing(client, acting_as, role):
    supplier, stranger = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(role)
    engineer = await post_engineer(client, supplier, contact=CONTACT)

    foreign = await replies_about(client, stranger, engineer["id"])
    missing = await replies_about(client, stranger, new_id())

    assert foreign == missing
    assert {status for status, _ in foreign} == {403 if role in OUTSIDERS else 404}
    assert (await client.get(f"/v1/engineers/{engineer['id']}", headers=supplier.headers)).json() == engineer


@pytest.mark.parametrize("role", [*OUTSIDERS, Role.RECRUITER])
async def test_only_firms_post_engineers(client, acting_as, role):
    caller = await acting_as(role)

    reply = await client.post("/v1/engineers", json={"given_name": "A"}, headers=caller.headers)
    proper = await client.post(
        "/v1/engineers",
        json={"given_name": "A", "family_name": "B", "title": "C", "discipline": "qa"},
        headers=caller.headers,
    )

    assert (reply.status_code, proper.status_code) == (403, 403)


async def test_a_recruiter_reads_every_firm_s_profiles_and_changes_none(client, acting_as):
    recruiter = await acting_as(Role.RECRUITER)
    firms = [await acting_as(Role.SUPPLIER_ADMIN) for _ in range(2)]
    made = [await post_engineer(client, firm, draft=bool(n)) for n, firm in enumerate(firms)]

    listed = (await client.get("/v1/engineers", headers=recruiter.headers)).json()["items"]
    of_one = await client.get(f"/v1/engineers?organisation_id={firms[0].organisation.id}", headers=recruiter.headers)
    replies = await replies_about(client, recruiter, made[0]["id"])

    assert sorted(item["id"] for item in listed) == sorted(engineer["id"] for engineer in made)
    assert of_one.json()["items"] == [made[0]]
    assert [status for status, _ in replies] == [200, 403, 403, 403, 403, 200, 403]


async def test_two_firms_never_see_each_other_s_lists(client, acting_as):
    one, other = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.SUPPLIER_RECRUITER)
    ours = [(await post_engineer(client, one))["id"] for _ in range(3)]
    theirs = [(await post_engineer(client, other))["id"] for _ in range(2)]

    lists = [
        {item["id"] for item in (await client.get("/v1/engineers", headers=caller.headers)).json()["items"]}
        for caller in (one, other)
    ]
    prying = await client.get(f"/v1/engineers?organisation_id={other.organisation.id}", headers=one.headers)

    assert lists == [set(ours), set(theirs)]
    assert prying.json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("role", OUTSIDERS)
async def test_outsiders_list_no_profiles(client, acting_as, role):
    caller = await acting_as(role)

    assert (await client.get("/v1/engineers", headers=caller.headers)).status_code == 403


async def test_contact_data_is_in_no_reply_but_its_own(client, acting_as):
    supplier, recruiter = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.RECRUITER)
    engineer = await post_engineer(client, supplier, contact=CONTACT)
    url = f"/v1/engineers/{engineer['id']}"

    replies = [
        await client.get(url, headers=supplier.headers),
        await client.get(url, headers=recruiter.headers),
        await client.get("/v1/engineers", headers=recruiter.headers),
        await client.patch(url, json={"title": "Other"}, headers=matching(supplier, 1)),
    ]

    assert all(reply.status_code == 200 for reply in replies)
    for value in ("lucia@mail.example", "604 555", "Calle 10", "example.org/lucia", "contact"):
        assert value not in "".join(reply.text for reply in replies)
    assert (await client.get(f"{url}/contact", headers=supplier.headers)).json() == CONTACT


async def test_the_marketplace_says_why_it_reads_contact_data_and_the_record_keeps_it(client, session, acting_as):
    supplier, recruiter = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.RECRUITER)
    url = f"/v1/engineers/{(await post_engineer(client, supplier, contact=CONTACT))['id']}/contact"

    silent = await client.get(url, headers=recruiter.headers)
    terse = await client.get(url, params={"reason": "  x  "}, headers=recruiter.headers)
    stated = await client.get(url, params={"reason": "Interview on Monday"}, headers=recruiter.headers)
    own = await client.get(url, headers=supplier.headers)

    assert [reply.status_code for reply in (silent, terse, stated, own)] == [422, 422, 200, 200]
    assert silent.json()["errors"][0]["pointer"] == terse.json()["errors"][0]["pointer"] == "/reason"
    assert "mail.example" not in silent.text + terse.text
    records = (await session.exec(select(AuditRecord).where(AuditRecord.action == "engineer_contact.read"))).all()
    assert [record.actor_role for record in records] == [Role.RECRUITER, Role.SUPPLIER_ADMIN]
    assert "Monday" not in str(records[0].payload)
    auditor = await acting_as(Role.AUDITOR)
    shown = await client.get(
        "/v1/audit-events", params={"action": "engineer_contact.read", "sort": "at"}, headers=auditor.headers
    )
    assert [one["payload"] for one in shown.json()["items"]] == [
        {"reason": "Interview on Monday"},
        {"reason": "own engineer"},
    ]
    assert {record.organisation_id for record in records} == {supplier.organisation.id}


async def test_contact_data_is_replaced_whole_under_the_profile_s_version(client, session, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(client, supplier, contact=CONTACT)
    url = f"/v1/engineers/{engineer['id']}/contact"

    replaced = await client.put(url, json={"phone": "011 4555-0100"}, headers=matching(supplier, 1))
    stale = await client.put(url, json={"phone": "011 4555-0199"}, headers=matching(supplier, 1))

    assert replaced.json() == {"email": None, "phone": "011 4555-0100", "address": None, "links": []}
    assert replaced.headers["etag"] == '"2"'
    assert stale.status_code == 412
    assert (await client.get(url, headers=supplier.headers)).json() == replaced.json()
    (record,) = (await session.exec(select(AuditRecord).where(AuditRecord.action == "engineer_contact.changed"))).all()
    assert "0100" not in str(record.payload)


async def test_contact_data_nobody_gave_is_empty(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(client, supplier)

    reply = await client.get(f"/v1/engineers/{engineer['id']}/contact", headers=supplier.headers)

    assert reply.json() == {"email": None, "phone": None, "address": None, "links": []}
