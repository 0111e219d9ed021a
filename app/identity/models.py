"""Organisations, members and the keys they call with."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.actor import OrganisationKind, Role
from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.ids import new_id
from app.core.row_security import TENANCY, Policies, any_of, own, side
from app.core.tenancy import Side

FIRMS: Final = (Side.SUPPLIER, Side.CLIENT)
STAFF: Final = side(Side.MARKETPLACE, Side.SYSTEM)


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
        Index("uq_member_email_lower", text("lower(email)"), unique=True),
        {
            "info": {
                TENANCY: Policies(read=side(Side.SIGN_IN), write=any_of(STAFF, own(*FIRMS))),
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
                    internal="id organisation_id member_id label created_at expires_at revoked_at last_used_at",
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
    created_at: datetime = Field(default_factory=utcnow)
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
