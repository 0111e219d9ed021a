"""Whatever is sent, the answer is a problem document that points at every wrong field and echoes nothing."""

from json import JSONDecodeError
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from app.core.actor import Role
from app.core.middleware import BodyLimit
from app.core.routing import Router, parse_json
from app.core.schemas import Cefr, ClockTime, Count, CountryCode, LanguageTag, Money, Schema, Zone

PROBE = "/v1/probe"


class Seat(Schema):
    kind: Literal["role"]
    title: str


class Squad(Schema):
    kind: Literal["squad"]
    seats: list[Seat]


class Speech(Schema):
    language: LanguageTag
    level: Cefr


class Probe(Schema):
    need: Annotated[Seat | Squad, Field(discriminator="kind")] | None = None
    skill: int | Annotated[str, Field(max_length=5)] | None = None
    zone: Zone | None = None
    country: CountryCode | None = None
    rate: Money | None = None
    speech: list[Speech] = Field(default_factory=list)
    opens: ClockTime | None = None
    years: float | None = Field(None, ge=0)
    count: Count | None = None
    extra: dict[str, Any] | None = None


@pytest.fixture
async def probe(application, client):
    """Posts a body to a route that accepts `Probe` and gives it back."""
    router = Router(prefix=PROBE, tag="probe")

    @router.post("")
    async def post_probe(given: Probe) -> Probe:
        return given

    application.include_router(router)

    async def post(**request):
        return await client.post(PROBE, **request)

    return post


def pointers(reply):
    return [(fault["location"], fault["pointer"], fault["code"]) for fault in reply.json()["errors"]]


async def test_every_wrong_field_is_pointed_at_and_no_value_is_echoed(probe):
    reply = await probe(
        json={
            "zone": "Mars/Olympus",
            "country": "ZZ",
            "rate": {"amount_minor": -1, "currency": "DOUBLOON"},
            "speech": [{"language": "es", "level": "C1"}, {"language": "klingon", "level": "Z9"}],
            "opens": "25:00",
            "years": -3,
            "secret/field~": "hunter2",
        }
    )

    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert [pointer for _, pointer, _ in pointers(reply)] == [
        "/zone",
        "/country",
        "/rate/amount_minor",
        "/rate/currency",
        "/speech/1/language",
        "/speech/1/level",
        "/opens",
        "/years",
        "/secret~1field~0",
    ]
    for sent in ("Mars", "ZZ", "DOUBLOON", "klingon", "Z9", "25:00", "hunter2"):
        assert sent not in reply.text


@pytest.mark.parametrize(
    ("need", "expected"),
    [
        ({"kind": "role"}, "/need/title"),
        ({"kind": "squad", "seats": [{"kind": "role"}]}, "/need/seats/0/title"),
        ({"kind": "role", "title": "x", "role": 1}, "/need/role"),
        ({"kind": "<script>"}, "/need/kind"),
        ({}, "/need/kind"),
    ],
)
async def test_pointers_leave_out_the_members_of_a_union(probe, need, expected):
    reply = await probe(json={"need": need})

    assert [pointer for _, pointer, _ in pointers(reply)] == [expected]
    assert "script" not in reply.text


async def test_a_value_that_fits_no_member_of_a_union_is_pointed_at_once_per_reason(probe):
    reply = await probe(json={"skill": [1]})

    assert pointers(reply) == [("body", "/skill", "int-type"), ("body", "/skill", "string-type")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'zone': 1}",
        b'{"years": NaN}',
        b'{"years": -Infinity}',
        b'{"zone": "\xff\xfe"}',
        b'{"count": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"extra": {"a":' + b'{"a":' * 500 + b"1" + b"}" * 502,
        b"null",
        b"[]",
        b'"text"',
    ],
)
async def test_what_is_no_proper_json_object_is_refused(probe, body):
    reply = await probe(content=body, headers={"Content-Type": "application/json"})

    assert reply.status_code == 422
    assert reply.json()["code"] == "invalid-request"
    assert reply.json()["errors"]


