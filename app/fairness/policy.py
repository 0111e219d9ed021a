"""Whose shortlists a report is about."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.core.actor import Actor
from app.fairness.models import ShortlistPopulation
from app.identity.permissions import Relation, Resource, Verb, reachable, relations


def readable(actor: Actor) -> ColumnElement[bool]:
    """Rows an actor may read."""
    owned = col(ShortlistPopulation.organisation_id) == actor.organisation_id
    return reachable(actor, Verb.READ, Resource.SELECTION_RATES, owned=owned)


def reads_every_client(actor: Actor) -> bool:
    """Whether an actor's reports are about the whole market; what people declared is told of nothing smaller."""
    return Relation.FOREIGN in relations(actor, Verb.READ, Resource.SELECTION_RATES)
