"""Erasing somebody: everything in one transaction, written down beside the database before it commits.

Destroying their key makes noise of all that was sealed with it, wherever a copy lies. What stood unsealed, because it
is searched or ranked by, is deleted; other rooms let go of theirs when `PersonForgotten` is announced. The row of the
engineer stays as a placeholder, so that whatever names their id keeps its meaning.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from anyio.to_thread import run_sync
from sqlalchemy import true
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core import idempotency
from app.core.actor import Actor, OrganisationKind
from app.core.database import Database
from app.core.encryption import SealBroken, UnknownMasterKey
from app.core.etags import IfMatch
from app.core.events import Subscriptions, announce
from app.core.keyring import destroy_person_key, house_key, person_keys
from app.core.tenancy import SYSTEM, Side, elevated
from app.identity.permissions import Resource, Verb
from app.talent import lifecycle
from app.talent.documents import opened_profile
from app.talent.events import ProfilesChanged
from app.talent.lifecycle import EngineerStatus
from app.talent.models import BLANKED, Engineer
from app.talent.policy import reach
from app.talent.privacy import links, queries
from app.talent.privacy.events import EngineerErased, PersonForgotten
from app.talent.privacy.ledger import Ledger, ledger_of
from app.talent.privacy.models import Channel, Ground, LinkPurpose
from app.talent.privacy.schemas import ErasureOut
from app.talent.profiles import word_hash
from app.taxonomy import service as taxonomy
from app.taxonomy.events import WordsAbandoned

log = structlog.get_logger(__name__)

BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """Why somebody is erased, and how that came in."""

    ground: Ground | None
    channel: Channel
    link_id: UUID | None = None


async def erase_engineer(
    session: AsyncSession, actor: Actor, engineer_id: UUID, if_match: IfMatch, ground: Ground
) -> ErasureOut:
    """Erase an engineer; whoever repeats it is told when it was done."""
    visible = reach(actor, Verb.REMOVE, Resource.PERSONAL_DATA)
    # What is known of them lies with clients and the marketplace, too; whose engineer it is the query says.
    async with elevated(session, Side.SYSTEM):
        engineer = await queries.lock_person(session, engineer_id, visible)
        if engineer.status is not EngineerStatus.ERASED:
            if_match.check(engineer.version)
            ours = actor.organisation_kind is OrganisationKind.SUPPLIER
            await _erase(session, actor, engineer, Wish(ground, Channel.FIRM if ours else Channel.MARKETPLACE))
    return _receipt(engineer)


async def erase_by_link(session: AsyncSession, token: str, ground: Ground) -> ErasureOut:
    """Erase the person behind a link."""
    visit = await links.use_link(session, token, LinkPurpose.ERASURE)
    await _erase(session, Actor.system(), visit.engineer, Wish(ground, Channel.LINK, visit.link_id))
    return _receipt(visit.engineer)


async def replay(database: Database, ledger: Ledger) -> int:
    """Erase again whom the ledger names and the database still knows, as after an older backup; return how many."""
    named = await run_sync(ledger.read)
    erased = 0
    for start in range(0, len(named), BATCH):
        async with database.transaction(SYSTEM) as session:
            back = await queries.not_erased(session, named[start : start + BATCH])
        for engineer_id in back:
            async with database.transaction(SYSTEM) as session:
                erased += await _erase_again(session, engineer_id)
    if erased:
        log.warning("erased again what a backup had brought back", erasures=erased)
    return erased


def subscribe(subscriptions: Subscriptions) -> None:
    """Say which words the taxonomy must keep, because profiles use them."""
    subscriptions.on(WordsAbandoned, _say_words_in_use)


async def _erase_again(session: AsyncSession, engineer_id: UUID) -> bool:
    engineer = await queries.lock_person(session, engineer_id, true())
    # Another process may be starting, too.
    if engineer.status is EngineerStatus.ERASED:
        return False
    await _erase(session, Actor.system(), engineer, Wish(None, Channel.LEDGER))
    return True


async def _erase(session: AsyncSession, actor: Actor, engineer: Engineer, wish: Wish) -> None:
    """Erase an engineer whose row is held."""
    status = lifecycle.move(engineer.status, to=EngineerStatus.ERASED)
    words = await _words_of(session, engineer)
    await destroy_person_key(session, engineer.id)
    await queries.forget(session, engineer.id)
    _blank(engineer, status)
    await session.flush()
    await announce(session, ProfilesChanged((engineer.id,)))
    await announce(session, PersonForgotten(engineer.id))
    await idempotency.withhold_replies(session, engineer.id)
    await taxonomy.forget_skills(session, words)
    erased = EngineerErased(engineer.id, wish.ground, wish.channel, wish.link_id, owner_id=engineer.organisation_id)
    await audit.record(session, actor, erased)
    await session.flush()
    if wish.channel is not Channel.LEDGER:
        await run_sync(ledger_of(session).append, engineer.id, engineer.updated_at)


async def _words_of(session: AsyncSession, engineer: Engineer) -> list[str]:
    """The skills of the profile as written; none when the profile does not open, which must not stop an erasure."""
    try:
        key = (await person_keys(session, [engineer.id])).get(engineer.id)
        return [] if key is None else opened_profile(key, engineer.id, engineer.sealed).skills
    except (SealBroken, UnknownMasterKey):
        log.warning("a profile is erased that does not open", engineer_id=str(engineer.id))
        return []


def _blank(engineer: Engineer, status: EngineerStatus) -> None:
    engineer.status = status
    for column in BLANKED.split(", "):
        setattr(engineer, column, None)
    engineer.sealed = b""
    engineer.touch()


def _receipt(engineer: Engineer) -> ErasureOut:
    # Nothing touches somebody erased any more.
    return ErasureOut(engineer_id=engineer.id, erased_at=engineer.updated_at)


async def _say_words_in_use(session: AsyncSession, fact: WordsAbandoned) -> None:
    house = await house_key(session)
    hashes = {word_hash(house, word): word for word in fact.words}
    fact.in_use.update(hashes[found] for found in await queries.words_in_use(session, list(hashes)) if found)
