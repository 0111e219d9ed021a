"""What can go wrong with organisations, members, and whatever they sign in with."""

from typing import ClassVar

from app.core.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthorized


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
    """Another member of the organisation has this e-mail address."""

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


class ApiKeyNotUsable(Conflict):
    """The key is revoked, has expired, or has been rotated already."""

    code = "api-key-not-usable"
    title = "The API key can no longer be rotated"


class LastAdmin(Conflict):
    """An organisation keeps at least one active admin."""

    code = "last-admin"
    title = "The organisation would be without an admin"


class SignInFailed(Unauthorized):
    """The e-mail address, the password or the code is wrong, or signing in is not possible; it does not say which."""

    code = "sign-in-failed"
    title = "Signing in failed"


class SecondFactorNeeded(Unauthorized):
    """The password is right; send it again with a code of the authenticator, or with a recovery code."""

    code = "second-factor-needed"
    title = "A second factor is needed"


class OrganisationNeeded(Unauthorized):
    """The password is right in several organisations; send it again with one of the `organisations` listed."""

    code = "organisation-needed"
    title = "It must be said for which organisation"


class SignInLocked(RateLimited):
    """Signing in to this account has failed too often from your address; `Retry-After` says when to try again."""

    code = "sign-in-locked"
    title = "Too many failed sign-ins"

    def __init__(self, detail: str | None = None, *, wait_s: int = 900) -> None:
        super().__init__(detail, policy="sign-in", retry_after=wait_s)
        self.headers = {"Retry-After": str(wait_s)}  # type: ignore[misc]


class SecondFactorRequired(Forbidden):
    """The role needs a second factor: set one up with `POST /v1/me/totp`; until then the session does nothing else."""

    code = "second-factor-required"
    title = "Set up a second factor first"


class SessionNeeded(Forbidden):
    """This is for people: an API key or an OAuth client cannot do it, only who has signed in."""

    code = "session-needed"
    title = "Sign in to do this"


class ClientMayNot(Forbidden):
    """An OAuth client makes no credentials, which would outlive it."""

    code = "client-may-not"
    title = "An OAuth client cannot do this"


class SessionNotFound(NotFound):
    """There is no such session of yours, or it has ended."""

    code = "session-not-found"
    title = "No such session"


class PasswordWrong(Conflict):
    """The present password, or the code beside it, is not right."""

    code = "password-wrong"
    title = "The password or the code is wrong"


class TotpConfirmed(Conflict):
    """There is an authenticator already; disable it to set up another."""

    code = "totp-confirmed"
    title = "A second factor is set up already"


class TotpNotFound(NotFound):
    """No authenticator is set up, or the one that was begun is not confirmed."""

    code = "totp-not-found"
    title = "No second factor is set up"


class TotpCodeWrong(Conflict):
    """The code is wrong, too old, or has been used."""

    code = "totp-code-wrong"
    title = "The code is not right"


class InvitationNotFound(NotFound):
    """There is no such invitation, or it belongs to an organisation you may not see."""

    code = "invitation-not-found"
    title = "No such invitation"


class LinkNotUsable(NotFound):
    """The link is unknown, used, expired or revoked, or who made it may not do so any more; it does not say which."""

    code = "link-not-usable"
    title = "The link does not work"


class ClientNotFound(NotFound):
    """There is no such OAuth client, or it belongs to somebody you may not see."""

    code = "client-not-found"
    title = "No such OAuth client"


class OAuthInvalidRequest(BadRequest):
    """A parameter is missing, repeated or malformed."""

    code = "oauth-invalid-request"
    title = "The token request is malformed"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, error="invalid_request")


class OAuthInvalidClient(Unauthorized):
    """The client's id or secret is wrong, or the client is revoked."""

    code = "oauth-invalid-client"
    title = "The client is not known"
    headers: ClassVar = {"WWW-Authenticate": 'Basic realm="puente"'}

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, error="invalid_client")


class OAuthInvalidGrant(BadRequest):
    """The refresh token is unknown, spent or of a session that has ended."""

    code = "oauth-invalid-grant"
    title = "The refresh token does not work"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, error="invalid_grant")


class OAuthUnsupportedGrantType(BadRequest):
    """The grant type is neither `refresh_token` nor `client_credentials`."""

    code = "oauth-unsupported-grant-type"
    title = "There is no such grant type"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, error="unsupported_grant_type")


class OAuthInvalidScope(BadRequest):
    """A scope is asked for that does not exist or that the client does not have."""

    code = "oauth-invalid-scope"
    title = "The scope is not the client's"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, error="invalid_scope")
