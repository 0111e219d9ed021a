"""Organisations and members of the demonstration, made once and found again by name."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Actor, OrganisationKind, Role
from app.core.pages import MAX_LIMIT
from app.identity import service as identity
from app.identity.models import Organisation
from app.identity.schemas import MemberCreate, OrganisationCreate, OrganisationQuery
from app.seeding.chance import dice
from app.seeding.people import plain
from app.seeding.sources import Sources

MARKETPLACE: Final = "Puente Demonstration"
_ROLES: Final = {
    OrganisationKind.SUPPLIER: (Role.SUPPLIER_ADMIN, Role.SUPPLIER_RECRUITER),
    OrganisationKind.CLIENT: (Role.CLIENT_ADMIN, Role.HIRING_MANAGER),
    OrganisationKind.MARKETPLACE: (Role.ADMIN, Role.RECRUITER, Role.AUDITOR),
}


@dataclass(frozen=True, slots=True)
class Company:
    """What an organisation is called and where it sits."""

    kind: OrganisationKind
    name: str
    country: str


async def known_companies(session: AsyncSession, kind: OrganisationKind) -> dict[str, UUID]:
    """Ids of all organisations of a kind, by name."""
    ids: dict[str, UUID] = {}
    query = OrganisationQuery(kind=kind, sort="name", limit=MAX_LIMIT)
    while True:
        page = await identity.list_organisations(session, Actor.system(), query)
        ids.update({organisation.name: organisation.id for organisation in page.items})
        if page.next_cursor is None:
            return ids
        query = query.model_copy(update={"cursor": page.next_cursor})


async def holds_demonstration(session: AsyncSession) -> bool:
    """Whether a seeding has begun here."""
    return MARKETPLACE in await known_companies(session, OrganisationKind.MARKETPLACE)


async def create_company(session: AsyncSession, sources: Sources, company: Company) -> Organisation:
    """An organisation with a member in each role of its side."""
    system = Actor.system()
    given = OrganisationCreate(kind=company.kind, name=company.name, country=company.country)
    organisation = await identity.create_organisation(session, system, given)
    for role in _ROLES[company.kind]:
        await identity.create_member(session, system, organisation.id, _member(sources, company, role))
    return organisation


def _member(sources: Sources, company: Company, role: Role) -> MemberCreate:
    rng = dice("member", company.kind, company.name, role)
    names = sources.names["pt" if company.country == "BR" else "es"]
    name = f"{rng.choice(names.feminine + names.masculine)} {rng.choice(names.family)}"
    # Numbered firms of one name differ only in their digits, which `plain` drops.
    number = "".join(letter for letter in company.name if letter.isdecimal())
    address = f"{role.value.replace('_', '.')}.{plain(company.name)}{number}@example.com"
    return MemberCreate(name=name, email=address, role=role)
