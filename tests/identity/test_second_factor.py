"""The second factor: set up by its owner, used once, and given up only with everything in hand."""

from datetime import timedelta

import pyotp
import pytest
from sqlmodel import select

from app.core.actor import Role
from app.core.clock import utcnow
from app.identity import sessions, totp
from app.identity.models import RecoveryCode, RefreshToken, SignInSession, Totp
from tests.identity.people import RECOVERY, bearer, make_person, open_session, signed_in


def code_of(secret, steps=0):
    return pyotp.TOTP(secret).at(utcnow() + timedelta(seconds=30 * steps))


async def enrol(client, headers):
    begun = (await client.post("/v1/me/totp", headers=headers)).json()
    confirmed = await client.post("/v1/me/totp/confirm", json={"code": code_of(begun["secret"])}, headers=headers)
    return begun["secret"], confirmed


async def test_setting_one_up_lifts_the_session(client, session):
    person = await make_person(session, Role.RECRUITER)
    headers = bearer((await open_session(session, person, second_factor=False)).access_token)
    begun = await client.post("/v1/me/totp", headers=headers)
    assert (await client.get("/v1/organisations", headers=headers)).status_code == 403

    confirmed = await client.post(
        "/v1/me/totp/confirm", json={"code": code_of(begun.json()["secret"])}, headers=headers
    )

    assert (begun.status_code, begun.headers["cache-control"]) == (201, "no-store")
    assert begun.json()["uri"].startswith("otpauth://totp/Puente:")
    assert (confirmed.status_code, confirmed.headers["cache-control"]) == (200, "no-store")
    assert len(set(confirmed.json()["recovery_codes"])) == 10
    assert (await client.get("/v1/organisations", headers=headers)).status_code == 200


async def test_a_session_begun_with_the_password_alone_is_not_lifted_by_another(client, session):
    person = await make_person(session, Role.RECRUITER)
    thief, owner = [bearer((await open_session(session, person, second_factor=False)).access_token) for _ in range(2)]

    await enrol(client, owner)

    assert (await client.get("/v1/me", headers=thief)).status_code == 401
    assert (await client.get("/v1/organisations", headers=owner)).status_code == 200


async def test_the_secret_and_the_codes_are_not_in_the_database(client, session):
    _, headers = await signed_in(session)

    secret, confirmed = await enrol(client, headers)

    kept = (await session.exec(select(Totp))).one()
    codes = (await session.exec(select(RecoveryCode))).all()
    assert secret.encode() not in kept.sealed_secret
    assert len(codes) == 10
    shown = confirmed.json()["recovery_codes"]
    assert not any(totp.plain_code(code).encode() in row.digest for row in codes for code in shown)


async def test_an_unconfirmed_secret_counts_for_nothing_and_is_replaced(client, session):
    person, headers = await signed_in(session)
    first = (await client.post("/v1/me/totp", headers=headers)).json()["secret"]
    assert (await client.post("/v1/sessions", json=person.sign_in)).status_code == 201
    second = (await client.post("/v1/me/totp", headers=headers)).json()["secret"]

    old = await client.post("/v1/me/totp/confirm", json={"code": code_of(first)}, headers=headers)
    new = await client.post("/v1/me/totp/confirm", json={"code": code_of(second)}, headers=headers)

    assert first != second
    assert (old.status_code, old.json()["code"], new.status_code) == (409, "totp-code-wrong", 200)


async def test_there_is_one_authenticator(client, session):
    _, headers = await signed_in(session, authenticator=True)

    begun = await client.post("/v1/me/totp", headers=headers)
    confirmed = await client.post("/v1/me/totp/confirm", json={"code": "123456"}, headers=headers)

    assert (begun.json()["code"], confirmed.json()["code"]) == ("totp-confirmed", "totp-confirmed")


async def test_nothing_is_confirmed_that_was_not_begun(client, session):
    _, headers = await signed_in(session)

    reply = await client.post("/v1/me/totp/confirm", json={"code": "123456"}, headers=headers)

    assert (reply.status_code, reply.json()["code"]) == (404, "totp-not-found")


