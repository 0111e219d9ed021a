"""The router every room uses: strict JSON in, the common problems documented."""

import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final, NoReturn

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import Response

from app.core import idempotency
from app.core.errors import (
    AddressTooLong,
    Forbidden,
    HeadersTooLarge,
    Internal,
    Invalid,
    PayloadTooLarge,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from app.core.etags import NOT_MODIFIED, not_modified
from app.core.faults import MalformedText
from app.core.problems import merged, problems

MAX_DEPTH: Final = 32
# Larger files would be spooled to a disk; those of people are to lie nowhere in plain text.
MultiPartParser.spool_max_size = sys.maxsize
COMMON_PROBLEMS: Final = problems(
    Unauthorized,
    Forbidden,
    PayloadTooLarge,
    AddressTooLong,
    Invalid,
    RateLimited,
    HeadersTooLarge,
    Internal,
    Unavailable,
)


class StrictRequest(Request):
    """A request whose JSON is what RFC 8259 says, no deeper than `MAX_DEPTH`, with storable text."""

    async def json(self) -> Any:
        """The parsed body; raises what FastAPI reports as a malformed one."""
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


def parse_json(body: bytes) -> Any:
    """The value in `body`, every string of which Postgres can store."""
    try:
        value = json.loads(body, parse_float=parse_number, parse_constant=refuse_constant)
    # Besides bad syntax: bytes that are not UTF-8, thousands of digits, nesting that exhausts the stack.
    except (ValueError, RecursionError) as failure:
        raise json.JSONDecodeError("unreadable", "", 0) from failure
    errors = list(unstorable(value, ("body",)))
    if errors:
        raise MalformedText(errors, value)
    return value


def parse_number(text: str) -> float | int:
    """JSON has one kind of number, and JSON Schema calls 40.0 an integer."""
    value = float(text)
    return int(value) if value.is_integer() else value


def refuse_constant(_name: str) -> NoReturn:
    """NaN and Infinity are Python's idea of JSON, not the standard's."""
    raise json.JSONDecodeError("not a JSON number", "", 0)


def unstorable(value: object, place: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    """A pydantic-like error for every string with NUL or a lone surrogate, and for too deep a nesting."""
    if len(place) > MAX_DEPTH:
        yield {"type": "too_deep", "loc": place, "msg": f"Nested deeper than {MAX_DEPTH} levels."}
    elif isinstance(value, str):
        if not is_storable(value):
            yield {"type": "unstorable_text", "loc": place, "msg": "Must not contain NUL or lone surrogates."}
    elif isinstance(value, dict):
        for key, member in value.items():
            if is_storable(key):
                yield from unstorable(member, (*place, key))
            else:
                yield {"type": "unstorable_text", "loc": place, "msg": "A field's name has NUL or a lone surrogate."}
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from unstorable(member, (*place, index))


def is_storable(text: str) -> bool:
    """Whether Postgres can store `text`: no NUL, no lone surrogate."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text))


class StrictRoute(APIRoute):
    """A route that reads its request strictly, and keeps the replies that may be asked for again."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, given a strict request."""
        handle = super().get_route_handler()
        conditional = NOT_MODIFIED.keys() <= self.responses.keys()

        async def handle_strictly(request: Request) -> Response:
            refuse_unstorable_url(request)
            strict = StrictRequest(request.scope, request.receive)
            if is_multipart(request):
                # Whole, and in memory: a form is read once, and an Idempotency-Key needs the bytes as well.
                await strict.body()
            try:
                response = await handle(strict)
            except idempotency.Replay as replay:
                return replay.response
            # FastAPI leaves function-scoped dependencies, and so commits, only after this handler has returned.
            await idempotency.keep(request, response)
            return not_modified(request, response) if conditional else response

        return handle_strictly


def is_multipart(request: Request) -> bool:
    """Whether the body is a form that brings files."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data"


def refuse_unstorable_url(request: Request) -> None:
    """Refuse a path or query with characters that no column can hold."""
    query = [("query", name, value) for name, value in request.query_params.multi_items()]
    path = [("path", name, value) for name, value in request.path_params.items() if isinstance(value, str)]
    errors = [error for part, name, value in [*query, *path] for error in unstorable(value, (part, name))]
    if errors:
        raise MalformedText(errors)


class Router(APIRouter):
    """A room's router. Give it the whole prefix: logs and metrics name requests by it."""

    def __init__(self, *, prefix: str, tag: str, repeatable: bool = True) -> None:
        """`repeatable` says that a POST may carry an Idempotency-Key, which nobody anonymous can."""
        super().__init__(prefix=prefix, tags=[tag], route_class=StrictRoute)
        self.repeatable = repeatable

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route; its own problems join the common ones, and a POST may carry an Idempotency-Key."""
        parts = [COMMON_PROBLEMS, options.pop("responses", None) or {}]
        if self.repeatable and "POST" in (options.get("methods") or ()):
            parts += [idempotency.PROBLEMS, {options.get("status_code") or 200: idempotency.REPLY}]
            options["openapi_extra"] = {"parameters": [idempotency.PARAMETER], **(options.get("openapi_extra") or {})}
        responses: dict[int | str, dict[str, Any]] = {}
        for part in parts:
            for status, response in part.items():
                responses[status] = merged(responses.get(status), response)
        super().add_api_route(path, endpoint, responses=responses, **options)
