"""What can go wrong with organisations, members and keys."""

from app.core.errors import Conflict, Invalid, NotFound


class OrganisationNotFound(NotFound):
    """There is no such organisation, or you may not see it."""

    code = "organisation-not-found"
    title = "No such organisation"


class OrganisationNameTaken(Conflict):
    """Another organisation of the same kind has this name."""

    code = "organisation-name-taken"
    title = "The name is taken"


class MemberNotFound(NotFound):
    """There is no such member, or it belongs to an organisation you may not see."""

    code = "member-not-found"
    title = "No such member"


class MemberEmailTaken(Conflict):
    """Another member has this e-mail address."""

    code = "member-email-taken"
    title = "The e-mail address is taken"


class RoleOutOfPlace(Invalid):
    """The role does not exist on this side of the marketplace."""

    code = "role-out-of-place"
    title = "The organisation has no such role"


class OwnAccess(Conflict):
    """Nobody takes away the access they are using."""

    code = "own-access"
    title = "You cannot take away your own access"


class ApiKeyNotFound(NotFound):
    """There is no such API key, or it belongs to somebody you may not see."""

    code = "api-key-not-found"
    title = "No such API key"
