"""What firms do with their engineers, and what other rooms may ask about them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.core.encryption import HouseKey, Key, place
from app.core.errors import Fault, Invalid
from app.core.etags import IfMatch
from app.core.events import announce
from app.core.ids import new_id
from app.core.keyring import house_key, new_person_key
from app.core.pages import Rows
from app.identity.permissions import Resource, Verb
from app.talent import contacts, lifecycle, profiles, queries, redaction
from app.talent.documents import ContactDocument, ProfileDocument
from app.talent.errors import EngineerArchived
from app.talent.events import (
    ContactChanged,
    ContactRead,
    EngineerChanged,
    EngineerCreated,
    EngineerMoved,
    ProfilesChanged,
)
from app.talent.lifecycle import EngineerStatus
from app.talent.models import Engineer, EngineerContact
from app.talent.policy import reach, states_reason
from app.talent.privacy import consents
from app.talent.privacy.models import ConsentPurpose
from app.talent.profiles import Reference
from app.talent.schemas import Contact, EngineerCreate, EngineerPatch, EngineerQuery, FindEngineer
from app.taxonomy import service as taxonomy


async def create_engineer(session: AsyncSession, actor: Actor, data: EngineerCreate) -> Engineer:
    """Post an engineer of the actor's own firm."""
    assert actor.organisation_id is not None  # noqa: S101 - a role comes with an organisation
    return (await create_engineers(session, actor, actor.organisation_id, [data]))[0]


async def create_engineers(
    session: AsyncSession, actor: Actor, organisation_id: UUID, batch: Sequence[EngineerCreate]
) -> list[Engineer]:
    """Post many engineers of one firm at once: one linking, one encoding, one record each."""
    words = await taxonomy.current(session)
    cities = await taxonomy.find_cities(session, [(data.city or "", data.country) for data in batch])
    house = await house_key(session)
    engineers, keys = [], []
    for data, city in zip(batch, cities, strict=True):
        engineer_id = new_id()
        key, stored = new_person_key(session, engineer_id)
        engineer = _blank(engineer_id, key, organisation_id, data)
        profiles.write(engineer, data, Reference(words, city, house))
        engineers.append(engineer)
        keys.append(stored)
    session.add_all(engineers)
    # Before what refers to them.
    await session.flush()
    session.add_all(keys)
    session.add_all(
        _contact(engineer, house, data.contact)
        for engineer, data in zip(engineers, batch, strict=True)
        if data.contact is not None
    )
    await session.flush()
    await _queue_unknown_skills(session, engineers)
    await announce(session, ProfilesChanged(tuple(engineer.id for engineer in engineers)))
    await audit.record_all(
        session,
        actor,
        [EngineerCreated(engineer.id, engineer.status.value, owner_id=organisation_id) for engineer in engineers],
    )
    return engineers


async def get_engineer(
    session: AsyncSession, actor: Actor, engineer_id: UUID, resource: Resource = Resource.ENGINEER
) -> Engineer:
    """One profile, of those whose `resource` the actor may read."""
    return await queries.get_engineer(session, engineer_id, reach(actor, Verb.READ, resource))


async def list_engineers(session: AsyncSession, actor: Actor, query: EngineerQuery) -> Rows[Engineer]:
    """Profiles the actor may read."""
    redaction.refuse_unseen(redaction.sight_of(actor), query)
    return await queries.list_engineers(session, query, [reach(actor, Verb.READ), *await _conditions(session, query)])


async def change_engineer(
    session: AsyncSession, actor: Actor, engineer_id: UUID, if_match: IfMatch, patch: EngineerPatch
) -> Engineer:
    """Change a profile; what was not given stays."""
    engineer = await queries.lock_engineer(session, engineer_id, reach(actor, Verb.CHANGE))
    if_match.check(engineer.version)
    refuse_archived(engineer)
    words = await taxonomy.current(session)
    city = await taxonomy.find_city(session, patch.city, patch.country) if patch.city else None
    fields = profiles.write(engineer, patch, Reference(words, city, await house_key(session)))
    engineer.touch()
    await session.flush()
    if "skills" in fields:
        await _queue_unknown_skills(session, [engineer])
    await announce(session, ProfilesChanged((engineer.id,)))
    await audit.record(session, actor, EngineerChanged(engineer.id, engineer.version, tuple(sorted(fields))))
    return engineer


async def move_engineer(
    session: AsyncSession, actor: Actor, engineer_id: UUID, if_match: IfMatch, *, to: EngineerStatus
) -> Engineer:
    """List, unlist or archive a profile."""
    engineer = await queries.lock_engineer(session, engineer_id, reach(actor, Verb.CHANGE))
    if_match.check(engineer.version)
    was = engineer.status
    engineer.status = lifecycle.move(was, to=to)
    if to is EngineerStatus.LISTED:
        await consents.refuse_withdrawn(session, engineer.id, ConsentPurpose.MATCHING)
    engineer.touch()
    await session.flush()
    await announce(session, ProfilesChanged((engineer.id,)))
    await audit.record(session, actor, EngineerMoved(engineer.id, was.value, to.value))
    return engineer


async def read_contact(
    session: AsyncSession, actor: Actor, engineer_id: UUID, *, reason: str | None
) -> ContactDocument:
    """Contact data; the marketplace states why, and the reason is kept."""
    require_reason(actor, reason)
    visible = reach(actor, Verb.READ, Resource.ENGINEER_CONTACT)
    engineer = await queries.get_engineer(session, engineer_id, visible)
    contact = await queries.find_contact(session, engineer.id)
    why = stated_reason(engineer, reason)
    await audit.record(session, actor, ContactRead(engineer.id, why, owner_id=engineer.organisation_id))
    return contact.open(engineer.key) if contact else ContactDocument()


