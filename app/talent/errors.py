"""What this room refuses."""

from app.core.errors import Conflict, NotFound


class EngineerNotFound(NotFound):
    """No engineer of that id is there for this actor."""

    code = "engineer-not-found"
    title = "No such engineer"


class IllegalMove(Conflict):
    """The profile is in a state that does not lead there."""

    code = "illegal-move"
    title = "The profile cannot make this move"


class EngineerArchived(Conflict):
    """An archived profile is history and does not change."""

    code = "engineer-archived"
    title = "The profile is archived"
