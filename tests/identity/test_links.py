"""Invitations and password resets: good once, for a while, and only while whoever made them still might."""

import pytest

from app.core.actor import Role
from app.identity import credential_queries, resets, tokens
from app.identity.errors import LinkNotUsable
from app.identity.models import Invitation, Standing
from tests.factories import make_member, make_organisation
from tests.identity.people import bearer, make_person, open_session, signed_in

ANA = {"name": "Ana Ruiz", "email": "ana@andes.example", "role": "supplier_recruiter"}
PASSWORD = "a password of Ana's"


@pytest.fixture
def noon(time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z", tick=False)
    return time_machine


async def invite(client, admin, **changed):
    url = f"/v1/organisations/{admin.organisation.id}/invitations"
    return await client.post(url, json={**ANA, **changed}, headers=admin.headers)


async def accept(client, token, **changed):
    return await client.post("/v1/invitations/accept", json={"token": token, "password": PASSWORD, **changed})


async def test_an_invitation_makes_a_member_who_can_sign_in(client, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    made = await invite(client, admin)

    accepted = await accept(client, made.json()["token"])

    assert (made.status_code, made.headers["cache-control"], accepted.status_code) == (201, "no-store", 201)
    assert accepted.json()["organisation_id"] == str(admin.organisation.id)
    assert accepted.json()["role"] == ANA["role"]
    signed = await client.post("/v1/sessions", json={"email": ANA["email"], "password": PASSWORD})
    assert signed.status_code == 201
    assert (await accept(client, made.json()["token"])).json()["code"] == "link-not-usable"


async def test_the_token_is_shown_once_and_kept_as_a_digest(client, session, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    made = (await invite(client, admin)).json()

    listed = await client.get(f"/v1/organisations/{admin.organisation.id}/invitations", headers=admin.headers)

    assert [item["id"] for item in listed.json()["items"]] == [made["id"]]
    assert made["token"] not in listed.text
    assert made["token"] not in repr(await session.get(Invitation, made["id"]))


@pytest.mark.parametrize("role", [role for role in Role if not role.endswith("admin")])
async def test_only_who_makes_members_invites(client, acting_as, role):
    assert (await invite(client, await acting_as(role))).status_code == 403


@pytest.mark.parametrize("role", ["admin", "client_admin", "hiring_manager", "auditor"])
async def test_nobody_is_invited_into_a_role_of_another_side(client, acting_as, role):
    reply = await invite(client, await acting_as(Role.SUPPLIER_ADMIN), role=role)

    assert (reply.status_code, reply.json()["code"]) == (422, "role-out-of-place")


async def test_a_foreign_organisation_and_its_invitations_are_not_found(client, session, acting_as):
    admin, stranger = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.CLIENT_ADMIN)
    made = (await invite(client, admin)).json()
    url = f"/v1/organisations/{admin.organisation.id}/invitations"

    replies = [
        await client.post(url, json=ANA, headers=stranger.headers),
        await client.get(url, headers=stranger.headers),
        await client.delete(f"/v1/invitations/{made['id']}", headers=stranger.headers),
        await client.post(f"/v1/members/{admin.member.id}/password-reset", headers=stranger.headers),
    ]

    assert [reply.status_code for reply in replies] == [404] * 4


@pytest.mark.parametrize(
    "spoil",
    ["revoked", "expired", "inviter disabled", "inviter demoted", "inviter's firm disabled", "unknown"],
)
async def test_an_invitation_that_lost_its_ground_does_not_say_why(client, session, acting_as, noon, spoil):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    made = (await invite(client, admin)).json()
    match spoil:
        case "revoked":
            await client.delete(f"/v1/invitations/{made['id']}", headers=admin.headers)
        case "expired":
            noon.shift(7 * 24 * 3600)
        case "inviter disabled":
            admin.member.standing = Standing.DISABLED
        case "inviter demoted":
            admin.member.role = Role.SUPPLIER_RECRUITER
        case "inviter's firm disabled":
            admin.organisation.standing = Standing.DISABLED
        case "unknown":
            made["token"] = made["token"][:-1] + ("a" if made["token"][-1] != "a" else "b")
    await session.flush()

    reply = await accept(client, made["token"])

    assert (reply.status_code, reply.json()["code"]) == (404, "link-not-usable")
    assert reply.json()["detail"] == "Ask whoever invited you for another invitation."


async def test_the_marketplace_s_invitation_into_a_firm_ends_with_that_firm(client, session, acting_as):
    admin, firm = await acting_as(Role.ADMIN), await make_organisation(session)
    url = f"/v1/organisations/{firm.id}/invitations"
    made = (await client.post(url, json=ANA, headers=admin.headers)).json()
    firm.standing = Standing.DISABLED
    await session.flush()

    assert (await accept(client, made["token"])).status_code == 404


async def test_two_invitations_of_one_address_make_one_member(client, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    one, other = (await invite(client, admin)).json(), (await invite(client, admin, email="ANA@andes.example")).json()
    await accept(client, one["token"])

    reply = await accept(client, other["token"])

    assert (reply.status_code, reply.json()["code"]) == (409, "member-email-taken")


@pytest.mark.parametrize(
    "password", ["short", "password1234", "ANA@andes.example", "Ana Ruiz    ", "x" * 257, "e\u0301o\u0301u\u0301" * 2]
)
async def test_a_poor_password_leaves_the_link_as_it_is(client, acting_as, password):
    made = (await invite(client, await acting_as(Role.SUPPLIER_ADMIN))).json()

    refused = await accept(client, made["token"], password=password)

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/password"
    assert (await accept(client, made["token"])).status_code == 201


@pytest.mark.parametrize(
    "field", ["organisation_id", "expires_at", "invited_by_id", "accepted_at", "token", "standing"]
)
async def test_server_owned_fields_are_nobody_s_to_set(client, acting_as, field):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    made = (await invite(client, admin)).json()

    replies = [
        await invite(client, admin, **{field: "x"}),
        await accept(client, made["token"], **({field: "x"} if field != "token" else {"role": "admin"})),
    ]

    assert [reply.status_code for reply in replies] == [422, 422]
    assert all(reply.json()["errors"][0]["code"] == "extra-forbidden" for reply in replies)


async def make_reset(client, admin, member):
    return await client.post(f"/v1/members/{member.id}/password-reset", headers=admin.headers)


async def redeem(client, token, password=PASSWORD):
    return await client.post("/v1/password-resets/redeem", json={"token": token, "password": password})


async def test_a_reset_sets_the_password_and_ends_everything_else(client, session, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    person, headers = await signed_in(session, Role.SUPPLIER_RECRUITER, admin.organisation)
    one, other = [(await make_reset(client, admin, person.member)).json()["token"] for _ in range(2)]

    reply = await redeem(client, one)

    assert reply.status_code == 204
    assert (await client.get("/v1/me", headers=headers)).status_code == 401
    assert [(await redeem(client, token)).status_code for token in (one, other)] == [404, 404]
    assert (await client.post("/v1/sessions", json=person.sign_in)).status_code == 401
    assert (await client.post("/v1/sessions", json={**person.sign_in, "password": PASSWORD})).status_code == 201


async def test_a_reset_gives_a_first_password_too(client, session, acting_as):
    admin = await acting_as(Role.ADMIN)
    member = await make_member(session, await make_organisation(session), Role.SUPPLIER_RECRUITER)
    token = (await make_reset(client, admin, member)).json()["token"]

    await redeem(client, token)

    signed = await client.post("/v1/sessions", json={"email": member.email, "password": PASSWORD})
    assert signed.status_code == 201


async def test_a_reset_does_not_pass_the_second_factor(client, session, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    person = await make_person(session, Role.SUPPLIER_RECRUITER, admin.organisation, authenticator=True)
    await redeem(client, (await make_reset(client, admin, person.member)).json()["token"])

    signed = await client.post("/v1/sessions", json={**person.sign_in, "password": PASSWORD})

    assert signed.json()["code"] == "second-factor-needed"


@pytest.mark.parametrize("spoil", ["expired", "maker disabled", "maker demoted", "member disabled"])
async def test_a_reset_that_lost_its_ground_does_not_say_why(client, session, acting_as, noon, spoil):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    person = await make_person(session, Role.SUPPLIER_RECRUITER, admin.organisation)
    token = (await make_reset(client, admin, person.member)).json()["token"]
    match spoil:
        case "expired":
            noon.shift(3600)
        case "maker disabled":
            admin.member.standing = Standing.DISABLED
        case "maker demoted":
            admin.member.role = Role.SUPPLIER_RECRUITER
        case "member disabled":
            person.member.standing = Standing.DISABLED
    await session.flush()

    reply = await redeem(client, token)

    assert (reply.status_code, reply.json()["code"]) == (404, "link-not-usable")


async def test_a_reset_is_redeemed_once_by_its_own_statement_too(client, session, acting_as):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    person = await make_person(session, Role.SUPPLIER_RECRUITER, admin.organisation)
    made = (await make_reset(client, admin, person.member)).json()

    redeemed = [await credential_queries.redeem_reset(session, made["id"]) for _ in range(2)]

    assert redeemed == [True, False]


async def test_a_reset_past_its_hour_is_refused_by_the_look_up_and_by_the_statement(client, session, acting_as, noon):
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    person = await make_person(session, Role.SUPPLIER_RECRUITER, admin.organisation)
    made = (await make_reset(client, admin, person.member)).json()

    noon.shift(3600)

    assert not await credential_queries.redeem_reset(session, made["id"])
    with pytest.raises(LinkNotUsable):
        await resets.usable(session, tokens.digest(made["token"]))


async def test_nobody_resets_their_own_password_without_the_old_one(client, acting_as):
    admin = await acting_as(Role.ADMIN)

    reply = await make_reset(client, admin, admin.member)

    assert (reply.status_code, reply.json()["code"]) == (409, "own-access")


async def test_changing_the_password_keeps_this_session_and_ends_the_others(client, session):
    person, headers = await signed_in(session)
    other = bearer((await open_session(session, person)).access_token)
    given = {"old_password": person.password, "password": PASSWORD}

    wrong = await client.post("/v1/me/password", json={**given, "old_password": "x"}, headers=headers)
    changed = await client.post("/v1/me/password", json=given, headers=headers)

    assert (wrong.status_code, wrong.json()["code"], changed.status_code) == (409, "password-wrong", 204)
    assert (await client.get("/v1/me", headers=headers)).status_code == 200
    assert (await client.get("/v1/me", headers=other)).status_code == 401
    assert (await client.post("/v1/sessions", json={**person.sign_in, "password": PASSWORD})).status_code == 201
