"""Whose shortlists an actor reads and decides on."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.core.actor import Actor
from app.identity.permissions import Resource, Verb, reachable
from app.matchmaking.models import Shortlist


def readable(actor: Actor, resource: Resource = Resource.SHORTLIST) -> ColumnElement[bool]:
    """Rows an actor may read, or read something else of."""
    return reach(actor, Verb.READ, resource)


def reach(actor: Actor, verb: Verb, resource: Resource) -> ColumnElement[bool]:
    """Shortlists to whose things of this kind an actor may do this."""
    owned = col(Shortlist.organisation_id) == actor.organisation_id
    return reachable(actor, verb, resource, owned=owned)
