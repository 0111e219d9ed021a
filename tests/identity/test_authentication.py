"""Whoever is not known is answered alike, whatever is wrong with the key."""

from datetime import timedelta

import pytest

from app.core.actor import Role
from app.core.clock import utcnow
from app.identity.keys import SECRET_LENGTH, checksum, make_key, prefix_of, random_text
from app.identity.models import Standing


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic cHVlbnRl"},
        {"Authorization": "Bearer puente_short_key"},
        {"Authorization": f"Bearer {make_key().text}"},
        {"Authorization": f"Bearer {make_key().text[:-1]}g"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": b"Bearer \xff\xfe"},
    ],
)
async def test_a_missing_or_foreign_key_is_unauthorized(client, header):
    reply = await client.get("/v1/me", headers=header)

    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "/problems/unauthorized"


async def test_the_public_part_of_a_key_with_another_secret_is_unauthorized(client, acting_as):
    caller = await acting_as(Role.RECRUITER)
    body = f"puente_{caller.key.prefix}_{random_text(SECRET_LENGTH)}"

    reply = await client.get("/v1/me", headers={"Authorization": f"Bearer {body}{checksum(body)}"})

    assert prefix_of(f"{body}{checksum(body)}") == caller.key.prefix
    assert reply.status_code == 401


async def test_an_expired_key_is_unauthorized(client, acting_as):
    caller = await acting_as(Role.RECRUITER, expires_at=utcnow() - timedelta(seconds=1))

    assert (await client.get("/v1/me", headers=caller.headers)).status_code == 401


async def test_a_revoked_key_is_unauthorized(client, acting_as):
    caller = await acting_as(Role.RECRUITER, revoked_at=utcnow())

    assert (await client.get("/v1/me", headers=caller.headers)).status_code == 401


@pytest.mark.parametrize("holder", ["member", "organisation"])
async def test_a_key_of_the_disabled_is_unauthorized(client, session, acting_as, holder):
    caller = await acting_as(Role.SUPPLIER_RECRUITER)
    getattr(caller, holder).standing = Standing.DISABLED
    await session.flush()

    assert (await client.get("/v1/me", headers=caller.headers)).status_code == 401


async def test_refusals_do_not_tell_what_was_wrong(client, acting_as):
    revoked = await acting_as(Role.RECRUITER, revoked_at=utcnow())

    one = (await client.get("/v1/me", headers=revoked.headers)).json()
    other = (await client.get("/v1/me", headers={"Authorization": f"Bearer {make_key().text}"})).json()

    assert {**one, "request_id": None} == {**other, "request_id": None}


async def test_a_key_says_who_it_belongs_to(client, acting_as):
    caller = await acting_as(Role.HIRING_MANAGER)

    me = (await client.get("/v1/me", headers=caller.headers)).json()

    assert me["member"]["id"] == str(caller.member.id)
    assert me["organisation"]["kind"] == "client"
    assert "create request" in me["permissions"]
    assert "create engineer" not in me["permissions"]


async def test_the_use_of_a_key_is_noted_once_a_minute(client, session, acting_as, time_machine):
    caller = await acting_as(Role.RECRUITER)
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    await client.get("/v1/me", headers=caller.headers)
    time_machine.shift(59)
    await client.get("/v1/me", headers=caller.headers)
    await session.refresh(caller.key)
    assert caller.key.last_used_at.isoformat() == "2026-11-20T12:00:00+00:00"

    time_machine.shift(2)
    await client.get("/v1/me", headers=caller.headers)

    await session.refresh(caller.key)
    assert caller.key.last_used_at.isoformat() == "2026-11-20T12:01:01+00:00"
