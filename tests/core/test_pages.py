"""Lists are walked by opaque cursors, and a cursor that is not ours is refused."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from sqlalchemy import event

from app.core.actor import OrganisationKind, Role
from tests.factories import make_member, make_organisation


@pytest.fixture
async def admin(acting_as):
    return await acting_as(Role.ADMIN)


async def walk(client, headers, **params):
    """Every name of a list, in order, and the sizes of its pages."""
    names, sizes = [], []
    while True:
        page = (await client.get("/v1/organisations", params=params, headers=headers)).json()
        names += [item["name"] for item in page["items"]]
        sizes.append(len(page["items"]))
        if page["next_cursor"] is None:
            return names, sizes
        params["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-created_at"])
async def test_pages_join_without_gap_or_repetition(client, session, admin, time_machine, sort):
    # Equal instants: only the tie-breaker tells the rows apart.
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    made = [(await make_organisation(session, OrganisationKind.CLIENT)).name for _ in range(7)]

    names, sizes = await walk(client, admin.headers, sort=sort, kind="client", limit=3)

    assert sorted(names) == sorted(made)
    assert sizes == [3, 3, 1]
    if sort.endswith("name"):
        assert names == sorted(names, reverse=sort.startswith("-"))


async def test_a_page_that_is_exactly_full_is_the_last(client, session, admin):
    for _ in range(3):
        await make_organisation(session, OrganisationKind.CLIENT)

    _, sizes = await walk(client, admin.headers, kind="client", limit=3)

    assert sizes == [3]


async def test_rows_added_behind_the_cursor_are_not_shown_twice(client, session, admin):
    for name in ("B", "D", "F"):
        await make_organisation(session, OrganisationKind.CLIENT, name=name)
    query = {"sort": "name", "kind": "client", "limit": 2}
    first = (await client.get("/v1/organisations", params=query, headers=admin.headers)).json()
    await make_organisation(session, OrganisationKind.CLIENT, name="A")

    query["cursor"] = first["next_cursor"]
    second = (await client.get("/v1/organisations", params=query, headers=admin.headers)).json()

    assert [item["name"] for item in second["items"]] == ["F"]


def forged(value):
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


ANY_ID = "0197a3c2-e5f0-7d6a-8000-000000000000"


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "%00",
        "a",
        "é",
        "....",
        forged([]),
        forged({}),
        forged(["-created_at"]),
        forged(["-created_at", "not a date", ANY_ID]),
        forged(["-created_at", "2026-11-20T12:00:00", ANY_ID]),
        forged(["-created_at", "2026-11-20T12:00:00Z", "not an id"]),
        forged(["-created_at", None, ANY_ID]),
        forged(["-created_at", 1e400, ANY_ID]),
        forged(["-created_at", 1795000000, ANY_ID]),
        forged(["-created_at", "2026-11-20T12:00:00Z", ANY_ID, "more"]),
        forged(["name", "A", ANY_ID]),
        "9" * 3000,
    ],
)
async def test_a_forged_cursor_is_pointed_at(client, admin, cursor):
    reply = await client.get(f"/v1/organisations?cursor={cursor}", headers=admin.headers)

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "/cursor"


async def test_a_cursor_of_text_cannot_smuggle_nul(client, admin):
    query = {"sort": "name", "cursor": forged(["name", "a\0b", ANY_ID])}

    reply = await client.get("/v1/organisations", params=query, headers=admin.headers)

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "/cursor"


async def test_a_list_takes_one_statement_however_long_it_is(client, connection, session, admin):
    for _ in range(5):
        await make_organisation(session)
    statements = []
    event.listen(connection.sync_connection, "before_cursor_execute", lambda *call: statements.append(call[2]))

    await client.get("/v1/organisations", headers=admin.headers)

    assert (
        len([statement for statement in statements if "FROM organisation" in statement and "JOIN" not in statement])
        == 1
    )


async def test_a_cursor_cut_anywhere_is_refused(client, session, admin):
    for _ in range(2):
        await make_organisation(session)
    cursor = (await client.get("/v1/organisations?limit=1", headers=admin.headers)).json()["next_cursor"]

    for length in range(1, len(cursor)):
        reply = await client.get(f"/v1/organisations?cursor={cursor[:length]}", headers=admin.headers)

        assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/cursor"), length


async def test_the_cursor_of_another_organisation_shows_nothing_of_it(client, session, acting_as):
    one, other = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.CLIENT_ADMIN)
    for caller in (one, other):
        for _ in range(3):
            await make_member(session, caller.organisation, Role.HIRING_MANAGER)
    url = "/v1/organisations/{}/members"
    page = (await client.get(url.format(one.organisation.id), params={"limit": 2}, headers=one.headers)).json()

    for sort in ("-created_at", "created_at"):
        cursor = forged([sort, *json.loads(unsealed(page["next_cursor"]))[1:]])
        own = await client.get(
            url.format(other.organisation.id), params={"cursor": cursor, "sort": sort}, headers=other.headers
        )
        foreign = await client.get(
            url.format(one.organisation.id), params={"cursor": cursor, "sort": sort}, headers=other.headers
        )

        assert own.status_code == 200
        assert not {item["id"] for item in own.json()["items"]} & {item["id"] for item in page["items"]}
        assert all(item["organisation_id"] == str(other.organisation.id) for item in own.json()["items"])
        assert foreign.status_code == 404


async def test_the_staff_s_cursor_in_a_client_s_hands_lists_the_client_alone(client, session, admin, acting_as):
    for _ in range(3):
        await make_organisation(session, OrganisationKind.CLIENT)
    caller = await acting_as(Role.CLIENT_ADMIN)
    cursor = (await client.get("/v1/organisations?limit=1", headers=admin.headers)).json()["next_cursor"]

    page = (await client.get("/v1/organisations", params={"cursor": cursor}, headers=caller.headers)).json()

    assert {item["id"] for item in page["items"]} <= {str(caller.organisation.id)}


def unsealed(cursor):
    return urlsafe_b64decode(cursor + "===")
