"""Making links for engineers, who have no account, and acting by them.

Whoever acts by a link holds the engineer's row before the link is used up, and whoever erases holds it, too: the two
cannot wait for each other.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import true
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, OrganisationKind
from app.core.clock import utcnow
from app.core.errors import Forbidden
from app.core.keyring import keyring_of
from app.core.pages import Rows
from app.core.tenancy import SYSTEM, Side, assume, elevated, side_of
from app.identity.permissions import Resource, Verb, require
from app.talent import queries as talent
from app.talent.errors import EngineerNotFound
from app.talent.models import Engineer
from app.talent.policy import reach
from app.talent.privacy import queries, tokens
from app.talent.privacy.errors import LinkNotFound, LinkNotValid
from app.talent.privacy.events import EngineerLinkMade, EngineerLinkRevoked
from app.talent.privacy.models import EngineerLink, LinkPurpose
from app.talent.privacy.schemas import LinkCreate, LinkQuery

NEEDS: Final = {LinkPurpose.EXPORT: Verb.READ, LinkPurpose.ERASURE: Verb.REMOVE}
"""What its maker must be permitted with personal data to make a link for a purpose."""
CONFIDED: Final = frozenset({LinkPurpose.DECLARATION})
"""Purposes for which a firm makes no link: by the token it would read what is none of an employer's business."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An engineer who came by a link, and is held until the transaction ends."""

    engineer: Engineer
    link_id: UUID
    purposes: frozenset[LinkPurpose]


async def make_link(
    session: AsyncSession, actor: Actor, engineer_id: UUID, data: LinkCreate
) -> tuple[EngineerLink, str]:
    """Make a link and its token, which is not kept; earlier unused links that share a purpose work no more.

    Whoever makes a link sees its token, so it is made by those only who may do themselves what it is for.

    Raises:
        Forbidden: the actor may not.
    """
    if CONFIDED.intersection(data.purposes) and actor.organisation_kind is OrganisationKind.SUPPLIER:
        raise Forbidden("The marketplace makes links for declarations, so that no firm can act by them.")
    visible = reach(actor, Verb.CREATE, Resource.ENGINEER_LINK)
    for verb in (NEEDS[purpose] for purpose in data.purposes if purpose in NEEDS):
        require(actor, verb, Resource.PERSONAL_DATA)
        visible &= reach(actor, verb, Resource.PERSONAL_DATA)
    async with holding(session):
        engineer = await talent.lock_engineer(session, engineer_id, visible)
        await queries.void_links(session, engineer.id, data.purposes)
        link = _new_link(engineer, actor, data)
        session.add(link)
        await session.flush()
    made = EngineerLinkMade(
        engineer.id, link.id, tuple(link.purposes), link.expires_at, owner_id=engineer.organisation_id
    )
    await audit.record(session, actor, made)
    return link, tokens.make_token(keyring_of(session).masters, link.id, link.expires_at)


async def list_links(session: AsyncSession, actor: Actor, engineer_id: UUID, query: LinkQuery) -> Rows[EngineerLink]:
    """Links made for an engineer, whatever became of them."""
    engineer = await talent.get_engineer(session, engineer_id, reach(actor, Verb.READ, Resource.ENGINEER_LINK))
    return await queries.list_links(session, engineer.id, query)


async def revoke_link(session: AsyncSession, actor: Actor, engineer_id: UUID, link_id: UUID) -> None:
    """Make a link stop working, for good; one that was used or revoked stays as it is."""
    async with holding(session):
        try:
            visible = reach(actor, Verb.REMOVE, Resource.ENGINEER_LINK)
            engineer = await talent.lock_engineer(session, engineer_id, visible)
        except EngineerNotFound:
            # Whichever of the two is not there, or somebody else's: it is the same answer.
            raise LinkNotFound("There is no link of that id.") from None
        link = await queries.lock_link(session, engineer.id, link_id)
        if link.used_at is not None or link.revoked_at is not None:
            return
        link.revoked_at = utcnow()
        await session.flush()
    await audit.record(session, actor, EngineerLinkRevoked(engineer.id, link.id, owner_id=engineer.organisation_id))


async def see_link(session: AsyncSession, token: str) -> EngineerLink:
    """A link that could be used now, without using it up.

    Raises:
        LinkNotValid: it could not.
    """
    link_id = tokens.link_named(keyring_of(session).masters, token)
    if link_id is None:
        raise LinkNotValid
    # The person is no tenant; from here on each query names them, and nobody else.
    await assume(session, SYSTEM)
    link = await queries.find_usable_link(session, link_id)
    if link is None:
        raise LinkNotValid
    return link


@asynccontextmanager
async def holding(session: AsyncSession) -> AsyncIterator[None]:
    """Let the marketplace hold a firm's engineer, whom it otherwise only reads; whose they are the query says."""
    if side_of(session) is Side.MARKETPLACE:
        async with elevated(session, Side.SYSTEM):
            yield
    else:
        yield


async def use_link(session: AsyncSession, token: str, purpose: LinkPurpose) -> Visit:
    """Use a link up for one act; it stays unused when that act is refused.

    Raises:
        LinkNotValid: it is not good for this, or somebody else has just used it.
    """
    link = await see_link(session, token)
    try:
        engineer = await talent.lock_engineer(session, link.engineer_id, true())
    except EngineerNotFound:
        raise LinkNotValid from None
    if not await queries.use_link(session, link.id, purpose):
        raise LinkNotValid
    return Visit(engineer, link.id, frozenset(map(LinkPurpose, link.purposes)))


def _new_link(engineer: Engineer, actor: Actor, data: LinkCreate) -> EngineerLink:
    now = utcnow()
    return EngineerLink(
        engineer_id=engineer.id,
        purposes=[purpose.value for purpose in data.purposes],
        created_by=actor.member_id,
        created_at=now,
        expires_at=now + timedelta(hours=data.expires_in_hours),
    )
