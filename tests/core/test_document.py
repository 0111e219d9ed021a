"""Every operation of the document says all that a frontend's author must know, whoever adds one."""

import json

import pytest

from app.core.examples import UNKNOWN, bodies
from app.core.openapi import operations
from app.core.settings import Settings
from app.main import create_app

DOCUMENT = create_app(Settings()).openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {operation["operationId"]: operation for operation in operations(DOCUMENT)}
BOUNDED = {
    "string": [{"maxLength"}, {"format"}, {"pattern"}, {"enum"}, {"const"}],
    "integer": [{"minimum", "maximum"}, {"enum"}, {"const"}],
    "number": [{"minimum", "maximum"}, {"exclusiveMinimum", "maximum"}],
    "array": [{"maxItems"}],
}


def parts(schema, place, seen=frozenset()):
    """A schema and all that it is made of, each with where it is."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from parts(SCHEMAS[name], name, seen | {name})
        return
    yield place, schema
    for several in ("anyOf", "oneOf", "allOf"):
        for choice in schema.get(several, ()):
            yield from parts(choice, place, seen)
    for name, field in schema.get("properties", {}).items():
        yield from parts(field, f"{place}.{name}", seen)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from parts(schema[inner], f"{place}[]", seen)


def sent(operation):
    """Every schema of what an operation is sent."""
    for parameter in operation.get("parameters", ()):
        yield from parts(parameter["schema"], parameter["name"])
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield from parts(content["schema"], "body")


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_a_tag_a_summary_and_a_description(name):
    operation = OPERATIONS[name]

    assert len(operation["tags"]) == 1
    assert operation["summary"]
    assert operation["description"].endswith((".", "…"))
    assert all(parameter["description"] for parameter in operation.get("parameters", ()))
    assert all(response["description"] for response in operation["responses"].values())


@pytest.mark.parametrize("name", OPERATIONS)
def test_everything_that_is_sent_has_a_bound(name):
    boundless = [
        place
        for place, schema in sent(OPERATIONS[name])
        if (bounds := BOUNDED.get(schema.get("type"))) and not any(bound <= schema.keys() for bound in bounds)
    ]

    assert boundless == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_list_is_a_page(name):
    lists = [
        content["schema"]
        for response in OPERATIONS[name]["responses"].values()
        for content in response.get("content", {}).values()
        if "schema" in content and content["schema"].get("$ref", "").rpartition("/")[2].startswith("Page_")
    ]

    assert bool(lists) == name.startswith("list_")
    for _, schema in (part for page in lists for part in parts(page, "page")):
        if "items" in schema.get("properties", {}):
            assert schema["properties"]["items"]["maxItems"] == 200


def test_every_body_has_an_example_that_its_schema_admits():
    adapter = pytest.importorskip("jsonschema_rs")
    for content in bodies(DOCUMENT):
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        found = list(adapter.Draft202012Validator(schema).iter_errors(content["example"]))
        assert found == [], (content["schema"], [error.message for error in found])


def test_no_example_has_a_text_that_nobody_wrote():
    assert [c["schema"] for c in bodies(DOCUMENT) if UNKNOWN in json.dumps(c["example"], ensure_ascii=False)] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_failure_shows_each_of_its_problems(name):
    for status, response in OPERATIONS[name]["responses"].items():
        if status >= "400":
            examples = response["content"]["application/problem+json"]["examples"]
            assert examples
            for code, example in examples.items():
                assert (example["value"]["code"], example["value"]["status"]) == (code, int(status))
                assert example["value"]["type"] == f"/problems/{code}"
