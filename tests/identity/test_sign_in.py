"""Signing in: what it gives, and that a failure tells nothing."""

import asyncio
import threading
import time
import unicodedata

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.identity import passwords
from app.identity.models import Password, SignInSession, Standing
from app.identity.passwords import HASHING, PasswordTooWeak, check_strength
from tests.factories import make_organisation
from tests.identity.people import PASSWORD, bearer, make_person


def faceless(reply):
    """A refusal without the one thing that is meant to differ."""
    headers = {name: value for name, value in reply.headers.items() if name != "x-request-id"}
    return reply.status_code, headers, reply.content.replace(reply.json()["request_id"].encode(), b"")


async def test_a_session_begins_and_its_token_works(client, session):
    person = await make_person(session)

    reply = await client.post("/v1/sessions", json=person.sign_in)

    given = reply.json()
    assert (reply.status_code, reply.headers["cache-control"]) == (201, "no-store")
    assert (given["token_type"], given["expires_in"], given["mfa"]) == ("Bearer", 600, "not_required")
    me = (await client.get("/v1/me", headers=bearer(given["access_token"]))).json()
    assert (me["member"]["id"], me["session_id"]) == (str(person.member.id), given["session_id"])
    assert me["key_id"] is me["client_id"] is me["scopes"] is None
    row = await session.get(SignInSession, given["session_id"])
    assert given["refresh_token"] not in repr(row)


async def test_the_address_counts_in_any_case_and_the_password_to_the_letter(client, session):
    person = await make_person(session, email="Lucía@Andes.example", password="Four random words ")

    replies = [
        await client.post("/v1/sessions", json={"email": email, "password": password})
        for email, password in [
            ("lucía@ANDES.example", "Four random words "),
            ("Lucía@andes.example", "Four random words"),
            ("Lucía@andes.example", "four random words "),
        ]
    ]

    assert [reply.status_code for reply in replies] == [201, 401, 401]
    assert replies[0].json()["member_id"] == str(person.member.id)


async def test_failures_are_the_same_byte_for_byte(client, session):
    known, disabled = await make_person(session), await make_person(session)
    careful = await make_person(session, authenticator=True)
    other = await make_person(session)
    disabled.member.standing = Standing.DISABLED
    other.organisation.standing = Standing.DISABLED
    await session.flush()
    bodies = [
        {"email": "nobody@firm.example", "password": PASSWORD},
        {**known.sign_in, "password": "not the password"},
        disabled.sign_in,
        other.sign_in,
        {**careful.sign_in, "code": "000000"},
        {**careful.sign_in, "recovery_code": "zzzz-zzzz-zzzz-zzzz"},
        {**known.sign_in, "organisation_id": str(careful.organisation.id)},
    ]

    replies = [await client.post("/v1/sessions", json=body) for body in bodies]

    assert all(faceless(reply) == faceless(replies[0]) for reply in replies)
    assert (replies[0].status_code, replies[0].json()["code"]) == (401, "sign-in-failed")


async def test_failures_hash_as_often(client, session, monkeypatch):
    person, careful = await make_person(session), await make_person(session, authenticator=True)
    disabled = await make_person(session)
    disabled.member.standing = Standing.DISABLED
    await session.flush()
    hashed, real = [], passwords.checked
    monkeypatch.setattr(passwords, "checked", lambda *given: hashed.append(given) or real(*given))
    bodies = [
        {"email": "nobody@firm.example", "password": PASSWORD},
        {**person.sign_in, "password": "not the password"},
        disabled.sign_in,
        {**careful.sign_in, "code": "000000"},
    ]

    counts = []
    for body in bodies:
        hashed.clear()
        await client.post("/v1/sessions", json=body)
        counts.append(len(hashed))

    assert counts == [5] * 4
    parameters = {stored.rpartition("$")[0].rpartition("$")[0] for _, stored in hashed}
    assert parameters == {"$argon2id$v=19$m=19456,t=2,p=1"}


