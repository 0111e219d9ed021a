"""The list of requests: filters, orders, cursors, and what it costs."""

from app.core.actor import Role
from app.demand import service as demand
from app.demand.schemas import RequestCreate
from tests.payloads import Statements, a_request, matching, post_request, skills, walk

SORTS = ["created_at", "-created_at", "updated_at", "-updated_at"]


async def requests_of(session, buyer, count, **given):
    """Many requests of one client."""
    data = RequestCreate.model_validate(a_request(**given))
    return [str((await demand.create_request(session, buyer.actor, data)).id) for _ in range(count)]


async def test_a_walk_over_pages_meets_every_request_once_in_every_order(client, session, acting_as, time_machine):
    buyer, other = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.CLIENT_ADMIN)
    made = []
    for minute in range(3):
        time_machine.move_to(f"2026-11-20T12:0{minute}:00Z", tick=False)
        made += await requests_of(session, buyer, 40)
        await requests_of(session, other, 1)

    for sort in SORTS:
        found = await walk(client, buyer, "/v1/requests", sort=sort, limit=11)

        times = [item[sort.removeprefix("-")] for item in found]
        assert sorted(item["id"] for item in found) == sorted(made)
        assert times == sorted(times, reverse=sort.startswith("-"))


async def test_a_cursor_belongs_to_its_order(client, session, acting_as):
    buyer = await acting_as(Role.CLIENT_ADMIN)
    await requests_of(session, buyer, 3)
    page = (await client.get("/v1/requests?limit=2", headers=buyer.headers)).json()

    replies = [
        await client.get("/v1/requests", params={"sort": sort, "cursor": page["next_cursor"]}, headers=buyer.headers)
        for sort in SORTS
    ]

    assert [reply.status_code for reply in replies] == [422, 200, 422, 422]


async def test_a_list_of_fifty_takes_as_many_statements_as_a_list_of_one(client, session, connection, acting_as):
    few, many = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.CLIENT_ADMIN)
    whole = {"skills": skills("Go", "Java"), "certifications": [{"certification": "CKA"}]}
    await requests_of(session, few, 1, **whole)
    await requests_of(session, many, 50, **whole)
    for caller in (few, many):
        await client.get("/v1/me", headers=caller.headers)
    statements = Statements(connection)

    of_one = await statements.of(client.get("/v1/requests", headers=few.headers))
    of_fifty = await statements.of(client.get("/v1/requests?limit=50", headers=many.headers))

    assert of_one == of_fifty


async def test_filters_narrow_a_list(client, acting_as):
    buyer, recruiter = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.RECRUITER)
    one = await post_request(client, buyer, discipline="data")
    other = await post_request(client, buyer, service_type="support")
    over = await post_request(client, buyer)
    over = (await client.post(f"/v1/requests/{over['id']}/archive", headers=matching(buyer, 1))).json()
    queries = {
        "": [other, one],
        "status=open": [other, one],
        "status=archived": [over],
        "discipline=data": [one],
        "service_type=support": [other],
        "service_type=support&discipline=data": [],
        f"organisation_id={buyer.organisation.id}&sort=created_at": [one, other],
        f"organisation_id={recruiter.organisation.id}": [],
    }

    for caller in (buyer, recruiter):
        for query, expected in queries.items():
            reply = await client.get(f"/v1/requests?{query}", headers=caller.headers)
            assert reply.json()["items"] == expected, query
