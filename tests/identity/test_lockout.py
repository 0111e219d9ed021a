"""Guessing is slow, and keeps no owner out for more than a quarter of an hour."""

import pytest
from sqlmodel import select

from app.identity.models import SignInLock
from tests.identity.people import bearer, make_person, open_session


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z", tick=False)
    return time_machine


@pytest.fixture(autouse=True)
def swift(monkeypatch):
    """Hashing is not what these tests are about: a hash says what its password is."""
    monkeypatch.setattr("app.identity.passwords.checked", lambda given, stored: (stored == f"is {given}", None))
    monkeypatch.setattr("app.identity.passwords.make_decoy", lambda: "")
    monkeypatch.setattr("tests.identity.people.hash_of", lambda password: f"is {password}")


async def attempt(client, body, **changed):
    return await client.post("/v1/sessions", json={**body, **changed})


async def fail(client, body, times):
    return [(await attempt(client, body, password="not the password")).status_code for _ in range(times)]


async def test_five_failures_from_an_address_lock_the_account_to_it(client, session, calling_from, noon):
    person = await make_person(session)
    body = person.sign_in
    assert await fail(client, body, 5) == [401] * 5

    locked = await attempt(client, body)

    assert (locked.status_code, locked.json()["code"]) == (429, "sign-in-locked")
    assert (locked.headers["retry-after"], locked.json()["retry_after"]) == ("900", 900)
    assert (await attempt(calling_from("203.0.113.9"), body)).status_code == 201
    noon.shift(899)
    assert (await attempt(client, body)).status_code == 429
    noon.shift(2)
    assert (await attempt(client, body)).status_code == 201


async def test_an_unknown_account_is_locked_alike(client, session):
    person = await make_person(session)
    unknown = {**person.sign_in, "email": "nobody@firm.example"}
    assert await fail(client, unknown, 5) == await fail(client, person.sign_in, 5) == [401] * 5

    one, other = await attempt(client, unknown), await attempt(client, person.sign_in)

    def ids(reply):
        return reply.content.replace(reply.json()["request_id"].encode(), b"")

    assert (one.status_code, ids(one)) == (other.status_code, ids(other))
    assert one.status_code == 429


async def test_another_account_at_the_same_address_is_not_locked(client, session):
    one, other = await make_person(session), await make_person(session)
    await fail(client, one.sign_in, 6)

    assert (await attempt(client, other.sign_in)).status_code == 201


async def test_success_counts_for_nothing_and_pardons_nothing(client, session):
    person = await make_person(session)
    assert await fail(client, person.sign_in, 4) == [401] * 4
    assert [(await attempt(client, person.sign_in)).status_code for _ in range(6)] == [201] * 6

    assert await fail(client, person.sign_in, 2) == [401, 429]


async def test_an_own_account_elsewhere_of_the_same_address_buys_no_guesses(client, session):
    victim = await make_person(session, email="ana@firm.example")
    mine = await make_person(session, email="ana@firm.example", password="an attacker's word")

    statuses = []
    for _ in range(3):
        statuses += await fail(client, victim.sign_in, 2)
        statuses.append((await attempt(client, mine.sign_in)).status_code)

    assert statuses == [401, 401, 201, 401, 401, 201, 401, 429, 429]


async def test_failures_long_past_are_forgotten(client, session, noon):
    person = await make_person(session)
    await fail(client, person.sign_in, 4)
    noon.shift(901)

    assert await fail(client, person.sign_in, 5) == [401] * 5
    assert (await attempt(client, person.sign_in)).status_code == 429


async def from_everywhere(calling_from, body, times, start=0):
    for number in range(start, start + times):
        await fail(calling_from(f"198.51.{number // 200}.{number % 200}"), body, 1)


async def test_fifty_failures_from_anywhere_lock_the_account_and_do_not_say_so(client, session, calling_from):
    person = await make_person(session)
    await from_everywhere(calling_from, person.sign_in, 50)

    right, wrong = await attempt(client, person.sign_in), await attempt(client, person.sign_in, password="no such word")

    assert right.status_code == wrong.status_code == 401
    assert {**right.json(), "request_id": 0} == {**wrong.json(), "request_id": 0}


async def test_the_owner_gets_in_within_a_quarter_of_an_hour_whatever_strangers_do(client, session, calling_from, noon):
    person = await make_person(session)
    body = person.sign_in
    waits = []
    # Strangers fail without pause for two hours, from ever new addresses, fifty at a time.
    waited = 0
    for minute in range(120):
        await from_everywhere(calling_from, body, 50 if minute % 5 == 0 else 3, start=minute * 60)
        status = (await attempt(calling_from(f"203.0.113.{minute}"), body)).status_code
        waited = 0 if status == 201 else waited + 1
        waits.append(waited)
        noon.shift(60)

    assert 0 < max(waits) <= 15
    assert waits.count(0) == 60


async def test_a_subscriber_s_ipv6_network_is_one_address(session, calling_from):
    person = await make_person(session)
    for number in range(5):
        await fail(calling_from(f"2001:db8:1:2::{number + 1}"), person.sign_in, 1)

    assert (await attempt(calling_from("2001:db8:1:2:ffff::9"), person.sign_in)).status_code == 429
    assert (await attempt(calling_from("2001:db8:1:3::1"), person.sign_in)).status_code == 201


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"])
async def test_what_a_stranger_says_of_its_address_changes_nothing(client, session, header):
    person = await make_person(session)
    wrong = {**person.sign_in, "password": "not the password"}

    replies = [
        await client.post("/v1/sessions", json=wrong, headers={header: f"203.0.113.{number}"}) for number in range(6)
    ]

    assert [reply.status_code for reply in replies] == [401] * 5 + [429]


async def test_the_database_keeps_no_address_of_any_kind(client, session):
    await fail(client, {"email": "nobody@firm.example"}, 1)

    rows = (await session.exec(select(SignInLock))).all()

    assert len(rows) == 2
    assert all(len(row.key) == 32 and b"nobody" not in row.key and b"127.0.0.1" not in row.key for row in rows)


async def test_old_counts_are_cleared_away(client, session, noon):
    await fail(client, {"email": "nobody@firm.example"}, 1)
    noon.shift(2 * 3600)

    await fail(client, {"email": "somebody@firm.example"}, 1)

    assert len((await session.exec(select(SignInLock))).all()) == 2


async def test_a_change_of_password_is_no_way_to_guess_it(client, session):
    person = await make_person(session)
    headers = bearer((await open_session(session, person)).access_token)
    wrong = {"old_password": "not the password", "password": "five random words now"}

    replies = [await client.post("/v1/me/password", json=wrong, headers=headers) for _ in range(6)]

    assert [reply.status_code for reply in replies] == [409] * 5 + [429]
