"""Row level security is lifted here: what the application itself asks for keeps everybody's things apart, too."""

import pytest
from psycopg import sql
from sqlmodel import select

from app.core.actor import Role
from app.core.ids import new_id
from app.core.row_security import protected
from app.identity.models import Member
from app.identity.permissions import Relation
from app.tables import metadata
from tests.identity.people import SEED, open_session, signed_in
from tests.isolation.expectations import calls, expected, unlike
from tests.isolation.replies import contents, told
from tests.isolation.things import CALLABLE
from tests.payloads import an_engineer, post_engineer, post_request, post_shortlist, skills
from tests.row_security.world import connect

REASON = {"reason": "checking references"}
READS = [operation for operation in CALLABLE if not operation.changes]
CHANGES = [operation for operation in CALLABLE if operation.changes]


@pytest.fixture(autouse=True)
def token_key(monkeypatch):
    """The key that people sign in with here."""
    monkeypatch.setenv("PUENTE_TOKEN_KEY", SEED)


@pytest.fixture(scope="module")
def urls(server):
    """A database as the migrations leave it, but that no policy hides a row."""
    with server.clone(f"puente_lifted_{new_id().hex}") as urls:
        with connect(urls.owner) as owner:
            for table in protected(metadata):
                owner.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(sql.Identifier(table)))
        yield urls


async def test_the_database_hides_nothing_here(database, acting_as):
    caller = await acting_as(Role.SUPPLIER_ADMIN)

    async with database.transaction(None) as nobody:
        found = (await nobody.exec(select(Member.id))).all()

    assert caller.member.id in found


@pytest.mark.parametrize("role", Role)
async def test_nothing_foreign_is_read(world_of, role):
    world = await world_of(role)
    hidden = [(one, cell) async for one, cell in calls(world) if one in READS and expected(role, one, cell) != 200]
    wrong = []

    for operation, cell in hidden:
        reply = await world.call(operation, cell)
        wrong += unlike(operation, cell, expected(role, operation, cell), reply)
        wrong += [f"{operation.name} {cell}: shows {word}" for word in world.words if word in reply.text]

    assert wrong == []
    assert hidden


@pytest.mark.parametrize("role", Role)
async def test_nothing_foreign_is_changed(session, world_of, role):
    world = await world_of(role)
    hidden = [(one, cell) async for one, cell in calls(world) if one in CHANGES and expected(role, one, cell) != 200]
    before, wrong = await contents(session), []

    for operation, cell in hidden:
        wrong += unlike(operation, cell, expected(role, operation, cell), await world.call(operation, cell))

    after = await contents(session)
    assert wrong == []
    assert [table for table in before if before[table] != after[table]] == []
    assert hidden


@pytest.mark.parametrize("role", Role)
async def test_what_is_foreign_is_told_from_what_is_missing_by_nothing(world_of, role):
    world = await world_of(role)
    wrong = []

    for operation in CALLABLE:
        *present, missing = await world.cells(operation)
        hidden = [cell for cell in present if expected(role, operation, cell) == 404 and not cell.mixed]
        nothing = told(await world.call(operation, missing)) if hidden else None
        for cell in hidden:
            something = told(await world.call(operation, cell))
            wrong += [(operation.name, str(cell), nothing, something)] if something != nothing else []

    assert wrong == []


@pytest.mark.parametrize("role", Role)
async def test_lists_show_nothing_foreign(world_of, role):
    world = await world_of(role)
    await world.furnish()
    lists = [(one, cell) async for one, cell in calls(world) if one.lists and expected(role, one, cell) == 200]
    wrong = []

    for operation, cell in lists:
        whose = operation.whose(role)
        reply = await world.call(operation, cell, params={"limit": 200})
        hidden = [word for word, relation in world.words.items() if relation not in whose]
        if Relation.NONE not in whose:
            wrong += [f"{operation.name} {cell}: shows {word}" for word in hidden if word in reply.text]

    assert wrong == []


