"""What callers send: the least that is accepted, plus what a test is about."""

from typing import Any

import httpx
from sqlalchemy import event

from tests.factories import Caller

Json = dict[str, Any]


def an_engineer(**given: Any) -> Json:
    """The body of a new profile."""
    return {
        "given_name": "Ana",
        "family_name": "Soto",
        "title": "Backend Developer",
        "discipline": "software",
        **given,
    }


def a_request(**given: Any) -> Json:
    """The body of a new role request."""
    return {"title": "Backend Developer", **given}


def skills(*names: str, **more: Any) -> list[Json]:
    """Skills of a profile or a request."""
    return [{"skill": name, **more} for name in names]


async def post_engineer(client: httpx.AsyncClient, supplier: Caller, **given: Any) -> Json:
    """Post an engineer and return the reply's body."""
    reply = await client.post("/v1/engineers", json=an_engineer(**given), headers=supplier.headers)
    assert reply.status_code == 201, reply.text
    body: Json = reply.json()
    return body


async def post_request(client: httpx.AsyncClient, buyer: Caller, **given: Any) -> Json:
    """Post a request and return the reply's body."""
    reply = await client.post("/v1/requests", json=a_request(**given), headers=buyer.headers)
    assert reply.status_code == 201, reply.text
    body: Json = reply.json()
    return body


async def post_shortlist(client: httpx.AsyncClient, caller: Caller, request: Json, **given: Any) -> Json:
    """Have a shortlist made and return the reply's body."""
    reply = await client.post(f"/v1/requests/{request['id']}/shortlists", json=given, headers=caller.headers)
    assert reply.status_code == 201, reply.text
    body: Json = reply.json()
    return body


def matching(caller: Caller, version: int | str) -> dict[str, str]:
    """The caller's headers for a change of this version."""
    return {**caller.headers, "If-Match": version if isinstance(version, str) else f'"{version}"'}


def pointers(reply: httpx.Response) -> list[str]:
    """Where the wrong fields are."""
    assert reply.headers["content-type"] == "application/problem+json", reply.text
    return [fault["pointer"] for fault in reply.json().get("errors", [])]


def told(reply: httpx.Response) -> tuple[int, Json]:
    """A refusal without what differs each time."""
    return reply.status_code, {name: value for name, value in reply.json().items() if name != "request_id"}


async def walk(client: httpx.AsyncClient, caller: Caller, url: str, **params: Any) -> list[Json]:
    """Every item of a list, page by page."""
    items: list[Json] = []
    while True:
        reply = await client.get(url, params=params, headers=caller.headers)
        assert reply.status_code == 200, reply.text
        items += reply.json()["items"]
        if reply.json()["next_cursor"] is None:
            return items
        params["cursor"] = reply.json()["next_cursor"]


class Statements:
    """Counts the statements sent over one connection."""

    def __init__(self, connection: Any) -> None:
        self.seen: list[str] = []
        event.listen(connection.sync_connection, "before_cursor_execute", lambda *call: self.seen.append(call[2]))

    async def of(self, call: Any) -> int:
        """How many statements awaiting `call` took."""
        before = len(self.seen)
        reply = await call
        assert reply.status_code < 400, reply.text
        return len(self.seen) - before


async def post_link(client: httpx.AsyncClient, caller: Caller, engineer_id: str, *purposes: str, **given: Any) -> Json:
    """Make a link for an engineer and return the reply's body."""
    url = f"/v1/engineers/{engineer_id}/links"
    reply = await client.post(url, json={"purposes": purposes, **given}, headers=caller.headers)
    assert reply.status_code == 201, reply.text
    body: Json = reply.json()
    return body


def decision(decided: str = "withdrawn", purpose: str = "matching", version: str = "v1") -> Json:
    """One decision about a consent."""
    return {"purpose": purpose, "text_version": version, "decision": decided}
