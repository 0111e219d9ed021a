"""Organisations, members, and everything they prove with who they are."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Index, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.actor import OrganisationKind, Role
from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.ids import new_id
from app.core.row_security import TENANCY, Policies, any_of, own, side
from app.core.tenancy import Side

FIRMS: Final = (Side.SUPPLIER, Side.CLIENT)
STAFF: Final = side(Side.MARKETPLACE, Side.SYSTEM)
CREDENTIALS: Final = Policies(write=any_of(side(Side.MARKETPLACE, Side.SYSTEM, Side.SIGN_IN), own(*FIRMS)))
"""Of what members sign in with: whose it is comes to light only by reading it."""


class Standing(StrEnum):
    """Whether an organisation or a member may use the service."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Organisation(SQLModel, table=True):
    """A supplier, a client, or the marketplace itself."""

    __tablename__: ClassVar[str] = "organisation"
    __table_args__ = (
        UniqueConstraint("kind", "name"),
        Index("ix_organisation_created_at_id", "created_at", "id"),
        {
            "info": {
                TENANCY: Policies(read=any_of(side(Side.SIGN_IN), own(*FIRMS, column="id")), write=STAFF),
                **classified(internal="id kind name country standing version created_at updated_at"),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: OrganisationKind = enum_field(OrganisationKind, "kind")
    name: str = Field(max_length=120)
    country: str | None = Field(default=None, max_length=2)
    standing: Standing = enum_field(Standing, "standing", default=Standing.ACTIVE)
    version: int = 1
    created_at: datetime = Field(default_factory=utcnow)
    updated_at: datetime = Field(default_factory=utcnow)


class Member(SQLModel, table=True):
    """A person, or a program, that acts for an organisation."""

    __tablename__: ClassVar[str] = "member"
    __table_args__ = (
        # Per organisation: whether somebody is a member elsewhere is nobody's business.
        Index("uq_member_organisation_id_email_lower", "organisation_id", text("lower(email)"), unique=True),
        Index("ix_member_email_lower", text("lower(email)")),
        {
            "info": {
                TENANCY: Policies(
                    read=side(Side.SIGN_IN),
                    write=any_of(STAFF, own(*FIRMS)),
                    add=side(Side.SIGN_IN),
                    change=side(Side.SIGN_IN),
                ),
                **classified(
                    internal="id organisation_id role standing version created_at updated_at", personal="name email"
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    name: str = Field(max_length=120)
    email: str = Field(max_length=254)
    role: Role = enum_field(Role, "role")
    standing: Standing = enum_field(Standing, "standing", default=Standing.ACTIVE)
    version: int = 1
    created_at: datetime = Field(default_factory=utcnow)
    updated_at: datetime = Field(default_factory=utcnow)


class ApiKey(SQLModel, table=True):
    """A key of a member's; the secret itself is not kept."""

    __tablename__: ClassVar[str] = "api_key"
    __table_args__ = (
        UniqueConstraint("prefix"),
        {
            "info": {
                TENANCY: Policies(read=side(Side.SIGN_IN), write=any_of(STAFF, own(*FIRMS)), change=side(Side.SIGN_IN)),
                **classified(
                    internal="id organisation_id member_id label scopes created_at expires_at revoked_at last_used_at "
                    "replaced_by_id",
                    confidential="prefix digest",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    member_id: UUID = Field(foreign_key="member.id", index=True)
    label: str = Field(max_length=120)
    prefix: str = Field(max_length=12)
    digest: bytes
    scopes: list[str] | None = Field(default=None, sa_type=ARRAY(String(80)))
    created_at: datetime = Field(default_factory=utcnow)
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    replaced_by_id: UUID | None = Field(default=None, foreign_key="api_key.id")


class Password(SQLModel, table=True):
    """A member's password, as argon2id keeps it."""

    __tablename__: ClassVar[str] = "password"
    __table_args__ = (
        {
            "info": {
                TENANCY: CREDENTIALS,
                **classified(internal="member_id organisation_id changed_at", confidential="hash"),
            }
        },
    )

    member_id: UUID = Field(foreign_key="member.id", primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    hash: str = Field(max_length=200)
    changed_at: datetime = Field(default_factory=utcnow)


class SignInSession(SQLModel, table=True):
    """A member signed in somewhere; its refresh tokens are one family."""

    __tablename__: ClassVar[str] = "sign_in_session"
    __table_args__ = (
        Index("ix_sign_in_session_member_id_created_at", "member_id", "created_at", "id"),
        {
            "info": {
                TENANCY: CREDENTIALS,
                **classified(
                    internal="id organisation_id member_id created_at last_used_at expires_at revoked_at "
                    "second_factor_at"
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    member_id: UUID = Field(foreign_key="member.id")
    created_at: datetime = Field(default_factory=utcnow)
    last_used_at: datetime = Field(default_factory=utcnow)
    expires_at: datetime
    revoked_at: datetime | None = None
    second_factor_at: datetime | None = None
    """When this session proved a second factor; another's proof does not count for it."""


class RefreshToken(SQLModel, table=True):
    """What a session is continued with, once; the token itself is not kept."""

    __tablename__: ClassVar[str] = "refresh_token"
    __table_args__ = (
        UniqueConstraint("digest"),
        {
            "info": {
                TENANCY: CREDENTIALS,
                **classified(internal="id organisation_id session_id created_at spent_at", confidential="digest"),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    session_id: UUID = Field(foreign_key="sign_in_session.id", index=True)
    digest: bytes
    created_at: datetime = Field(default_factory=utcnow)
    spent_at: datetime | None = None


class Totp(SQLModel, table=True):
    """A member's authenticator; its secret is sealed."""

    __tablename__: ClassVar[str] = "totp"
    __table_args__ = (
        {
            "info": {
                TENANCY: CREDENTIALS,
                **classified(
                    internal="member_id organisation_id created_at confirmed_at last_step", confidential="sealed_secret"
                ),
            }
        },
    )

    member_id: UUID = Field(foreign_key="member.id", primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    sealed_secret: bytes
    created_at: datetime = Field(default_factory=utcnow)
    confirmed_at: datetime | None = None
    last_step: int = Field(default=0, sa_type=BigInteger)
    """The latest time step a code of which was used; no code of it or of an earlier one is good again."""


class RecoveryCode(SQLModel, table=True):
    """What stands in for an authenticator, once; the code itself is not kept."""

    __tablename__: ClassVar[str] = "recovery_code"
    __table_args__ = (
        UniqueConstraint("member_id", "digest"),
        {
            "info": {
                TENANCY: CREDENTIALS,
                **classified(internal="id organisation_id member_id spent_at", confidential="digest"),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    member_id: UUID = Field(foreign_key="member.id")
    digest: bytes
    spent_at: datetime | None = None


class Invitation(SQLModel, table=True):
    """A link with which somebody may become a member; the token in it is not kept."""

    __tablename__: ClassVar[str] = "invitation"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index("ix_invitation_organisation_id_created_at", "organisation_id", "created_at", "id"),
        {
            "info": {
                TENANCY: CREDENTIALS,
                **classified(
                    internal="id organisation_id invited_by_id role created_at expires_at accepted_at revoked_at",
                    personal="name email",
                    confidential="digest",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    invited_by_id: UUID = Field(foreign_key="member.id", index=True)
    name: str = Field(max_length=120)
    email: str = Field(max_length=254)
    role: Role = enum_field(Role, "role")
    digest: bytes
    created_at: datetime = Field(default_factory=utcnow)
    expires_at: datetime
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None


class PasswordReset(SQLModel, table=True):
    """A link with which a member may set a password; the token in it is not kept."""

    __tablename__: ClassVar[str] = "password_reset"
    __table_args__ = (
        UniqueConstraint("digest"),
        {
            "info": {
                TENANCY: CREDENTIALS,
                **classified(
                    internal="id organisation_id member_id made_by_id created_at expires_at redeemed_at revoked_at",
                    confidential="digest",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    member_id: UUID = Field(foreign_key="member.id", index=True)
    made_by_id: UUID = Field(foreign_key="member.id", index=True)
    digest: bytes
    created_at: datetime = Field(default_factory=utcnow)
    expires_at: datetime
    redeemed_at: datetime | None = None
    revoked_at: datetime | None = None


class OAuthClient(SQLModel, table=True):
    """A program that acts for the member who registered it, within scopes, and no longer than that member may."""

    __tablename__: ClassVar[str] = "oauth_client"
    __table_args__ = (
        Index("ix_oauth_client_organisation_id_created_at", "organisation_id", "created_at", "id"),
        {
            "info": {
                TENANCY: CREDENTIALS,
                **classified(
                    internal="id organisation_id member_id name scopes created_at secret_made_at revoked_at "
                    "last_used_at",
                    confidential="digest",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    member_id: UUID = Field(foreign_key="member.id", index=True)
    name: str = Field(max_length=120)
    scopes: list[str] = Field(sa_type=ARRAY(String(80)))
    digest: bytes
    created_at: datetime = Field(default_factory=utcnow)
    secret_made_at: datetime = Field(default_factory=utcnow)
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class SignInLock(SQLModel, table=True):
    """How often signing in has failed lately, to one account or to it from one address; the key tells neither."""

    __tablename__: ClassVar[str] = "sign_in_lock"
    __table_args__ = (
        Index("ix_sign_in_lock_began_at", "began_at"),
        {
            "info": {
                TENANCY: Policies(write=side(Side.SIGN_IN, Side.SYSTEM)),
                **classified(internal="key failures began_at locked_until"),
            }
        },
    )

    key: bytes = Field(primary_key=True)
    failures: int = 0
    began_at: datetime = Field(default_factory=utcnow)
    locked_until: datetime | None = None


class Mfa(StrEnum):
    """How a session stands with the second factor."""

    NOT_REQUIRED = "not_required"
    PASSED = "passed"
    ENROLMENT_REQUIRED = "enrolment_required"
