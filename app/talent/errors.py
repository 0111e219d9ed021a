"""What this room refuses."""

from app.core.errors import Conflict, NotFound, UnsupportedMedia


class EngineerNotFound(NotFound):
    """No engineer of that id is there for this actor."""

    code = "engineer-not-found"
    title = "No such engineer"


class IllegalMove(Conflict):
    """The profile is in a state that does not lead there."""

    code = "illegal-move"
    title = "The profile cannot make this move"


class DocumentNotFound(NotFound):
    """No document of that id is there for this actor."""

    code = "document-not-found"
    title = "No such document"


class DocumentRefused(UnsupportedMedia):
    """The file is none of PDF, DOCX, ODT, PNG, JPEG and plain text; its content decides, not its name."""

    code = "document-refused"
    title = "This kind of file is not kept"


class TooManyDocuments(Conflict):
    """An engineer has as many documents as can be kept."""

    code = "too-many-documents"
    title = "No more documents can be kept"


class EngineerArchived(Conflict):
    """An archived profile is history and does not change."""

    code = "engineer-archived"
    title = "The profile is archived"
