"""Who may do what, and to whose things: one table. Code, documentation and tests all read it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, false, or_, true

from app.core.actor import Actor, OrganisationKind, Role
from app.core.errors import Forbidden


class Resource(StrEnum):
    """What can be acted upon."""

    ORGANISATION = "organisation"
    MEMBER = "member"
    API_KEY = "api_key"
    AUDIT_EVENT = "audit_event"
    TAXONOMY = "taxonomy"
    UNMATCHED_SKILL = "unmatched_skill"
    ENGINEER = "engineer"
    ENGINEER_CONTACT = "engineer_contact"
    ENGINEER_DOCUMENT = "engineer_document"
    ENGINEER_LINK = "engineer_link"
    CONSENT = "consent"
    PERSONAL_DATA = "personal_data"
    """Everything known of an engineer: to read it is to export it, to remove it is to erase them."""
    PROFILE_FLAG = "profile_flag"
    """What was found in a profile that was written for a ranking: to change it is to decide about it."""
    REQUEST = "request"
    SHORTLIST = "shortlist"
    SHORTLIST_DECISION = "shortlist_decision"
    RANKING_WEIGHTS = "ranking_weights"
    EXPLANATION = "explanation"
    """How one candidate stands to a request, whose request it is: firms ask about their own people alone."""
    SELECTION_RATES = "selection_rates"
    MODEL_CARD = "model_card"


class Verb(StrEnum):
    """What can be done."""

    CREATE = "create"
    READ = "read"
    CHANGE = "change"
    REMOVE = "remove"


class Relation(StrEnum):
    """How a thing stands to the organisation of whoever acts upon it."""

    SELF = "self"
    """It belongs to the actor in person."""
    OWN = "own"
    """It belongs to the actor's organisation; something new will."""
    INVITED = "invited"
    """It belongs to another, which has opened it to the actor's side."""
    FOREIGN = "foreign"
    """It belongs to another."""
    NONE = "none"
    """It belongs to nobody."""


Relations = frozenset[Relation]

ROLES: Final[Mapping[OrganisationKind, frozenset[Role]]] = {
    OrganisationKind.SUPPLIER: frozenset({Role.SUPPLIER_ADMIN, Role.SUPPLIER_RECRUITER}),
    OrganisationKind.CLIENT: frozenset({Role.CLIENT_ADMIN, Role.HIRING_MANAGER}),
    OrganisationKind.MARKETPLACE: frozenset({Role.RECRUITER, Role.ADMIN, Role.AUDITOR}),
}

_: Final = Relations()
mine: Final = Relations({Relation.SELF})
own: Final = Relations({Relation.SELF, Relation.OWN})
invited: Final = Relations({Relation.INVITED})
every: Final = Relations({Relation.SELF, Relation.OWN, Relation.INVITED, Relation.FOREIGN})
none: Final = Relations({Relation.NONE})

