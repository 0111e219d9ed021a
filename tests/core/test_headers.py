"""What every reply says to browsers and to those in between."""

import httpx
import pytest
from pydantic import ValidationError

from app.core.actor import Role
from app.core.routing import Router
from app.core.settings import Settings
from app.main import create_app
from tests.conftest import client_of

ORIGIN = "https://app.example"


@pytest.fixture
def served(settings, database, engine):
    def serve(**changed):
        changes = Settings(**changed).model_dump(include=set(changed))
        return client_of(create_app(settings.model_copy(update=changes), database=database, engine=engine))

    return serve


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/healthz"), ("GET", "/v1/me"), ("GET", "/nowhere"), ("PUT", "/v1/me"), ("GET", "/openapi.json")],
)
async def test_every_reply_has_the_security_headers(client, method, path):
    reply = await client.request(method, path)

    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert "strict-transport-security" not in reply.headers
    assert reply.headers.get("cache-control") == ("no-store" if path.startswith("/v1") else None)


async def test_a_defect_has_them_too(application, client):
    router = Router(prefix="/v1/probe", tag="probe")

    @router.get("")
    async def fail() -> None:
        raise ZeroDivisionError

    application.include_router(router)

    reply = await client.get("/v1/probe")

    assert reply.status_code == 500
    assert reply.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]


async def test_the_documentation_may_load_what_it_is_made_of(client):
    reply = await client.get("/docs")

    policy = dict(part.strip().split(" ", 1) for part in reply.headers["content-security-policy"].split(";"))
    assert "https://cdn.jsdelivr.net" in reply.text
    assert "https://cdn.jsdelivr.net" in policy["script-src"]
    assert "https://cdn.jsdelivr.net" in policy["style-src"]
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


async def test_browsers_are_told_to_insist_on_https_where_it_is_in_front(served):
    reply = await served(behind_tls=True).get("/healthz")

    assert reply.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("allowed", ["", ORIGIN])
async def test_no_other_origin_gets_a_cors_header(served, allowed):
    client = served(cors_origins=allowed)
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}

    for reply in (await client.get("/healthz", headers=asking), await client.options("/v1/me", headers=asking)):
        assert "access-control-allow-origin" not in reply.headers
    assert allowed or not [name for name in reply.headers if name.startswith("access-control")]


async def test_a_page_of_an_allowed_origin_may_call_and_read_our_headers(served, acting_as):
    caller = await acting_as(Role.ADMIN)
    client = served(cors_origins=f"{ORIGIN},https://other.example")
    asking = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,if-match"}

    preflight = await client.options("/v1/me", headers={"Origin": ORIGIN, **asking})
    reply = await client.get("/v1/me", headers={"Origin": ORIGIN, **caller.headers})
    refusal = await client.get("/v1/me", headers={"Origin": ORIGIN})

    assert preflight.status_code == 200
    assert (reply.status_code, refusal.status_code) == (200, 401)
    for answer in (preflight, reply, refusal):
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "Origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers
    exposed = set(reply.headers["access-control-expose-headers"].split(", "))
    rates = {"RateLimit", "RateLimit-Policy", "Retry-After"}
    assert exposed == {"ETag", "Idempotency-Replayed", "Location", "X-Request-ID", *rates}


@pytest.mark.parametrize("origins", ["*", "app.example", "https://app.example/", "https://app.example/x", "null"])
def test_what_is_no_origin_is_refused(origins):
    with pytest.raises(ValidationError):
        Settings(cors_origins=origins)


@pytest.mark.parametrize("proxies", ["*", "proxy.internal", "10.0.0.1/8"])
def test_what_is_no_network_is_refused(proxies):
    with pytest.raises(ValidationError):
        Settings(trusted_proxies=proxies)


def test_lists_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("PUENTE_CORS_ORIGINS", "https://a.example, http://localhost:3000")
    monkeypatch.setenv("PUENTE_TRUSTED_PROXIES", "10.0.0.0/8,::1")
    monkeypatch.setenv("PUENTE_RATE_PER_KEY", "7/minute")

    settings = Settings()

    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1")
    assert (settings.rate_per_key.amount, settings.rate_per_key.get_expiry()) == (7, 60)


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"url": "/v1/me?" + "a" * 9000}, 414, "address-too-long"),
        ({"url": "/v1/" + "a" * 9000}, 414, "address-too-long"),
        ({"url": "/v1/me", "headers": {"X-Noise": "a" * 40_000}}, 431, "headers-too-large"),
        ({"url": "/v1/me", "headers": [("X-Noise", "a" * 400)] * 100}, 431, "headers-too-large"),
        ({"url": "/v1/organisations?" + "&".join(["a=1"] * 101)}, 422, "invalid-request"),
        ({"url": "/v1/organisations?" + "&" * 100}, 422, "invalid-request"),
    ],
)
async def test_a_head_that_is_too_large_is_refused(client, request_, status, code):
    reply = await client.request("GET", **request_)

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert "aaaa" not in reply.text


async def test_as_many_parameters_as_allowed_are_read(client, acting_as):
    caller = await acting_as(Role.ADMIN)

    reply = await client.get("/v1/organisations", params=httpx.QueryParams([("a", 1)] * 100), headers=caller.headers)

    assert reply.json()["errors"][0]["code"] == "extra-forbidden"
