"""Who may do what: one table. Whose things they may do it to is part of each query."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.core.actor import Actor, OrganisationKind, Role
from app.core.errors import Forbidden


class Resource(StrEnum):
    """What can be acted upon."""

    ORGANISATION = "organisation"
    MEMBER = "member"
    API_KEY = "api_key"
    AUDIT_RECORD = "audit_record"
    SKILL = "skill"
    UNMATCHED_SKILL = "unmatched_skill"
    ENGINEER = "engineer"
    ENGINEER_CONTACT = "engineer_contact"
    REQUEST = "request"
    SHORTLIST = "shortlist"


class Verb(StrEnum):
    """What can be done."""

    CREATE = "create"
    READ = "read"
    CHANGE = "change"
    REMOVE = "remove"


SUPPLIERS: Final = frozenset({Role.SUPPLIER_ADMIN, Role.SUPPLIER_RECRUITER})
CLIENTS: Final = frozenset({Role.CLIENT_ADMIN, Role.HIRING_MANAGER})
FIRM_ADMINS: Final = frozenset({Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN})
RECRUITER: Final = frozenset({Role.RECRUITER})
ADMIN: Final = frozenset({Role.ADMIN})
AUDITOR: Final = frozenset({Role.AUDITOR})
STAFF: Final = RECRUITER | ADMIN | AUDITOR
EVERYONE: Final = frozenset(Role)

PERMISSIONS: Final[Mapping[tuple[Resource, Verb], frozenset[Role]]] = {
    (Resource.ORGANISATION, Verb.CREATE): ADMIN,
    (Resource.ORGANISATION, Verb.READ): EVERYONE,
    (Resource.ORGANISATION, Verb.CHANGE): ADMIN,
    (Resource.MEMBER, Verb.CREATE): ADMIN | FIRM_ADMINS,
    (Resource.MEMBER, Verb.READ): ADMIN | FIRM_ADMINS,
    (Resource.MEMBER, Verb.CHANGE): ADMIN | FIRM_ADMINS,
    (Resource.API_KEY, Verb.CREATE): ADMIN | FIRM_ADMINS,
    (Resource.API_KEY, Verb.READ): ADMIN | FIRM_ADMINS,
    (Resource.API_KEY, Verb.REMOVE): ADMIN | FIRM_ADMINS,
    (Resource.AUDIT_RECORD, Verb.READ): ADMIN | AUDITOR,
    (Resource.SKILL, Verb.READ): EVERYONE,
    (Resource.SKILL, Verb.CREATE): ADMIN,
    (Resource.SKILL, Verb.CHANGE): ADMIN,
    (Resource.UNMATCHED_SKILL, Verb.READ): ADMIN | RECRUITER,
    (Resource.UNMATCHED_SKILL, Verb.CHANGE): ADMIN,
    (Resource.ENGINEER, Verb.CREATE): SUPPLIERS,
    (Resource.ENGINEER, Verb.READ): SUPPLIERS | RECRUITER,
    (Resource.ENGINEER, Verb.CHANGE): SUPPLIERS,
    (Resource.ENGINEER_CONTACT, Verb.READ): SUPPLIERS | RECRUITER,
    (Resource.ENGINEER_CONTACT, Verb.CHANGE): SUPPLIERS,
    (Resource.REQUEST, Verb.CREATE): CLIENTS,
    (Resource.REQUEST, Verb.READ): CLIENTS | SUPPLIERS | RECRUITER,
    (Resource.REQUEST, Verb.CHANGE): CLIENTS,
    (Resource.SHORTLIST, Verb.CREATE): CLIENTS | RECRUITER,
    (Resource.SHORTLIST, Verb.READ): CLIENTS | RECRUITER,
}
"""A pair that is not here is permitted to nobody."""

ROLES: Final[Mapping[OrganisationKind, frozenset[Role]]] = {
    OrganisationKind.SUPPLIER: SUPPLIERS,
    OrganisationKind.CLIENT: CLIENTS,
    OrganisationKind.MARKETPLACE: STAFF,
}


def permits(actor: Actor, verb: Verb, resource: Resource) -> bool:
    """Whether the table lets this actor do this."""
    return actor.is_system or actor.role in PERMISSIONS.get((resource, verb), frozenset())


def require(actor: Actor, verb: Verb, resource: Resource) -> None:
    """Refuse unless the table lets this actor do this."""
    if not permits(actor, verb, resource):
        noun = resource.replace("_", " ")
        raise Forbidden(f"A {str(actor.role).replace('_', ' ')} may not {verb} this: {noun}.")
