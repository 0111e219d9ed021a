"""Scopes narrow a credential, and nobody widens one: not by a key, a client, a rotation, a link or a promotion."""

from base64 import b64encode
from datetime import timedelta

import pytest

from app.core.actor import Role
from app.core.clock import utcnow
from app.identity.models import Standing
from app.identity.permissions import Resource, Verb, permits
from app.identity.scopes import ALL_SCOPES, scopes_of
from tests.factories import make_caller
from tests.identity.people import bearer, signed_in


async def make_key(client, caller, member=None, **given):
    url = f"/v1/members/{(member or caller.member).id}/api-keys"
    return await client.post(url, json={"label": "import", **given}, headers=caller.headers)


async def key_headers(client, caller, *scopes):
    return bearer((await make_key(client, caller, scopes=list(scopes))).json()["key"])


def test_there_is_a_scope_for_reading_and_one_for_writing_of_everything():
    assert set(ALL_SCOPES) == {f"{resource}:{verb}" for resource in Resource for verb in ("read", "write")}


async def test_a_scope_allows_what_it_names_and_nothing_else(client, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    headers = await key_headers(client, admin, "member:read")
    url = f"/v1/organisations/{admin.organisation.id}"

    read = await client.get(f"{url}/members", headers=headers)
    write = await client.post(
        f"{url}/members", json={"name": "X", "email": "x@y.example", "role": "supplier_recruiter"}, headers=headers
    )
    other = await client.get(url, headers=headers)

    assert [reply.status_code for reply in (read, write, other)] == [200, 403, 403]
    me = (await client.get("/v1/me", headers=headers)).json()
    assert (me["scopes"], me["permissions"]) == (["member:read"], ["read member"])


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        (["engineer:read"], 201),
        (["shortlist:read"], 403),
        (["engineer:read", "audit_event:read"], 403),
        (["everything"], 422),
        (["engineer:delete"], 422),
        ([], 422),
        ("engineer:read", 422),
        (["engineer:read\0"], 422),
    ],
)
async def test_only_scopes_of_one_s_role_can_be_had(client, acting_as, scopes, status):
    reply = await make_key(client, await acting_as(Role.SUPPLIER_RECRUITER), scopes=scopes)

    assert reply.status_code == status
    if status == 403:
        assert reply.json()["code"] == "scope-not-yours"


