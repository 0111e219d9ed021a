"""The failures a caller can meet. Only a kind knows an HTTP number; rooms add a code and a title."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Location = Literal["body", "query", "path", "header", "cookie"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong field: where it is, a stable code, and what would be right."""

    pointer: str
    location: Location
    code: str
    detail: str


class DomainError(Exception):
    """A refusal with a stable, kebab-case `code`; `detail` names the thing and the way out."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str | None = None, *, faults: Sequence[Fault] = (), **members: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.faults = tuple(faults)
        self.members = members


class BadRequest(DomainError):
    """The request cannot be read at all."""

    status = 400
    code = "bad-request"
    title = "The request cannot be read"


class Unauthorized(DomainError):
    """The caller is not known. Says nothing about what is wrong with the credential."""

    status = 401
    code = "unauthorized"
    title = "A valid API key or access token is needed"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="puente"'}


class Forbidden(DomainError):
    """The caller is known and may not do this."""

    status = 403
    code = "forbidden"
    title = "Your role does not permit this"


class NotFound(DomainError):
    """There is no such thing, or it belongs to somebody else."""

    status = 404
    code = "not-found"
    title = "Not found"


class MethodNotAllowed(DomainError):
    """The path exists and does not answer this method."""

    status = 405
    code = "method-not-allowed"
    title = "The path does not answer this method"


class Conflict(DomainError):
    """The request is well formed and breaks a rule of the business."""

    status = 409
    code = "conflict"
    title = "The request conflicts with the present state"


class PreconditionFailed(DomainError):
    """The resource changed since the caller read it."""

    status = 412
    code = "stale-version"
    title = "The resource has changed since you read it"


class PayloadTooLarge(DomainError):
    """The body exceeds the limit."""

    status = 413
    code = "body-too-large"
    title = "The request body is too large"


class UnsupportedMedia(DomainError):
    """What was sent is of a kind that is not taken."""

    status = 415
    code = "unsupported-media"
    title = "This kind of content is not accepted"


class Invalid(DomainError):
    """The payload is malformed."""

    status = 422
    code = "invalid-request"
    title = "The request is malformed"


class PreconditionRequired(DomainError):
    """A change must say which version it changes."""

    status = 428
    code = "if-match-required"
    title = "An If-Match header is needed"


class AddressTooLong(DomainError):
    """The path and the query are longer than anything here needs."""

    status = 414
    code = "address-too-long"
    title = "The address of the request is too long"


class HeadersTooLarge(DomainError):
    """The headers are larger than anything here needs."""

    status = 431
    code = "headers-too-large"
    title = "The request headers are too large"


class RateLimited(DomainError):
    """A quota is used up: of the key, of its organisation, or of an address whose attempts to sign in failed.

    `Retry-After` says when to come back; `policy` and the `RateLimit` headers say which quota it was.
    """

    status = 429
    code = "rate-limited"
    title = "Too many requests"


class Internal(DomainError):
    """A defect of ours; the log has the reason under the request id."""

    status = 500
    code = "internal-error"
    title = "Something went wrong on our side"


class Unavailable(DomainError):
    """Something we need does not answer; the same request may succeed later."""

    status = 503
    code = "unavailable"
    title = "The service cannot answer right now"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class RequestTimedOut(Unavailable):
    """The request took longer than allowed and was given up."""

    code = "request-timed-out"
    title = "The request took too long"


class Contended(Unavailable):
    """Two transactions stood in each other's way and this one gave in; nothing was written."""

    code = "contended"
    title = "Another request was changing the same data"


class CannotStart(Exception):
    """Something outside keeps the process from its work; the message is one line for whoever started it."""


def known_errors(kind: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every error class that has been defined so far, kinds before what is made of them."""
    for error in kind.__subclasses__():
        yield error
        yield from known_errors(error)
