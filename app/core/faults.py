"""Pydantic's complaints as JSON pointers, without the noise of unions and without what was sent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from starlette.exceptions import HTTPException

from app.core.errors import Fault, Location

Step = str | int

LOCATIONS: Final = frozenset({"body", "query", "path", "header", "cookie"})
TERSE: Final = {
    "json_invalid": "Not valid JSON.",
    "extra_forbidden": "No such field.",
    "missing": "Required and missing.",
    "model_attributes_type": "Must be a JSON object, sent as application/json.",
    "uuid_parsing": "Must be a UUID.",
    "union_tag_not_found": "Required: it says which kind of object this is.",
}
"""Wordings that are clearer than pydantic's, or that it would fill with the submitted value."""


class MalformedText(HTTPException):
    """Text in the request cannot be stored. FastAPI lets no other exceptions out of body parsing."""

    def __init__(self, errors: Sequence[Mapping[str, Any]], body: object = None) -> None:
        super().__init__(422)
        self.faults = faults_of(errors, body)


def faults_of(errors: Iterable[Mapping[str, Any]], body: object) -> list[Fault]:
    """Every wrong field once per reason, in the order pydantic met them."""
    return list(dict.fromkeys(fault_of(error, body) for error in errors))


def fault_of(error: Mapping[str, Any], body: object) -> Fault:
    """One complaint of pydantic's as a fault."""
    location, *steps = error["loc"] or ("body",)
    if location not in LOCATIONS:
        location, steps = "body", [location, *steps]
    code = str(error["type"])
    if code == "json_invalid":
        steps = []
    elif code.startswith("union_tag"):
        steps = [*real_steps(steps, body, missing=False), discriminator_of(error)]
    elif location == "body":
        steps = real_steps(steps, body, missing=code == "missing")
    else:
        steps = steps[:1]
    return Fault(pointer(steps), cast(Location, location), code.replace("_", "-"), detail_of(error))


def real_steps(steps: Sequence[Step], value: object, *, missing: bool) -> list[Step]:
    """The steps that exist in the submitted `value`: union members and discriminators do not."""
    real: list[Step] = []
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        if isinstance(value, Mapping) and (step in value or (missing and last)):
            real.append(step)
            value = value.get(step)
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes) and isinstance(step, int):
            real.append(step)
            value = value[step] if step < len(value) else None
    return real


def pointer(steps: Iterable[Step]) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def discriminator_of(error: Mapping[str, Any]) -> str:
    """The field that should have told the members of a union apart."""
    return str(error["ctx"]["discriminator"]).strip("'")


def detail_of(error: Mapping[str, Any]) -> str:
    """What would be right, never what was sent."""
    code = str(error["type"])
    if code in TERSE:
        return TERSE[code]
    if code == "union_tag_invalid":
        return f"Must be one of {error['ctx']['expected_tags']}."
    message = str(error["msg"])
    # Our own validators speak through ValueError, whose prefix pydantic adds.
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