async def find_engineers(session: AsyncSession, actor: Actor, wanted: FindEngineer) -> Sequence[Engineer]:
    """Engineers the actor may read who have exactly this address or number."""
    hashed = contacts.holding(await house_key(session), email=wanted.email, phone=wanted.phone)
    return await queries.find_by_contact(session, hashed, reach(actor, Verb.READ, Resource.ENGINEER_CONTACT))


async def replace_contact(
    session: AsyncSession, actor: Actor, engineer_id: UUID, if_match: IfMatch, data: Contact
) -> tuple[ContactDocument, Engineer]:
    """Replace contact data; guarded by the version of the profile, which goes up."""
    visible = reach(actor, Verb.CHANGE, Resource.ENGINEER_CONTACT)
    engineer = await queries.lock_engineer(session, engineer_id, visible)
    if_match.check(engineer.version)
    refuse_archived(engineer)
    fresh = _contact(engineer, await house_key(session), data)
    stored = await queries.find_contact(session, engineer.id)
    if stored is None:
        session.add(fresh)
    else:
        stored.sqlmodel_update(fresh.model_dump())
    engineer.touch()
    await session.flush()
    await announce(session, ProfilesChanged((engineer.id,)))
    await audit.record(session, actor, ContactChanged(engineer.id, tuple(sorted(data.model_fields_set))))
    return fresh.open(engineer.key), engineer


async def load_engineers(session: AsyncSession, engineer_ids: Sequence[UUID]) -> Sequence[Engineer]:
    """Whole profiles by id, for the rooms that rank or place them."""
    return await queries.load_engineers(session, engineer_ids)


async def named_engineers(session: AsyncSession, engineer_ids: Sequence[UUID]) -> dict[UUID, Engineer]:
    """Engineers by id without their lists, for the rooms that may show who somebody is."""
    return {engineer.id: engineer for engineer in await queries.bare_engineers(session, engineer_ids)}


async def offers(session: AsyncSession, organisation_id: UUID | None, engineer_id: UUID) -> bool:
    """Whether a firm offers an engineer, for the rooms that tell a firm of its own people."""
    return await queries.offers(session, organisation_id, engineer_id)


async def count_listed(session: AsyncSession) -> int:
    """How many engineers are listed."""
    return await queries.count_listed(session)


async def listed_ids(session: AsyncSession, *, after: UUID | None, limit: int) -> Sequence[UUID]:
    """The next ids of all listed engineers."""
    return await queries.listed_ids(session, after=after, limit=limit)


async def count_engineers(session: AsyncSession, organisation_id: UUID) -> int:
    """How many engineers a firm has posted, archived ones included."""
    return await queries.count_engineers(session, organisation_id)


async def _conditions(session: AsyncSession, query: EngineerQuery) -> list[Any]:
    hidden = col(Engineer.status) != EngineerStatus.ARCHIVED
    conditions: list[Any] = [hidden if query.status is None else col(Engineer.status) == query.status]
    for field in ("discipline", "seniority", "country", "organisation_id"):
        value = getattr(query, field)
        if value is not None:
            conditions.append(col(getattr(Engineer, field)) == value)
    if query.available_by is not None:
        conditions.append(col(Engineer.available_from) <= query.available_by)
    if query.skill is not None:
        known = (await taxonomy.current(session)).skills.find(query.skill)
        word_hash = profiles.word_hash(await house_key(session), query.skill)
        conditions.append(queries.having_skill(known, word_hash))
    return conditions


def _contact(engineer: Engineer, house: HouseKey, data: Contact) -> EngineerContact:
    contact = EngineerContact(
        engineer_id=engineer.id,
        email_hash=contacts.email_hash(house, data.email) if data.email else None,
        phone_hash=contacts.phone_hash(house, data.phone) if data.phone else None,
    )
    contact.seal(engineer.key, ContactDocument(**data.model_dump(mode="json")))
    return contact


def require_reason(actor: Actor, reason: str | None, resource: Resource = Resource.ENGINEER_CONTACT) -> None:
    """Refuse anybody but the firm itself who does not say why.

    Raises:
        Invalid: they do not.
    """
    if reason is None and states_reason(actor, resource):
        fault = Fault("/reason", "query", "missing", "State why you need it.")
        raise Invalid("A reason is needed.", faults=[fault])


def stated_reason(engineer: Engineer, reason: str | None) -> str | dict[str, str]:
    """The reason as the record keeps it: under the person's key, for it may name them."""
    if reason is None:
        return "own engineer"
    return engineer.key.seal_text(place("audit_record", "payload.reason", engineer.id), reason)


def _blank(engineer_id: UUID, key: Key, organisation_id: UUID, data: EngineerCreate) -> Engineer:
    engineer = Engineer(
        id=engineer_id,
        organisation_id=organisation_id,
        status=EngineerStatus.DRAFT if data.draft else EngineerStatus.LISTED,
        discipline=data.discipline,
    )
    engineer.begin(key, ProfileDocument())
    for name in queries.LISTS:
        setattr(engineer, name, [])
    return engineer


def refuse_archived(engineer: Engineer) -> None:
    """Refuse to change an archived profile."""
    if engineer.status is EngineerStatus.ARCHIVED:
        raise EngineerArchived("An archived profile does not change.")


async def _queue_unknown_skills(session: AsyncSession, engineers: Sequence[Engineer]) -> None:
    await taxonomy.queue_unknown_skills(session, [word for engineer in engineers for word in engineer.unmatched_skills])
