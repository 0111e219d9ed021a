"""Whose shortlists an actor reads."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.core.actor import Actor
from app.identity.permissions import Resource, Verb, reachable
from app.matchmaking.models import Shortlist


def readable(actor: Actor) -> ColumnElement[bool]:
    """Rows an actor may read."""
    owned = col(Shortlist.organisation_id) == actor.organisation_id
    return reachable(actor, Verb.READ, Resource.SHORTLIST, owned=owned)
