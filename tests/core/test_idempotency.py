"""One Idempotency-Key, one effect, one answer: whatever fails, whoever retries, however many do it at once."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import count as count_from
from random import Random

import psycopg
import pytest
from sqlalchemy import event, func, text
from sqlalchemy.engine import make_url
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core import idempotency
from app.core.actor import Role
from app.core.clock import utcnow
from app.core.idempotency import IdempotencyRecord, forget_expired
from app.core.openapi import operations
from app.core.settings import Settings
from app.identity.models import ApiKey, Organisation
from app.main import create_app
from app.talent.models import Engineer
from tests.conftest import client_of
from tests.factories import make_caller
from tests.payloads import an_engineer, matching, pointers, post_engineer

URL = "/v1/organisations"
ACME = {"kind": "client", "name": "Acme"}


def keyed(caller, key="first", **more):
    return {**caller.headers, "Idempotency-Key": key, **more}


async def count(session, table):
    return await session.scalar(select(func.count()).select_from(table))


def told(reply):
    """What a repeat must not change."""
    kept = ("content-type", "content-length", "etag", "location")
    return reply.status_code, reply.content, {name: reply.headers.get(name) for name in kept}


async def test_a_repeat_has_no_effect_and_gets_the_first_reply(client, session, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)

    first, *repeats = [
        await client.post("/v1/engineers", json=an_engineer(), headers=keyed(supplier)) for _ in range(3)
    ]

    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    assert first.headers["etag"] == '"1"'
    assert first.headers["location"].endswith(first.json()["id"])
    for repeat in repeats:
        assert told(repeat) == told(first)
        assert repeat.headers["idempotency-replayed"] == "true"
        assert repeat.headers["x-request-id"] != first.headers["x-request-id"]
    assert await count(session, Engineer) == 1


async def test_a_repeated_move_is_not_judged_by_the_state_it_made(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(client, supplier)
    headers = {**matching(supplier, 1), "Idempotency-Key": "unlist"}

    first, again = [await client.post(f"/v1/engineers/{engineer['id']}/unlist", headers=headers) for _ in range(2)]

    assert first.status_code == 200
    assert told(again) == told(first)


async def test_without_a_key_every_post_counts(client, session, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)

    for _ in range(2):
        await post_engineer(client, supplier)

    assert await count(session, Engineer) == 2
    assert await count(session, IdempotencyRecord) == 0


async def test_a_key_belongs_to_one_request(client, acting_as):
    admin = await acting_as(Role.ADMIN)
    first = await client.post(f"{URL}?a=1", json=ACME, headers=keyed(admin))
    member = {"name": "Ana", "email": "ana@acme.example", "role": "client_admin"}

    others = [
        await client.post(f"{URL}?a=1", json={**ACME, "name": "Other"}, headers=keyed(admin)),
        await client.post(f"{URL}?a=1", content=b' {"kind":"client","name":"Acme"}', headers=keyed(admin)),
        await client.post(f"{URL}?a=2", json=ACME, headers=keyed(admin)),
        await client.post(f"{URL}?a=1", json=ACME, headers=keyed(admin, **{"If-Match": "*"})),
        await client.post(f"{URL}/{first.json()['id']}/members", json=member, headers=keyed(admin)),
    ]

    assert first.status_code == 201
    assert [(other.status_code, other.json()["code"]) for other in others] == [(422, "idempotency-key-reused")] * 5
    assert "Acme" not in "".join(other.text for other in others)


@pytest.mark.parametrize("key", [b"", b"a" * 256, b"a b", b"a\tb", b"\xc3\xa9", b"a\x7f"])
async def test_a_malformed_key_is_pointed_at(client, session, acting_as, key):
    admin = await acting_as(Role.ADMIN)
    before = await count(session, Organisation)

    reply = await client.post(URL, json=ACME, headers={**admin.headers, "Idempotency-Key": key})

    assert reply.status_code == 422
    assert pointers(reply) == ["/idempotency-key"]
    assert await count(session, Organisation) == before


async def test_two_keys_are_one_too_many(client, acting_as):
    admin = await acting_as(Role.ADMIN)

    reply = await client.post(
        URL, json=ACME, headers=[*admin.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    )

    assert pointers(reply) == ["/idempotency-key"]


async def test_the_longest_key_is_taken(client, acting_as):
    admin = await acting_as(Role.ADMIN)

    replies = [await client.post(URL, json=ACME, headers=keyed(admin, "~" * 255)) for _ in range(2)]

    assert told(replies[0]) == told(replies[1])


async def test_a_key_means_nothing_to_another_member(client, session, acting_as):
    one = await acting_as(Role.SUPPLIER_ADMIN)
    other = await acting_as(Role.SUPPLIER_RECRUITER, one.organisation)

    replies = [await client.post("/v1/engineers", json=an_engineer(), headers=keyed(caller)) for caller in (one, other)]

    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json()["id"] != replies[1].json()["id"]


async def test_a_member_may_repeat_with_another_of_its_api_keys(client, acting_as):
    admin = await acting_as(Role.ADMIN)
    url = f"/v1/members/{admin.member.id}/api-keys"
    second = (await client.post(url, json={"label": "second"}, headers=admin.headers)).json()["key"]
    first = await client.post(URL, json=ACME, headers=keyed(admin))

    again = await client.post(URL, json=ACME, headers=keyed(admin, Authorization=f"Bearer {second}"))

    assert told(again) == told(first)


async def test_a_stranger_is_turned_away_before_the_key_is_looked_at(client, session, acting_as):
    admin = await acting_as(Role.ADMIN)
    await client.post(URL, json=ACME, headers=keyed(admin))
    admin.key.revoked_at = utcnow()
    await session.flush()

    replies = [
        await client.post(URL, json=ACME, headers=keyed(admin)),
        await client.post(URL, json=ACME, headers={"Idempotency-Key": "a b"}),
    ]

    assert [reply.status_code for reply in replies] == [401, 401]


async def test_a_refusal_is_not_kept_so_that_the_key_serves_the_corrected_request(client, session, acting_as):
    admin, stranger = await acting_as(Role.ADMIN), await acting_as(Role.CLIENT_ADMIN)
    await client.post(URL, json=ACME, headers=admin.headers)

    taken = await client.post(URL, json=ACME, headers=keyed(admin))
    wrong = await client.post(URL, json={"kind": "client"}, headers=keyed(admin))
    forbidden = await client.post(URL, json=ACME, headers=keyed(stranger))
    assert await count(session, IdempotencyRecord) == 0
    right = await client.post(URL, json={**ACME, "name": "Acme 2"}, headers=keyed(admin))

    assert [reply.status_code for reply in (taken, wrong, forbidden, right)] == [409, 422, 403, 201]


async def test_a_secret_is_neither_kept_nor_made_twice(client, session, acting_as):
    admin = await acting_as(Role.ADMIN)
    url = f"/v1/members/{admin.member.id}/api-keys"

    first, again = [await client.post(url, json={"label": "import"}, headers=keyed(admin)) for _ in range(2)]
    other = await client.post(url, json={"label": "export"}, headers=keyed(admin))

    secret = first.json()["key"]
    assert (again.status_code, again.json()["code"]) == (409, "idempotency-reply-withheld")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert (await session.exec(select(func.count()).where(ApiKey.label == "import"))).one() == 1
    (row,) = (await session.exec(text("SELECT r::text, r.reply FROM idempotency_record r"))).all()
    assert row.reply is None
    assert secret not in row[0]
    assert secret.encode().hex() not in row[0]


async def test_a_reply_is_kept_for_seven_days(client, session, acting_as, time_machine):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    start = utcnow()

    replies = []
    for passed in (timedelta(0), timedelta(days=7, seconds=-1), timedelta(days=7), timedelta(days=7, seconds=1)):
        time_machine.move_to(start + passed, tick=False)
        replies.append(await client.post("/v1/engineers", json=an_engineer(), headers=keyed(supplier)))

    assert [reply.headers.get("idempotency-replayed") for reply in replies] == [None, "true", None, "true"]
    assert await count(session, Engineer) == 2
    assert await count(session, IdempotencyRecord) == 1


async def test_expired_records_are_forgotten_in_small_batches(client, session, acting_as, time_machine):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    start = utcnow()
    time_machine.move_to(start, tick=False)
    for number in range(30):
        now = utcnow()
        session.add(
            IdempotencyRecord(
                member_id=supplier.member.id,
                key=f"old {number}",
                organisation_id=supplier.organisation.id,
                fingerprint=b"",
                status=201,
                reply=b"",
                expires_at=now + timedelta(days=7, seconds=number),
            )
        )
    await session.flush()
    time_machine.move_to(start + timedelta(days=8), tick=False)

    await client.post("/v1/engineers", json=an_engineer(), headers=keyed(supplier))

    left = (await session.exec(select(IdempotencyRecord.key))).all()
    assert sorted(left) == ["first", *(f"old {number}" for number in range(20, 30))]
    assert [await forget_expired(session, limit=6) for _ in range(3)] == [6, 4, 0]


async def test_reads_pay_no_heed_to_a_key(client, session, acting_as):
    admin = await acting_as(Role.ADMIN)

    reply = await client.get("/v1/me", headers=keyed(admin, "a b"))

    assert reply.status_code == 200


UNREPEATABLE = {"create_session", "create_token", "accept_invitation", "redeem_password_reset", "enrol_totp"}
UNREPEATABLE |= {"confirm_totp", "disable_totp", "replace_recovery_codes", "change_password"}


def test_every_post_documents_its_key(application):
    document = application.openapi()
    posts = [methods["post"] for path, methods in document["paths"].items() if "post" in methods]
    posts = [post for post in posts if post["operationId"] not in UNREPEATABLE]

    assert len(posts) >= 12
    for post in posts:
        assert "Idempotency-Key" in [parameter["name"] for parameter in post.get("parameters", ())]
        codes = {
            code
            for status in ("409", "422")
            for code in post["responses"][status]["content"]["application/problem+json"]["examples"]
        }
        assert {"idempotency-in-flight", "idempotency-key-reused"} <= codes
        (success,) = [reply for status, reply in post["responses"].items() if status < "300"]
        assert "Idempotency-Replayed" in success["headers"]
    others = [operation for operation in operations(document) if operation not in posts]
    assert "Idempotency-Key" not in str([operation.get("parameters") for operation in others])


async def effects(database):
    """How many Acmes there are, how many records of making one, and how many kept replies."""
    async with database.transaction() as session:
        made = await session.scalar(select(func.count()).where(Organisation.name == "Acme"))
        noted = await session.scalar(select(func.count()).where(AuditRecord.action == "organisation.created"))
        return made, noted, await count(session, IdempotencyRecord)


@pytest.fixture
async def admin(committed_database):
    async with committed_database.transaction() as session:
        return await make_caller(session, Role.ADMIN)


@pytest.mark.parametrize("after", [False, True], ids=["before the record", "after the record"])
async def test_a_crash_around_the_record_leaves_nothing(
    committed_client, committed_database, admin, monkeypatch, after
):
    keep, reached = idempotency.Attempt.keep, []

    async def crash(attempt, response):
        # The endpoint has flushed its effect by now: it is there for whoever asks in this transaction.
        reached.append(await attempt.session.scalar(select(func.count()).where(Organisation.name == "Acme")))
        if after:
            await keep(attempt, response)
        raise RuntimeError("crash")

    with monkeypatch.context() as patched:
        patched.setattr(idempotency.Attempt, "keep", crash)
        crashed = await committed_client.post(URL, json=ACME, headers=keyed(admin))
    left = await effects(committed_database)
    again = await committed_client.post(URL, json=ACME, headers=keyed(admin))

    assert (crashed.status_code, reached, left) == (500, [1], (0, 0, 0))
    assert again.status_code == 201
    assert "idempotency-replayed" not in again.headers
    assert await effects(committed_database) == (1, 1, 1)


class Saboteur:
    """Breaks the connection, or the program, at the n-th step that a request takes in the database."""

    def __init__(self, database, killer):
        self.killer = killer
        self.steps = self.at = -1
        self.kill = False
        engine = database.bind.sync_engine
        event.listen(engine, "before_cursor_execute", lambda connection, *_: self.step(connection))
        event.listen(engine, "after_cursor_execute", lambda connection, *_: self.step(connection))
        event.listen(engine, "commit", self.step)

    def arm(self, at, *, kill):
        self.steps, self.at, self.kill = 0, at, kill

    def step(self, connection):
        self.steps += 1
        if self.steps == self.at and self.kill:
            pid = connection.connection.driver_connection.info.backend_pid
            self.killer.execute("SELECT pg_terminate_backend(%s, 1000)", [pid])
        elif self.steps == self.at:
            raise RuntimeError("crash")


async def test_retries_through_random_failures_have_one_effect(committed_urls, committed_database, engine, admin):
    app = create_app(Settings(database_url=committed_urls.app), database=committed_database, engine=engine)
    chance, lost, seen = Random(7), False, Counter()  # noqa: S311

    async def flaky(scope, receive, send):
        async def losing(message):
            if lost:
                raise ConnectionError("the reply is lost")
            await send(message)

        await app(scope, receive, losing)

    url = make_url(committed_urls.app).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as killer:
        saboteur = Saboteur(committed_database, killer)
        async with client_of(flaky) as client:
            for key in range(20):
                answers = set()
                for _ in range(10):
                    lost = chance.random() < 0.2
                    # The first request takes about thirty steps and a repeat half: some get through unharmed.
                    saboteur.arm(chance.randint(1, 45), kill=chance.random() < 0.4)
                    try:
                        reply = await client.post(
                            URL, json={"kind": "client", "name": f"Acme {key}"}, headers=keyed(admin, str(key))
                        )
                    except ConnectionError:
                        seen["lost"] += 1
                        continue
                    seen[reply.status_code, "idempotency-replayed" in reply.headers] += 1
                    if reply.status_code == 201:
                        answers.add((reply.content, reply.headers["etag"], reply.headers["content-type"]))
                assert len(answers) <= 1
            saboteur.arm(-1, kill=False)
            lost = False
            for key in range(20):
                body = {"kind": "client", "name": f"Acme {key}"}
                assert (await client.post(URL, json=body, headers=keyed(admin, str(key)))).status_code == 201

    assert sum(seen.values()) == 200, seen
    assert set(seen) == {"lost", (201, False), (201, True), (500, False), (503, False)}
    async with committed_database.transaction() as session:
        assert await session.scalar(select(func.count()).where(Organisation.name.like("Acme %"))) == 20
        assert await session.scalar(select(func.count()).where(AuditRecord.action == "organisation.created")) == 20
        assert await count(session, IdempotencyRecord) == 20


async def test_of_eight_at_once_one_has_the_effect(committed_client, committed_database, admin):
    replies = await asyncio.gather(*(committed_client.post(URL, json=ACME, headers=keyed(admin)) for _ in range(8)))

    made = [reply for reply in replies if reply.status_code == 201]
    refused = [reply for reply in replies if reply.status_code != 201]
    assert len([reply for reply in made if "idempotency-replayed" not in reply.headers]) == 1
    assert len({reply.content for reply in made}) == 1
    assert {(reply.status_code, reply.json()["code"]) for reply in refused} <= {(409, "idempotency-in-flight")}
    assert await effects(committed_database) == (1, 1, 1)


async def test_a_repeat_does_not_wait_for_the_first(committed_client, committed_database, admin):
    async with committed_database.transaction() as holder:
        await holder.exec(text("LOCK TABLE organisation IN SHARE MODE"))
        first = asyncio.create_task(committed_client.post(URL, json=ACME, headers=keyed(admin)))
        async with committed_database.transaction() as session:
            waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted")
            while not await session.scalar(waiting):  # noqa: ASYNC110 - Postgres has no event to wait for
                await asyncio.sleep(0.01)
        async with asyncio.timeout(2):
            second = await committed_client.post(URL, json=ACME, headers=keyed(admin))
        assert not first.done()
    third = await first

    assert (second.status_code, second.json()["code"]) == (409, "idempotency-in-flight")
    assert second.headers["retry-after"] == "1"
    assert third.status_code == 201
    assert await effects(committed_database) == (1, 1, 1)


async def test_the_table_refuses_what_got_past_the_lock(committed_client, committed_database, monkeypatch):
    async with committed_database.transaction() as session:
        supplier = await make_caller(session, Role.SUPPLIER_ADMIN)
    numbers = count_from(0)
    monkeypatch.setattr(idempotency, "lock_number", lambda *_: next(numbers))

    replies = await asyncio.gather(
        *(committed_client.post("/v1/engineers", json=an_engineer(), headers=keyed(supplier)) for _ in range(4))
    )

    assert {(r.status_code, r.json().get("code")) for r in replies} <= {(201, None), (409, "idempotency-in-flight")}
    assert len([r for r in replies if r.status_code == 201 and "idempotency-replayed" not in r.headers]) == 1
    async with committed_database.transaction() as session:
        assert await count(session, Engineer) == 1
