"""Sessions: continued once a token, ended in every way there is, and judged by the database at each request."""

import re

import pytest

from app.core.actor import Role
from app.identity.models import Standing
from app.identity.sessions import NEED_SECOND_FACTOR
from tests.factories import make_caller
from tests.identity.people import bearer, make_person, open_session, signed_in

FILE_FIELD = b'--x\r\nContent-Disposition: form-data; name="grant_type"; filename="f"\r\n\r\nx\r\n--x--\r\n'


@pytest.fixture
def noon(time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z", tick=False)
    return time_machine


async def refresh(client, token):
    return await client.post("/v1/oauth/token", data={"grant_type": "refresh_token", "refresh_token": token})


async def me(client, token):
    return (await client.get("/v1/me", headers=bearer(token))).status_code


async def test_a_refresh_token_gives_the_next_pair(client, session):
    started = await open_session(session, await make_person(session))

    reply = await refresh(client, started.refresh_token)

    following = reply.json()
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store")
    assert (following["token_type"], following["expires_in"], following["scope"]) == ("Bearer", 600, None)
    assert await me(client, following["access_token"]) == 200
    assert (await refresh(client, following["refresh_token"])).status_code == 200


async def test_a_spent_refresh_token_ends_the_whole_family(client, session):
    started = await open_session(session, await make_person(session))
    following = (await refresh(client, started.refresh_token)).json()

    again = await refresh(client, started.refresh_token)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert await me(client, following["access_token"]) == await me(client, started.access_token) == 401
    assert (await refresh(client, following["refresh_token"])).status_code == 400


async def test_another_session_of_the_same_member_is_another_family(client, session):
    person = await make_person(session)
    one, other = await open_session(session, person), await open_session(session, person)
    await refresh(client, one.refresh_token)

    await refresh(client, one.refresh_token)

    assert await me(client, one.access_token) == 401
    assert await me(client, other.access_token) == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "\0"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": ["a", "b"]}, 400, "invalid_request"),
        ({"grant_type": "password", "username": "x", "password": "y"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
    ],
)
async def test_refusals_speak_oauth_too(client, form, status, error):
    reply = await client.post("/v1/oauth/token", data=form)

    assert (reply.status_code, reply.json()["error"]) == (status, error)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["code"] == "oauth-" + error.replace("_", "-")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"grant_type": "refresh_token"}', "application/json"),
        (b"%", "application/x-www-form-urlencoded"),
        (b"grant_type=%ff%fe", "application/x-www-form-urlencoded"),
        (b"grant_type=" + b"x" * 5000, "application/x-www-form-urlencoded"),
        (b"not multipart", "multipart/form-data; boundary=x"),
        (b"not multipart", "multipart/form-data"),
        (FILE_FIELD, "multipart/form-data; boundary=x"),
    ],
)
async def test_bodies_that_are_no_forms_are_refused(client, content, kind):
    reply = await client.post("/v1/oauth/token", content=content, headers={"Content-Type": kind})

    assert reply.status_code in {400, 422}


async def test_an_access_token_is_no_refresh_token(client, session):
    started = await open_session(session, await make_person(session))

    assert (await refresh(client, started.access_token)).status_code in {400, 422}


async def test_a_session_ends_after_thirty_idle_minutes(client, session, noon):
    started = await open_session(session, await make_person(session))
    noon.shift(29 * 60)
    following = (await refresh(client, started.refresh_token)).json()
    noon.shift(9 * 60)
    assert await me(client, following["access_token"]) == 200

    noon.shift(31 * 60)

    assert (await refresh(client, following["refresh_token"])).status_code == 400


async def test_using_a_session_is_noted_once_a_minute(client, session, noon):
    started = await open_session(session, await make_person(session))
    noon.shift(60)
    await me(client, started.access_token)
    await session.refresh(started.session)
    assert started.session.last_used_at == started.session.created_at

    noon.shift(1)
    await me(client, started.access_token)

    await session.refresh(started.session)
    assert (started.session.last_used_at - started.session.created_at).total_seconds() == 61


async def test_a_session_ends_after_twelve_hours_however_busy(client, session, noon):
    started = await open_session(session, await make_person(session))
    token = started.refresh_token
    for _ in range(12 * 4 - 1):
        noon.shift(15 * 60)
        reply = await refresh(client, token)
        assert reply.status_code == 200
        token = reply.json()["refresh_token"]
    access = reply.json()["access_token"]
    noon.shift(9 * 60)
    assert await me(client, access) == 200

    noon.shift(6 * 60)

    assert (await refresh(client, token)).status_code == 400


async def test_signing_out_ends_the_session_at_once(client, session):
    started = await open_session(session, await make_person(session))

    reply = await client.delete("/v1/sessions/current", headers=bearer(started.access_token))

    assert reply.status_code == 204
    assert await me(client, started.access_token) == 401
    assert (await refresh(client, started.refresh_token)).status_code == 400


