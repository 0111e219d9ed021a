"""What can be done with organisations, members and keys."""

from datetime import datetime, timedelta
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
from app.identity import keys, queries, sessions
from app.identity.errors import (
    ApiKeyNotUsable,
    ClientMayNot,
    LastAdmin,
    MemberEmailTaken,
    MemberNotFound,
    OrganisationNameTaken,
    OwnAccess,
    RoleOutOfPlace,
)
from app.identity.events import (
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyRotated,
    MemberChanged,
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
    MemberPatch,
    MemberQuery,
    OrganisationCreate,
    OrganisationPatch,
    OrganisationQuery,
)
from app.identity.scopes import granted, require_covers

ADMINS: Final = frozenset({Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN, Role.ADMIN})
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
    check_role(organisation, given.role)
    member = Member(organisation_id=organisation.id, **given.model_dump())
    taken = MemberEmailTaken("Another member of the organisation has this e-mail address.")
    async with refused_by(session, {"uq_member_organisation_id_email_lower": taken}):
        session.add(member)
    await audit.record(session, actor, MemberCreated(member.id, member.role, owner_id=organisation.id))
    return member


def check_role(organisation: Organisation, role: Role) -> None:
    """Refuse a role that an organisation's kind does not have."""
    if role not in ROLES[organisation.kind]:
        choice = ", ".join(sorted(ROLES[organisation.kind]))
        raise RoleOutOfPlace(f"A {organisation.kind} has the roles {choice}.")


async def list_members(session: AsyncSession, actor: Actor, organisation_id: UUID, query: MemberQuery) -> Rows[Member]:
    """List an organisation's members."""
    organisation = await queries.get_organisation(
        session, organisation_id, within=confined_to(actor, Verb.READ, Resource.MEMBER)
    )
    return await queries.list_members(session, organisation.id, query)


async def get_member(session: AsyncSession, actor: Actor, member_id: UUID) -> Member:
    """Read a member."""
    return await queries.get_member(session, member_id, within=confined_to(actor, Verb.READ, Resource.MEMBER))


async def change_member(
    session: AsyncSession, actor: Actor, member_id: UUID, patch: MemberPatch, if_match: IfMatch
) -> Member:
    """Change a member's name, role or standing; the next request it makes is judged by them."""
    member = await lock_member(session, actor, member_id)
    if_match.check(member.version)
    changes = patch.model_dump(exclude_unset=True)
    role, standing = changes.get("role", member.role), changes.get("standing", member.standing)
    if member.id == actor.member_id and (role, standing) != (member.role, member.standing):
        raise OwnAccess("You cannot change your own role or standing.")
    check_role(await queries.get_organisation(session, member.organisation_id, within=None), role)
    if is_admin(member) and not (role in ADMINS and standing == Standing.ACTIVE):
        await keep_an_admin(session, member)
    if standing == Standing.DISABLED != member.standing:
        await sessions.revoke_all(session, actor, member, reason="member disabled")
    member.sqlmodel_update({**changes, "version": member.version + 1, "updated_at": utcnow()})
    event = MemberChanged(member.id, sorted(changes), member.role, owner_id=member.organisation_id)
    await audit.record(session, actor, event)
    return member


async def disable_member(session: AsyncSession, actor: Actor, member_id: UUID, if_match: IfMatch) -> Member:
    """Take a member's access away; its sessions end, and its keys and clients stop working at once."""
    member = await lock_member(session, actor, member_id)
    if_match.check(member.version)
    if member.id == actor.member_id:
        raise OwnAccess("You cannot disable yourself.")
    if is_admin(member):
        await keep_an_admin(session, member)
    await sessions.revoke_all(session, actor, member, reason="member disabled")
    member.sqlmodel_update({"standing": Standing.DISABLED, "version": member.version + 1, "updated_at": utcnow()})
    await audit.record(session, actor, MemberDisabled(member.id, owner_id=member.organisation_id))
    return member


async def lock_member(session: AsyncSession, actor: Actor, member_id: UUID) -> Member:
    """A member held for a change, as are all of its organisation, so that no two changes overlook each other."""
    within = confined_to(actor, Verb.CHANGE, Resource.MEMBER)
    member = await queries.get_member(session, member_id, within=within)
    await queries.take_turn(session, member.organisation_id)
    await session.refresh(member, with_for_update=True)
    return member


def is_admin(member: Member) -> bool:
    """Whether a member can administer its organisation now."""
    return member.role in ADMINS and member.standing == Standing.ACTIVE


async def keep_an_admin(session: AsyncSession, member: Member) -> None:
    """Refuse to take the last admin from an organisation. The caller has locked the member."""
    if not await queries.has_admin_beside(session, member, ADMINS):
        raise LastAdmin("Make another member an admin first.")


