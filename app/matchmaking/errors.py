"""What this room refuses."""

from app.core.errors import Conflict, NotFound


class ShortlistNotFound(NotFound):
    """No shortlist of that id is there for this actor."""

    code = "shortlist-not-found"
    title = "No such shortlist"


class NothingToRankBy(Conflict):
    """The request's weights leave no part that applies to it."""

    code = "nothing-to-rank-by"
    title = "The weights leave nothing to rank by"


class PoolUnsettled(Conflict):
    """The candidates kept changing while they were ranked; the same request may succeed now."""

    code = "pool-unsettled"
    title = "The candidates changed while they were ranked"
