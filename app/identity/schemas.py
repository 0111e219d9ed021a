"""What callers send and receive about organisations, members and keys."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from app.core.actor import OrganisationKind, Role
from app.core.clock import utcnow
from app.core.pages import PageQuery
from app.core.schemas import CountryCode, Email, Name, Out, Schema
from app.identity.models import Standing
from app.identity.scopes import Scopes

LONGEST_LIFE: Final = timedelta(days=2 * 365)


def within_two_years(instant: datetime) -> datetime:
    """An instant that is still to come, and not too far off."""
    now = utcnow()
    if not now < instant <= now + LONGEST_LIFE:
        raise ValueError("Must be in the future, and within two years.")
    return instant


class OrganisationCreate(Schema):
    """A new organisation."""

    kind: OrganisationKind = Field(description="Side of the marketplace it stands on; it never changes.")
    name: Name = Field(description="Its name, unique on its side.", examples=["Andes Software"])
    country: CountryCode | None = Field(None, description="ISO 3166-1 alpha-2 code of its seat.")


class OrganisationPatch(Schema):
    """Changes to an organisation; what is left out stays."""

    name: Name = Field(None, description="Its name, unique on its side.", examples=["Andes Software"])  # type: ignore[assignment]
    country: CountryCode | None = Field(None, description="ISO 3166-1 alpha-2 code of its seat; null forgets it.")
    standing: Standing = Field(None, description="A disabled organisation's keys stop working.")  # type: ignore[assignment]


class OrganisationOut(Out):
    """An organisation."""

    id: UUID = Field(description="Its id.")
    kind: OrganisationKind = Field(description="Side of the marketplace it stands on.")
    name: str = Field(description="Its name.", examples=["Andes Software"])
    country: str | None = Field(description="ISO 3166-1 alpha-2 code of its seat.", examples=["CO"])
    standing: Standing = Field(description="Whether its keys work.")
    version: int = Field(description="Counts its changes; also its ETag.", examples=[1])
    created_at: datetime = Field(description="When it joined.")
    updated_at: datetime = Field(description="When it last changed.")


class OrganisationQuery(PageQuery):
    """Which organisations to list."""

    sort: Literal["created_at", "-created_at", "name", "-name"] = Field("-created_at", description="Order.")
    kind: OrganisationKind | None = Field(None, description="Only this side of the marketplace.")
    standing: Standing | None = Field(None, description="Only those of this standing.")


class MemberCreate(Schema):
    """A new member of an organisation."""

    name: Name = Field(description="Name, for colleagues.", examples=["Lucía Paredes"])
    email: Email = Field(
        description="Where to reach the member; unique in the organisation.", examples=["lucia@andes.example"]
    )
    role: Role = Field(description="What the member does; the organisation's kind limits the choice.")


class MemberPatch(Schema):
    """Changes to a member; what is left out stays."""

    name: Name = Field(None, description="Name, for colleagues.", examples=["Lucía Paredes"])  # type: ignore[assignment]
    role: Role = Field(None, description="What the member does; the organisation's kind limits the choice.")  # type: ignore[assignment]
    standing: Standing = Field(None, description="A disabled member's sessions end and its keys stop working.")  # type: ignore[assignment]


class MemberOut(Out):
    """A member of an organisation."""

    id: UUID = Field(description="Its id.")
    organisation_id: UUID = Field(description="The organisation it acts for.")
    name: str = Field(description="Name, for colleagues.", examples=["Lucía Paredes"])
    email: str = Field(description="Where to reach the member.", examples=["lucia@andes.example"])
    role: Role = Field(description="What the member does.")
    standing: Standing = Field(description="Whether its keys work.")
    version: int = Field(description="Counts its changes; also its ETag.", examples=[1])
    created_at: datetime = Field(description="When it joined.")


class MemberQuery(PageQuery):
    """Which members to list."""

    sort: Literal["created_at", "-created_at", "name", "-name"] = Field("-created_at", description="Order.")
    role: Role | None = Field(None, description="Only this role.")
    standing: Standing | None = Field(None, description="Only those of this standing.")


class ApiKeyCreate(Schema):
    """A new key for a member."""

    label: Name = Field(description="What it is for.", examples=["nightly import"])
    expires_at: Annotated[AwareDatetime, AfterValidator(within_two_years)] | None = Field(
        None, description="When it stops working, within two years; never, when left out."
    )
    scopes: Scopes | None = Field(
        None, description="What it is limited to; when left out, to what the member and your own credential may do."
    )


class ApiKeyOut(Out):
    """A key, without its secret."""

    id: UUID = Field(description="Its id.")
    organisation_id: UUID = Field(description="The organisation it acts for.")
    member_id: UUID = Field(description="The member it belongs to.")
    label: str = Field(description="What it is for.", examples=["nightly import"])
    prefix: str = Field(description="The part after `puente_`, to recognise it by.", examples=["q7Xk29LmPa"])
    scopes: list[str] | None = Field(
        description="What it is limited to; null when only the member's role limits it.", examples=[["engineer:read"]]
    )
    created_at: datetime = Field(description="When it was made.")
    expires_at: datetime | None = Field(description="When it stops working.")
    revoked_at: datetime | None = Field(description="When it was revoked.")
    last_used_at: datetime | None = Field(description="When it was last used, to the minute.")
    replaced_by_id: UUID | None = Field(description="The key that took its place when it was rotated.")


class ApiKeyCreated(ApiKeyOut):
    """A key just made, with its secret."""

    key: str = Field(
        description="The key itself, shown this once. Send it as `Authorization: Bearer <key>`.",
        examples=["puente_q7Xk29LmPa_…"],
    )


class ApiKeyQuery(PageQuery):
    """Which keys to list."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order.")


class MeOut(Out):
    """Who the credential you sent belongs to."""

    member: MemberOut = Field(description="You.")
    organisation: OrganisationOut = Field(description="The organisation you act for.")
    key_id: UUID | None = Field(description="The API key you called with.")
    session_id: UUID | None = Field(description="The session you called with.")
    client_id: UUID | None = Field(description="The OAuth client you called with.")
    scopes: list[str] | None = Field(
        description="What the credential is limited to; null when it is not.", examples=[["engineer:read"]]
    )
    second_factor_required: bool = Field(description="Whether the session must set up a second factor first.")
    permissions: list[str] = Field(
        description="What your role and the credential's scopes permit, as `verb resource`.",
        examples=[["read taxonomy"]],
    )
