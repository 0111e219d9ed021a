"""The record of what was done is written with it and never changes."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.embedded import DatabaseUrls
from app.core.migrations import owner_engine

CHANGES = ["UPDATE audit_record SET action = 'x'", "DELETE FROM audit_record", "TRUNCATE audit_record"]


@pytest.mark.parametrize("change", CHANGES)
async def test_the_application_cannot_change_records(session, change):
    with pytest.raises(DBAPIError) as refusal:
        async with session.begin_nested():
            await session.exec(text(change))
    assert refusal.value.orig.sqlstate == "42501"


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_the_owner_can_change_records(committed_urls: DatabaseUrls, change):
    with owner_engine(committed_urls.owner).connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(change))


async def test_a_change_leaves_one_record_of_who_did_what(client, session, acting_as):
    admin = await acting_as(Role.ADMIN)
    given = {"kind": "client", "name": "Acme"}

    made = (await client.post("/v1/organisations", json=given, headers=admin.headers)).json()

    (record,) = (await session.exec(select(AuditRecord))).all()
    assert record.action == "organisation.created"
    assert str(record.subject_id) == str(record.organisation_id) == made["id"]
    assert record.actor_member_id == admin.member.id
    assert record.actor_key_id == admin.key.id
    assert record.payload == {"kind": "client"}


async def test_a_refused_change_leaves_no_record(client, session, acting_as):
    admin = await acting_as(Role.ADMIN)
    await client.post("/v1/organisations", json={"kind": "client", "name": "Acme"}, headers=admin.headers)

    again = await client.post("/v1/organisations", json={"kind": "client", "name": "Acme"}, headers=admin.headers)

    assert again.status_code == 409
    assert len((await session.exec(select(AuditRecord))).all()) == 1


async def test_records_hold_no_personal_data(client, session, acting_as):
    admin = await acting_as(Role.ADMIN)
    given = {"name": "Lucía Paredes", "email": "lucia@andes.example", "role": "auditor"}

    url = f"/v1/organisations/{admin.organisation.id}/members"
    assert (await client.post(url, json=given, headers=admin.headers)).status_code == 201

    (record,) = (await session.exec(select(AuditRecord))).all()
    assert record.payload == {"role": "auditor"}


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMIN, Role.AUDITOR}])
async def test_records_are_for_admins_and_auditors(client, acting_as, role):
    caller = await acting_as(role)

    reply = await client.get("/v1/audit-events", headers=caller.headers)

    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


async def test_records_can_be_searched(client, acting_as):
    admin, auditor = await acting_as(Role.ADMIN), await acting_as(Role.AUDITOR)
    for name in ("Acme", "Globex"):
        await client.post("/v1/organisations", json={"kind": "client", "name": name}, headers=admin.headers)
    everything = (await client.get("/v1/audit-events", headers=auditor.headers)).json()["items"]
    newest = everything[0]

    params = {"subject_id": newest["subject_id"], "action": "organisation.created", "since": newest["at"]}
    found = (await client.get("/v1/audit-events", params=params, headers=auditor.headers)).json()["items"]
    earlier = (
        await client.get("/v1/audit-events", params={"until": everything[1]["at"]}, headers=auditor.headers)
    ).json()

    assert [record["action"] for record in everything] == ["organisation.created"] * 2
    assert found == [newest]
    assert earlier["items"] == []