async def test_one_s_sessions_are_listed_and_ended_one_by_one(client, session):
    person = await make_person(session)
    one, other = await open_session(session, person), await open_session(session, person)
    stranger = await open_session(session, await make_person(session))
    headers = bearer(one.access_token)

    listed = (await client.get("/v1/sessions", headers=headers)).json()["items"]
    ended = await client.delete(f"/v1/sessions/{other.session.id}", headers=headers)
    foreign = await client.delete(f"/v1/sessions/{stranger.session.id}", headers=headers)

    assert [item["id"] for item in listed] == [str(other.session.id), str(one.session.id)]
    assert set(listed[0]) == {"id", "created_at", "last_used_at", "expires_at", "second_factor_at"}
    assert (ended.status_code, foreign.status_code, foreign.json()["code"]) == (204, 404, "session-not-found")
    assert await me(client, other.access_token) == 401
    assert await me(client, stranger.access_token) == 200
    left = (await client.get("/v1/sessions", headers=headers)).json()["items"]
    assert [item["id"] for item in left] == [str(one.session.id)]


async def test_a_program_has_no_session(client, acting_as):
    caller = await acting_as(Role.ADMIN)

    replies = [
        await client.get("/v1/sessions", headers=caller.headers),
        await client.get("/v1/sessions/current", headers=caller.headers),
        await client.delete("/v1/sessions/current", headers=caller.headers),
        await client.post("/v1/me/totp", headers=caller.headers),
        await client.post("/v1/me/password", json={"old_password": "x", "password": "x" * 12}, headers=caller.headers),
    ]

    assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(403, "session-needed")] * 5


async def test_disabling_a_member_ends_its_sessions_for_good(client, session):
    admin = await make_caller(session, Role.SUPPLIER_ADMIN)
    person, headers = await signed_in(session, Role.SUPPLIER_RECRUITER, admin.organisation)
    url, tag = f"/v1/members/{person.member.id}", {"If-Match": "*"}

    await client.post(f"{url}/disable", headers={**admin.headers, **tag})
    out = (await client.get("/v1/me", headers=headers)).status_code
    back = await client.patch(url, json={"standing": "active"}, headers={**admin.headers, **tag})

    assert out == 401
    assert back.json()["standing"] == "active"
    assert (await client.get("/v1/me", headers=headers)).status_code == 401


async def test_an_organisation_s_sessions_stop_with_it(client, session):
    person, headers = await signed_in(session)
    person.organisation.standing = Standing.DISABLED
    await session.flush()

    assert (await client.get("/v1/me", headers=headers)).status_code == 401


async def test_a_role_taken_away_is_gone_at_the_next_request(client, session):
    admin = await make_caller(session, Role.SUPPLIER_ADMIN)
    person, headers = await signed_in(session, Role.SUPPLIER_ADMIN, admin.organisation)
    members = f"/v1/organisations/{admin.organisation.id}/members"
    assert (await client.get(members, headers=headers)).status_code == 200

    changed = await client.patch(
        f"/v1/members/{person.member.id}",
        json={"role": "supplier_recruiter"},
        headers={**admin.headers, "If-Match": '"1"'},
    )

    assert changed.json()["role"] == "supplier_recruiter"
    assert (await client.get(members, headers=headers)).status_code == 403


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_that_needs_a_second_factor_can_only_set_one_up(client, session, application, role):
    person = await make_person(session, role)
    headers = bearer((await open_session(session, person, second_factor=False)).access_token)
    allowed = {"get_me", "list_sessions", "get_current_session", "revoke_current_session", "enrol_totp", "confirm_totp"}
    anonymous = {"create_session", "create_token", "get_jwks", "accept_invitation", "redeem_password_reset"}
    anonymous |= {"see_engineer_link", "decide_by_link", "export_by_link", "erase_by_link", "declare_by_link"}

    refused = []
    for path, methods in application.openapi()["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1") and operation["operationId"] not in allowed | anonymous:
                filled = re.sub(r"\{\w+\}", "0197a3c2-e5f0-7d6a-9c1e-5f0b7d6a9c1e", path)
                reply = await client.request(method, filled, headers={**headers, "If-Match": "*"}, json={})
                refused.append(reply.json().get("code") == "second-factor-required")

    needed = role in NEED_SECOND_FACTOR
    assert needed == (role is not Role.HIRING_MANAGER)
    assert len(refused) > 40
    assert (await client.get("/v1/me", headers=headers)).json()["second_factor_required"] == needed
    assert all(refused) if needed else not any(refused)


async def test_the_state_of_the_second_factor_is_told(client, session):
    ordinary, bare = await make_person(session), await make_person(session, Role.AUDITOR)
    careful = await make_person(session, Role.AUDITOR, authenticator=True)

    states = [
        (await client.post("/v1/sessions", json=body)).json()["mfa"]
        for body in (ordinary.sign_in, bare.sign_in, {**careful.sign_in, "code": careful.code})
    ]

    assert states == ["not_required", "enrolment_required", "passed"]
