"""What every reply's headers say, and how a request adds to them."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REPLY_HEADERS: Final = "puente.reply_headers"
"""Key of the ASGI scope under which headers wait for the reply, whichever reply it will be."""

LOCKED: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Swagger UI comes from a CDN and is started by an inline script.
DOCS: Final = (
    "default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data: https://fastapi.tiangolo.com; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DOCS_PATHS: Final = frozenset({"/docs", "/docs/oauth2-redirect"})
EXPOSED: Final = (
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
)
"""What a browser lets a page of an allowed origin read."""
ACCEPTED: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID")
"""What a browser lets a page of an allowed origin send."""


class ReplyHeaders:
    """Sends the security headers, and what the request left under `REPLY_HEADERS`, with every reply."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self.app = app
        self.constant = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
        if tls:
            self.constant["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass and complete its reply."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        waiting = reply_headers(scope)
        path = scope["path"]

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.constant)
                headers.update(waiting)
                headers["Content-Security-Policy"] = DOCS if path in DOCS_PATHS else LOCKED
                if path.startswith("/v1/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, completed)


def reply_headers(scope: Scope) -> dict[str, str]:
    """The headers that wait for this request's reply; add to them."""
    waiting: dict[str, str] = scope.setdefault(REPLY_HEADERS, {})
    return waiting
