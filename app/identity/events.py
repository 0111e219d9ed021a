"""What happens to organisations, members, and whatever they sign in with."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.audit.events import Event
from app.core.actor import OrganisationKind, Role


@dataclass(frozen=True)
class OrganisationCreated(Event):
    """An organisation joined."""

    action: ClassVar[str] = "organisation.created"
    subject_type: ClassVar[str] = "organisation"

    kind: OrganisationKind


@dataclass(frozen=True)
class OrganisationChanged(Event):
    """An organisation's record was changed."""

    action: ClassVar[str] = "organisation.changed"
    subject_type: ClassVar[str] = "organisation"

    fields: list[str]


@dataclass(frozen=True)
class MemberCreated(Event):
    """Somebody became a member."""

    action: ClassVar[str] = "member.created"
    subject_type: ClassVar[str] = "member"

    role: Role


@dataclass(frozen=True)
class MemberDisabled(Event):
    """A member lost its access."""

    action: ClassVar[str] = "member.disabled"
    subject_type: ClassVar[str] = "member"


@dataclass(frozen=True)
class ApiKeyCreated(Event):
    """A member was given a key."""

    action: ClassVar[str] = "api_key.created"
    subject_type: ClassVar[str] = "api_key"

    member_id: UUID


@dataclass(frozen=True)
class ApiKeyRevoked(Event):
    """A key was revoked."""

    action: ClassVar[str] = "api_key.revoked"
    subject_type: ClassVar[str] = "api_key"

    member_id: UUID


@dataclass(frozen=True)
class AccessDenied(Event):
    """Somebody was refused; the subject is what the address named, or else the caller."""

    action: ClassVar[str] = "access.denied"
    subject_type: ClassVar[str] = "access"

    resource: str
    verb: str
    operation: str
    code: str


@dataclass(frozen=True)
class MemberChanged(Event):
    """A member's record was changed."""

    action: ClassVar[str] = "member.changed"
    subject_type: ClassVar[str] = "member"

    fields: list[str]
    role: Role


@dataclass(frozen=True)
class ApiKeyRotated(Event):
    """A key was replaced by another, and ends after an overlap."""

    action: ClassVar[str] = "api_key.rotated"
    subject_type: ClassVar[str] = "api_key"

    member_id: UUID
    replaced_by_id: UUID
    overlap_hours: int


@dataclass(frozen=True)
class SignInSucceeded(Event):
    """Somebody signed in."""

    action: ClassVar[str] = "session.started"
    subject_type: ClassVar[str] = "session"

    member_id: UUID
    second_factor: str | None


@dataclass(frozen=True)
class SignInRefused(Event):
    """Signing in failed; the subject of an unknown account is a digest."""

    action: ClassVar[str] = "sign_in.failed"
    subject_type: ClassVar[str] = "member"

    reason: str


@dataclass(frozen=True)
class SignInLockedOut(Event):
    """Signing in has failed so often that it is refused for a while."""

    action: ClassVar[str] = "sign_in.locked_out"
    subject_type: ClassVar[str] = "member"

    scope: str


@dataclass(frozen=True)
class SessionRevoked(Event):
    """A session was ended."""

    action: ClassVar[str] = "session.revoked"
    subject_type: ClassVar[str] = "session"

    member_id: UUID
    reason: str


@dataclass(frozen=True)
class RefreshTokenReused(Event):
    """A spent refresh token was sent again, which ended its session."""

    action: ClassVar[str] = "session.family_ended"
    subject_type: ClassVar[str] = "session"

    member_id: UUID


@dataclass(frozen=True)
class TotpEnrolled(Event):
    """A second factor was set up."""

    action: ClassVar[str] = "totp.enrolled"
    subject_type: ClassVar[str] = "member"


@dataclass(frozen=True)
class TotpDisabled(Event):
    """A second factor was given up."""

    action: ClassVar[str] = "totp.disabled"
    subject_type: ClassVar[str] = "member"


@dataclass(frozen=True)
class RecoveryCodeUsed(Event):
    """A recovery code stood in for an authenticator."""

    action: ClassVar[str] = "recovery_code.used"
    subject_type: ClassVar[str] = "member"

    left: int


@dataclass(frozen=True)
class RecoveryCodesMade(Event):
    """The recovery codes were replaced."""

    action: ClassVar[str] = "recovery_codes.made"
    subject_type: ClassVar[str] = "member"


@dataclass(frozen=True)
class PasswordChanged(Event):
    """A member changed its password."""

    action: ClassVar[str] = "password.changed"
    subject_type: ClassVar[str] = "member"


@dataclass(frozen=True)
class PasswordResetCreated(Event):
    """A link to set a member's password was made."""

    action: ClassVar[str] = "password_reset.created"
    subject_type: ClassVar[str] = "password_reset"

    member_id: UUID


@dataclass(frozen=True)
class PasswordResetRedeemed(Event):
    """A password was set by a link."""

    action: ClassVar[str] = "password_reset.redeemed"
    subject_type: ClassVar[str] = "password_reset"

    member_id: UUID


@dataclass(frozen=True)
class InvitationCreated(Event):
    """Somebody was invited to become a member."""

    action: ClassVar[str] = "invitation.created"
    subject_type: ClassVar[str] = "invitation"

    role: Role


@dataclass(frozen=True)
class InvitationAccepted(Event):
    """An invitation made a member."""

    action: ClassVar[str] = "invitation.accepted"
    subject_type: ClassVar[str] = "invitation"

    member_id: UUID
    invited_by_id: UUID


@dataclass(frozen=True)
class InvitationRevoked(Event):
    """An invitation was taken back."""

    action: ClassVar[str] = "invitation.revoked"
    subject_type: ClassVar[str] = "invitation"


@dataclass(frozen=True)
class ClientCreated(Event):
    """A program was registered to act for a member."""

    action: ClassVar[str] = "oauth_client.created"
    subject_type: ClassVar[str] = "oauth_client"

    member_id: UUID
    scopes: list[str]


@dataclass(frozen=True)
class ClientSignedIn(Event):
    """A program was given an access token."""

    action: ClassVar[str] = "oauth_client.signed_in"
    subject_type: ClassVar[str] = "oauth_client"

    scopes: list[str]


@dataclass(frozen=True)
class ClientSecretRotated(Event):
    """A program's secret was replaced."""

    action: ClassVar[str] = "oauth_client.secret_rotated"
    subject_type: ClassVar[str] = "oauth_client"

    member_id: UUID


@dataclass(frozen=True)
class ClientRevoked(Event):
    """A program lost its access."""

    action: ClassVar[str] = "oauth_client.revoked"
    subject_type: ClassVar[str] = "oauth_client"

    member_id: UUID
