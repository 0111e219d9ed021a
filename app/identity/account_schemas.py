"""What callers send and receive to sign in, and about what they sign in with."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.core.actor import Role
from app.core.pages import PageQuery
from app.core.schemas import Email, Name, Out, Schema, Whole
from app.identity.models import Mfa
from app.identity.passwords import MAX_LENGTH, MIN_LENGTH
from app.identity.scopes import Scopes
from app.identity.tokens import SECRET_LENGTH

NewPassword = Annotated[
    str,
    StringConstraints(strip_whitespace=False, min_length=MIN_LENGTH, max_length=MAX_LENGTH),
    Field(examples=["four random words"]),
]
GivenPassword = Annotated[
    str,
    StringConstraints(strip_whitespace=False, min_length=1, max_length=MAX_LENGTH),
    Field(examples=["four random words"]),
]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$"), Field(examples=["492039"])]
RecoveryText = Annotated[str, StringConstraints(min_length=16, max_length=40), Field(examples=["k7mq-x2wd-9hnt-c4vb"])]
LinkToken = Annotated[
    str,
    StringConstraints(min_length=SECRET_LENGTH, max_length=100),
    Field(examples=["puente-invitation-5SdnPN3cAYjuyHqTdm9BG0VnTtfMKXoUNQ2pRtY7LzW"]),
]


class SessionCreate(Schema):
    """What proves who one is."""

    email: Email = Field(description="The e-mail address of the member.", examples=["lucia@andes.example"])
    password: GivenPassword = Field(repr=False, description="The member's password.")
    organisation_id: UUID | None = Field(
        None, description="For which organisation; only needed when the same password is right in several."
    )
    code: Code | None = Field(None, repr=False, description="The authenticator's present code.")
    recovery_code: RecoveryText | None = Field(None, repr=False, description="A recovery code, in place of `code`.")

    @model_validator(mode="after")
    def one_factor(self) -> Self:
        """One second factor is enough."""
        if self.code is not None and self.recovery_code is not None:
            raise ValueError("Send either code or recovery_code.")
        return self


class SessionStarted(Out):
    """A session just begun, with its tokens."""

    session_id: UUID = Field(description="The session's id.")
    member_id: UUID = Field(description="Who signed in.")
    organisation_id: UUID = Field(description="For which organisation.")
    mfa: Mfa = Field(
        description="Whether a second factor was proved; with `enrolment_required` the session can do nothing but "
        "set one up."
    )
    access_token: str = Field(description="Send it as `Authorization: Bearer <token>`.", examples=["eyJhbGciOi…"])
    token_type: Literal["Bearer"] = Field(description="How the token is sent.")
    expires_in: int = Field(description="Seconds until the access token ends.", examples=[600])
    refresh_token: str = Field(
        description="Gives the next tokens at `POST /v1/oauth/token`, once.", examples=["puente-refresh-…"]
    )
    session_expires_at: datetime = Field(description="When the session ends whatever happens.")


class SessionOut(Out):
    """A session of yours that has not ended."""

    id: UUID = Field(description="Its id.")
    created_at: datetime = Field(description="When you signed in.")
    last_used_at: datetime = Field(description="When it was last used, to the minute; after 30 idle minutes it ends.")
    expires_at: datetime = Field(description="When it ends whatever happens.")
    second_factor_at: datetime | None = Field(description="When it proved a second factor.")


class SessionQuery(PageQuery):
    """Which sessions to list."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order.")


class TokenForm(Schema):
    """A token request of OAuth 2 (RFC 6749)."""

    # Section 3.2 wants unknown parameters ignored.
    model_config = ConfigDict(extra="ignore")

    grant_type: str | None = Field(
        None, max_length=100, description="`refresh_token` or `client_credentials`.", examples=["refresh_token"]
    )
    refresh_token: str | None = Field(None, max_length=200, repr=False, description="The refresh token to spend.")
    client_id: str | None = Field(None, max_length=100, description="The client's id, unless sent by HTTP Basic.")
    client_secret: str | None = Field(None, max_length=200, repr=False, description="The client's secret, likewise.")
    scope: str | None = Field(
        None, max_length=4000, description="Scopes, parted by blanks; all of the client's when left out."
    )


class TokenOut(Out):
    """Tokens, as OAuth 2 answers."""

    access_token: str = Field(description="Send it as `Authorization: Bearer <token>`.", examples=["eyJhbGciOi…"])
    token_type: Literal["Bearer"] = Field(description="How the token is sent.")
    expires_in: int = Field(description="Seconds until the access token ends.", examples=[600])
    refresh_token: str | None = Field(
        description="The next refresh token of a session; null for a client.", examples=["puente-refresh-…"]
    )
    scope: str | None = Field(
        description="A client's scopes, parted by blanks; null for a session.", examples=["engineer:read"]
    )


class Jwk(Out):
    """A public key (RFC 8037)."""

    kty: Literal["OKP"] = Field(description="Its kind.")
    crv: Literal["Ed25519"] = Field(description="Its curve.")
    x: str = Field(
        description="The key itself, in base64url.", examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]
    )
    kid: str = Field(description="Its id, which a token's header names.", examples=["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxH"])
    use: Literal["sig"] = Field(description="What it is for.")
    alg: Literal["EdDSA"] = Field(description="The one algorithm it is used with.")


