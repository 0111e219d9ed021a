"""What clients do with their requests, and what other rooms may ask about them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.core.clock import utcnow
from app.core.errors import Forbidden
from app.core.etags import IfMatch
from app.core.events import announce
from app.core.ids import new_id
from app.core.pages import Rows
from app.demand import lifecycle, queries, writing
from app.demand.errors import RequestArchived
from app.demand.events import RequestChanged, RequestCreated, RequestMoved, RequestsChanged
from app.demand.lifecycle import RequestStatus
from app.demand.models import Request
from app.demand.policy import names_client, reach
from app.demand.schemas import RequestCreate, RequestPatch, RequestQuery
from app.identity.permissions import Resource, Verb
from app.taxonomy import service as taxonomy
from app.taxonomy.events import WordsAbandoned
from app.taxonomy.words import key


async def create_request(session: AsyncSession, actor: Actor, data: RequestCreate) -> Request:
    """Ask for a role, for the actor's own company."""
    assert actor.organisation_id is not None  # noqa: S101 - a role comes with an organisation
    return await create_request_for(session, actor, actor.organisation_id, data)


async def create_request_for(
    session: AsyncSession, actor: Actor, organisation_id: UUID, data: RequestCreate
) -> Request:
    """Ask for a role on behalf of a client."""
    request = Request(id=new_id(), organisation_id=organisation_id, title=data.title, skills=[], certifications=[])
    writing.write(request, data, set(RequestCreate.model_fields), await taxonomy.current(session))
    session.add(request)
    await _follow_up(session, request, new_skills=True)
    await audit.record(session, actor, RequestCreated(request.id, owner_id=organisation_id))
    return request


async def get_request(session: AsyncSession, actor: Actor, request_id: UUID) -> Request:
    """One request."""
    return await queries.get_request(session, request_id, reach(actor, Verb.READ))


async def get_rankable(session: AsyncSession, actor: Actor, request_id: UUID) -> Request:
    """A request the actor may have candidates ranked for.

    Raises:
        RequestArchived: the request is history.
    """
    request = await queries.get_request(session, request_id, reach(actor, Verb.CREATE, Resource.SHORTLIST))
    if request.status is RequestStatus.ARCHIVED:
        raise RequestArchived("No shortlist is made for an archived request.")
    return request


async def get_explainable(session: AsyncSession, actor: Actor, request_id: UUID) -> Request:
    """A request for which the actor may ask how a candidate stands.

    Raises:
        RequestArchived: the request is history.
    """
    request = await queries.get_request(session, request_id, reach(actor, Verb.READ, Resource.EXPLANATION))
    if request.status is RequestStatus.ARCHIVED:
        raise RequestArchived("Nobody stands anywhere for an archived request.")
    return request


async def list_requests(session: AsyncSession, actor: Actor, query: RequestQuery) -> Rows[Request]:
    """Requests the actor may read."""
    if query.organisation_id is not None and not names_client(actor):
        # A list that is empty for every client but one would name it.
        raise Forbidden("You may not filter by client: clients stay unnamed.")
    hidden = col(Request.status) != RequestStatus.ARCHIVED
    conditions: list[Any] = [hidden if query.status is None else col(Request.status) == query.status]
    for field in ("discipline", "service_type", "organisation_id"):
        value = getattr(query, field)
        if value is not None:
            conditions.append(col(getattr(Request, field)) == value)
    return await queries.list_requests(session, query, [reach(actor, Verb.READ), *conditions])


async def change_request(
    session: AsyncSession, actor: Actor, request_id: UUID, if_match: IfMatch, patch: RequestPatch
) -> Request:
    """Change a request; what was not given stays, and shortlists already made stay as they are."""
    request = await queries.lock_request(session, request_id, reach(actor, Verb.CHANGE))
    if_match.check(request.version)
    if request.status is RequestStatus.ARCHIVED:
        raise RequestArchived("An archived request does not change.")
    writing.write(request, patch, patch.model_fields_set, await taxonomy.current(session))
    _touch(request)
    await _follow_up(session, request, new_skills="skills" in patch.model_fields_set)
    fields = tuple(sorted(patch.model_fields_set))
    await audit.record(session, actor, RequestChanged(request.id, request.version, fields))
    return request


async def archive_request(session: AsyncSession, actor: Actor, request_id: UUID, if_match: IfMatch) -> Request:
    """Archive a request for good."""
    request = await queries.lock_request(session, request_id, reach(actor, Verb.CHANGE))
    if_match.check(request.version)
    was = request.status
    request.status = lifecycle.move(was, to=RequestStatus.ARCHIVED)
    _touch(request)
    await session.flush()
    await audit.record(session, actor, RequestMoved(request.id, was.value, request.status.value))
    return request


async def shown_to_suppliers(session: AsyncSession, *, limit: int) -> Sequence[tuple[UUID, int]]:
    """Ids and versions of the newest open requests that suppliers can read."""
    return await queries.shown_to_suppliers(session, limit)


async def descriptions(session: AsyncSession, request_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What requests say, by id."""
    return await queries.descriptions(session, request_ids) if request_ids else {}


async def load_requests(session: AsyncSession, request_ids: Sequence[UUID]) -> Sequence[Request]:
    """Whole requests by id, for the room that ranks for them."""
    return await queries.load_requests(session, request_ids)


async def request_ids(session: AsyncSession, *, after: UUID | None, limit: int) -> Sequence[UUID]:
    """The next ids of all requests."""
    return await queries.request_ids(session, after=after, limit=limit)


def _touch(request: Request) -> None:
    request.version += 1
    request.updated_at = utcnow()


async def say_words_in_use(session: AsyncSession, fact: WordsAbandoned) -> None:
    """Keep the unknown words that a request asks for."""
    fact.in_use.update(fact.words & {key(word) for word in await queries.unknown_words(session)})


async def _follow_up(session: AsyncSession, request: Request, *, new_skills: bool) -> None:
    await session.flush()
    if new_skills:
        await taxonomy.queue_unknown_skills(session, request.unmatched_skills)
    await announce(session, RequestsChanged((request.id,)))
