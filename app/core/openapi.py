"""The OpenAPI document, finished: what FastAPI cannot know is added here."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.core.errors import PayloadTooLarge, RateLimited
from app.core.examples import add_examples
from app.core.problems import Problem

RATE_HEADERS: Final = {
    "Retry-After": {"description": "Seconds until there is room.", "required": True, "schema": {"type": "integer"}},
    "RateLimit-Policy": {
        "description": "The quotas that apply (`q`), and their windows in seconds (`w`).",
        "schema": {"type": "string"},
        "example": '"key";q=6000;w=60, "organisation";q=30000;w=60',
    },
    "RateLimit": {
        "description": "What remains of each quota (`r`), and the seconds until some of it returns (`t`).",
        "schema": {"type": "string"},
        "example": '"key";r=0;t=12',
    },
}
"""Other replies to a known caller carry the last two as well."""
ETAG_HEADER: Final = {
    "ETag": {"description": "The version.", "required": True, "schema": {"type": "string"}, "example": '"1"'}
}
IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the version you have: while it is still the present one, the answer is 304.",
    "schema": {"type": "string", "maxLength": 32768},
    "example": '"1"',
}
LONGEST_ADDRESS: Final = 8192
"""Of path and query together, as the settings have it by default; beyond it the answer is 414."""
BODY_PROBLEMS: Final = (str(PayloadTooLarge.status),)


def openapi_document(app: FastAPI, also: Callable[[FastAPI, dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """The document of `app`, built once; `also` adds what only a room knows."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version=app.openapi_version,
            summary=app.summary,
            description=app.description,
            tags=app.openapi_tags,
            routes=app.routes,
        )
        app.openapi_schema = also(app, finished(document))
    return app.openapi_schema


def finished(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the problem schemas, and with what a route cannot answer taken away."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"), Problem=problem)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    for operation in operations(document):
        if "requestBody" not in operation:
            for status in BODY_PROBLEMS:
                operation["responses"].pop(status, None)
        if str(RateLimited.status) in operation["responses"]:
            operation["responses"][str(RateLimited.status)]["headers"] = RATE_HEADERS
        if "304" in operation["responses"]:
            operation["responses"]["200"]["headers"] = ETAG_HEADER
            operation.setdefault("parameters", []).append(IF_NONE_MATCH)
        for parameter in operation.get("parameters", ()):
            # Optional to FastAPI, so that its absence is answered with 428 and not with 422.
            if parameter["name"] == "if-match":
                parameter.update(name="If-Match", required=True)
            if parameter["in"] == "path":
                parameter.setdefault("description", described(parameter["name"]))
                if parameter["schema"].get("type") == "string" and "format" not in parameter["schema"]:
                    parameter["schema"].setdefault("maxLength", LONGEST_ADDRESS)
    add_examples(document)
    return document


def described(name: str) -> str:
    """What a path's parameter is, from its name: `engineer_id` is the id of the engineer."""
    noun, _, last = name.rpartition("_")
    return f"Id of the {noun.replace('_', ' ')}." if last == "id" else f"The {name}."


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of the document."""
    for path in document["paths"].values():
        yield from path.values()
