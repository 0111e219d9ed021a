"""Organisations and members: who may see and change whom."""

import pytest
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import OrganisationKind, Role
from tests.factories import make_member, make_organisation

NEW = {"kind": "supplier", "name": "Andes Software", "country": "co"}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_only_an_admin_lets_organisations_join(client, acting_as, role):
    caller = await acting_as(role)

    assert (await client.post("/v1/organisations", json=NEW, headers=caller.headers)).status_code == 403


async def test_an_organisation_joins(client, acting_as):
    admin = await acting_as(Role.ADMIN)

    made = await client.post("/v1/organisations", json=NEW, headers=admin.headers)
    read = await client.get(f"/v1/organisations/{made.json()['id']}", headers=admin.headers)

    assert made.status_code == 201
    assert made.json()["country"] == "CO"
    assert made.headers["etag"] == read.headers["etag"] == '"1"'
    assert read.json() == made.json()


async def test_a_name_is_taken_once_on_each_side(client, acting_as):
    admin = await acting_as(Role.ADMIN)

    replies = [
        await client.post("/v1/organisations", json={**NEW, "kind": kind}, headers=admin.headers)
        for kind in ("supplier", "client", "supplier")
    ]

    assert [reply.status_code for reply in replies] == [201, 201, 409]
    assert replies[-1].json()["code"] == "organisation-name-taken"


async def test_a_foreign_organisation_is_not_found_and_not_listed(client, session, acting_as):
    caller = await acting_as(Role.SUPPLIER_ADMIN)
    foreign = await make_organisation(session)

    read = await client.get(f"/v1/organisations/{foreign.id}", headers=caller.headers)
    listed = await client.get("/v1/organisations", headers=caller.headers)

    assert (read.status_code, read.json()["code"]) == (404, "organisation-not-found")
    assert [item["id"] for item in listed.json()["items"]] == [str(caller.organisation.id)]


async def test_a_patch_changes_what_it_names_and_cannot_null_a_name(client, session, acting_as):
    admin = await acting_as(Role.ADMIN)
    organisation = await make_organisation(session, country="CO")
    url, headers = f"/v1/organisations/{organisation.id}", {**admin.headers, "If-Match": '"1"'}

    nulled = await client.patch(url, json={"name": None}, headers=headers)
    changed = await client.patch(url, json={"country": None}, headers=headers)

    assert nulled.json()["errors"][0]["pointer"] == "/name"
    assert changed.json()["country"] is None
    assert changed.json()["name"] == organisation.name


async def test_an_admin_cannot_lock_everybody_out(client, acting_as):
    admin = await acting_as(Role.ADMIN)
    headers = {**admin.headers, "If-Match": '"1"'}

    organisation = await client.patch(
        f"/v1/organisations/{admin.organisation.id}", json={"standing": "disabled"}, headers=headers
    )
    member = await client.post(f"/v1/members/{admin.member.id}/disable", headers=headers)

    assert organisation.json()["code"] == member.json()["code"] == "own-access"


@pytest.mark.parametrize("role", [Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN, Role.ADMIN])
async def test_a_firm_s_admin_adds_members_to_it(client, acting_as, role):
    caller = await acting_as(role)
    given = {"name": "Lucía Paredes", "email": "lucia@andes.example", "role": role}

    reply = await client.post(f"/v1/organisations/{caller.organisation.id}/members", json=given, headers=caller.headers)

    assert reply.status_code == 201


@pytest.mark.parametrize("role", [Role.SUPPLIER_RECRUITER, Role.HIRING_MANAGER, Role.RECRUITER, Role.AUDITOR])
async def test_others_do_not_even_see_members(client, acting_as, role):
    caller = await acting_as(role)

    reply = await client.get(f"/v1/organisations/{caller.organisation.id}/members", headers=caller.headers)

    assert reply.status_code == 403


@pytest.mark.parametrize("kind", list(OrganisationKind))
async def test_a_firm_s_admin_reaches_no_member_of_another(client, session, acting_as, kind):
    caller = await acting_as(Role.SUPPLIER_ADMIN)
    foreign = await make_organisation(session, kind)
    member = await make_member(session, foreign, Role.SUPPLIER_ADMIN)
    given = {"name": "X", "email": "x@firm.example", "role": "admin"}

    replies = [
        await client.get(f"/v1/organisations/{foreign.id}/members", headers=caller.headers),
        await client.post(f"/v1/organisations/{foreign.id}/members", json=given, headers=caller.headers),
        await client.post(f"/v1/members/{member.id}/disable", headers={**caller.headers, "If-Match": '"1"'}),
        await client.post(f"/v1/members/{member.id}/api-keys", json={"label": "x"}, headers=caller.headers),
        await client.get(f"/v1/members/{member.id}/api-keys", headers=caller.headers),
    ]

    assert [reply.status_code for reply in replies] == [404] * 5


@pytest.mark.parametrize("role", ["admin", "recruiter", "client_admin"])
async def test_nobody_is_given_a_role_of_another_side(client, acting_as, role):
    caller = await acting_as(Role.SUPPLIER_ADMIN)
    given = {"name": "X", "email": "x@firm.example", "role": role}

    reply = await client.post(f"/v1/organisations/{caller.organisation.id}/members", json=given, headers=caller.headers)

    assert (reply.status_code, reply.json()["code"]) == (422, "role-out-of-place")


async def test_an_address_belongs_to_one_member_in_any_case(client, session, acting_as):
    caller = await acting_as(Role.SUPPLIER_ADMIN)
    await make_member(session, caller.organisation, Role.SUPPLIER_RECRUITER, email="Lucia@andes.example")
    given = {"name": "Lucía", "email": "lucia@ANDES.example", "role": "supplier_recruiter"}

    reply = await client.post(f"/v1/organisations/{caller.organisation.id}/members", json=given, headers=caller.headers)

    assert (reply.status_code, reply.json()["code"]) == (409, "member-email-taken")
    assert "andes" not in reply.text.lower()


async def test_a_disabled_member_is_out_at_once_and_it_is_recorded_by_whom(client, session, acting_as):
    caller = await acting_as(Role.SUPPLIER_ADMIN)
    colleague = await acting_as(Role.SUPPLIER_RECRUITER, caller.organisation)

    disabled = await client.post(
        f"/v1/members/{colleague.member.id}/disable", headers={**caller.headers, "If-Match": '"1"'}
    )

    assert disabled.json()["standing"] == "disabled"
    assert (await client.get("/v1/me", headers=colleague.headers)).status_code == 401
    (kept,) = await session.exec(select(AuditRecord).where(AuditRecord.action == "member.disabled"))
    assert (kept.actor_member_id, kept.subject_id) == (caller.member.id, colleague.member.id)
