"""Callers are told how often they may call, and are stopped there; nobody else is."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from limits.errors import StorageError
from pydantic import ValidationError

from app.core.actor import Role
from app.core.errors import CannotStart, RateLimited
from app.core.headers import reply_headers
from app.core.rates import ProcessMemory, Rates, address_of
from app.core.settings import Settings
from app.identity.keys import make_key
from app.main import create_app
from tests.factories import make_caller


@pytest.fixture
def served(settings, database, engine):
    """A client of an application with other settings, calling from another address if need be."""

    def serve(peer="198.51.100.7", **changed):
        changes = Settings(**changed).model_dump(include=set(changed))
        application = create_app(settings.model_copy(update=changes), database=database, engine=engine)
        transport = httpx.ASGITransport(application, client=(peer, 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://puente.test")

    return serve


@pytest.fixture(autouse=True)
def noon(time_machine):
    """Time stands still unless a test shifts it."""
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    return time_machine


def guess():
    return {"Authorization": f"Bearer {make_key().text}"}


async def statuses(client, headers, times, path="/v1/me"):
    return [(await client.get(path, headers=headers)).status_code for _ in range(times)]


async def test_replies_say_what_is_allowed_and_what_remains(served, acting_as):
    caller = await acting_as(Role.ADMIN)
    client = served(rate_per_key="3/minute", rate_per_organisation="100/hour")

    reply = await client.get("/v1/me", headers=caller.headers)

    assert reply.headers["ratelimit-policy"] == '"key";q=3;w=60, "organisation";q=100;w=3600'
    assert reply.headers["ratelimit"] == '"key";r=2;t=60, "organisation";r=99;t=3600'


async def test_a_key_past_its_rate_is_refused_until_the_oldest_request_leaves_the_window(served, acting_as, noon):
    caller = await acting_as(Role.ADMIN)
    client = served(rate_per_key="3/minute")
    await statuses(client, caller.headers, 1)
    noon.shift(20)
    assert await statuses(client, caller.headers, 2) == [200, 200]

    refusal = await client.get("/v1/me", headers=caller.headers)

    assert refusal.status_code == 429
    assert refusal.headers["content-type"] == "application/problem+json"
    assert (refusal.json()["code"], refusal.json()["policy"]) == ("rate-limited", "key")
    assert refusal.headers["retry-after"] == "40"
    assert refusal.headers["ratelimit"] == '"key";r=0;t=40'
    noon.shift(40)
    assert await statuses(client, caller.headers, 2) == [200, 429]


async def test_a_request_that_fails_is_counted_and_told_like_any_other(served, acting_as):
    caller = await acting_as(Role.ADMIN)
    client = served(rate_per_key="2/minute")

    reply = await client.get("/v1/organisations?colour=red", headers=caller.headers)

    assert reply.status_code == 422
    assert reply.headers["ratelimit"].startswith('"key";r=1')


async def test_the_keys_of_an_organisation_share_its_rate_and_no_other_organisation_does(served, session, acting_as):
    one = await acting_as(Role.CLIENT_ADMIN)
    colleague = await make_caller(session, Role.HIRING_MANAGER, one.organisation)
    stranger = await acting_as(Role.CLIENT_ADMIN)
    client = served(rate_per_organisation="3/minute")
    await statuses(client, one.headers, 2)

    assert await statuses(client, colleague.headers, 2) == [200, 429]
    assert await statuses(client, stranger.headers, 1) == [200]


async def test_what_a_key_is_refused_does_not_use_up_its_organisation(served, session, acting_as):
    runaway = await acting_as(Role.CLIENT_ADMIN)
    colleague = await make_caller(session, Role.HIRING_MANAGER, runaway.organisation)
    client = served(rate_per_key="2/minute", rate_per_organisation="4/minute")
    await statuses(client, runaway.headers, 10)

    assert await statuses(client, colleague.headers, 2) == [200, 200]


async def test_rates_can_be_turned_off(served, acting_as):
    caller = await acting_as(Role.ADMIN)
    client = served(rate_per_key="off", rate_per_organisation="off")

    reply = await client.get("/v1/me", headers=caller.headers)

    assert "ratelimit" not in reply.headers
    assert "ratelimit-policy" not in reply.headers


async def test_guesses_from_one_address_are_stopped_and_another_address_is_not(served, noon):
    client = served(rate_failures_per_address="3/minute")
    assert [(await client.get("/v1/me", headers=guess())).status_code for _ in range(4)] == [401, 401, 401, 429]

    refusal = await client.get("/v1/me", headers=guess())

    assert (refusal.json()["policy"], refusal.headers["retry-after"]) == ("address", "60")
    client._transport.client = ("198.51.100.8", 1)
    assert (await client.get("/v1/me", headers=guess())).status_code == 401
    client._transport.client = ("198.51.100.7", 2)
    noon.shift(60)
    assert (await client.get("/v1/me", headers=guess())).status_code == 401


async def test_past_the_limit_a_good_key_never_seen_is_answered_like_a_guess(served, acting_as):
    caller = await acting_as(Role.ADMIN)
    client = served(rate_failures_per_address="1/minute")
    await client.get("/v1/me", headers=guess())

    assert await statuses(client, caller.headers, 1) == [429]


async def test_who_shares_an_address_with_a_guesser_is_not_shut_out(served, acting_as):
    caller = await acting_as(Role.ADMIN)
    client = served(rate_failures_per_address="3/minute")
    await statuses(client, caller.headers, 1)
    for _ in range(5):
        await client.get("/v1/me", headers=guess())

    assert await statuses(client, caller.headers, 2) == [200, 200]


async def test_a_key_that_stops_being_good_is_forgotten(served, session, acting_as, noon):
    caller = await acting_as(Role.ADMIN)
    client = served(rate_failures_per_address="2/minute")
    await statuses(client, caller.headers, 1)
    caller.key.revoked_at = caller.key.created_at
    await session.flush()

    assert await statuses(client, caller.headers, 3) == [401, 401, 429]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"])
@pytest.mark.parametrize("peer", ["127.0.0.1", "198.51.100.7"])
async def test_a_client_cannot_name_its_own_address(served, header, peer):
    client = served(peer, rate_failures_per_address="2/minute")

    replies = [await client.get("/v1/me", headers={**guess(), header: f"203.0.113.{n}"}) for n in range(3)]

    assert [reply.status_code for reply in replies] == [401, 401, 429]


async def test_a_trusted_proxy_names_the_client_and_what_the_client_wrote_before_is_ignored(served):
    client = served("10.0.0.1", trusted_proxies="10.0.0.0/8", rate_failures_per_address="2/minute")

    async def call(forwarded):
        return (await client.get("/v1/me", headers={**guess(), "X-Forwarded-For": forwarded})).status_code

    assert [await call(f"203.0.113.{n}, 192.0.2.9, 10.0.0.2") for n in range(3)] == [401, 401, 429]
    assert await call("192.0.2.10") == 401


async def test_health_and_metrics_are_not_limited(served, acting_as):
    client = served(rate_failures_per_address="1/minute", rate_per_key="1/minute")
    await client.get("/v1/me", headers=guess())

    for path in ("/healthz", "/readyz", "/metrics", "/problems/rate-limited"):
        assert 429 not in await statuses(client, guess(), 3, path)
    assert "ratelimit" not in (await client.get("/healthz")).headers


@pytest.mark.parametrize("failure", [StorageError(OSError("gone")), TimeoutError()])
async def test_a_storage_that_does_not_answer_stops_nobody(failure, monkeypatch):
    async def fail(*_args, **_kwargs):
        raise failure

    monkeypatch.setattr(ProcessMemory, "acquire_entry", fail)
    monkeypatch.setattr(ProcessMemory, "get_moving_window", fail)
    scope = {}

    await Rates(Settings(rate_per_key="1/minute")).count_request(scope, uuid4(), uuid4())

    assert reply_headers(scope)["RateLimit"].startswith('"key";r=1;')


@pytest.mark.parametrize("uri", ["nonsense", "nowhere://x", "memcached://127.0.0.1:1"])
def test_a_storage_that_cannot_be_used_keeps_the_service_from_starting(uri):
    with pytest.raises(CannotStart, match="PUENTE_RATE_STORAGE_URI"):
        Rates(Settings(rate_storage_uri=uri))


async def test_windows_that_nobody_uses_are_dropped(noon):
    memory = ProcessMemory()
    for n in range(100):
        await memory.acquire_entry(f"k{n}", 5, 60)
    noon.shift(61)

    await memory.acquire_entry("other", 5, 60)

    assert list(memory._windows) == ["other"]


async def test_exactly_the_rate_passes_under_parallel_requests():
    rates = Rates(Settings(rate_per_key="50/minute"))
    key, organisation = uuid4(), uuid4()

    outcomes = await asyncio.gather(
        *(rates.count_request({}, key, organisation) for _ in range(80)), return_exceptions=True
    )

    assert sum(outcome is None for outcome in outcomes) == 50
    assert sum(isinstance(outcome, RateLimited) for outcome in outcomes) == 30


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("a" * 500, "a" * 64),
    ],
)
def test_an_address_is_what_one_subscriber_is_given(host, address):
    assert address_of({"client": (host, 1)}) == address


@pytest.mark.parametrize("text", ["often", "0/minute", "-1/minute", "5", "5/second; 600/minute"])
def test_a_rate_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValidationError):
        Settings(rate_per_key=text)
