"""Whose shortlists an actor reads, and what of a candidate it sees."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.core.actor import Actor
from app.identity.permissions import Resource, Verb, permits, reachable
from app.matchmaking.models import Shortlist


def readable(actor: Actor) -> ColumnElement[bool]:
    """Rows an actor may read."""
    owned = col(Shortlist.organisation_id) == actor.organisation_id
    return reachable(actor, Verb.READ, Resource.SHORTLIST, owned=owned)


def sees_identity(actor: Actor) -> bool:
    """Whether an actor may know who a candidate is; a client may not before it has accepted a proposal."""
    return permits(actor, Verb.READ, Resource.ENGINEER)