async def test_a_limited_key_makes_none_that_may_do_more(client, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    headers = await key_headers(client, admin, "api_key:write", "engineer:read")
    url = f"/v1/members/{admin.member.id}/api-keys"

    wider = await client.post(url, json={"label": "x", "scopes": ["engineer:write"]}, headers=headers)
    unsaid = await client.post(url, json={"label": "x"}, headers=headers)
    rotated = await client.post(f"/v1/api-keys/{admin.key.id}/rotate", json={}, headers=headers)

    assert (wider.status_code, wider.json()["code"]) == (403, "scope-not-yours")
    assert unsaid.json()["scopes"] == ["api_key:write", "engineer:read"]
    assert (rotated.status_code, rotated.json()["code"]) == (403, "scopes-too-narrow")


async def test_a_limited_key_makes_no_links_that_lead_to_a_whole_account(client, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    colleague = await acting_as(Role.SUPPLIER_ADMIN, admin.organisation)
    headers = await key_headers(client, admin, "member:write")
    given = {"name": "X", "email": "x@y.example", "role": "supplier_admin"}

    replies = [
        await client.post(f"/v1/organisations/{admin.organisation.id}/invitations", json=given, headers=headers),
        await client.post(f"/v1/members/{colleague.member.id}/password-reset", headers=headers),
    ]

    assert [reply.json()["code"] for reply in replies] == ["scopes-too-narrow"] * 2


@pytest.mark.parametrize("role", list(Role))
def test_a_role_s_scopes_are_what_it_may_do(role, acting_as):
    for scope in ALL_SCOPES:
        resource, kind = scope.split(":")
        verbs = [verb for verb in Verb if (verb is Verb.READ) == (kind == "read")]
        holder = Caller(role)
        assert (scope in scopes_of(role)) == any(permits(holder, verb, Resource(resource)) for verb in verbs)


class Caller:
    """An actor without scopes."""

    is_system = False
    scopes = None

    def __init__(self, role):
        self.role = role


async def test_members_manage_their_own_keys_and_no_others(client, acting_as):
    recruiter = await acting_as(Role.SUPPLIER_RECRUITER)
    colleague = await acting_as(Role.SUPPLIER_RECRUITER, recruiter.organisation)
    made = (await make_key(client, recruiter)).json()

    listed = await client.get(f"/v1/members/{recruiter.member.id}/api-keys", headers=recruiter.headers)
    rotated = await client.post(f"/v1/api-keys/{made['id']}/rotate", json={}, headers=recruiter.headers)
    revoked = await client.delete(f"/v1/api-keys/{made['id']}", headers=recruiter.headers)

    assert [reply.status_code for reply in (listed, rotated, revoked)] == [200, 201, 204]
    foreign = [
        await make_key(client, recruiter, colleague.member),
        await client.get(f"/v1/members/{colleague.member.id}/api-keys", headers=recruiter.headers),
        await client.delete(f"/v1/api-keys/{colleague.key.id}", headers=recruiter.headers),
        await client.post(f"/v1/api-keys/{colleague.key.id}/rotate", json={}, headers=recruiter.headers),
    ]
    assert [reply.status_code for reply in foreign] == [404, 404, 404, 404]


async def test_a_rotated_key_works_beside_the_new_one_for_a_while(client, acting_as, time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z", tick=False)
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    old = (await make_key(client, admin, scopes=["engineer:read"], expires_at="2026-12-21T12:00:00Z")).json()
    time_machine.shift(24 * 3600)

    new = await client.post(f"/v1/api-keys/{old['id']}/rotate", json={"overlap_hours": 2}, headers=admin.headers)

    assert new.headers["cache-control"] == "no-store"
    assert (new.json()["scopes"], new.json()["label"]) == (["engineer:read"], "import")
    assert new.json()["expires_at"] == "2026-12-22T12:00:00Z"
    keys = [bearer(old["key"]), bearer(new.json()["key"])]
    time_machine.shift(2 * 3600 - 1)
    assert [(await client.get("/v1/me", headers=key)).status_code for key in keys] == [200, 200]
    time_machine.shift(1)
    assert [(await client.get("/v1/me", headers=key)).status_code for key in keys] == [401, 200]
    again = await client.post(f"/v1/api-keys/{old['id']}/rotate", json={}, headers=admin.headers)
    assert (again.status_code, again.json()["code"]) == (409, "api-key-not-usable")


@pytest.mark.parametrize(
    ("hours", "status"), [(0, 201), (168, 201), (-1, 422), (169, 422), (1.5, 422), ("x", 422), (True, 422)]
)
async def test_an_overlap_is_at_most_a_week(client, acting_as, hours, status):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    made = (await make_key(client, admin)).json()

    reply = await client.post(f"/v1/api-keys/{made['id']}/rotate", json={"overlap_hours": hours}, headers=admin.headers)

    assert reply.status_code == status
    if hours == 0:
        assert (await client.get("/v1/me", headers=bearer(made["key"]))).status_code == 401


@pytest.mark.parametrize(("days", "status"), [(1, 201), (730, 201), (731, 422), (-1, 422)])
async def test_a_key_lives_two_years_at_most(client, acting_as, days, status):
    instant = (utcnow() + timedelta(days=days, seconds=-5)).isoformat()

    reply = await make_key(client, await acting_as(Role.SUPPLIER_ADMIN), expires_at=instant)

    assert reply.status_code == status


@pytest.mark.parametrize("field", ["digest", "prefix", "key", "member_id", "revoked_at", "replaced_by_id"])
async def test_server_owned_fields_are_nobody_s_to_set(client, acting_as, field):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    url = f"/v1/organisations/{admin.organisation.id}/oauth-clients"

    replies = [
        await make_key(client, admin, **{field: "x"}),
        await client.post(f"/v1/api-keys/{admin.key.id}/rotate", json={field: "x"}, headers=admin.headers),
        await client.post(url, json={"name": "x", "scopes": ["engineer:read"], field: "x"}, headers=admin.headers),
        await client.patch(
            f"/v1/members/{admin.member.id}", json={field: "x"}, headers={**admin.headers, "If-Match": "*"}
        ),
    ]

    assert [reply.status_code for reply in replies] == [422] * 4


async def make_client(client, caller, *scopes):
    url = f"/v1/organisations/{caller.organisation.id}/oauth-clients"
    return await client.post(url, json={"name": "HR system", "scopes": list(scopes)}, headers=caller.headers)


async def client_token(client, made, **form):
    form = {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["client_secret"], **form}
    return await client.post("/v1/oauth/token", data=form)


async def test_a_client_acts_for_its_maker_within_its_scopes(client, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    made = await make_client(client, admin, "member:read", "engineer:read")
    whole, part = (
        await client_token(client, made.json()),
        await client_token(client, made.json(), scope="engineer:read"),
    )
    url = f"/v1/organisations/{admin.organisation.id}/members"

    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert (whole.json()["scope"], part.json()["scope"]) == ("engineer:read member:read", "engineer:read")
    assert whole.json()["refresh_token"] is None
    assert (await client.get(url, headers=bearer(whole.json()["access_token"]))).status_code == 200
    assert (await client.get(url, headers=bearer(part.json()["access_token"]))).status_code == 403
    me = (await client.get("/v1/me", headers=bearer(whole.json()["access_token"]))).json()
    assert (me["member"]["id"], me["client_id"]) == (str(admin.member.id), made.json()["id"])


async def test_a_client_may_send_its_secret_by_http_basic(client, acting_as):
    made = (await make_client(client, await acting_as(Role.SUPPLIER_ADMIN), "engineer:read")).json()
    basic = b64encode(f"{made['id']}:{made['client_secret']}".encode()).decode()
    headers, form = {"Authorization": f"Basic {basic}"}, {"grant_type": "client_credentials"}

    right = await client.post("/v1/oauth/token", data=form, headers=headers)
    twice = await client.post("/v1/oauth/token", data={**form, "client_id": made["id"]}, headers=headers)
    broken = [
        await client.post("/v1/oauth/token", data=form, headers={"Authorization": f"Basic {text}"})
        for text in ("%%%", "eA==", "/w==", "")
    ]

    assert (right.status_code, twice.status_code, twice.json()["error"]) == (200, 400, "invalid_request")
    assert [reply.status_code for reply in broken] == [401] * 4
    assert all(reply.headers["www-authenticate"] == 'Basic realm="puente"' for reply in broken)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "puente-client-" + "x" * 43}, "invalid_client"),
        ({"client_id": "0197a3c2-e5f0-7d6a-9c1e-5f0b7d6a9c1e"}, "invalid_client"),
        ({"client_id": "' OR 1=1 --"}, "invalid_client"),
        ({"client_id": "\0"}, "invalid_client"),
        ({"scope": "member:read"}, "invalid_scope"),
        ({"scope": "engineer:read member:read"}, "invalid_scope"),
        ({"scope": " "}, "invalid_scope"),
    ],
)
async def test_a_client_that_asks_wrongly_gets_nothing(client, acting_as, form, error):
    made = (await make_client(client, await acting_as(Role.SUPPLIER_ADMIN), "engineer:read")).json()

    assert (await client_token(client, made, **form)).json()["error"] == error


