"""What happens to requests."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.events import Event


@dataclass(frozen=True, slots=True)
class RequestsChanged:
    """Requests were written in this transaction; whoever ranks for them must follow now."""

    request_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class RequestCreated(Event):
    """A client asked for a role."""

    action = "request.created"
    subject_type = "request"


@dataclass(frozen=True)
class RequestChanged(Event):
    """A client changed a request; `fields` are names, never values."""

    action = "request.changed"
    subject_type = "request"

    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class RequestMoved(Event):
    """A request changed state."""

    action = "request.moved"
    subject_type = "request"

    was: str
    became: str
