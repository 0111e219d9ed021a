"""Every operation as the route table, the permission table and the OpenAPI document describe it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.core.actor import Role
from app.core.settings import Settings
from app.identity.dependencies import May
from app.identity.matrix import guarded_routes
from app.identity.permissions import Relations, Resource, Verb, granted
from app.main import create_app
from tests.payloads import Json

APP = create_app(Settings())
DOCUMENT: Json = APP.openapi()


def resolved(schema: Json) -> Json:
    """The schema itself where `schema` only refers to it."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


@dataclass(frozen=True)
class Operation:
    """One way to call the service."""

    name: str
    method: str
    path: str
    permission: May | None
    document: Json = field(repr=False)

    @property
    def named(self) -> tuple[str, ...]:
        """The parameters of the path, outermost first."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    @property
    def changes(self) -> bool:
        """Whether it is there to change something."""
        return self.permission is not None and self.permission.verb is not Verb.READ

    @property
    def about_keys(self) -> bool:
        """Whether it matters to whom in person a thing belongs."""
        return self.permission is not None and self.permission.resource is Resource.API_KEY

    @property
    def query(self) -> dict[str, Json]:
        """The schema of each parameter of the query."""
        return {given["name"]: given["schema"] for given in self._parameters("query")}

    @property
    def required_query(self) -> set[str]:
        """Parameters of the query that must be given."""
        return {given["name"] for given in self._parameters("query") if given.get("required")}

    @property
    def if_match(self) -> bool:
        """Whether it wants to know which version is meant."""
        return any(given["name"].lower() == "if-match" for given in self._parameters("header"))

    @property
    def conditional(self) -> bool:
        """Whether it answers `If-None-Match`."""
        return "304" in self.document["responses"]

    @property
    def body_required(self) -> bool:
        """Whether it cannot be called without a body."""
        return bool(self.document.get("requestBody", {}).get("required"))

    @property
    def body(self) -> Json | None:
        """The schema of its JSON body."""
        content = self.document.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema")

    @property
    def lists(self) -> bool:
        """Whether it answers with a page of a list."""
        reply = self.document["responses"].get("200", {}).get("content", {}).get("application/json", {})
        return {"items", "next_cursor"} <= resolved(reply.get("schema", {})).get("properties", {}).keys()

    def whose(self, role: Role) -> Relations:
        """Whose things the table lets a role do this to."""
        assert self.permission is not None
        return granted(role, self.permission.verb, self.permission.resource)

    def _parameters(self, place: str) -> Iterator[Json]:
        return (given for given in self.document.get("parameters", ()) if given["in"] == place)


def _operations() -> Iterator[Operation]:
    for route in guarded_routes(APP):
        document = DOCUMENT["paths"][route.path][route.method.lower()]
        yield Operation(route.operation_id, route.method, named_apart(route.path), route.permission, document)


def named_apart(path: str) -> str:
    """A path in which an engineer who is asked about for a request is a candidate: a thing of the request's owner."""
    return path.replace("/candidates/{engineer_id}", "/candidates/{candidate_id}")


OPERATIONS = {operation.name: operation for operation in _operations()}
GUARDED = [operation for operation in OPERATIONS.values() if operation.permission is not None]


def objects(
    schema: Json, place: tuple[str, ...] = (), seen: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every object that may stand in a value of this schema, and where; an item of a list stands at 0."""
    if schema.get("$ref", "") in seen:
        return
    seen = (*seen, schema["$ref"]) if "$ref" in schema else seen
    schema = resolved(schema)
    for union in ("anyOf", "oneOf", "allOf"):
        for member in schema.get(union, ()):
            yield from objects(member, place, seen)
    if schema.get("type") == "array":
        yield from objects(schema.get("items", {}), (*place, "0"), seen)
    if schema.get("type") == "object":
        yield place, schema
        for name, member in schema.get("properties", {}).items():
            yield from objects(member, (*place, name), seen)


def example(schema: Json) -> Any:
    """A value of this schema, as likely to be accepted as its description allows."""
    schema = resolved(schema)
    for given in (schema.get("examples") or [])[:1]:
        return given
    for name in ("const", "default", "example"):
        if schema.get(name) is not None:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return example(next(member for member in schema[union] if member.get("type") != "null"))
    return _example_of_type(schema)


def _example_of_type(schema: Json) -> Any:
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            return {name: example(schema["properties"][name]) for name in required}
        case "array":
            return [example(schema["items"])] if schema.get("minItems") else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return _example_of_format(schema)


def _example_of_format(schema: Json) -> str:
    known = {
        "uuid": "0197a3c2-e5f0-7d6a-8000-000000000000",
        "date": "2027-01-04",
        "date-time": "2027-01-04T12:00:00Z",
        "uri": "https://mail.example/me",
        "email": "me@mail.example",
    }
    return known.get(schema.get("format", ""), "x" * max(8, schema.get("minLength", 0)))


def placed(schema: Json, place: tuple[str, ...], value: Json) -> Json:
    """A body with an object of this schema at `place` that has the members of `value` besides its own."""
    schema = next((member for member in _members(schema) if _leads(member, place)), resolved(schema))
    if not place:
        return {**example({**schema, "examples": None, "example": None}), **value}
    step, *rest = place
    if schema.get("type") == "array":
        return [placed(schema["items"], tuple(rest), value)]  # type: ignore[return-value]
    here = example({**schema, "examples": None, "example": None})
    return {**here, step: placed(schema["properties"][step], tuple(rest), value)}


def _members(schema: Json) -> Iterator[Json]:
    schema = resolved(schema)
    unions = [member for union in ("anyOf", "oneOf", "allOf") for member in schema.get(union, ())]
    if unions:
        for member in unions:
            yield from _members(member)
    else:
        yield schema


def _leads(schema: Json, place: tuple[str, ...]) -> bool:
    """Whether an object stands at `place` of this schema."""
    return any(found == place for found, _ in objects(schema))