@pytest.mark.parametrize("text", ["\\u0000", "a\\u0000b", "\\ud800", "\\udfff\\ud800"])
async def test_text_that_cannot_be_stored_is_pointed_at(probe, text):
    body = '{"extra": {"list": ["fine", "' + text + '"]}}'

    reply = await probe(content=body.encode(), headers={"Content-Type": "application/json"})

    assert pointers(reply) == [("body", "/extra/list/1", "unstorable-text")]


async def test_the_name_of_a_field_cannot_hide_what_its_value_may_not_have(probe):
    reply = await probe(content=b'{"extra": {"a\\u0000": 1}}', headers={"Content-Type": "application/json"})

    assert pointers(reply) == [("body", "/extra", "unstorable-text")]


async def test_a_surrogate_pair_is_a_character_like_any_other(probe):
    reply = await probe(content=b'{"extra": {"name": "\\ud83d\\ude00"}}', headers={"Content-Type": "application/json"})

    assert reply.status_code == 200


@pytest.mark.parametrize("number", [2**31, -1, 10**400, 1.5])
async def test_numbers_that_no_column_holds_are_refused(probe, number):
    reply = await probe(content=f'{{"count": {number}}}'.encode(), headers={"Content-Type": "application/json"})

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "/count"


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data", "nonsense"])
async def test_another_content_type_is_refused(probe, content_type):
    reply = await probe(content=b"{}", headers={"Content-Type": content_type})

    assert reply.status_code == 422
    assert "application/json" in reply.json()["errors"][0]["detail"]


async def test_a_body_over_the_limit_is_refused_by_its_declared_length(probe):
    reply = await probe(content=b" " * (1024 * 1024 + 1), headers={"Content-Type": "application/json"})

    assert reply.status_code == 413
    assert reply.json()["code"] == "body-too-large"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_no_json(number):
    with pytest.raises(JSONDecodeError):
        parse_json(f'{{"rate": {number}}}'.encode())


async def test_nothing_is_read_of_a_body_that_declares_too_much():
    sent = []

    async def read():
        raise AssertionError("nobody may wait for what will be refused")

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": "/", "headers": [(b"content-length", b"11")]}
    await BodyLimit(None, 10)(scope, read, send)

    assert sent[0]["status"] == 413


async def test_a_body_over_the_limit_is_refused_though_it_declares_no_length(probe):
    async def chunks():
        for _ in range(17):
            yield b" " * 65536

    reply = await probe(content=chunks(), headers={"Content-Type": "application/json"})

    assert reply.status_code == 413
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["code"] == "body-too-large"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("colour=red", ("query", "/colour", "extra-forbidden")),
        ("limit=0", ("query", "/limit", "greater-than-equal")),
        ("limit=201", ("query", "/limit", "less-than-equal")),
        ("limit=many", ("query", "/limit", "int-parsing")),
        ("sort=digest", ("query", "/sort", "literal-error")),
        ("kind=pirate", ("query", "/kind", "enum")),
        ("kind=%00", ("query", "/kind", "unstorable-text")),
        ("limit=" + "9" * 5000, ("query", "/limit", "int-parsing-size")),
    ],
)
async def test_wrong_queries_are_pointed_at(client, acting_as, query, expected):
    caller = await acting_as(Role.ADMIN)

    reply = await client.get(f"/v1/organisations?{query}", headers=caller.headers)

    assert reply.status_code == 422
    assert pointers(reply) == [expected]


@pytest.mark.parametrize("organisation", ["1", "%00", "../../etc", "00000000-0000-0000-0000-00000000000g"])
async def test_a_wrong_id_in_the_path_is_never_our_failure(client, acting_as, organisation):
    caller = await acting_as(Role.ADMIN)

    reply = await client.get(f"/v1/organisations/{organisation}", headers=caller.headers)

    assert reply.status_code in {404, 422}
    assert reply.headers["content-type"] == "application/problem+json"


async def test_an_unknown_path_is_a_problem(client):
    reply = await client.get("/v1/unicorns")

    assert reply.status_code == 404
    assert reply.json()["code"] == "route-not-found"


async def test_a_method_the_path_does_not_have_is_a_problem_that_names_those_it_has(client):
    reply = await client.put("/v1/me")

    assert reply.status_code == 405
    assert reply.json()["code"] == "method-not-allowed"
    assert reply.headers["allow"] == "GET"
