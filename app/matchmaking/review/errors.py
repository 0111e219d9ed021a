"""What is refused about decisions."""

from app.core.errors import NotFound


class ShortlistEntryNotFound(NotFound):
    """The shortlist has no candidate in that place."""

    code = "shortlist-entry-not-found"
    title = "No such place on the shortlist"
