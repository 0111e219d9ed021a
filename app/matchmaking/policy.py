"""Whose shortlists an actor reads, and what of a candidate it sees."""

from sqlalchemy import ColumnElement, false, true
from sqlmodel import col

from app.core.actor import Actor, OrganisationKind
from app.matchmaking.models import Shortlist


def readable(actor: Actor) -> ColumnElement[bool]:
    """Rows an actor may read: a client its own, the marketplace all."""
    if actor.is_system or actor.organisation_kind is OrganisationKind.MARKETPLACE:
        return true()
    if actor.organisation_kind is OrganisationKind.CLIENT:
        return col(Shortlist.organisation_id) == actor.organisation_id
    return false()


def sees_identity(actor: Actor) -> bool:
    """Whether an actor may know who a candidate is; a client may not before it has accepted a proposal."""
    return actor.is_system or actor.organisation_kind is OrganisationKind.MARKETPLACE
