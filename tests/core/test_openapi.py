"""The document is good enough to build a frontend on."""

import re

import pytest

from app.core.openapi import operations

CREDENTIALS = [{"api_key": []}, {"access_token": []}, {"oauth2": []}]
ANONYMOUS = {
    *("create_session", "create_token", "get_jwks", "accept_invitation", "redeem_password_reset"),
    *("see_engineer_link", "decide_by_link", "export_by_link", "erase_by_link", "declare_by_link"),
}


@pytest.fixture
def document(application):
    return application.openapi()


def test_operations_are_named_verb_noun_once(document):
    names = [operation["operationId"] for operation in operations(document)]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in names)


def test_every_tag_is_described(document):
    described = {tag["name"] for tag in document["tags"] if tag["description"]}

    assert {tag for operation in operations(document) for tag in operation["tags"]} <= described


def test_every_operation_says_what_it_does(document):
    assert all(operation["description"] for operation in operations(document))


def test_every_field_and_parameter_is_described(document):
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, shape in schema.get("properties", {}).items()
        if "description" not in shape and "const" not in shape and "$ref" not in shape
    ]
    silent += [
        f"{operation['operationId']}?{parameter['name']}"
        for operation in operations(document)
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "path" and "description" not in parameter
    ]

    assert silent == []


def test_failures_are_problems_everywhere(document):
    for operation in operations(document):
        for status, response in operation["responses"].items():
            assert int(status) < 400 or list(response["content"]) == ["application/problem+json"]


def test_every_private_operation_names_its_credentials_and_its_refusals(document):
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if path.startswith("/v1"):
                anybody = operation["operationId"] in ANONYMOUS
                assert operation.get("security", []) == ([] if anybody else CREDENTIALS)
                assert {"401", "403", "414", "422", "429", "431", "500", "503"} <= set(operation["responses"])
                assert ("413" in operation["responses"]) == ("requestBody" in operation)


def test_if_match_is_required_in_the_document(document):
    (patch,) = [operation for operation in operations(document) if operation["operationId"] == "change_organisation"]
    (header,) = [parameter for parameter in patch["parameters"] if parameter["in"] == "header"]

    assert (header["name"], header["required"]) == ("If-Match", True)
    assert {"412", "428"} <= set(patch["responses"])


def test_every_reference_leads_somewhere(document):
    names = set(document["components"]["schemas"])

    assert set(re.findall(r"#/components/schemas/([^'\"]+)", str(document))) <= names
