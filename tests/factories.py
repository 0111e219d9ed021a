"""Organisations, members and keys for tests; each says only what the test is about."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Actor, OrganisationKind, Role
from app.identity import keys
from app.identity.models import ApiKey, Member, Organisation
from app.identity.permissions import ROLES

serial = count(1)


@dataclass(frozen=True)
class Caller:
    """A member with a key, ready to call."""

    organisation: Organisation
    member: Member
    key: ApiKey
    key_text: str

    @property
    def headers(self) -> dict[str, str]:
        """What to send with each request."""
        return {"Authorization": f"Bearer {self.key_text}"}

    @property
    def actor(self) -> Actor:
        """What services are told."""
        return Actor(self.member.id, self.organisation.id, self.organisation.kind, Role(self.member.role), self.key.id)


async def make_organisation(
    session: AsyncSession, kind: OrganisationKind = OrganisationKind.SUPPLIER, **given: Any
) -> Organisation:
    organisation = Organisation(kind=kind, **{"name": f"Firm {next(serial)}", **given})
    session.add(organisation)
    await session.flush()
    return organisation


async def make_member(session: AsyncSession, organisation: Organisation, role: Role, **given: Any) -> Member:
    number = next(serial)
    named = {"name": f"Member {number}", "email": f"member{number}@firm.example"}
    member = Member(organisation_id=organisation.id, role=role, **{**named, **given})
    session.add(member)
    await session.flush()
    return member


async def make_caller(
    session: AsyncSession,
    role: Role,
    organisation: Organisation | None = None,
    *,
    expires_at: datetime | None = None,
    revoked_at: datetime | None = None,
) -> Caller:
    """A member of `role`, of an organisation made for it unless one is given."""
    kind = next(kind for kind, roles in ROLES.items() if role in roles)
    organisation = organisation or await make_organisation(session, kind)
    member = await make_member(session, organisation, role)
    new = keys.make_key()
    key = ApiKey(
        organisation_id=organisation.id,
        member_id=member.id,
        label="test",
        prefix=new.prefix,
        digest=new.digest,
        expires_at=expires_at,
        revoked_at=revoked_at,
    )
    session.add(key)
    await session.flush()
    return Caller(organisation, member, key, new.text)