async def test_only_a_right_password_is_told_that_a_code_is_missing(client, session):
    person = await make_person(session, Role.ADMIN, authenticator=True)

    right = await client.post("/v1/sessions", json=person.sign_in)
    wrong = await client.post("/v1/sessions", json={**person.sign_in, "password": "not the password"})

    assert (right.status_code, right.json()["code"]) == (401, "second-factor-needed")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign-in-failed")


async def test_a_member_of_two_firms_is_told_apart_by_the_password_or_says_which(client, session):
    one = await make_person(session, email="ana@firm.example")
    two = await make_person(session, email="ANA@firm.example")
    three = await make_person(session, email="ana@firm.example", password="another password")

    both = await client.post("/v1/sessions", json=one.sign_in)
    chosen = await client.post("/v1/sessions", json={**one.sign_in, "organisation_id": str(two.organisation.id)})
    apart = await client.post("/v1/sessions", json=three.sign_in)

    assert (both.status_code, both.json()["code"]) == (401, "organisation-needed")
    assert {it["id"] for it in both.json()["organisations"]} == {str(one.organisation.id), str(two.organisation.id)}
    assert chosen.json()["organisation_id"] == str(two.organisation.id)
    assert apart.json()["organisation_id"] == str(three.organisation.id)


async def test_newer_memberships_push_no_older_one_out(client, session):
    person = await make_person(session, email="ana@firm.example")
    for _ in range(6):
        await make_person(session, email="ana@firm.example", password="an attacker's word")

    reply = await client.post("/v1/sessions", json=person.sign_in)

    assert reply.json()["member_id"] == str(person.member.id)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
async def test_a_password_is_the_same_from_every_keyboard(client, session, form):
    person = await make_person(session, password=unicodedata.normalize("NFKC", "contraseñas útiles ﬁn"))
    typed = unicodedata.normalize(form, "contraseñas útiles ﬁn")

    assert (await client.post("/v1/sessions", json={**person.sign_in, "password": typed})).status_code == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "four\0random words"),
        ("password", "x" * 257),
        ("password", "x" * 100_000),
        ("password", ""),
        ("password", None),
        ("password", ["four random words"]),
        ("password", {"$ne": ""}),
        ("password", 12345678901234),
        ("email", "x"),
        ("email", "ana@firm.example\0"),
        ("email", "a" * 300 + "@firm.example"),
        ("code", "12345"),
        ("code", "١٢٣٤٥٦"),
        ("code", 123456),
        ("recovery_code", "short"),
        ("organisation_id", "' OR 1=1 --"),
        ("role", "admin"),
        ("mfa", "passed"),
        ("member_id", "0197a3c2-e5f0-7d6a-9c1e-5f0b7d6a9c1e"),
        ("session_id", "0197a3c2-e5f0-7d6a-9c1e-5f0b7d6a9c1e"),
    ],
)
async def test_what_is_malformed_is_said_to_be_without_an_echo(client, session, field, value):
    person = await make_person(session)

    reply = await client.post("/v1/sessions", json={**person.sign_in, field: value})

    assert reply.status_code == 422
    assert PASSWORD not in reply.text
    assert "/" + field in [fault["pointer"] for fault in reply.json()["errors"]]


async def test_a_lone_surrogate_is_no_password(client, session):
    person = await make_person(session)
    body = f'{{"email": "{person.member.email}", "password": "four random \\ud800 words"}}'

    reply = await client.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})

    assert reply.status_code == 422


async def test_one_second_factor_is_enough(client, session):
    person = await make_person(session, authenticator=True)
    both = {**person.sign_in, "code": person.code, "recovery_code": "aaaa-bbbb-cccc-dddd"}

    assert (await client.post("/v1/sessions", json=both)).status_code == 422