async def test_nobody_s_engineers_are_found_by_their_address_elsewhere(client, acting_as):
    one, other = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    address = {"email": "ana@example.com"}
    mine = await post_engineer(client, one, contact=address)
    await post_engineer(client, other, contact=address)

    reply = await client.post("/v1/engineers/find", json=address, headers=one.headers)

    assert [item["id"] for item in reply.json()] == [mine["id"]]


async def test_candidates_stay_unnamed_to_clients(client, acting_as):
    firm, buyer = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.CLIENT_ADMIN)
    await post_engineer(client, firm, family_name="Zorrilla", skills=skills("Python"))
    request = await post_request(client, buyer, skills=skills("Python", must=False))

    shortlist = await post_shortlist(client, buyer, request)

    assert [entry["identity"] for entry in shortlist["entries"]] == [None]
    assert "Zorrilla" not in str(shortlist)


async def test_documents_are_not_read_or_removed_through_another_engineer(client, acting_as):
    one, other = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    mine, theirs = await post_engineer(client, one), await post_engineer(client, other)
    files = {"file": ("cv.txt", b"A secret.", "text/plain")}
    document = (
        await client.post(
            f"/v1/engineers/{mine['id']}/documents", data={"kind": "cv"}, files=files, headers=one.headers
        )
    ).json()

    for engineer in (mine, theirs):
        url = f"/v1/engineers/{engineer['id']}/documents/{document['id']}"
        for method in ("GET", "DELETE"):
            reply = await client.request(method, url, params=REASON, headers=other.headers)
            assert (reply.status_code, "secret" in reply.text) == (404, False)
    listed = await client.get(f"/v1/engineers/{mine['id']}/documents", headers=other.headers)
    assert listed.status_code == 404
    still = await client.get(f"/v1/engineers/{mine['id']}/documents/{document['id']}", headers=one.headers)
    assert still.content == b"A secret."


async def test_foreign_invitations_and_clients_are_left_alone(client, session, acting_as):
    one, other = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    url = f"/v1/organisations/{one.organisation.id}"
    ana = {"name": "Ana Ruiz", "email": "ana@andes.example", "role": "supplier_recruiter"}
    etl = {"name": "ETL", "scopes": ["engineer:read"]}
    invitation = (await client.post(f"{url}/invitations", json=ana, headers=one.headers)).json()
    program = (await client.post(f"{url}/oauth-clients", json=etl, headers=one.headers)).json()
    before = await contents(session)

    replies = [
        await client.request(method, path, headers=other.headers)
        for method, path in [
            ("GET", f"{url}/invitations"),
            ("GET", f"{url}/oauth-clients"),
            ("DELETE", f"/v1/invitations/{invitation['id']}"),
            ("DELETE", f"/v1/oauth-clients/{program['id']}"),
            ("POST", f"/v1/oauth-clients/{program['id']}/rotate-secret"),
        ]
    ]

    assert [reply.status_code for reply in replies] == [404] * 5
    assert await contents(session) == before


async def test_another_s_session_is_neither_listed_nor_ended(client, session):
    person, mine = await signed_in(session)
    colleague, _ = await signed_in(session, organisation=person.organisation)
    theirs = (await open_session(session, colleague)).session

    listed = await client.get("/v1/sessions", headers=mine)
    ended = await client.delete(f"/v1/sessions/{theirs.id}", headers=mine)

    assert str(theirs.id) not in listed.text
    assert (listed.status_code, ended.status_code) == (200, 404)


async def test_a_key_for_repeats_means_nothing_to_another_member(client, acting_as):
    one, other = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    key = {"Idempotency-Key": "the-same"}

    made = [
        (await client.post("/v1/engineers", json=an_engineer(), headers={**caller.headers, **key})).json()["id"]
        for caller in (one, other)
    ]

    assert made[0] != made[1]