@pytest.mark.parametrize("end", ["owner disabled", "organisation disabled", "revoked"])
async def test_a_client_outlives_nobody(client, session, acting_as, end):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    made = (await make_client(client, admin, "member:read")).json()
    token = (await client_token(client, made)).json()["access_token"]
    match end:
        case "owner disabled":
            admin.member.standing = Standing.DISABLED
        case "organisation disabled":
            admin.organisation.standing = Standing.DISABLED
        case "revoked":
            await client.delete(f"/v1/oauth-clients/{made['id']}", headers=admin.headers)
    await session.flush()

    assert (await client.get("/v1/me", headers=bearer(token))).status_code == 401
    assert (await client_token(client, made)).json()["error"] == "invalid_client"


async def test_a_client_may_no_more_than_its_owner_may_now(client, session, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    token = (await client_token(client, (await make_client(client, admin, "member:read")).json())).json()[
        "access_token"
    ]
    admin.member.role = Role.SUPPLIER_RECRUITER
    await session.flush()

    reply = await client.get(f"/v1/organisations/{admin.organisation.id}/members", headers=bearer(token))

    assert reply.status_code == 403


async def test_a_client_makes_no_credentials(client, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    made = (await make_client(client, admin, "api_key:write")).json()
    headers = bearer((await client_token(client, made)).json()["access_token"])
    url = f"/v1/organisations/{admin.organisation.id}/oauth-clients"

    replies = [
        await client.post(f"/v1/members/{admin.member.id}/api-keys", json={"label": "x"}, headers=headers),
        await client.post(f"/v1/api-keys/{admin.key.id}/rotate", json={}, headers=headers),
        await client.post(url, json={"name": "x", "scopes": ["api_key:write"]}, headers=headers),
        await client.post(f"/v1/oauth-clients/{made['id']}/rotate-secret", headers=headers),
    ]

    assert [reply.json()["code"] for reply in replies] == ["client-may-not"] * 4


async def test_a_secret_is_replaced_by_its_owner_alone(client, session, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    colleague, stranger = (
        await make_caller(session, Role.SUPPLIER_ADMIN, admin.organisation),
        await acting_as(Role.ADMIN),
    )
    made = (await make_client(client, admin, "engineer:read")).json()
    url = f"/v1/oauth-clients/{made['id']}/rotate-secret"

    refused = [await client.post(url, headers=caller.headers) for caller in (colleague, stranger)]
    replaced = await client.post(url, headers=admin.headers)

    assert [reply.status_code for reply in refused] == [404, 404]
    assert (await client_token(client, made)).status_code == 401
    assert (await client_token(client, replaced.json())).status_code == 200


async def test_a_client_is_made_in_one_s_own_organisation(client, session, acting_as):
    admin, firm = await acting_as(Role.ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    url = f"/v1/organisations/{firm.organisation.id}/oauth-clients"

    made = await client.post(url, json={"name": "x", "scopes": ["member:read"]}, headers=admin.headers)

    assert made.status_code == 404
    assert (await client.get(url, headers=admin.headers)).json()["items"] == []


async def test_the_last_admin_stays(client, session, acting_as):
    staff, admin = await acting_as(Role.ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    headers, url = {**staff.headers, "If-Match": '"1"'}, f"/v1/members/{admin.member.id}"

    replies = [
        await client.patch(url, json={"role": "supplier_recruiter"}, headers=headers),
        await client.patch(url, json={"standing": "disabled"}, headers=headers),
        await client.post(f"{url}/disable", headers=headers),
    ]

    assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(409, "last-admin")] * 3
    await make_caller(session, Role.SUPPLIER_ADMIN, admin.organisation)
    assert (await client.patch(url, json={"standing": "disabled"}, headers=headers)).status_code == 200


async def test_nobody_changes_their_own_role_but_may_change_their_name(client, session):
    person, headers = await signed_in(session, Role.SUPPLIER_ADMIN)
    headers, url = {**headers, "If-Match": "*"}, f"/v1/members/{person.member.id}"

    replies = [
        await client.patch(url, json={"role": "supplier_recruiter"}, headers=headers),
        await client.patch(url, json={"standing": "disabled"}, headers=headers),
        await client.patch(url, json={"name": "Lucía"}, headers=headers),
    ]

    assert [reply.status_code for reply in replies] == [409, 409, 200]
    assert (replies[0].json()["code"], replies[2].json()["name"]) == ("own-access", "Lucía")


async def test_a_change_of_a_member_names_the_version_it_changes(client, session, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    colleague = await make_caller(session, Role.SUPPLIER_RECRUITER, admin.organisation)
    url = f"/v1/members/{colleague.member.id}"

    statuses = [
        (await client.patch(url, json={"name": "X"}, headers={**admin.headers, **tag})).status_code
        for tag in ({}, {"If-Match": '"7"'}, {"If-Match": '"1"'}, {"If-Match": '"1"'})
    ]

    assert statuses == [428, 412, 200, 412]
    out_of_place = await client.patch(url, json={"role": "admin"}, headers={**admin.headers, "If-Match": "*"})
    assert out_of_place.json()["code"] == "role-out-of-place"