async def test_a_hash_with_other_parameters_is_made_anew(client, session):
    person = await make_person(session)
    stored = await session.get(Password, person.member.id)
    stored.hash = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1),)).hash(PASSWORD)
    await session.flush()

    first = await client.post("/v1/sessions", json=person.sign_in)

    await session.refresh(stored)
    assert first.status_code == 201
    assert stored.hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await client.post("/v1/sessions", json=person.sign_in)).status_code == 201


async def test_a_damaged_hash_matches_nothing(client, session):
    person = await make_person(session)
    (await session.get(Password, person.member.id)).hash = "damaged"
    await session.flush()

    assert (await client.post("/v1/sessions", json=person.sign_in)).status_code == 401


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "PASSWORD1234",
        "ｐａｓｓｗｏｒｄ1234",
        "aaaaaaaaaaaa",
        "lucia@andes.example",
        "Lucía Paredes Gómez",
        "contraseña1234",
    ],
)
def test_what_anybody_would_try_first_is_no_password(password):
    with pytest.raises(PasswordTooWeak):
        check_strength(password, own=["lucia@andes.example", "Lucía Paredes Gómez"])


@pytest.mark.parametrize(
    "password", ["four random words", "ññññññ éééééé", "密码密码密码密码一二三四", "🐎🔋📎correcthors"]
)
def test_no_composition_is_asked_for(password):
    check_strength(password, own=["lucia@andes.example", "Lucía"])


async def test_hashing_leaves_the_loop_to_others_and_never_runs_more_than_twice_at_once(monkeypatch):
    lock, running, most = threading.Lock(), 0, 0

    def slowly(*_):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return False, None

    monkeypatch.setattr(passwords, "checked", slowly)
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(passwords.verify("x", "y") for _ in range(8)))
    ticking.cancel()

    assert most == 2
    assert ticks >= 5


async def test_the_queue_for_hashing_has_an_end(monkeypatch):
    monkeypatch.setattr(passwords.HASHERS, "_waiting", passwords.MAX_WAITING)

    with pytest.raises(passwords.Unavailable):
        await passwords.make_hash("four random words")


async def test_sign_ins_are_recorded_with_the_member_s_organisation(committed_client, committed_database):
    async with committed_database.transaction() as session:
        person = await make_person(session)
    await committed_client.post("/v1/sessions", json=person.sign_in)
    await committed_client.post("/v1/sessions", json={**person.sign_in, "password": "not the password"})
    await committed_client.post("/v1/sessions", json={"email": "nobody@firm.example", "password": PASSWORD})

    async with committed_database.transaction() as session:
        records = (await session.exec(select(AuditRecord).order_by(AuditRecord.at))).all()

    found = [(record.action, record.organisation_id, record.payload.get("reason")) for record in records]
    assert found == [
        ("session.started", person.organisation.id, None),
        ("sign_in.failed", person.organisation.id, "password"),
        ("sign_in.failed", None, "no access"),
    ]
    assert "@" not in str([record.payload for record in records])


async def test_members_elsewhere_stay_unknown_to_whoever_adds_the_same_address(client, session, acting_as):
    elsewhere = await make_person(session, email="ana@firm.example")
    admin = await acting_as(Role.SUPPLIER_ADMIN)
    given = {"name": "Ana", "email": elsewhere.member.email, "role": "supplier_recruiter"}
    url = f"/v1/organisations/{admin.organisation.id}"

    added = await client.post(f"{url}/members", json=given, headers=admin.headers)
    again = await client.post(f"{url}/invitations", json=given, headers=admin.headers)

    assert added.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, "member-email-taken")


async def test_a_firm_without_members_has_none_to_sign_in(client, session):
    organisation = await make_organisation(session)
    body = {"email": "x@firm.example", "password": PASSWORD, "organisation_id": str(organisation.id)}

    assert (await client.post("/v1/sessions", json=body)).status_code == 401


def test_the_decoy_costs_what_a_password_costs():
    assert not HASHING.current_hasher.check_needs_rehash(passwords.make_decoy())
