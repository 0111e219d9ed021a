"""What those who run Puente rely on: health, metrics, request ids, and a log without anybody's data."""

import json

import pytest

from app.core.actor import Role
from app.core.health import Failing
from app.main import create_app
from tests.conftest import client_of


async def test_a_live_process_says_so_without_a_key(client):
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_readiness_names_the_check_that_fails(application, client):
    async def lost() -> None:
        raise Failing("the moon is missing")

    application.state.checks.add("moon", lost)

    reply = await client.get("/readyz")

    assert reply.status_code == 503
    assert reply.json()["code"] == "not-ready"
    assert reply.json()["checks"]["moon"] == "the moon is missing"
    assert reply.json()["checks"]["database"] == reply.json()["checks"]["migrations"] == "ok"


async def test_metrics_name_routes_and_not_paths(client, acting_as):
    caller = await acting_as(Role.ADMIN)
    await client.get(f"/v1/organisations/{caller.organisation.id}", headers=caller.headers)
    await client.get("/nowhere/hunter2")
    await client.request("BREW", "/v1/me")

    text = (await client.get("/metrics")).text

    assert 'http_requests_total{method="GET",route="/v1/organisations/{organisation_id}",status="200"} 1.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
    assert 'method="other"' in text
    assert "http_requests_in_flight 1.0" in text
    assert str(caller.organisation.id) not in text
    assert "hunter2" not in text


@pytest.mark.parametrize("offered", ["", "short", "x" * 65, "has space!", "new\tline-id"])
async def test_a_request_id_that_is_not_sane_is_replaced(client, offered):
    reply = await client.get("/healthz", headers={"X-Request-ID": offered})

    assert len(reply.headers["x-request-id"]) == 32


async def test_a_sane_request_id_is_kept_and_told_in_problems(client):
    reply = await client.get("/v1/me", headers={"X-Request-ID": "caller-0001"})

    assert reply.headers["x-request-id"] == reply.json()["request_id"] == "caller-0001"
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_the_access_log_is_json_with_the_route_and_nobody_s_data(capsys, settings, database, engine, acting_as):
    caller = await acting_as(Role.ADMIN)
    application = create_app(settings.model_copy(update={"log_format": "json"}), database=database, engine=engine)
    async with client_of(application) as client:
        url = f"/v1/organisations/{caller.organisation.id}/members"
        given = {"name": "Lucía Paredes", "email": "lucia@andes.example", "role": "auditor"}
        await client.post(url, json=given, headers={**caller.headers, "X-Request-ID": "caller-0002"})
        await client.get(f"{url}?cursor=hunter2", headers=caller.headers)

    logged = capsys.readouterr().err
    first = json.loads(logged.splitlines()[0])
    assert (
        first.items()
        >= {
            "event": "request",
            "method": "POST",
            "route": "/v1/organisations/{organisation_id}/members",
            "status": 201,
            "request_id": "caller-0002",
        }.items()
    )
    for private in ("Luc", "lucia", "andes", caller.key_text, str(caller.organisation.id), "hunter2"):
        assert private not in logged
