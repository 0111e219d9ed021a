"""What surrounds every request: an id, a log line, metrics, limits, and an answer whatever happens."""

import asyncio
import re
from collections.abc import Mapping
from time import perf_counter
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import (
    AddressTooLong,
    DomainError,
    Fault,
    HeadersTooLarge,
    Invalid,
    PayloadTooLarge,
    RequestTimedOut,
)
from app.core.failures import REQUEST_ID, failure_response
from app.core.ids import new_id
from app.core.metrics import HttpMetrics

log = structlog.get_logger("puente.access")

SANE_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET_ROUTES: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestIds:
    """Names each request, after the caller's `X-Request-ID` when it is a sane one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bind the id to the logs and return it in a header."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope[REQUEST_ID] = request_id_of(scope)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self.app(scope, receive, named)


def request_id_of(scope: Scope) -> str:
    """The caller's request id, or a new one."""
    offered = Headers(scope=scope).get("x-request-id", "")
    return offered if SANE_REQUEST_ID.fullmatch(offered) else new_id().hex


class Observed:
    """Logs and measures each request by its route template: raw paths carry ids, queries carry more."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass and note how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 499  # nginx's number for a caller that left before the answer

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = perf_counter()
        try:
            with self.metrics.in_flight.track_inprogress():
                await self.app(scope, receive, noted)
        finally:
            self._note(scope, status, perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self.metrics.observe(scope["method"], route, status, seconds)
        level = log.debug if route in QUIET_ROUTES else log.info
        level("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


class LastResort:
    """Answers what no handler answered, and gives up on a request that takes too long."""

    def __init__(self, app: ASGIApp, timeout_s: float) -> None:
        self.app = app
        self.timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass; whatever it raises becomes a problem document."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answered = False

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = answered or message["type"] == "http.response.start"
            await send(message)

        deadline = asyncio.timeout(self.timeout_s)
        try:
            async with deadline:
                await self.app(scope, receive, watched)
        # The one place that may catch everything: past it the server would answer in plain text.
        except Exception as failure:
            if answered:
                raise
            reason = RequestTimedOut() if deadline.expired() else failure
            await failure_response(scope, reason)(scope, receive, send)


class HeadLimit:
    """Refuses requests whose address, headers or query are larger than anything here needs."""

    def __init__(self, app: ASGIApp, *, max_url_bytes: int, max_header_bytes: int, max_query_parameters: int) -> None:
        self.app = app
        self.max_url_bytes = max_url_bytes
        self.max_header_bytes = max_header_bytes
        self.max_query_parameters = max_query_parameters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass unless its head is too large."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await failure_response(scope, refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> DomainError | None:
        query: bytes = scope["query_string"]
        if len(scope.get("raw_path") or scope["path"].encode()) + len(query) > self.max_url_bytes:
            return AddressTooLong(f"Path and query may have {self.max_url_bytes} bytes at most.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self.max_header_bytes:
            return HeadersTooLarge(f"Headers may have {self.max_header_bytes} bytes at most.")
        if query.count(b"&") >= self.max_query_parameters:
            detail = f"There may be {self.max_query_parameters} parameters at most."
            return Invalid("The query is too long.", faults=[Fault("", "query", "too-many-parameters", detail)])
        return None


class BodyLimit:
    """Refuses bodies over the limit, by their declared length or as they arrive."""

    def __init__(self, app: ASGIApp, max_bytes: int, uploads: Mapping[re.Pattern[str], int] | None = None) -> None:
        """`uploads` are the paths whose POST may bring more, with how much."""
        self.app = app
        self.max_bytes = max_bytes
        self.uploads = uploads or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass unless its body is too large."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope)
        if self._declares_too_much(scope, limit):
            refusal = PayloadTooLarge(f"The body may have {limit} bytes at most.")
            await failure_response(scope, refusal)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                # FastAPI lets only its own exceptions out of body parsing.
                raise HTTPException(PayloadTooLarge.status)
            return message

        await self.app(scope, counted, send)

    def _limit(self, scope: Scope) -> int:
        found = (limit for path, limit in self.uploads.items() if path.fullmatch(scope["path"]))
        return next(found, self.max_bytes) if scope["method"] == "POST" else self.max_bytes

    def _declares_too_much(self, scope: Scope, limit: int) -> bool:
        declared = Headers(scope=scope).get("content-length", "")
        return declared.isdecimal() and (len(declared) > 18 or int(declared) > limit)
