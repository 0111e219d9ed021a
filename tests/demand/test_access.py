"""Whose requests an actor reads: a client its own, a recruiter all, a supplier those opened, unnamed."""

import pytest

from app.core.actor import Role
from app.core.ids import new_id
from tests.payloads import a_request, matching, post_request, told


async def replies_about(client, caller, request_id):
    """What every route on one request answers."""
    url, headers = f"/v1/requests/{request_id}", matching(caller, 1)
    return [
        told(await client.get(url, headers=headers)),
        told(await client.get(f"{url}/shortlists", headers=headers)),
        told(await client.patch(url, json={"headcount": 2}, headers=headers)),
        told(await client.post(f"{url}/archive", headers=headers)),
        told(await client.post(f"{url}/shortlists", headers=headers)),
    ]


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (Role.CLIENT_ADMIN, [404, 404, 404, 404, 404]),
        (Role.HIRING_MANAGER, [404, 404, 404, 404, 404]),
        (Role.SUPPLIER_ADMIN, [404, 403, 403, 403, 403]),
        (Role.SUPPLIER_RECRUITER, [404, 403, 403, 403, 403]),
        (Role.ADMIN, [403, 403, 403, 403, 403]),
        (Role.AUDITOR, [403, 403, 403, 403, 403]),
    ],
)
async def test_a_foreign_request_is_told_from_a_missing_one_by_nothing(client, acting_as, role, statuses):
    buyer, stranger = await acting_as(Role.CLIENT_ADMIN), await acting_as(role)
    request = await post_request(client, buyer)

    foreign = await replies_about(client, stranger, request["id"])
    missing = await replies_about(client, stranger, new_id())

    assert foreign == missing
    assert [status for status, _ in foreign] == statuses
    assert (await client.get(f"/v1/requests/{request['id']}", headers=buyer.headers)).json() == request


async def test_a_recruiter_reads_every_request_and_changes_none(client, acting_as):
    buyer, recruiter = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.RECRUITER)
    request = await post_request(client, buyer)

    replies = await replies_about(client, recruiter, request["id"])
    read = await client.get(f"/v1/requests/{request['id']}", headers=recruiter.headers)

    assert [status for status, _ in replies] == [200, 200, 403, 403, 201]
    assert read.json() == request


@pytest.mark.parametrize("role", [Role.SUPPLIER_ADMIN, Role.RECRUITER, Role.ADMIN, Role.AUDITOR])
async def test_only_clients_ask_for_roles(client, acting_as, role):
    caller = await acting_as(role)

    assert (await client.post("/v1/requests", json=a_request(), headers=caller.headers)).status_code == 403


@pytest.mark.parametrize("role", [Role.SUPPLIER_ADMIN, Role.SUPPLIER_RECRUITER])
async def test_a_supplier_reads_opened_requests_alone_and_never_the_client(client, acting_as, role):
    buyer, supplier = await acting_as(Role.CLIENT_ADMIN), await acting_as(role)
    closed = await post_request(client, buyer)
    opened = await post_request(client, buyer, open_to_suppliers=True)
    over = await post_request(client, buyer, open_to_suppliers=True)
    await client.post(f"/v1/requests/{over['id']}/archive", headers=matching(buyer, 1))

    listed = await client.get("/v1/requests", headers=supplier.headers)
    archived = await client.get("/v1/requests?status=archived", headers=supplier.headers)
    read = [
        await client.get(f"/v1/requests/{request['id']}", headers=supplier.headers)
        for request in (opened, closed, over)
    ]

    assert listed.json()["items"] == [{**opened, "organisation_id": None}] == [read[0].json()]
    assert archived.json()["items"] == []
    assert [reply.status_code for reply in read] == [200, 404, 404]
    assert str(buyer.organisation.id) not in listed.text + read[0].text


async def test_a_supplier_cannot_find_out_the_client_by_a_filter(client, acting_as):
    buyer, supplier = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    await post_request(client, buyer, open_to_suppliers=True)

    replies = [
        await client.get(f"/v1/requests?organisation_id={guess}", headers=supplier.headers)
        for guess in (buyer.organisation.id, new_id())
    ]

    assert told(replies[0]) == told(replies[1])
    assert replies[0].status_code == 403


async def test_a_request_closed_again_is_gone_for_suppliers(client, acting_as):
    buyer, supplier = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    request = await post_request(client, buyer, open_to_suppliers=True)
    url = f"/v1/requests/{request['id']}"

    await client.patch(url, json={"open_to_suppliers": False}, headers=matching(buyer, 1))

    assert (await client.get(url, headers=supplier.headers)).status_code == 404


async def test_two_clients_never_see_each_other_s_lists(client, acting_as):
    one, other = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.HIRING_MANAGER)
    ours = [(await post_request(client, one))["id"] for _ in range(3)]
    theirs = [(await post_request(client, other))["id"] for _ in range(2)]

    lists = [
        {item["id"] for item in (await client.get("/v1/requests", headers=caller.headers)).json()["items"]}
        for caller in (one, other)
    ]
    prying = await client.get(f"/v1/requests?organisation_id={other.organisation.id}", headers=one.headers)

    assert lists == [set(ours), set(theirs)]
    assert prying.json() == {"items": [], "next_cursor": None}