class Jwks(Out):
    """The keys that access tokens are signed with."""

    keys: list[Jwk] = Field(description="The keys.")


class TotpOut(Out):
    """A secret for an authenticator app."""

    secret: str = Field(description="The secret in base 32, shown this once.", examples=["JBSWY3DPEHPK3PXP"])
    uri: str = Field(description="The same for a QR code.", examples=["otpauth://totp/Puente:lucia%40andes.example?…"])


class TotpConfirm(Schema):
    """The proof that the authenticator works."""

    code: Code = Field(repr=False, description="Its present code.")


class SecondFactorProof(Schema):
    """Password and code together."""

    password: GivenPassword = Field(repr=False, description="Your password.")
    code: Code | None = Field(None, repr=False, description="The authenticator's present code.")
    recovery_code: RecoveryText | None = Field(None, repr=False, description="A recovery code, in place of `code`.")

    @model_validator(mode="after")
    def one_factor(self) -> Self:
        """Exactly one second factor."""
        if (self.code is None) == (self.recovery_code is None):
            raise ValueError("Send either code or recovery_code.")
        return self


class RecoveryCodesOut(Out):
    """Codes for the day the authenticator is lost."""

    recovery_codes: list[str] = Field(
        description="Ten codes, each good once, shown this once.", examples=[["k7mq-x2wd-9hnt-c4vb"]]
    )


class PasswordChange(Schema):
    """A new password for the old one."""

    old_password: GivenPassword = Field(repr=False, description="The present password.")
    password: NewPassword = Field(repr=False, description="The new password, 12 to 256 characters of any kind.")


class LinkRedemption(Schema):
    """A link's token, and the password to set."""

    token: LinkToken = Field(repr=False, description="The token in the link.")
    password: NewPassword = Field(repr=False, description="The password, 12 to 256 characters of any kind.")


class InvitationCreate(Schema):
    """Whom to invite."""

    name: Name = Field(description="Name, for colleagues.", examples=["Lucía Paredes"])
    email: Email = Field(description="E-mail address to sign in with.", examples=["lucia@andes.example"])
    role: Role = Field(description="What the member will do; the organisation's kind limits the choice.")


class InvitationOut(Out):
    """An invitation, without its token."""

    id: UUID = Field(description="Its id.")
    organisation_id: UUID = Field(description="The organisation it leads to.")
    invited_by_id: UUID = Field(description="The member who invited; it works only while that member may invite.")
    name: str = Field(description="Name, for colleagues.", examples=["Lucía Paredes"])
    email: str = Field(description="E-mail address to sign in with.", examples=["lucia@andes.example"])
    role: Role = Field(description="What the member will do.")
    created_at: datetime = Field(description="When it was made.")
    expires_at: datetime = Field(description="When it stops working.")
    accepted_at: datetime | None = Field(description="When it was accepted.")
    revoked_at: datetime | None = Field(description="When it was taken back.")


class InvitationCreated(InvitationOut):
    """An invitation just made, with its token."""

    token: str = Field(
        description="For `POST /v1/invitations/accept`, shown this once. We send no mail: hand it over yourself.",
        examples=["puente-invitation-…"],
    )


class InvitationQuery(PageQuery):
    """Which invitations to list."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order.")


class PasswordResetCreated(Out):
    """A link to set a password, just made."""

    id: UUID = Field(description="Its id.")
    member_id: UUID = Field(description="Whose password it sets.")
    expires_at: datetime = Field(description="When it stops working.")
    token: str = Field(
        description="For `POST /v1/password-resets/redeem`, shown this once. Hand it to the member yourself.",
        examples=["puente-reset-…"],
    )


class ClientCreate(Schema):
    """A program that is to act for you."""

    name: Name = Field(description="What it is.", examples=["HR system"])
    scopes: Scopes = Field(description="What it may do, at most what you may.")


class ClientOut(Out):
    """An OAuth client, without its secret."""

    id: UUID = Field(description="Its id, also its `client_id`.")
    organisation_id: UUID = Field(description="The organisation it acts for.")
    member_id: UUID = Field(description="The member it acts for; it ends with that member's access.")
    name: str = Field(description="What it is.", examples=["HR system"])
    scopes: list[str] = Field(description="What it may do.", examples=[["engineer:read"]])
    created_at: datetime = Field(description="When it was registered.")
    secret_made_at: datetime = Field(description="When its present secret was made.")
    revoked_at: datetime | None = Field(description="When it was revoked.")
    last_used_at: datetime | None = Field(description="When it was last given a token.")


class ClientCreated(ClientOut):
    """An OAuth client with its secret."""

    client_secret: str = Field(description="The secret, shown this once.", examples=["puente-client-…"])


class ClientQuery(PageQuery):
    """Which OAuth clients to list."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order.")


class RotationOrder(Schema):
    """How a key is to be replaced."""

    overlap_hours: Annotated[Whole, Field(ge=0, le=168)] = Field(
        24, description="For how many hours the old key works beside the new one.", examples=[24]
    )
