"""When two want the same thing at once, the database decides."""

import asyncio

from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.identity.models import Organisation
from tests.factories import make_caller


async def test_one_of_many_simultaneous_organisations_gets_the_name(committed_client, committed_database):
    async with committed_database.transaction() as session:
        admin = await make_caller(session, Role.ADMIN)
    given = {"kind": "client", "name": "Acme"}

    replies = await asyncio.gather(
        *(committed_client.post("/v1/organisations", json=given, headers=admin.headers) for _ in range(8))
    )

    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 7
    async with committed_database.transaction() as session:
        assert len((await session.exec(select(Organisation).where(Organisation.name == "Acme"))).all()) == 1
        assert len((await session.exec(select(AuditRecord))).all()) == 1


async def test_one_of_many_simultaneous_changes_to_a_version_is_made(committed_client, committed_database):
    async with committed_database.transaction() as session:
        admin = await make_caller(session, Role.ADMIN)
    url, headers = f"/v1/organisations/{admin.organisation.id}", {**admin.headers, "If-Match": '"1"'}

    replies = await asyncio.gather(
        *(committed_client.patch(url, json={"name": f"Name {n}"}, headers=headers) for n in range(8))
    )

    assert sorted(reply.status_code for reply in replies) == [200] + [412] * 7
