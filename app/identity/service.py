"""What can be done with organisations, members and keys."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.clock import utcnow
from app.core.database import refused_by
from app.core.errors import Unauthorized
from app.core.etags import IfMatch
from app.core.pages import Rows
from app.identity import keys, queries
from app.identity.errors import MemberEmailTaken, OrganisationNameTaken, OwnAccess, RoleOutOfPlace
from app.identity.events import (
    ApiKeyCreated,
    ApiKeyRevoked,
    MemberCreated,
    MemberDisabled,
    OrganisationChanged,
    OrganisationCreated,
)
from app.identity.models import ApiKey, Member, Organisation, Standing
from app.identity.permissions import ROLES, Relation, Resource, Verb, relations
from app.identity.schemas import (
    ApiKeyCreate,
    ApiKeyQuery,
    MemberCreate,
    MemberQuery,
    OrganisationCreate,
    OrganisationPatch,
    OrganisationQuery,
)

TOUCH_EVERY: Final = timedelta(minutes=1)


def confined_to(actor: Actor, verb: Verb, resource: Resource) -> UUID | None:
    """The organisation whose things alone an actor may do this to; None when it may to anybody's."""
    return None if Relation.FOREIGN in relations(actor, verb, resource) else actor.organisation_id


async def create_organisation(session: AsyncSession, actor: Actor, given: OrganisationCreate) -> Organisation:
    """Let an organisation join."""
    organisation = Organisation(**given.model_dump())
    taken = OrganisationNameTaken(f"There is a {given.kind} of this name already.")
    async with refused_by(session, {"uq_organisation_kind_name": taken}):
        session.add(organisation)
    event = OrganisationCreated(organisation.id, organisation.kind, owner_id=organisation.id)
    await audit.record(session, actor, event)
    return organisation


async def is_empty(session: AsyncSession) -> bool:
    """Whether nobody has joined yet."""
    return not await queries.any_organisation(session)


async def get_organisation(session: AsyncSession, actor: Actor, organisation_id: UUID) -> Organisation:
    """Read an organisation."""
    return await queries.get_organisation(
        session, organisation_id, within=confined_to(actor, Verb.READ, Resource.ORGANISATION)
    )


async def list_organisations(session: AsyncSession, actor: Actor, query: OrganisationQuery) -> Rows[Organisation]:
    """List the organisations the actor may see."""
    return await queries.list_organisations(session, query, within=confined_to(actor, Verb.READ, Resource.ORGANISATION))


async def change_organisation(
    session: AsyncSession, actor: Actor, organisation_id: UUID, patch: OrganisationPatch, if_match: IfMatch
) -> Organisation:
    """Change an organisation's record."""
    organisation = await queries.get_organisation(
        session, organisation_id, within=confined_to(actor, Verb.CHANGE, Resource.ORGANISATION), lock=True
    )
    if_match.check(organisation.version)
    changes = patch.model_dump(exclude_unset=True)
    if organisation_id == actor.organisation_id and changes.get("standing") is Standing.DISABLED:
        raise OwnAccess("You cannot disable your own organisation.")
    taken = OrganisationNameTaken(f"There is a {organisation.kind} of this name already.")
    async with refused_by(session, {"uq_organisation_kind_name": taken}):
        organisation.sqlmodel_update({**changes, "version": organisation.version + 1, "updated_at": utcnow()})
    event = OrganisationChanged(organisation.id, sorted(changes), owner_id=organisation.id)
    await audit.record(session, actor, event)
    return organisation


async def create_member(session: AsyncSession, actor: Actor, organisation_id: UUID, given: MemberCreate) -> Member:
    """Make somebody a member of an organisation."""
    organisation = await queries.get_organisation(
        session, organisation_id, within=confined_to(actor, Verb.CREATE, Resource.MEMBER)
    )
    if given.role not in ROLES[organisation.kind]:
        choice = ", ".join(sorted(ROLES[organisation.kind]))
        raise RoleOutOfPlace(f"A {organisation.kind} has the roles {choice}.")
    member = Member(organisation_id=organisation.id, **given.model_dump())
    taken = MemberEmailTaken("Another member has this e-mail address.")
    async with refused_by(session, {"uq_member_email_lower": taken}):
        session.add(member)
    await audit.record(session, actor, MemberCreated(member.id, member.role, owner_id=organisation.id))
    return member


