"""Whose engineers an actor works with."""

from sqlalchemy import ColumnElement, false, true
from sqlmodel import col

from app.core.actor import Actor, OrganisationKind
from app.talent.models import Engineer


def readable(actor: Actor) -> ColumnElement[bool]:
    """Rows an actor may read: a firm its own, the marketplace all, anybody else none."""
    if actor.is_system or actor.organisation_kind is OrganisationKind.MARKETPLACE:
        return true()
    return owned(actor)


def owned(actor: Actor) -> ColumnElement[bool]:
    """Rows an actor may change: a firm its own."""
    if actor.is_system:
        return true()
    if actor.organisation_kind is OrganisationKind.SUPPLIER:
        return col(Engineer.organisation_id) == actor.organisation_id
    return false()
