"""What engineers declare of themselves, by a link and in no other way; handed out to them alone."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.core.clock import utcnow
from app.core.events import Subscriptions
from app.core.keyring import person_keys
from app.fairness import queries
from app.fairness.events import DeclarationMade, DeclarationWithdrawn
from app.fairness.models import DeclaredAttributes
from app.fairness.schemas import Declaration, DeclarationOut
from app.talent.privacy import links
from app.talent.privacy.events import PersonExport, PersonForgotten
from app.talent.privacy.models import LinkPurpose


def subscribe(subscriptions: Subscriptions) -> None:
    """Follow what is asked about people."""
    subscriptions.on(PersonExport, _hand_out)
    subscriptions.on(PersonForgotten, _let_go)


async def declare_by_link(session: AsyncSession, token: str, given: Declaration) -> DeclarationOut:
    """Keep what the person behind a link declares in place of what they declared before; nothing withdraws it."""
    visit = await links.use_link(session, token, LinkPurpose.DECLARATION)
    engineer, now = visit.engineer, utcnow()
    firm = engineer.organisation_id
    was_there = await queries.forget_declared(session, engineer.id)
    if given.says_something:
        declared = DeclaredAttributes(engineer_id=engineer.id, declared_at=now)
        declared.seal(engineer.key, given.model_dump_json(exclude_none=True).encode())
        session.add(declared)
        await session.flush()
        await audit.record(session, Actor.system(), DeclarationMade(engineer.id, visit.link_id, owner_id=firm))
    elif was_there:
        await audit.record(session, Actor.system(), DeclarationWithdrawn(engineer.id, visit.link_id, owner_id=firm))
    return DeclarationOut(**given.model_dump(), declared_at=now if given.says_something else None)


async def opened(session: AsyncSession, engineer_ids: set[UUID]) -> dict[UUID, Declaration]:
    """What these people declared, of those who did and are not erased."""
    rows = await queries.list_declared(session, engineer_ids)
    keys = await person_keys(session, [row.engineer_id for row in rows])
    return {
        row.engineer_id: Declaration.model_validate_json(row.open(keys[row.engineer_id]))
        for row in rows
        if row.engineer_id in keys
    }


async def _hand_out(session: AsyncSession, fact: PersonExport) -> None:
    if fact.confided:
        fact.add("declaration", await _declared(session, fact.engineer_id))


async def _declared(session: AsyncSession, engineer_id: UUID) -> dict[str, Any] | None:
    found = (await opened(session, {engineer_id})).get(engineer_id)
    return None if found is None else found.model_dump(mode="json")


async def _let_go(session: AsyncSession, fact: PersonForgotten) -> None:
    await queries.forget_declared(session, fact.engineer_id)
