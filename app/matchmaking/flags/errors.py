"""What is refused about flags."""

from app.core.errors import Conflict, NotFound


class FlagNotFound(NotFound):
    """No flag of that id is there for this actor."""

    code = "profile-flag-not-found"
    title = "No such flag"


class IllegalFlagMove(Conflict):
    """The flag is in a state that does not lead there."""

    code = "illegal-flag-move"
    title = "The flag cannot make this move"
