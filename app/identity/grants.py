"""Links that outlive the request that made them work only while whoever made them might make them again."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import Actor, Role
from app.identity.models import Member, Organisation, Standing
from app.identity.permissions import Relation, Resource, Verb, relations


async def still_may(session: AsyncSession, member_id: UUID, verb: Verb, resource: Resource, *, within: UUID) -> bool:
    """Whether a member may, now, do this within an organisation; it may for the rest of the transaction."""
    statement = (
        select(Member, Organisation)
        .join(Organisation, col(Organisation.id) == Member.organisation_id)
        .where(Member.id == member_id)
        .with_for_update(read=True, of=Member)
        .execution_options(populate_existing=True)
    )
    member, organisation = (await session.exec(statement)).one()
    active = member.standing == organisation.standing == Standing.ACTIVE
    actor = Actor(member.id, organisation.id, organisation.kind, Role(member.role))
    needed = Relation.OWN if organisation.id == within else Relation.FOREIGN
    return active and needed in relations(actor, verb, resource)