async def test_a_code_is_good_once(client, session):
    person = await make_person(session, Role.ADMIN, authenticator=True)
    body = {**person.sign_in, "code": person.code}

    first, second = await client.post("/v1/sessions", json=body), await client.post("/v1/sessions", json=body)

    assert (first.status_code, first.json()["mfa"], second.status_code) == (201, "passed", 401)


async def test_the_code_that_confirmed_signs_nobody_in(client, session, time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z", tick=False)
    person, headers = await signed_in(session)
    secret, _ = await enrol(client, headers)

    reply = await client.post("/v1/sessions", json={**person.sign_in, "code": code_of(secret)})

    assert reply.status_code == 401


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 201), (0, 201), (1, 201), (2, 401)])
async def test_a_clock_may_be_one_step_off(client, session, time_machine, steps, status):
    time_machine.move_to("2026-11-21T12:00:10Z", tick=False)
    person = await make_person(session, authenticator=True)

    reply = await client.post("/v1/sessions", json={**person.sign_in, "code": code_of(person.secret, steps)})

    assert reply.status_code == status


async def test_an_earlier_step_is_not_good_after_a_later_one(client, session, time_machine):
    time_machine.move_to("2026-11-21T12:00:10Z", tick=False)
    person = await make_person(session, authenticator=True)
    await client.post("/v1/sessions", json={**person.sign_in, "code": code_of(person.secret, 1)})

    replies = [
        await client.post("/v1/sessions", json={**person.sign_in, "code": code_of(person.secret, steps)})
        for steps in (0, -1, 1)
    ]

    assert [reply.status_code for reply in replies] == [401] * 3


def test_codes_are_those_of_the_standard(time_machine):
    # RFC 6238, appendix B, the last six digits, with its SHA-1 secret.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]:
        time_machine.move_to(seconds, tick=False)
        assert totp.matching_step(secret, code) == seconds // 30


@pytest.mark.parametrize("typed", [RECOVERY, RECOVERY.upper(), " " + RECOVERY.replace("-", " ")])
async def test_a_recovery_code_stands_in_once_however_it_is_typed(client, session, typed):
    person = await make_person(session, Role.ADMIN, authenticator=True)
    body = {**person.sign_in, "recovery_code": typed}

    replies = [await client.post("/v1/sessions", json=body) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 401]


async def test_another_s_recovery_code_is_of_no_use(client, session):
    one = await make_person(session, authenticator=True)
    other, headers = await signed_in(session)
    _, confirmed = await enrol(client, headers)
    code = confirmed.json()["recovery_codes"][0]

    assert (await client.post("/v1/sessions", json={**one.sign_in, "recovery_code": code})).status_code == 401
    assert (await client.post("/v1/sessions", json={**other.sign_in, "recovery_code": code})).status_code == 201


async def test_recovery_codes_are_replaced_with_everything_in_hand(client, session):
    person, headers = await signed_in(session, authenticator=True)
    right = {"password": person.password, "code": person.code}

    wrong = await client.post("/v1/me/recovery-codes", json={**right, "code": "000000"}, headers=headers)
    replaced = await client.post("/v1/me/recovery-codes", json=right, headers=headers)

    assert (wrong.status_code, wrong.json()["code"]) == (409, "password-wrong")
    assert (replaced.status_code, replaced.headers["cache-control"]) == (200, "no-store")
    old = await client.post("/v1/sessions", json={**person.sign_in, "recovery_code": RECOVERY})
    new = {**person.sign_in, "recovery_code": replaced.json()["recovery_codes"][0]}
    assert old.status_code == 401
    assert (await client.post("/v1/sessions", json=new)).status_code == 201


