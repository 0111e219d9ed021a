"""What this room refuses."""

from app.core.errors import Conflict, NotFound


class RequestNotFound(NotFound):
    """No request of that id is there for this actor."""

    code = "request-not-found"
    title = "No such role request"


class IllegalRequestMove(Conflict):
    """The request is in a state that does not lead there."""

    code = "illegal-request-move"
    title = "The request cannot make this move"


class RequestArchived(Conflict):
    """An archived request is history: it does not change and is not ranked for."""

    code = "request-archived"
    title = "The request is archived"
