"""Whose requests an actor works with."""

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

from app.core.actor import Actor
from app.demand.lifecycle import RequestStatus
from app.demand.models import Request
from app.identity.permissions import Relation, Resource, Verb, reachable, relations


def reach(actor: Actor, verb: Verb, resource: Resource = Resource.REQUEST) -> ColumnElement[bool]:
    """Rows an actor may do this to."""
    return reachable(
        actor,
        verb,
        resource,
        owned=col(Request.organisation_id) == actor.organisation_id,
        opened=and_(col(Request.open_to_suppliers), col(Request.status) == RequestStatus.OPEN),
    )


def names_client(actor: Actor) -> bool:
    """Whether an actor may know which client asks; who is merely invited may not."""
    return bool(relations(actor, Verb.READ, Resource.REQUEST) - {Relation.INVITED})
