"""What people agree to: decisions are only ever added, and what they forbid stops in the same transaction."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.core.clock import utcnow
from app.core.events import announce
from app.core.pages import Rows
from app.identity.permissions import Resource, Verb
from app.talent import lifecycle
from app.talent import queries as talent
from app.talent.events import DocumentRemoved, EngineerMoved, ProfilesChanged
from app.talent.lifecycle import EngineerStatus
from app.talent.models import Engineer
from app.talent.policy import reach
from app.talent.privacy import links, queries
from app.talent.privacy.errors import ConsentIsWithdrawn
from app.talent.privacy.events import ConsentDecided, ConsentWithdrawn
from app.talent.privacy.models import Channel, ConsentDecision, ConsentPurpose, Decision, EngineerLink, LinkPurpose
from app.talent.privacy.schemas import (
    ConsentOut,
    ConsentQuery,
    ConsentRecord,
    DecisionIn,
    LinkSeen,
    RecordedConsentOut,
)


async def record_consent(
    session: AsyncSession, actor: Actor, engineer_id: UUID, given: ConsentRecord
) -> RecordedConsentOut:
    """Write down a decision that the firm has on paper."""
    engineer = await talent.lock_engineer(session, engineer_id, reach(actor, Verb.CREATE, Resource.CONSENT))
    (made,) = await _decide(session, actor, engineer, [given], link_id=None)
    return recorded(made, engineer)


async def decide_by_link(session: AsyncSession, token: str, given: Sequence[DecisionIn]) -> list[ConsentOut]:
    """Write down what the person behind a link decides; return where they stand now."""
    visit = await links.use_link(session, token, LinkPurpose.CONSENT)
    await _decide(session, Actor.system(), visit.engineer, given, link_id=visit.link_id)
    return await _current(session, visit.engineer.id)


async def see_link(session: AsyncSession, token: str) -> LinkSeen:
    """What a link can do, and where the person behind it stands."""
    link: EngineerLink = await links.see_link(session, token)
    return LinkSeen(
        purposes=[LinkPurpose(purpose) for purpose in link.purposes],
        expires_at=link.expires_at,
        consents=await _current(session, link.engineer_id),
    )


async def list_consents(
    session: AsyncSession, actor: Actor, engineer_id: UUID, query: ConsentQuery
) -> Rows[RecordedConsentOut]:
    """An engineer's decisions."""
    engineer = await talent.get_engineer(session, engineer_id, reach(actor, Verb.READ, Resource.CONSENT))
    rows = await queries.list_consents(session, engineer.id, query)
    return Rows([recorded(made, engineer) for made in rows.items], rows.next_cursor)


async def refuse_withdrawn(session: AsyncSession, engineer_id: UUID, purpose: ConsentPurpose) -> None:
    """Refuse what a person has withdrawn their consent to; the caller holds the engineer.

    Raises:
        ConsentIsWithdrawn: their last decision about it was that.
    """
    if await queries.is_withdrawn(session, engineer_id, purpose):
        raise ConsentIsWithdrawn(f"The person has withdrawn their consent to {purpose}; they must grant it first.")


def recorded(made: ConsentDecision, engineer: Engineer) -> RecordedConsentOut:
    """A decision with the firm's note opened."""
    plain = ConsentOut.model_validate(made).model_dump()
    return RecordedConsentOut(**plain, evidence=made.open_evidence(engineer.key))


async def _decide(
    session: AsyncSession, actor: Actor, engineer: Engineer, given: Sequence[DecisionIn], *, link_id: UUID | None
) -> list[ConsentDecision]:
    channel = Channel.FIRM if link_id is None else Channel.LINK
    made = []
    for number, one in enumerate(given, start=await queries.last_number(session, engineer.id) + 1):
        decided = ConsentDecision(
            engineer_id=engineer.id,
            number=number,
            purpose=one.purpose,
            text_version=one.text_version,
            decision=one.decision,
            at=utcnow(),
            channel=channel,
            link_id=link_id,
            recorded_by=actor.member_id,
        )
        if isinstance(one, ConsentRecord):
            decided.seal_evidence(engineer.key, one.evidence)
        made.append(decided)
    session.add_all(made)
    await session.flush()
    await audit.record_all(session, actor, [_event(decided, engineer) for decided in made])
    for decided in made:
        if decided.decision is Decision.WITHDRAWN:
            await _stop(session, actor, engineer, decided.purpose)
    return made


async def _stop(session: AsyncSession, actor: Actor, engineer: Engineer, purpose: ConsentPurpose) -> None:
    """Let nothing go on that the consent was for."""
    if purpose is ConsentPurpose.MATCHING and engineer.status is EngineerStatus.LISTED:
        was, engineer.status = engineer.status, lifecycle.move(engineer.status, to=EngineerStatus.UNLISTED)
        engineer.touch()
        await session.flush()
        await announce(session, ProfilesChanged((engineer.id,)))
        moved = EngineerMoved(engineer.id, was.value, engineer.status.value, owner_id=engineer.organisation_id)
        await audit.record(session, actor, moved)
    if purpose is ConsentPurpose.DOCUMENTS:
        gone = await queries.delete_documents(session, engineer.id)
        removed = [DocumentRemoved(engineer.id, one, owner_id=engineer.organisation_id) for one in gone]
        await audit.record_all(session, actor, removed)
    await announce(session, ConsentWithdrawn(engineer.id, purpose))


async def _current(session: AsyncSession, engineer_id: UUID) -> list[ConsentOut]:
    return [ConsentOut.model_validate(made) for made in await queries.every_consent(session, engineer_id, current=True)]


def _event(made: ConsentDecision, engineer: Engineer) -> ConsentDecided:
    return ConsentDecided(
        engineer.id,
        made.number,
        made.purpose,
        made.text_version,
        made.decision,
        made.channel,
        made.link_id,
        owner_id=engineer.organisation_id,
    )
