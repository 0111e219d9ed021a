"""Links for engineers: signed, short-lived, good for one act, and telling nobody why they are not."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.clock import utcnow
from app.core.encryption import MasterKey, MasterKeys
from app.core.ids import new_id
from app.core.settings import Settings
from app.main import create_app
from app.talent.privacy import tokens
from app.talent.privacy.models import EngineerLink
from tests.conftest import client_of
from tests.factories import make_caller
from tests.payloads import Statements, decision, post_engineer, post_link, told

ACTS = {
    "see": {},
    "consents": {"decisions": [decision()]},
    "export": {},
    "erasure": {"ground": "objection"},
}
PREFIX = tokens.PREFIX


@pytest.fixture
async def firm(acting_as):
    return await acting_as(Role.SUPPLIER_ADMIN)


@pytest.fixture
async def ana(client, firm):
    return await post_engineer(client, firm)


async def act(client, how, token):
    """Do something by a link."""
    return await client.post(f"/v1/engineer-links/{how}", json={"token": token, **ACTS[how]})


def flipped(token, at):
    """The token with one bit of one byte changed."""
    whole = bytearray(urlsafe_b64decode(token.removeprefix(PREFIX) + "="))
    whole[at] ^= 1
    return PREFIX + urlsafe_b64encode(bytes(whole)).decode().rstrip("=")


def foreign(link):
    """A token for this link that another installation signed."""
    masters = MasterKeys.of(Settings(master_keys=SecretStr(f"other:{'a1' * 32}")))
    return tokens.make_token(masters, UUID(link["id"]), utcnow() + timedelta(hours=1))


def of_nobody():
    """A token signed here for a link that is not there."""
    return tokens.make_token(MasterKeys.of(Settings()), new_id(), utcnow() + timedelta(hours=1))


@pytest.mark.parametrize("how", ACTS)
async def test_whatever_is_wrong_with_a_link_the_answer_is_the_same(
    client, session, acting_as, firm, ana, how, time_machine
):
    every = ["consent", "export", "erasure"]
    revoked = await post_link(client, firm, ana["id"], *every)
    await client.delete(f"/v1/engineers/{ana['id']}/links/{revoked['id']}", headers=firm.headers)
    replaced = await post_link(client, firm, ana["id"], *every)
    used = await post_link(client, firm, ana["id"], *every)
    await act(client, "export", used["token"])
    good = (await post_link(client, firm, ana["id"], *every, expires_in_hours=2))["token"]
    wrong = [
        "",
        "x" * 500,
        "puente_link_Ñandú–\u202e",
        PREFIX,
        good[:-1],
        good + "A",
        good.replace(PREFIX, ""),
        good.upper(),
        f" {good}\n{good}",
        *(flipped(good, at) for at in (0, 15, 16, 23, 24, 55)),
        foreign({"id": str(new_id())}),
        foreign(revoked),
        of_nobody(),
        revoked["token"],
        replaced["token"],
        used["token"],
    ]

    answers = [await act(client, how, token) for token in wrong]
    time_machine.move_to(utcnow() + timedelta(hours=2, seconds=1))
    answers.append(await act(client, how, good))

    assert {answer.status_code for answer in answers} == {404}
    assert len({repr(told(answer)) for answer in answers}) == 1
    assert answers[0].json()["code"] == "link-not-valid"
    record = (await session.exec(select(AuditRecord.action).where(col(AuditRecord.action) == "engineer.erased"))).all()
    assert record == []


async def test_a_last_character_that_decodes_to_the_same_bytes_is_another_token(client, firm, ana):
    token = (await post_link(client, firm, ana["id"], "export"))["token"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]

    assert urlsafe_b64decode(twin.removeprefix(PREFIX) + "=") == urlsafe_b64decode(token.removeprefix(PREFIX) + "=")
    assert (await act(client, "see", twin)).status_code == 404


@pytest.mark.parametrize(
    ("purpose", "how"),
    [
        ("consent", "export"),
        ("consent", "erasure"),
        ("export", "consents"),
        ("export", "erasure"),
        ("erasure", "export"),
    ],
)
async def test_a_link_is_not_good_for_another_purpose_and_stays_unused(client, firm, ana, purpose, how):
    token = (await post_link(client, firm, ana["id"], purpose))["token"]

    refusal = await act(client, how, token)

    assert (refusal.status_code, refusal.json()["code"]) == (404, "link-not-valid")
    assert told(refusal) == told(await act(client, how, "nonsense"))
    assert (await act(client, "see", token)).json()["purposes"] == [purpose]


async def test_a_forged_token_never_reaches_the_database(client, connection, firm, ana):
    token = (await post_link(client, firm, ana["id"], "export"))["token"]
    statements = Statements(connection)

    await act(client, "see", flipped(token, 40))

    assert [one for one in statements.seen if "engineer" in one] == []


async def test_of_many_who_use_a_link_at_once_one_does(committed_client, committed_database):
    async with committed_database.transaction() as session:
        firm = await make_caller(session, Role.SUPPLIER_ADMIN)
    ana = await post_engineer(committed_client, firm)
    token = (await post_link(committed_client, firm, ana["id"], "consent", "export", "erasure"))["token"]

    replies = await asyncio.gather(*(act(committed_client, "consents", token) for _ in range(6)))

    assert sorted(reply.status_code for reply in replies) == [200] + [404] * 5
    consents = await committed_client.get(f"/v1/engineers/{ana['id']}/consents", headers=firm.headers)
    assert len(consents.json()["items"]) == 1


async def test_a_refused_act_leaves_the_link_to_be_used(client, firm, ana):
    token = (await post_link(client, firm, ana["id"], "consent"))["token"]

    refusal = await client.post(
        "/v1/engineer-links/consents", json={"token": token, "decisions": [decision(purpose="everything")]}
    )

    assert refusal.status_code == 422
    assert (await act(client, "consents", token)).status_code == 200


async def test_bad_links_count_against_the_address_and_good_ones_do_not(settings, database, engine, firm, session):
    three = Settings(rate_failures_per_address="3/minute").rate_failures_per_address
    strict = settings.model_copy(update={"rate_failures_per_address": three})
    async with client_of(create_app(strict, database=database, engine=engine)) as client:
        ana = await post_engineer(client, firm)
        good = (await post_link(client, firm, ana["id"], "consent"))["token"]
        seen = [await act(client, "see", good) for _ in range(4)]
        replies = [await act(client, "see", f"guess {n}") for n in range(4)]

    assert [reply.status_code for reply in seen] == [200] * 4
    assert [reply.status_code for reply in replies] == [404, 404, 404, 429]
    assert "Retry-After" in replies[-1].headers


async def test_a_token_is_shown_once_and_kept_nowhere(client, session, firm, ana):
    url = f"/v1/engineers/{ana['id']}/links"
    given = {"json": {"purposes": ["export"]}, "headers": {**firm.headers, "Idempotency-Key": "once"}}

    made = await client.post(url, **given)
    again = await client.post(url, **given)
    listed = (await client.get(url, headers=firm.headers)).json()["items"]

    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert (again.status_code, again.json()["code"]) == (409, "idempotency-reply-withheld")
    assert [{**link, "token": made.json()["token"]} for link in listed] == [made.json()]
    (link,) = (await session.exec(select(EngineerLink))).all()
    assert made.json()["token"] not in repr(link)


async def test_a_newer_link_replaces_those_that_share_a_purpose(client, firm, ana):
    consent = await post_link(client, firm, ana["id"], "consent")
    both = await post_link(client, firm, ana["id"], "consent", "export")
    erasure = await post_link(client, firm, ana["id"], "erasure")
    await post_link(client, firm, ana["id"], "export")

    seen = [(await act(client, "see", link["token"])).status_code for link in (consent, both, erasure)]

    assert seen == [404, 404, 200]


def test_a_token_outlives_the_rotation_of_the_master_key_it_was_signed_under():
    old, new = MasterKey("old", b"o" * 32), MasterKey("new", b"n" * 32)
    link_id = new_id()
    token = tokens.make_token(MasterKeys((old,)), link_id, utcnow() + timedelta(hours=1))

    assert tokens.link_named(MasterKeys((new, old)), token) == link_id
    assert tokens.link_named(MasterKeys((new,)), token) is None


@pytest.mark.parametrize("hours", [0, 169, 1.5, True, "5", 10**30])
async def test_a_link_lives_for_an_hour_to_a_week(client, firm, ana, hours):
    reply = await client.post(
        f"/v1/engineers/{ana['id']}/links",
        json={"purposes": ["export"], "expires_in_hours": hours},
        headers=firm.headers,
    )

    assert reply.status_code == 422


@pytest.mark.parametrize("purposes", [[], ["export", "export"], ["everything"], ["export"] * 4])
async def test_purposes_are_known_and_given_once(client, firm, ana, purposes):
    reply = await client.post(f"/v1/engineers/{ana['id']}/links", json={"purposes": purposes}, headers=firm.headers)

    assert reply.status_code == 422


async def test_links_of_another_firms_engineer_are_not_there(client, acting_as, firm, ana):
    link = await post_link(client, firm, ana["id"], "export")
    other, url = await acting_as(Role.SUPPLIER_ADMIN), f"/v1/engineers/{ana['id']}/links"
    bob = await post_engineer(client, other)

    replies = [
        await client.post(url, json={"purposes": ["export"]}, headers=other.headers),
        await client.get(url, headers=other.headers),
        await client.delete(f"{url}/{link['id']}", headers=other.headers),
        await client.delete(f"/v1/engineers/{bob['id']}/links/{link['id']}", headers=other.headers),
    ]

    assert [reply.status_code for reply in replies] == [404] * 4
    assert (await act(client, "see", link["token"])).status_code == 200


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (Role.SUPPLIER_ADMIN, (201, 201, 201)),
        (Role.SUPPLIER_RECRUITER, (201, 201, 403)),
        (Role.RECRUITER, (201, 201, 403)),
        (Role.ADMIN, (201, 403, 201)),
        (Role.CLIENT_ADMIN, (403, 403, 403)),
        (Role.AUDITOR, (403, 403, 403)),
    ],
)
async def test_a_link_is_made_by_those_only_who_may_do_themselves_what_it_is_for(
    client, acting_as, firm, ana, role, statuses
):
    own = role in {Role.SUPPLIER_ADMIN, Role.SUPPLIER_RECRUITER}
    caller = await acting_as(role, firm.organisation) if own else await acting_as(role)
    url = f"/v1/engineers/{ana['id']}/links"

    replies = [
        await client.post(url, json={"purposes": purposes}, headers=caller.headers)
        for purposes in (["consent"], ["consent", "export"], ["consent", "erasure"])
    ]

    assert tuple(reply.status_code for reply in replies) == statuses


async def test_making_and_revoking_is_recorded_once(client, session, firm, ana):
    link = await post_link(client, firm, ana["id"], "export")
    url = f"/v1/engineers/{ana['id']}/links/{link['id']}"

    for _ in range(2):
        assert (await client.delete(url, headers=firm.headers)).status_code == 204

    statement = select(AuditRecord).where(col(AuditRecord.action).startswith("engineer_link."))
    records = (await session.exec(statement.order_by(col(AuditRecord.sequence)))).all()
    assert [(one.action, one.payload["link_id"]) for one in records] == [
        ("engineer_link.made", link["id"]),
        ("engineer_link.revoked", link["id"]),
    ]
    assert all(link["token"] not in repr(one.payload) for one in records)
