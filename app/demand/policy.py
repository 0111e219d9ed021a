"""Whose requests an actor works with."""

from sqlalchemy import ColumnElement, and_, false, true
from sqlmodel import col

from app.core.actor import Actor, OrganisationKind
from app.demand.lifecycle import RequestStatus
from app.demand.models import Request


def readable(actor: Actor) -> ColumnElement[bool]:
    """Rows an actor may read: a client its own, the marketplace all, a supplier the open ones shown to suppliers."""
    if actor.is_system or actor.organisation_kind is OrganisationKind.MARKETPLACE:
        return true()
    if actor.organisation_kind is OrganisationKind.SUPPLIER:
        return and_(col(Request.open_to_suppliers), col(Request.status) == RequestStatus.OPEN)
    return owned(actor)


def owned(actor: Actor) -> ColumnElement[bool]:
    """Rows an actor may change: a client its own."""
    if actor.is_system:
        return true()
    if actor.organisation_kind is OrganisationKind.CLIENT:
        return col(Request.organisation_id) == actor.organisation_id
    return false()


def rankable(actor: Actor) -> ColumnElement[bool]:
    """Rows an actor may have candidates ranked for: a client its own, the marketplace all."""
    if actor.organisation_kind is OrganisationKind.MARKETPLACE:
        return true()
    return owned(actor)


def names_client(actor: Actor) -> bool:
    """Whether an actor may know which client asks."""
    return actor.organisation_kind is not OrganisationKind.SUPPLIER
