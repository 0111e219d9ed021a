"""Examples for the OpenAPI document, put together from those of the fields, so that none goes stale."""

from collections.abc import Iterator
from typing import Any, Final

Schema = dict[str, Any]

BY_FORMAT: Final = {
    "uuid": "0197a3c2-e5f0-7d6a-9c1e-5f0b7d6a9c1e",
    "date-time": "2026-11-20T14:30:00Z",
    "date": "2027-01-04",
    "uri": "https://example.com/ana-soto",
}
UNKNOWN: Final = "(no example)"
"""What stands where a text has neither an example nor a format to make one from."""
MEDIA_TYPE: Final = "application/json"


def add_examples(document: Schema) -> None:
    """Give each JSON body of the document an example that its schema admits."""
    schemas: dict[str, Schema] = document["components"]["schemas"]
    for content in bodies(document):
        if "example" not in content and "examples" not in content:
            content["example"] = example_of(content["schema"], schemas)


def bodies(document: Schema) -> Iterator[Schema]:
    """The JSON bodies that are sent, and those that are received when it goes well."""
    for path in document["paths"].values():
        for operation in path.values():
            sent = operation.get("requestBody", {})
            received = [reply for status, reply in operation["responses"].items() if status < "300"]
            for message in (sent, *received):
                if "schema" in message.get("content", {}).get(MEDIA_TYPE, {}):
                    yield message["content"][MEDIA_TYPE]


def example_of(schema: Schema, schemas: dict[str, Schema]) -> Any:
    """An example of a schema: its own, or one made of those of its parts."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example_of(schemas[name] | {k: v for k, v in schema.items() if k != "$ref"}, schemas)
    for known in ("example", "const"):
        if known in schema:
            return schema[known]
    for several in ("examples", "enum"):
        if schema.get(several):
            return schema[several][0]
    for choices in ("anyOf", "oneOf", "allOf"):
        if choices in schema:
            return example_of(schema[choices][0], schemas)
    return made_of(schema, schemas)


def made_of(schema: Schema, schemas: dict[str, Schema]) -> Any:
    """An example of a schema that has none of its own."""
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {}).items()
            return {name: example_of(field, schemas) for name, field in fields}
        case "array":
            return [example_of(schema["items"], schemas)]
        case "integer" | "number":
            number = schema.get("default") or schema.get("minimum", 1)
            return int(number) if float(number).is_integer() else number
        case "boolean":
            return schema.get("default", True)
        case "string" if schema.get("format") in BY_FORMAT:
            return BY_FORMAT[schema["format"]]
    return UNKNOWN