@pytest.mark.parametrize(
    "proof", [{"password": "not the password", "code": "right"}, {"password": "right", "code": "000000"}]
)
async def test_giving_it_up_takes_password_and_code(client, session, proof):
    person, headers = await signed_in(session, authenticator=True)
    right = {"password": person.password, "code": person.code}
    given = {name: right[name] if value == "right" else value for name, value in proof.items()}

    reply = await client.post("/v1/me/totp/disable", json=given, headers=headers)

    assert (reply.status_code, reply.json()["code"]) == (409, "password-wrong")
    assert (await session.exec(select(Totp))).one_or_none() is not None


async def test_whoever_gives_it_up_and_needs_one_has_to_set_up_another(client, session):
    person, headers = await signed_in(session, Role.SUPPLIER_ADMIN, authenticator=True)
    other = bearer((await open_session(session, person)).access_token)

    given = {"password": person.password, "code": person.code}
    reply = await client.post("/v1/me/totp/disable", json=given, headers=headers)

    assert reply.status_code == 204
    assert (await client.get("/v1/organisations", headers=headers)).json()["code"] == "second-factor-required"
    assert (await client.get("/v1/me", headers=other)).status_code == 401
    assert (await session.exec(select(RecoveryCode))).all() == []


async def test_a_promotion_may_ask_for_a_second_factor(client, session):
    admin, admins = await signed_in(session, Role.CLIENT_ADMIN)
    person = await make_person(session, Role.HIRING_MANAGER, admin.organisation)
    headers = bearer((await open_session(session, person, second_factor=False)).access_token)
    assert (await client.get("/v1/organisations", headers=headers)).status_code == 200

    url = f"/v1/members/{person.member.id}"
    await client.patch(url, json={"role": "client_admin"}, headers={**admins, "If-Match": "*"})

    assert (await client.get("/v1/organisations", headers=headers)).json()["code"] == "second-factor-required"


@pytest.mark.parametrize("field", ["confirmed_at", "last_step", "secret", "member_id", "second_factor_at"])
async def test_server_owned_fields_are_nobody_s_to_set(client, session, field):
    _, headers = await signed_in(session, authenticator=True)
    bodies = {
        "/v1/me/totp/confirm": {"code": "123456"},
        "/v1/me/totp/disable": {"password": "x", "code": "123456"},
        "/v1/me/recovery-codes": {"password": "x", "code": "123456"},
        "/v1/me/password": {"old_password": "x", "password": "x" * 12},
    }

    replies = [await client.post(path, json={**body, field: 1}, headers=headers) for path, body in bodies.items()]

    assert [reply.status_code for reply in replies] == [422] * 4
    assert all(reply.json()["errors"][0]["code"] == "extra-forbidden" for reply in replies)


async def test_an_admin_takes_away_a_lost_authenticator_and_the_sessions_with_it(client, session):
    admin, admins = await signed_in(session, Role.SUPPLIER_ADMIN)
    person, headers = await signed_in(session, Role.SUPPLIER_RECRUITER, admin.organisation, authenticator=True)
    _, strangers = await signed_in(session, Role.SUPPLIER_ADMIN)
    url = f"/v1/members/{person.member.id}/totp"

    foreign = await client.delete(url, headers=strangers)
    own = await client.delete(f"/v1/members/{admin.member.id}/totp", headers=admins)
    removed, again = await client.delete(url, headers=admins), await client.delete(url, headers=admins)

    assert (foreign.status_code, own.json()["code"]) == (404, "own-access")
    assert (removed.status_code, again.json()["code"]) == (204, "totp-not-found")
    assert (await client.get("/v1/me", headers=headers)).status_code == 401
    reply = await client.post("/v1/sessions", json=person.sign_in)
    assert (reply.status_code, reply.json()["mfa"]) == (201, "enrolment_required")


async def test_what_ended_a_month_ago_is_forgotten_and_what_lasts_is_kept(session, time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z", tick=False)
    await signed_in(session)
    time_machine.move_to("2026-12-25T12:00:00Z", tick=False)
    new, _ = await signed_in(session)

    await sessions.forget_ended(session)

    left = (await session.exec(select(SignInSession.member_id))).all()
    assert left == [new.member.id]
    assert len((await session.exec(select(RefreshToken))).all()) == 1