async def list_members(session: AsyncSession, actor: Actor, organisation_id: UUID, query: MemberQuery) -> Rows[Member]:
    """List an organisation's members."""
    organisation = await queries.get_organisation(
        session, organisation_id, within=confined_to(actor, Verb.READ, Resource.MEMBER)
    )
    return await queries.list_members(session, organisation.id, query)


async def disable_member(session: AsyncSession, actor: Actor, member_id: UUID, if_match: IfMatch) -> Member:
    """Take a member's access away; its keys stop working at once."""
    member = await queries.get_member(
        session, member_id, within=confined_to(actor, Verb.CHANGE, Resource.MEMBER), lock=True
    )
    if_match.check(member.version)
    if member.id == actor.member_id:
        raise OwnAccess("You cannot disable yourself.")
    member.sqlmodel_update({"standing": Standing.DISABLED, "version": member.version + 1, "updated_at": utcnow()})
    await audit.record(session, actor, MemberDisabled(member.id, owner_id=member.organisation_id))
    return member


async def create_api_key(
    session: AsyncSession, actor: Actor, member_id: UUID, given: ApiKeyCreate
) -> tuple[ApiKey, str]:
    """Give a member a key; also returns the key itself, which is not kept."""
    member = await queries.get_member(session, member_id, within=confined_to(actor, Verb.CREATE, Resource.API_KEY))
    new = keys.make_key()
    key = ApiKey(
        organisation_id=member.organisation_id,
        member_id=member.id,
        label=given.label,
        prefix=new.prefix,
        digest=new.digest,
        expires_at=given.expires_at,
    )
    session.add(key)
    await audit.record(session, actor, ApiKeyCreated(key.id, member.id, owner_id=member.organisation_id))
    return key, new.text


async def list_api_keys(session: AsyncSession, actor: Actor, member_id: UUID, query: ApiKeyQuery) -> Rows[ApiKey]:
    """List a member's keys, revoked ones included."""
    member = await queries.get_member(session, member_id, within=confined_to(actor, Verb.READ, Resource.API_KEY))
    return await queries.list_api_keys(session, member.id, query)


async def revoke_api_key(session: AsyncSession, actor: Actor, key_id: UUID) -> None:
    """Make a key stop working, for good; revoking it again changes nothing."""
    key = await queries.lock_api_key(session, key_id, within=confined_to(actor, Verb.REMOVE, Resource.API_KEY))
    if key.revoked_at is None:
        key.revoked_at = utcnow()
        await audit.record(session, actor, ApiKeyRevoked(key.id, key.member_id, owner_id=key.organisation_id))


async def get_me(session: AsyncSession, actor: Actor) -> tuple[Member, Organisation]:
    """The member behind an actor, and its organisation."""
    if actor.member_id is None or actor.organisation_id is None:
        raise Unauthorized
    member = await queries.get_member(session, actor.member_id, within=actor.organisation_id)
    return member, await queries.get_organisation(session, actor.organisation_id, within=actor.organisation_id)


async def authenticate(session: AsyncSession, text: str) -> Actor:
    """The actor a key speaks for; whatever is wrong with the key, the refusal is the same."""
    prefix = keys.prefix_of(text)
    found = None if prefix is None else await queries.find_credentials(session, prefix)
    if found is None:
        raise Unauthorized
    key, member, organisation = found
    if not (keys.matches(text, key.digest) and is_usable(key) and is_active(member) and is_active(organisation)):
        raise Unauthorized
    if key.last_used_at is None or utcnow() - key.last_used_at > TOUCH_EVERY:
        await queries.touch_api_key(session, key.id)
    return Actor(member.id, organisation.id, organisation.kind, Role(member.role), key.id)


def is_usable(key: ApiKey) -> bool:
    """Whether a key is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > utcnow())


def is_active(holder: Member | Organisation) -> bool:
    """Whether a member or an organisation may use the service."""
    return holder.standing == Standing.ACTIVE
