"""What was refused is on record, although the request that was refused is undone."""

import pytest
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.ids import new_id
from tests.payloads import an_engineer

DOCUMENT = "01a1fbb8-5d78-703f-900f-96891f9774aa"


async def denials(session):
    """The records of what was refused, oldest first."""
    found = select(AuditRecord).where(AuditRecord.action == "access.denied").order_by(AuditRecord.id)
    return (await session.exec(found)).all()


async def test_a_refusal_is_recorded_with_whom_and_what(client, session, acting_as):
    caller, engineer_id = await acting_as(Role.HIRING_MANAGER), new_id()

    reply = await client.get(f"/v1/engineers/{engineer_id}", headers=caller.headers)

    (denied,) = await denials(session)
    assert reply.status_code == 403
    assert denied.subject_id == engineer_id
    assert (denied.actor_member_id, denied.organisation_id) == (caller.member.id, caller.organisation.id)
    assert denied.payload == {
        "resource": "engineer",
        "verb": "read",
        "operation": "get_engineer",
        "code": "forbidden",
    }


async def test_a_refusal_that_names_nothing_is_about_its_caller(client, session, acting_as):
    caller = await acting_as(Role.RECRUITER)

    await client.post("/v1/engineers", json=an_engineer(), headers=caller.headers)

    assert [denied.subject_id for denied in await denials(session)] == [caller.member.id]


async def test_contact_data_that_is_not_there_for_the_caller_is_recorded_too(client, session, acting_as):
    caller, engineer_id = await acting_as(Role.SUPPLIER_ADMIN), new_id()

    reply = await client.get(f"/v1/engineers/{engineer_id}/contact", headers=caller.headers)

    (denied,) = await denials(session)
    assert (reply.status_code, denied.payload["code"], denied.subject_id) == (404, "engineer-not-found", engineer_id)


@pytest.mark.parametrize("rest", ["documents", f"documents/{DOCUMENT}", "export"])
async def test_a_document_that_is_not_there_for_the_caller_is_recorded_too(client, session, acting_as, rest):
    caller, engineer_id = await acting_as(Role.SUPPLIER_ADMIN), new_id()

    reply = await client.get(f"/v1/engineers/{engineer_id}/{rest}", headers=caller.headers)

    (denied,) = await denials(session)
    assert (reply.status_code, denied.payload["code"]) == (404, "engineer-not-found")
    assert str(denied.subject_id) in (str(engineer_id), rest.rpartition("/")[2])


@pytest.mark.parametrize("path", ["/v1/engineers/{}", "/v1/requests?limit=0", "/v1/me"])
async def test_what_is_missing_malformed_or_fine_is_no_denial(client, session, acting_as, path):
    caller = await acting_as(Role.SUPPLIER_ADMIN)

    await client.get(path.format(new_id()), headers=caller.headers)

    assert await denials(session) == []
