"""The permission table seen from the routes: who may call each, for the documentation and for the tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from app.core.actor import Role
from app.core.openapi import operations
from app.identity.dependencies import May, get_enrolling_actor
from app.identity.permissions import COLUMNS, TABLE, Relation, Relations, Resource, Verb, granted

HEAD: Final = """\
# Who may do what

Made from the table in `app/identity/permissions.py` by `puente permissions`; a test holds this page against it.

A cell says whose things a role may do this to: those that are its **self**'s, **own** ones of its organisation, those
of another that it is **invited** to (a request opened to suppliers), **any** organisation's, or what belongs to nobody
(**yes**). What is not permitted at all is refused with 403; what belongs to somebody else is not found, and answered
exactly like what does not exist.
"""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A route, and what its caller must be permitted; None when it is about the caller alone, or for anybody."""

    method: str
    path: str
    operation_id: str
    permission: May | None
    anonymous: bool
    """Whether it answers callers nobody knows."""


def guarded_routes(app: FastAPI) -> Iterator[Guarded]:
    """Every route of the API."""
    for context in iter_route_contexts(app.routes):
        route = context.route
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods or ()):
                yield Guarded(
                    method,
                    route.path,
                    route.operation_id or route.name,
                    permission_of(route.dependant),
                    anonymous=not asks_who(route.dependant),
                )


def permission_of(dependant: Dependant) -> May | None:
    """The permission a route asks for, wherever among its dependencies it stands."""
    if isinstance(dependant.call, May):
        return dependant.call
    return next(filter(None, map(permission_of, dependant.dependencies)), None)


def asks_who(dependant: Dependant) -> bool:
    """Whether a route asks who is calling."""
    return dependant.call is get_enrolling_actor or any(map(asks_who, dependant.dependencies))


def documented(app: FastAPI, document: dict[str, Any]) -> dict[str, Any]:
    """The document, with whom each operation is for."""
    permissions = {route.operation_id: route.permission for route in guarded_routes(app)}
    for operation in operations(document):
        permission = permissions.get(operation["operationId"])
        if permission is not None:
            said = f"For: {in_words(permission.verb, permission.resource)}."
            operation["description"] = f"{operation.get('description', '')}\n\n{said}".strip()
            operation["x-permission"] = in_full(permission.verb, permission.resource)
    return document


def in_full(verb: Verb, resource: Resource) -> dict[str, Any]:
    """A row of the table as JSON."""
    roles = {role.value: sorted(granted(role, verb, resource)) for role in COLUMNS if granted(role, verb, resource)}
    return {"resource": resource.value, "verb": verb.value, "roles": roles}


def in_words(verb: Verb, resource: Resource) -> str:
    """A row of the table as a phrase."""
    return ", ".join(phrase(role, granted(role, verb, resource)) for role in COLUMNS if granted(role, verb, resource))


def phrase(role: Role, whose: Relations) -> str:
    """A role and, unless the thing is nobody's, whose things it may act upon."""
    said = cell(whose)
    return role.replace("_", " ") + ("" if said == "yes" else f" ({said})")


def cell(whose: Relations) -> str:
    """A cell of the table."""
    if not whose:
        return ""
    if Relation.NONE in whose:
        return "yes"
    if Relation.FOREIGN in whose:
        return "any"
    return ", ".join(sorted(whose - {Relation.SELF} or whose))


def page(app: FastAPI) -> str:
    """The documentation page: the table, and what each route asks for."""
    roles = [role.replace("_", " ") for role in COLUMNS]
    table = [row("resource", "verb", *roles), row(*["---"] * (len(roles) + 2))]
    table += [
        row(resource.replace("_", " "), verb, *(cell(granted(role, verb, resource)) for role in COLUMNS))
        for resource, verb in TABLE
    ]
    routes = [row("route", "operation", "asks for"), row("---", "---", "---")]
    routes += [
        row(f"`{route.method} {route.path}`", f"`{route.operation_id}`", asks_for(route))
        for route in guarded_routes(app)
    ]
    return "\n".join([HEAD, *table, "\n## Routes\n", *routes, ""])


def asks_for(route: Guarded) -> str:
    """What a route asks of its caller."""
    permission = route.permission
    if permission is None:
        return "nothing" if route.anonymous else "to be signed in: it is about the caller"
    return f"{permission.verb} {permission.resource.replace('_', ' ')}"


def row(*cells: str) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"
