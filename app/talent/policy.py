"""Whose engineers an actor works with."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.core.actor import Actor
from app.identity.permissions import Relation, Resource, Verb, reachable, relations
from app.talent.models import Engineer


def reach(actor: Actor, verb: Verb, resource: Resource = Resource.ENGINEER) -> ColumnElement[bool]:
    """Rows an actor may do this to."""
    return reachable(actor, verb, resource, owned=col(Engineer.organisation_id) == actor.organisation_id)


def states_reason(actor: Actor, resource: Resource = Resource.ENGINEER_CONTACT) -> bool:
    """Whether an actor must say why it reads this: whoever reads it of others' engineers."""
    return Relation.FOREIGN in relations(actor, Verb.READ, resource)