async def create_api_key(
    session: AsyncSession, actor: Actor, member_id: UUID, given: ApiKeyCreate
) -> tuple[ApiKey, str]:
    """Give a member a key; also returns the key itself, which is not kept."""
    refuse_client(actor)
    member = await _key_holder(session, actor, member_id, Verb.CREATE)
    scopes = granted(actor, Role(member.role), given.scopes)
    key, text = new_api_key(member, given.label, scopes, given.expires_at)
    session.add(key)
    await audit.record(session, actor, ApiKeyCreated(key.id, member.id, owner_id=member.organisation_id))
    return key, text


def new_api_key(
    member: Member, label: str, scopes: list[str] | None, expires_at: datetime | None
) -> tuple[ApiKey, str]:
    """A key of a member's, and the key itself."""
    new = keys.make_key()
    key = ApiKey(
        organisation_id=member.organisation_id,
        member_id=member.id,
        label=label,
        prefix=new.prefix,
        digest=new.digest,
        scopes=scopes,
        expires_at=expires_at,
    )
    return key, new.text


async def list_api_keys(session: AsyncSession, actor: Actor, member_id: UUID, query: ApiKeyQuery) -> Rows[ApiKey]:
    """List a member's keys, revoked ones included."""
    member = await _key_holder(session, actor, member_id, Verb.READ)
    return await queries.list_api_keys(session, member.id, query)


async def rotate_api_key(session: AsyncSession, actor: Actor, key_id: UUID, overlap: timedelta) -> tuple[ApiKey, str]:
    """Replace a key by one for the same member, label, scopes and length of life; the old one ends after `overlap`.

    Raises:
        ApiKeyNotUsable: the key has ended, or has been replaced.
        ScopesTooNarrow: the key may do more than the one who asks.
    """
    refuse_client(actor)
    old = await lock_api_key(session, actor, key_id, Verb.CREATE)
    require_covers(actor, old.scopes)
    if old.replaced_by_id is not None or not is_lasting(old):
        raise ApiKeyNotUsable("Make a new key instead.")
    now = utcnow()
    member = await queries.get_member(session, old.member_id, within=None)
    expires_at = None if old.expires_at is None else now + (old.expires_at - old.created_at)
    key, text = new_api_key(member, old.label, old.scopes, expires_at)
    session.add(key)
    await session.flush()  # fk_api_key_replaced_by_id: the new key's row must be there first.
    end = now + overlap
    old.sqlmodel_update({"replaced_by_id": key.id, "expires_at": min(old.expires_at or end, end)})
    event = ApiKeyRotated(old.id, old.member_id, key.id, overlap // timedelta(hours=1), owner_id=old.organisation_id)
    await audit.record(session, actor, event)
    return key, text


async def revoke_api_key(session: AsyncSession, actor: Actor, key_id: UUID) -> None:
    """Make a key stop working, for good; revoking it again changes nothing."""
    key = await lock_api_key(session, actor, key_id, Verb.REMOVE)
    if key.revoked_at is None:
        key.revoked_at = utcnow()
        await audit.record(session, actor, ApiKeyRevoked(key.id, key.member_id, owner_id=key.organisation_id))


async def lock_api_key(session: AsyncSession, actor: Actor, key_id: UUID, verb: Verb) -> ApiKey:
    """A key held for a change by somebody who may make it: an admin, or its own member."""
    within = confined_to(actor, verb, Resource.API_KEY)
    return await queries.lock_api_key(session, key_id, within=within, member_id=only_member(actor, verb))


async def _key_holder(session: AsyncSession, actor: Actor, member_id: UUID, verb: Verb) -> Member:
    """A member whose keys the actor may do this to."""
    if only_member(actor, verb) not in {None, member_id}:
        raise MemberNotFound("There is no such member.")
    return await queries.get_member(session, member_id, within=confined_to(actor, verb, Resource.API_KEY))


def only_member(actor: Actor, verb: Verb) -> UUID | None:
    """The member whose keys alone an actor may do this to: itself, unless it may to others'."""
    return None if relations(actor, verb, Resource.API_KEY) - {Relation.SELF} else actor.member_id


def refuse_client(actor: Actor) -> None:
    """Refuse an OAuth client to make credentials: they would outlive it."""
    if actor.client_id is not None:
        raise ClientMayNot("Sign in, or use an API key.")


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
    if found is None or not (keys.matches(text, found.digest) and is_usable(found)):
        raise Unauthorized
    if found.last_used_at is None or utcnow() - found.last_used_at > TOUCH_EVERY:
        await queries.touch_api_key(session, found.key_id)
    scopes = None if found.scopes is None else frozenset(found.scopes)
    return Actor(found.member_id, found.organisation_id, found.kind, found.role, found.key_id, scopes)


def is_usable(found: queries.Credentials) -> bool:
    """Whether a key has not ended, and whoever holds it may use the service."""
    return is_lasting(found) and found.member_standing == found.organisation_standing == Standing.ACTIVE


def is_lasting(key: ApiKey | queries.Credentials) -> bool:
    """Whether a key is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > utcnow())
