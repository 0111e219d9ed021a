"""Decisions about candidates: made by people, added and never changed. Nothing here follows from a score."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, OrganisationKind
from app.core.encryption import Key
from app.core.errors import Fault, Forbidden, Invalid
from app.core.keyring import PersonErased, person_keys
from app.core.pages import Rows
from app.core.tenancy import Side, elevated
from app.identity.permissions import Resource, Verb
from app.matchmaking.explanations import fraction
from app.matchmaking.policy import reach
from app.matchmaking.review import queries
from app.matchmaking.review.events import CandidateDecided
from app.matchmaking.review.models import REASONS, Reason, ShortlistDecision
from app.matchmaking.review.schemas import DecisionCreate, DecisionOut, DecisionQuery


async def decide(
    session: AsyncSession, actor: Actor, shortlist_id: UUID, rank: int, given: DecisionCreate
) -> DecisionOut:
    """Write down what the actor decides about a candidate.

    Raises:
        Forbidden: the actor is a program.
        Invalid: the reason is none for this verdict, or is said to be another and there is no note.
        PersonErased: the candidate was erased.
    """
    visible = reach(actor, Verb.CREATE, Resource.SHORTLIST_DECISION)
    client_id = await queries.client_of(session, shortlist_id, visible)
    if actor.member_id is None or actor.organisation_id is None or actor.client_id is not None:
        raise Forbidden("People decide about candidates; a program may not.")
    _require_reason(given)
    entry = await queries.lock_entry(session, shortlist_id, rank)
    key = (await _keys(session, entry.engineer_id)).get(entry.engineer_id)
    if key is None:
        raise PersonErased("The candidate was erased; nothing is decided about them any more.")
    made = ShortlistDecision(
        shortlist_id=shortlist_id,
        rank=rank,
        number=await queries.last_number(session, shortlist_id, rank) + 1,
        decision=given.decision,
        reason=given.reason,
        decided_by=actor.member_id,
        organisation_id=actor.organisation_id,
    )
    if given.note is not None:
        made.seal_note(key, given.note)
    session.add(made)
    event = CandidateDecided(shortlist_id, made.id, rank, made.number, made.decision, made.reason, owner_id=client_id)
    await audit.record(session, actor, event)
    await session.flush()
    return _out(made, (entry.engineer_id, entry.score), client_id, current=True, note=given.note)


async def list_decisions(
    session: AsyncSession, actor: Actor, shortlist_id: UUID, query: DecisionQuery
) -> Rows[DecisionOut]:
    """What was decided on a shortlist, beside what the ranking had said."""
    client_id = await queries.client_of(session, shortlist_id, reach(actor, Verb.READ, Resource.SHORTLIST_DECISION))
    rows = await queries.list_decisions(session, shortlist_id, query)
    places = await queries.places(session, shortlist_id)
    current = await queries.current_ids(session, [shortlist_id])
    keys = await _keys(session, *(places[made.rank][0] for made in rows.items if made.note is not None))
    return Rows(
        [
            _out(
                made,
                places[made.rank],
                client_id,
                current=made.id in current,
                note=_note(actor, made, keys.get(places[made.rank][0])),
            )
            for made in rows.items
        ],
        rows.next_cursor,
    )


def _require_reason(given: DecisionCreate) -> None:
    if given.reason not in REASONS[given.decision]:
        choice = ", ".join(sorted(REASONS[given.decision]))
        fault = Fault("/reason", "body", "reason-out-of-place", f"The reasons to {given.decision} are {choice}.")
        raise Invalid("The reason is not one for this decision.", faults=[fault])
    if given.reason is Reason.OTHER and given.note is None:
        fault = Fault("/note", "body", "missing", "Another reason is said in the note.")
        raise Invalid("Another reason is said in the note.", faults=[fault])


def _note(actor: Actor, made: ShortlistDecision, key: Key | None) -> str | None:
    # A recruiter knows who the candidate is and may name them; a client is not to learn it that way.
    own = actor.organisation_id == made.organisation_id
    return made.open_note(key) if own or actor.organisation_kind is OrganisationKind.MARKETPLACE else None


async def _keys(session: AsyncSession, *engineer_ids: UUID) -> Mapping[UUID, Key]:
    """The keys of candidates, who are other firms'; what they open is the shortlist's own."""
    async with elevated(session, Side.RANKING):
        return await person_keys(session, set(engineer_ids))


def _out(
    made: ShortlistDecision, placed: tuple[UUID, int], client_id: UUID, *, current: bool, note: str | None
) -> DecisionOut:
    engineer_id, score = placed
    ours = made.organisation_id == client_id
    return DecisionOut(
        **made.model_dump(exclude={"note", "organisation_id"}),
        engineer_id=engineer_id,
        score=fraction(score),
        current=current,
        note=note,
        side=OrganisationKind.CLIENT if ours else OrganisationKind.MARKETPLACE,
    )
