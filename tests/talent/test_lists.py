"""The list of engineers: filters, orders, cursors, and what it costs."""

import pytest

from app.core.actor import Role
from app.talent import service as talent
from app.talent.schemas import EngineerCreate
from tests.payloads import Statements, an_engineer, matching, pointers, post_engineer, skills, walk

SORTS = ["created_at", "-created_at", "updated_at", "-updated_at"]


async def engineers_of(session, supplier, count, **given):
    """Many profiles of one firm, posted at once."""
    batch = [EngineerCreate.model_validate(an_engineer(**given)) for _ in range(count)]
    made = await talent.create_engineers(session, supplier.actor, supplier.organisation.id, batch)
    return [str(engineer.id) for engineer in made]


@pytest.mark.parametrize("limit", [7, 50])
async def test_a_walk_over_pages_meets_every_engineer_once_in_every_order(
    client, session, acting_as, time_machine, limit
):
    supplier, other = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    made = []
    for minute in range(4):
        # Thirty at one instant: only the tie-breaker tells them apart.
        time_machine.move_to(f"2026-11-20T12:0{minute}:00Z", tick=False)
        made += await engineers_of(session, supplier, 30)
        await engineers_of(session, other, 2)

    for sort in SORTS:
        found = await walk(client, supplier, "/v1/engineers", sort=sort, limit=limit)

        times = [item[sort.removeprefix("-")] for item in found]
        assert sorted(item["id"] for item in found) == sorted(made)
        assert times == sorted(times, reverse=sort.startswith("-"))


async def test_a_cursor_belongs_to_its_order(client, session, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    await engineers_of(session, supplier, 3)
    page = (await client.get("/v1/engineers?limit=2&sort=created_at", headers=supplier.headers)).json()

    replies = [
        await client.get(
            "/v1/engineers", params={"sort": sort, "cursor": page["next_cursor"]}, headers=supplier.headers
        )
        for sort in SORTS
    ]

    assert [reply.status_code for reply in replies] == [200, 422, 422, 422]
    assert pointers(replies[1]) == ["/cursor"]


async def test_a_list_of_fifty_takes_as_many_statements_as_a_list_of_one(client, session, connection, acting_as):
    few, many = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    whole = {
        "skills": skills("Go", "Java"),
        "languages": [{"language": "en"}],
        "domains": [{"domain": "banking"}],
        "bios": [{"language": "en", "text": "I build things."}],
    }
    await engineers_of(session, few, 1, **whole)
    await engineers_of(session, many, 50, **whole)
    for caller in (few, many):
        await client.get("/v1/me", headers=caller.headers)
    statements = Statements(connection)

    of_one = await statements.of(client.get("/v1/engineers", headers=few.headers))
    of_fifty = await statements.of(client.get("/v1/engineers?limit=50", headers=many.headers))

    assert of_one == of_fifty


async def test_filters_narrow_a_list(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    one = await post_engineer(
        client,
        supplier,
        title="Senior Backend Developer",
        country="CO",
        available_from="2027-01-04",
        skills=skills("golang", "Zorblax Flow"),
    )
    other = await post_engineer(
        client, supplier, discipline="qa", seniority="junior", country="BR", available_from="2027-03-01", draft=True
    )
    queries = {
        "discipline=software": [one],
        "discipline=qa": [other],
        "seniority=senior": [one],
        "country=br": [other],
        "skill=go": [one],
        "skill=Golang": [one],
        "skill=Zorblax Flow": [one],
        "skill=Rust": [],
        "skill=%25": [],
        "skill=_": [],
        "status=draft": [other],
        "available_by=2027-01-04": [one],
        "available_by=2027-01-03": [],
        "available_by=2027-03-01": [other, one],
        f"organisation_id={supplier.organisation.id}": [other, one],
        "country=CO&discipline=qa": [],
    }

    for query, expected in queries.items():
        reply = await client.get(f"/v1/engineers?{query}", headers=supplier.headers)
        assert reply.json()["items"] == expected, query


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("colour=red", "/colour"),
        ("given_name=Ana", "/given_name"),
        ("q=x", "/q"),
        ("status=hired", "/status"),
        ("status=", "/status"),
        ("country=ZZ", "/country"),
        ("available_by=soon", "/available_by"),
        ("available_by=0001-01-01", "/available_by"),
        ("organisation_id=1", "/organisation_id"),
        ("skill=", "/skill"),
        ("skill=%00", "/skill"),
        ("sort=family_name", "/sort"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=1e9", "/limit"),
        ("cursor=", "/cursor"),
        ("cursor=zzzz", "/cursor"),
    ],
)
async def test_a_wrong_filter_is_an_error_and_never_an_empty_page(client, acting_as, query, pointer):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)

    reply = await client.get(f"/v1/engineers?{query}", headers=supplier.headers)

    assert (reply.status_code, pointers(reply)) == (422, [pointer])


async def test_a_changed_profile_moves_to_the_end_of_the_order_of_changes(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    made = [(await post_engineer(client, supplier))["id"] for _ in range(3)]
    await client.patch(f"/v1/engineers/{made[0]}", json={"weekly_hours": 20}, headers=matching(supplier, 1))

    found = await walk(client, supplier, "/v1/engineers", sort="updated_at", limit=1)

    assert [item["id"] for item in found] == [made[1], made[2], made[0]]
