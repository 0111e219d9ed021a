"""What is refused about a person's data."""

from app.core.errors import Conflict, NotFound, Unavailable


class LinkNotValid(NotFound):
    """The link is not one of ours, has expired, was used or revoked, or is not for this. Which of these is not said."""

    code = "link-not-valid"
    title = "The link is not valid, or is so no longer"

    def __init__(self) -> None:
        super().__init__("Ask whoever sent you the link for another one.")


class LinkNotFound(NotFound):
    """No link of that id was made for this engineer."""

    code = "engineer-link-not-found"
    title = "No such link"


class ConsentIsWithdrawn(Conflict):
    """The person has withdrawn the consent that this needs; it waits until they grant it again."""

    code = "consent-withdrawn"
    title = "The person has withdrawn their consent"


class LedgerUnwritable(Unavailable):
    """The ledger of erasures cannot be written, and without it a restored backup would bring the person back."""

    code = "ledger-unwritable"
    title = "The erasure cannot be written down"
