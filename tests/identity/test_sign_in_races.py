"""What may be used once is used once, however many try at the same moment."""

import asyncio

from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.identity import second_factor
from app.identity.models import Member, PasswordReset, RecoveryCode
from tests.factories import make_caller
from tests.identity.people import PASSWORD, RECOVERY, bearer, make_person, open_session, signed_in

TIMES = 8


async def race(client, path, bodies, **options):
    replies = await asyncio.gather(*(client.post(path, json=body, **options) for body in bodies))
    return sorted(reply.status_code for reply in replies)


async def test_one_of_many_gets_the_next_tokens_and_the_family_ends(committed_client, committed_database):
    async with committed_database.transaction() as session:
        started = await open_session(session, await make_person(session))
    form = {"grant_type": "refresh_token", "refresh_token": started.refresh_token}

    replies = await asyncio.gather(*(committed_client.post("/v1/oauth/token", data=form) for _ in range(TIMES)))

    assert sorted(reply.status_code for reply in replies) == [200] + [400] * (TIMES - 1)
    (winner,) = [reply.json() for reply in replies if reply.status_code == 200]
    assert (await committed_client.get("/v1/me", headers=bearer(winner["access_token"]))).status_code == 401
    async with committed_database.transaction() as session:
        actions = (await session.exec(select(AuditRecord.action))).all()
    assert actions == ["session.family_ended"]


async def test_a_code_opens_one_session(committed_client, committed_database):
    async with committed_database.transaction() as session:
        person = await make_person(session, Role.ADMIN, authenticator=True)
    body = {**person.sign_in, "code": person.code}

    statuses = await race(committed_client, "/v1/sessions", [body] * 4)

    assert statuses == [201] + [401] * 3


async def test_a_recovery_code_opens_one_session(committed_client, committed_database):
    async with committed_database.transaction() as session:
        person = await make_person(session, Role.ADMIN, authenticator=True)

    statuses = await race(committed_client, "/v1/sessions", [{**person.sign_in, "recovery_code": RECOVERY}] * 4)

    assert statuses == [201] + [401] * 3


async def test_a_burst_of_guesses_is_no_more_than_five(committed_client, committed_database):
    async with committed_database.transaction() as session:
        person = await make_person(session)
    guesses = [{**person.sign_in, "password": f"guess number {n}"} for n in range(12)]

    statuses = await race(committed_client, "/v1/sessions", guesses)

    assert statuses == [401] * 5 + [429] * 7


async def test_an_invitation_makes_one_member(committed_client, committed_database):
    async with committed_database.transaction() as session:
        admin = await make_caller(session, Role.SUPPLIER_ADMIN)
    given = {"name": "Ana", "email": "ana@andes.example", "role": "supplier_recruiter"}
    url = f"/v1/organisations/{admin.organisation.id}/invitations"
    made = (await committed_client.post(url, json=given, headers=admin.headers)).json()
    bodies = [{"token": made["token"], "password": f"four random words {n}"} for n in range(TIMES)]

    statuses = await race(committed_client, "/v1/invitations/accept", bodies)

    assert statuses == [201] + [404] * (TIMES - 1)
    async with committed_database.transaction() as session:
        assert len((await session.exec(select(Member).where(Member.email == given["email"]))).all()) == 1


async def test_a_reset_sets_one_password(committed_client, committed_database):
    async with committed_database.transaction() as session:
        admin = await make_caller(session, Role.SUPPLIER_ADMIN)
        person = await make_person(session, Role.SUPPLIER_RECRUITER, admin.organisation)
    url = f"/v1/members/{person.member.id}/password-reset"
    made = [(await committed_client.post(url, headers=admin.headers)).json() for _ in range(2)]
    bodies = [{"token": made[n % 2]["token"], "password": f"four random words {n}"} for n in range(TIMES)]

    statuses = await race(committed_client, "/v1/password-resets/redeem", bodies)

    assert statuses == [204] + [404] * (TIMES - 1)
    async with committed_database.transaction() as session:
        resets = (await session.exec(select(PasswordReset))).all()
    assert sorted((it.redeemed_at is None, it.revoked_at is None) for it in resets) == [(False, True), (True, False)]


async def test_two_admins_who_demote_each_other_leave_one(committed_client, committed_database):
    async with committed_database.transaction() as session:
        one = await make_caller(session, Role.SUPPLIER_ADMIN)
        other = await make_caller(session, Role.SUPPLIER_ADMIN, one.organisation)
    role = {"role": "supplier_recruiter"}

    replies = await asyncio.gather(
        *(
            committed_client.patch(
                f"/v1/members/{target.member.id}", json=role, headers={**caller.headers, "If-Match": '"1"'}
            )
            for caller, target in ((one, other), (other, one))
        )
    )

    # The second is either judged with the role it had and stopped by the last admin, or by the role it has now.
    assert sorted(reply.status_code for reply in replies) in ([200, 409], [200, 403])
    async with committed_database.transaction() as session:
        admins = (await session.exec(select(Member).where(Member.role == Role.SUPPLIER_ADMIN))).all()
    assert len(admins) == 1


async def test_an_authenticator_is_confirmed_once(committed_client, committed_database):
    async with committed_database.transaction() as session:
        _, headers = await signed_in(session)
    secret = (await committed_client.post("/v1/me/totp", headers=headers)).json()["secret"]
    code = {"code": second_factor.totp.pyotp.TOTP(secret).now()}

    statuses = await race(committed_client, "/v1/me/totp/confirm", [code] * 4, headers=headers)

    assert statuses == [200] + [409] * 3
    async with committed_database.transaction() as session:
        assert len((await session.exec(select(RecoveryCode))).all()) == 10


async def test_a_member_disabled_while_signing_in_has_no_session(committed_client, committed_database):
    async with committed_database.transaction() as session:
        admin = await make_caller(session, Role.CLIENT_ADMIN)
        person = await make_person(session, Role.HIRING_MANAGER, admin.organisation)
    disable = f"/v1/members/{person.member.id}/disable"

    reply, disabled = await asyncio.gather(
        committed_client.post("/v1/sessions", json={**person.sign_in, "password": PASSWORD}),
        committed_client.post(disable, headers={**admin.headers, "If-Match": "*"}),
    )

    assert disabled.status_code == 200
    token = reply.json().get("access_token", "none")
    assert (await committed_client.get("/v1/me", headers=bearer(token))).status_code == 401


async def test_a_key_is_rotated_once(committed_client, committed_database):
    async with committed_database.transaction() as session:
        admin = await make_caller(session, Role.SUPPLIER_ADMIN)

    url = f"/v1/api-keys/{admin.key.id}/rotate"
    statuses = await race(committed_client, url, [{"overlap_hours": 1}] * 4, headers=admin.headers)

    assert statuses == [201] + [409] * 3
