"""What a credential may be limited to, and that nobody grants more than they have."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from app.core.actor import Actor, Role
from app.core.errors import Fault, Forbidden
from app.identity.permissions import Resource, Verb, permits, scope_of

ALL_SCOPES: Final = tuple(sorted({scope_of(verb, resource) for resource in Resource for verb in Verb}))


class ScopeNotYours(Forbidden):
    """A scope is asked for that the owner's role does not have, or that the one who asks does not have."""

    code = "scope-not-yours"
    title = "The scope is not yours to give"


class ScopesTooNarrow(Forbidden):
    """What is asked for would give more than the scopes of the credential it is asked with."""

    code = "scopes-too-narrow"
    title = "The credential is limited by scopes"


def known_scopes(given: list[str]) -> list[str]:
    """The scopes once each, in order, when all of them exist."""
    if not set(given) <= set(ALL_SCOPES):
        raise ValueError("Must be scopes such as engineer:read or engineer:write.")
    return sorted(set(given))


Scopes = Annotated[
    list[Annotated[str, Field(max_length=60)]],
    AfterValidator(known_scopes),
    Field(min_length=1, max_length=200, examples=[["engineer:read", "shortlist:write"]]),
]


def scopes_of(role: Role) -> frozenset[str]:
    """Every scope a role has a use for."""
    holder = Actor(member_id=None, organisation_id=None, organisation_kind=None, role=role)
    return frozenset(scope_of(verb, res) for res in Resource for verb in Verb if permits(holder, verb, res))


def granted(actor: Actor, role: Role, wanted: Sequence[str] | None) -> list[str] | None:
    """The scopes a new credential of a `role` gets; None limits it to nothing but the role.

    Raises:
        ScopeNotYours: the role, or the actor's own credential, has no such scope.
    """
    if wanted is None:
        return None if actor.scopes is None else sorted(actor.scopes & scopes_of(role))
    beyond = set(wanted) - scopes_of(role)
    if actor.scopes is not None:
        beyond |= set(wanted) - actor.scopes
    if beyond:
        wrong = "Must be scopes that both the owner's role and your own credential have."
        raise ScopeNotYours(
            f"Not yours to give: {', '.join(sorted(beyond))}.",
            faults=[Fault("/scopes", "body", "scope-not-yours", wrong)],
        )
    return sorted(set(wanted))


def require_unlimited(actor: Actor) -> None:
    """Refuse a limited credential what would lead to an unlimited one."""
    if actor.scopes is not None:
        raise ScopesTooNarrow("Do this with a session, or with an API key that has no scopes.")


def require_covers(actor: Actor, scopes: Sequence[str] | None) -> None:
    """Refuse unless everything that `scopes` allow is allowed to the actor's own credential."""
    if actor.scopes is not None and (scopes is None or not set(scopes) <= actor.scopes):
        raise ScopesTooNarrow("The other credential may do more than yours.")
