"""What the ranking holds of a person: handed out when they ask, let go of when they are erased."""

from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import Subscriptions
from app.core.keyring import person_keys
from app.matchmaking import queries
from app.matchmaking.explanations import ENGLISH, fraction, told
from app.matchmaking.models import Shortlist, ShortlistEntry
from app.matchmaking.review.queries import decisions_about
from app.talent.privacy.events import PersonExport, PersonForgotten
from matching import words_in


def subscribe(subscriptions: Subscriptions) -> None:
    """Follow what is asked about people."""
    subscriptions.on(PersonExport, _hand_out)
    subscriptions.on(PersonForgotten, _let_go)


async def _hand_out(session: AsyncSession, fact: PersonExport) -> None:
    fact.add("index", await _indexed(session, fact.engineer_id))
    fact.add("shortlists", await _shortlisted(session, fact.engineer_id))
    fact.add("decisions", await _decided(session, fact.engineer_id))


async def _let_go(session: AsyncSession, fact: PersonForgotten) -> None:
    await queries.blank_entries(session, fact.engineer_id)


async def _indexed(session: AsyncSession, engineer_id: UUID) -> dict[str, Any] | None:
    """What the ranking reads of them; nothing of who is not listed."""
    stored = (await queries.load_facts(session, [engineer_id])).get(engineer_id)
    return None if stored is None else {"version": stored.version, "facts": from_json(stored.open())}


async def _shortlisted(session: AsyncSession, engineer_id: UUID) -> list[dict[str, Any]]:
    """Where they were ranked, oldest first; neither the client nor another candidate is named."""
    keys = await person_keys(session, [engineer_id])
    places = []
    for entry, shortlist in await queries.entries_of(session, engineer_id):
        entry.open(keys.get(engineer_id))
        places.append(_place(entry, shortlist))
    return places


async def _decided(session: AsyncSession, engineer_id: UUID) -> list[dict[str, Any]]:
    """What was decided about them, oldest first; nobody who decided is named."""
    key = (await person_keys(session, [engineer_id])).get(engineer_id)
    return [
        {
            "shortlist_id": str(made.shortlist_id),
            "rank": made.rank,
            "created_at": made.created_at.isoformat(),
            "decision": made.decision,
            "reason": made.reason,
            "note": made.open_note(key),
        }
        for made in await decisions_about(session, engineer_id)
    ]


def _place(entry: ShortlistEntry, shortlist: Shortlist) -> dict[str, Any]:
    return {
        "shortlist_id": str(entry.shortlist_id),
        "created_at": shortlist.created_at.isoformat(),
        "rank": entry.rank,
        "of": shortlist.considered,
        "engineer_version": entry.engineer_version,
        "score": fraction(entry.score),
        "low": fraction(entry.low),
        "high": fraction(entry.high),
        "ranked_as": entry.profile,
        "explanation": told(entry.explanation, words_in(ENGLISH)),
    }
