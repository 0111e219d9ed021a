"""What the taxonomy refuses."""

from app.core.errors import Conflict, NotFound


class ConceptNotFound(NotFound):
    """No concept of that kind has this id."""

    code = "concept-not-found"
    title = "No such entry in the taxonomy"


class UnmatchedSkillNotFound(NotFound):
    """No queued word has this id."""

    code = "unmatched-skill-not-found"
    title = "No such word in the queue"


class AlreadyCurated(Conflict):
    """Somebody has decided about this word before."""

    code = "already-curated"
    title = "This word has been decided about"


class NameTaken(Conflict):
    """The word already names another concept."""

    code = "name-taken"
    title = "This word already names another skill"
