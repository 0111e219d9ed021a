"""What callers send: the least that is accepted, plus what a test is about."""

from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import event

from app.matchmaking.weights.models import WeightProposal
from matching import DEFAULT_WEIGHTS, PARTS
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


def a_proposal(client_id: UUID, **given: Any) -> WeightProposal:
    """A proposal of weights to a client, as calibration stores one."""
    proposed = dict.fromkeys(PARTS, 0.0) | {"skill_coverage": 0.5, "english": 0.5}
    interval = {"value": 0.5, "low": 0.4, "high": 0.6}
    figure = {"current": interval, "proposed": interval, "gain": interval}
    figures = {
        **dict.fromkeys(("log_loss", "pairwise_accuracy", "ndcg_at_10"), figure),
        **dict.fromkeys(("lists", "shown", "advanced", "declined"), 80),
        "strength": 0.01,
        "trust": 0.2,
        "examined": [1.0, 0.5],
        "impact": [{"attribute": "country", "groups": 2, "current": 0.9, "proposed": None}],
    }
    made = {"base_version": 0, "current": dict(DEFAULT_WEIGHTS), "weights": proposed, "figures": figures}
    return WeightProposal(organisation_id=client_id, **{**made, **given})


async def post_declaration(client: httpx.AsyncClient, staff: Caller, engineer_id: str, **declared: Any) -> Json:
    """Let an engineer declare something by a link of the marketplace's, and return the reply's body."""
    link = await post_link(client, staff, engineer_id, "declaration")
    body = {"token": link["token"], "declaration": declared}
    reply = await client.post("/v1/engineer-links/declaration", json=body)
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found