COLUMNS: Final = (
    Role.SUPPLIER_ADMIN,
    Role.SUPPLIER_RECRUITER,
    Role.CLIENT_ADMIN,
    Role.HIRING_MANAGER,
    Role.RECRUITER,
    Role.ADMIN,
    Role.AUDITOR,
)
# fmt: off
TABLE: Final[Mapping[tuple[Resource, Verb], tuple[Relations, ...]]] = {
    #                                          supplier            client              marketplace
    #                                        | admin   recruiter | admin   manager   | recruiter admin  auditor
    (Resource.ORGANISATION, Verb.CREATE):     (_,      _,          _,      _,          _,        none,  _),
    (Resource.ORGANISATION, Verb.READ):       (own,    own,        own,    own,        every,    every, every),
    (Resource.ORGANISATION, Verb.CHANGE):     (_,      _,          _,      _,          _,        every, _),
    (Resource.MEMBER, Verb.CREATE):           (own,    _,          own,    _,          _,        every, _),
    (Resource.MEMBER, Verb.READ):             (own,    _,          own,    _,          _,        every, _),
    (Resource.MEMBER, Verb.CHANGE):           (own,    _,          own,    _,          _,        every, _),
    (Resource.API_KEY, Verb.CREATE):          (own,    mine,       own,    mine,       mine,     every, mine),
    (Resource.API_KEY, Verb.READ):            (own,    mine,       own,    mine,       mine,     every, mine),
    (Resource.API_KEY, Verb.REMOVE):          (own,    mine,       own,    mine,       mine,     every, mine),
    (Resource.AUDIT_EVENT, Verb.READ):        (_,      _,          _,      _,          _,        every, every),
    (Resource.TAXONOMY, Verb.READ):           (none,   none,       none,   none,       none,     none,  none),
    (Resource.UNMATCHED_SKILL, Verb.READ):    (_,      _,          _,      _,          none,     none,  _),
    (Resource.UNMATCHED_SKILL, Verb.CHANGE):  (_,      _,          _,      _,          _,        none,  _),
    (Resource.ENGINEER, Verb.CREATE):         (own,    own,        _,      _,          _,        _,     _),
    (Resource.ENGINEER, Verb.READ):           (own,    own,        _,      _,          every,    _,     _),
    (Resource.ENGINEER, Verb.CHANGE):         (own,    own,        _,      _,          _,        _,     _),
    (Resource.ENGINEER_CONTACT, Verb.READ):   (own,    own,        _,      _,          every,    _,     _),
    (Resource.ENGINEER_CONTACT, Verb.CHANGE): (own,    own,        _,      _,          _,        _,     _),
    (Resource.ENGINEER_DOCUMENT, Verb.READ):   (own,   own,        _,      _,          every,    _,     _),
    (Resource.ENGINEER_DOCUMENT, Verb.CHANGE): (own,   own,        _,      _,          _,        _,     _),
    (Resource.ENGINEER_LINK, Verb.CREATE):    (own,    own,        _,      _,          every,    every, _),
    (Resource.ENGINEER_LINK, Verb.READ):      (own,    own,        _,      _,          every,    every, _),
    (Resource.ENGINEER_LINK, Verb.REMOVE):    (own,    own,        _,      _,          every,    every, _),
    (Resource.CONSENT, Verb.CREATE):          (own,    own,        _,      _,          _,        _,     _),
    (Resource.CONSENT, Verb.READ):            (own,    own,        _,      _,          every,    _,     _),
    (Resource.PERSONAL_DATA, Verb.READ):      (own,    own,        _,      _,          every,    _,     _),
    (Resource.PERSONAL_DATA, Verb.REMOVE):    (own,    _,          _,      _,          _,        every, _),
    (Resource.PROFILE_FLAG, Verb.READ):       (own,    own,        _,      _,          every,    _,     _),
    (Resource.PROFILE_FLAG, Verb.CHANGE):     (_,      _,          _,      _,          every,    _,     _),
    (Resource.REQUEST, Verb.CREATE):          (_,      _,          own,    own,        _,        _,     _),
    (Resource.REQUEST, Verb.READ):            (invited, invited,   own,    own,        every,    _,     _),
    (Resource.REQUEST, Verb.CHANGE):          (_,      _,          own,    own,        _,        _,     _),
    (Resource.SHORTLIST, Verb.CREATE):        (_,      _,          own,    own,        every,    _,     _),
    (Resource.SHORTLIST, Verb.READ):          (_,      _,          own,    own,        every,    _,     _),
    (Resource.SHORTLIST_DECISION, Verb.CREATE): (_,    _,          own,    own,        every,    _,     _),
    (Resource.SHORTLIST_DECISION, Verb.READ):  (_,     _,          own,    own,        every,    _,     _),
    (Resource.RANKING_WEIGHTS, Verb.READ):    (_,      _,          own,    own,        every,    every, every),
    (Resource.RANKING_WEIGHTS, Verb.CHANGE):  (_,      _,          own,    _,          every,    _,     _),
    (Resource.EXPLANATION, Verb.READ):        (invited, invited,   own,    own,        every,    _,     _),
    (Resource.SELECTION_RATES, Verb.READ):    (_,      _,          own,    own,        every,    every, every),
    (Resource.MODEL_CARD, Verb.READ):         (none,   none,       none,   none,       none,     none,  none),
}
"""Whose things each role may act upon; a pair that is not here is permitted to nobody."""
# fmt: on

ANYTHING: Final = Relations(Relation)


def relations(actor: Actor, verb: Verb, resource: Resource) -> Relations:
    """Whose things the table, and the scopes of its credential, let this actor do this to."""
    if actor.role is None:
        return ANYTHING
    if actor.scopes is not None and scope_of(verb, resource) not in actor.scopes:
        return _
    return granted(actor.role, verb, resource)


def granted(role: Role, verb: Verb, resource: Resource) -> Relations:
    """What stands in the table."""
    row = TABLE.get((resource, verb))
    return _ if row is None else row[COLUMNS.index(role)]


def scope_of(verb: Verb, resource: Resource) -> str:
    """The scope that a limited credential needs for this."""
    return f"{resource}:{'read' if verb is Verb.READ else 'write'}"


def permits(actor: Actor, verb: Verb, resource: Resource) -> bool:
    """Whether the table lets this actor do this to anything at all, and its credential's scopes do."""
    return bool(relations(actor, verb, resource))


def require(actor: Actor, verb: Verb, resource: Resource) -> None:
    """Refuse unless the table lets this actor do this to anything at all."""
    if not permits(actor, verb, resource):
        noun = resource.replace("_", " ")
        if actor.role is not None and granted(actor.role, verb, resource):
            raise Forbidden(f"The credential lacks the scope {scope_of(verb, resource)}.")
        raise Forbidden(f"A {str(actor.role).replace('_', ' ')} may not {verb} this: {noun}.")


def reachable(
    actor: Actor,
    verb: Verb,
    resource: Resource,
    *,
    owned: ColumnElement[bool],
    opened: ColumnElement[bool] | None = None,
) -> ColumnElement[bool]:
    """The rows the table lets this actor do this to; part of every statement about things that have an owner.

    `owned` says that a row belongs to the actor's organisation, `opened` that its owner has invited the actor's side.
    """
    whose = relations(actor, verb, resource)
    if Relation.FOREIGN in whose:
        return true()
    rows = [owned] if Relation.OWN in whose else []
    if Relation.INVITED in whose and opened is not None:
        rows.append(opened)
    return or_(*rows) if rows else false()
