"""What a caller says of itself in headers that proxies or frameworks believe changes nothing."""

import pytest

from app.core.actor import Role
from app.core.ids import new_id
from tests.isolation.replies import told

SOMEBODY = str(new_id())
HEADERS = {
    **dict.fromkeys(["X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"], "127.0.0.1"),
    "Forwarded": 'for=127.0.0.1;host=evil.example;proto=https;by="[::1]"',
    "X-Forwarded-Proto": "https",
    **dict.fromkeys(["X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-HTTP-Host-Override"], "evil.example"),
    **dict.fromkeys(["X-Forwarded-Prefix", "X-Script-Name", "X-Forwarded-Path"], "/admin"),
    **dict.fromkeys(["X-Original-URL", "X-Rewrite-URL", "X-Original-URI"], "/v1/organisations"),
    **dict.fromkeys(["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"], "DELETE"),
    **dict.fromkeys(["X-User-Id", "X-Member-Id", "X-Organisation-Id", "X-Tenant-Id", "X-Actor"], SOMEBODY),
    **dict.fromkeys(["X-Role", "X-Scopes", "X-Roles", "X-Permissions"], "admin"),
    "X-Admin": "true",
    "X-Debug": "1",
    "X-Forwarded-User": "admin@puente.example",
    "Remote-User": "admin",
    "X-Forwarded-Port": "443",
    "X-Original-Method": "DELETE",
    "X-Accel-Redirect": "/metrics",
    "Range": "bytes=0-3",
    "Content-Location": "/v1/organisations",
    "Destination": "/v1/me",
    "Via": "1.1 trusted",
    "Upgrade": "h2c",
}


def routes(caller, stranger):
    """A few calls of every kind, as (method, path, options), among them one that is refused and one not found."""
    return [
        ("GET", "/v1/me", {}),
        ("GET", "/v1/organisations", {}),
        ("GET", f"/v1/organisations/{stranger.organisation.id}", {}),
        ("GET", f"/v1/organisations/{caller.organisation.id}/members", {}),
        ("GET", "/v1/engineers", {}),
        ("GET", f"/v1/engineers/{SOMEBODY}/contact", {}),
        ("GET", "/v1/audit-events", {}),
        ("POST", "/v1/organisations", {"json": {"kind": "client", "name": "X"}}),
        ("POST", "/v1/engineers", {"json": {"given_name": "A"}}),
        ("DELETE", f"/v1/api-keys/{SOMEBODY}", {}),
        ("GET", "/nowhere", {}),
        ("GET", "/v1/engineers/", {}),
        ("GET", "/healthz", {}),
    ]


@pytest.mark.parametrize("role", [Role.SUPPLIER_ADMIN, Role.HIRING_MANAGER, Role.AUDITOR])
async def test_no_header_but_the_key_says_who_calls_and_what_for(client, acting_as, role):
    caller, stranger = await acting_as(role), await acting_as(Role.CLIENT_ADMIN)
    wrong = []

    for method, path, options in routes(caller, stranger):
        plain = told(await client.request(method, path, headers=caller.headers, **options))
        every = await client.request(method, path, headers={**caller.headers, **HEADERS}, **options)
        if told(every) != plain:
            for name, value in HEADERS.items():
                one = told(await client.request(method, path, headers={**caller.headers, name: value}, **options))
                wrong += [(method, path, name, plain, one)] if one != plain else []
            wrong.append((method, path, plain, told(every)))

    assert wrong == []


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "X-Auth-Token", "Cookie", "Proxy-Authorization"])
async def test_a_key_counts_in_its_own_header_alone(client, acting_as, name):
    caller = await acting_as(Role.ADMIN)
    ways = [caller.key_text, f"Basic {caller.key_text}", f"Token {caller.key_text}", f"token={caller.key_text}"]

    replies = [await client.get("/v1/me", headers={name: way}) for way in ways]
    replies.append(await client.get("/v1/me", params={"api_key": caller.key_text, "access_token": caller.key_text}))

    assert {reply.status_code for reply in replies} == {401}


async def test_a_query_names_no_caller_and_no_method(client, acting_as):
    caller = await acting_as(Role.SUPPLIER_RECRUITER)
    guesses = {"role": "admin", "organisation_id": SOMEBODY, "_method": "DELETE", "as": SOMEBODY, "debug": "1"}

    plain = told(await client.get("/v1/me", headers=caller.headers))
    guessed = told(await client.get("/v1/me", params=guesses, headers=caller.headers))

    assert guessed == plain


@pytest.mark.parametrize("path", ["/v1/engineers/", "/v1/me/", "/docs/", "//evil.example/v1/me", "/v1//me"])
async def test_no_reply_leads_to_the_host_that_a_request_names(client, acting_as, path):
    caller = await acting_as(Role.SUPPLIER_ADMIN)

    for headers in ({"Host": "evil.example"}, {**caller.headers, "Host": "evil.example"}):
        reply = await client.get(f"http://puente.test{path}", headers=headers)

        assert (reply.status_code, reply.json()["code"]) == (404, "route-not-found")
        assert "evil.example" not in f"{reply.text} {reply.headers}"
