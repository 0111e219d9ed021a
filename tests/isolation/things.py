"""What paths name and bodies hold: a maker of a real thing for each parameter, a body for each operation.

A route added later is called by every test of this folder as soon as what it needs stands here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import select

from app.core.actor import OrganisationKind, Role
from app.core.ids import new_id
from app.identity.permissions import ROLES
from app.taxonomy.models import UnmatchedSkill
from tests.factories import Caller, make_caller, make_member, serial
from tests.isolation.operations import GUARDED, Operation
from tests.payloads import (
    Json,
    a_request,
    an_engineer,
    decision,
    post_engineer,
    post_link,
    post_request,
    post_shortlist,
    skills,
)

if TYPE_CHECKING:
    from tests.isolation.world import World

BOSS: Final = {
    OrganisationKind.SUPPLIER: Role.SUPPLIER_ADMIN,
    OrganisationKind.CLIENT: Role.CLIENT_ADMIN,
    OrganisationKind.MARKETPLACE: Role.ADMIN,
}
"""The role that may make whatever an organisation of a kind owns."""
ANYBODY = frozenset(OrganisationKind)
NOBODY: frozenset[OrganisationKind] = frozenset()
SUPPLIERS = frozenset({OrganisationKind.SUPPLIER})
CLIENTS = frozenset({OrganisationKind.CLIENT})


@dataclass(frozen=True)
class Tenant:
    """An organisation, somebody of it with the role in `BOSS`, and the word that all its names carry."""

    boss: Caller
    word: str

    @property
    def kind(self) -> OrganisationKind:
        """Its side of the marketplace."""
        return self.boss.organisation.kind


@dataclass(frozen=True)
class Wanted:
    """Which thing to make: whose, within which others by the names of their parameters, opened to outsiders or not."""

    tenant: Tenant
    within: Mapping[str, str]
    opened: bool = False


Maker = Callable[["World", Wanted], Awaitable[str]]


@dataclass(frozen=True)
class Thing:
    """What a parameter of a path names: who can have one (`NOBODY` when it has no owner), and how one is made."""

    owners: frozenset[OrganisationKind]
    make: Maker
    opens: bool = False
    """Whether its owner can open it to another side of the marketplace."""
    inner: bool = False
    """Whether it is only made within another, whose parameter stands before it in the path."""
    missing: Callable[[], str] = lambda: str(new_id())


async def organisation(world: "World", wanted: Wanted) -> str:
    return str(wanted.tenant.boss.organisation.id)


async def member(world: "World", wanted: Wanted) -> str:
    boss = wanted.tenant.boss
    name = f"{wanted.tenant.word} {next(serial)}"
    return str((await make_member(world.session, boss.organisation, Role(boss.member.role), name=name)).id)


async def api_key(world: "World", wanted: Wanted) -> str:
    boss = wanted.tenant.boss
    return str((await make_caller(world.session, Role(boss.member.role), boss.organisation)).key.id)


async def engineer(world: "World", wanted: Wanted) -> str:
    word = wanted.tenant.word
    given = {"given_name": word, "contact": {"address": word}, "skills": skills("Python")}
    return str((await post_engineer(world.client, wanted.tenant.boss, **given))["id"])


async def request(world: "World", wanted: Wanted) -> str:
    # What a client writes into a request that it opens is for suppliers to read.
    given = {"description": "" if wanted.opened else wanted.tenant.word, "open_to_suppliers": wanted.opened}
    return str((await post_request(world.client, wanted.tenant.boss, **given))["id"])


async def shortlist(world: "World", wanted: Wanted) -> str:
    boss = wanted.tenant.boss
    asked = await post_request(world.client, boss)
    return str((await post_shortlist(world.client, boss, asked, size=1))["id"])


async def skill(world: "World", wanted: Wanted) -> str:
    return "python"


async def unmatched_skill(world: "World", wanted: Wanted) -> str:
    word = f"Skill {new_id().hex}"
    await post_engineer(world.client, await make_caller(world.session, Role.SUPPLIER_ADMIN), skills=skills(word))
    return str((await world.session.exec(select(UnmatchedSkill.id).where(UnmatchedSkill.written == word))).one())


async def link(world: "World", wanted: Wanted) -> str:
    made = await post_link(world.client, wanted.tenant.boss, wanted.within["engineer_id"], "export")
    return str(made["id"])


THINGS: Final[Mapping[str, Thing]] = {
    "organisation_id": Thing(ANYBODY, organisation),
    "member_id": Thing(ANYBODY, member),
    "key_id": Thing(ANYBODY, api_key),
    "engineer_id": Thing(SUPPLIERS, engineer),
    "link_id": Thing(SUPPLIERS, link, inner=True),
    "request_id": Thing(CLIENTS, request, opens=True),
    "shortlist_id": Thing(CLIENTS, shortlist),
    "skill_id": Thing(NOBODY, skill, missing=lambda: "no-such-skill"),
    "unmatched_id": Thing(NOBODY, unmatched_skill),
}


def a_member(tenant: Tenant) -> Json:
    number = next(serial)
    role = min(ROLES[tenant.kind])
    return {"name": f"Member {number}", "email": f"member{number}@firm.example", "role": role}


BODIES: Final[Mapping[str, Callable[[Tenant], Any]]] = {
    "create_organisation": lambda _: {"kind": "client", "name": f"Company {next(serial)}"},
    "change_organisation": lambda _: {"country": "CO"},
    "create_member": a_member,
    "create_api_key": lambda _: {"label": "nightly import"},
    "map_unmatched_skill": lambda _: {"skill_id": "python"},
    "create_engineer": lambda _: an_engineer(),
    "change_engineer": lambda _: {"title": "QA Lead"},
    "replace_engineer_contact": lambda _: {"phone": "+57 604 555 0100"},
    "create_engineer_link": lambda _: {"purposes": ["consent"]},
    "record_consent": lambda _: {**decision("granted"), "evidence": "Signed form"},
    "erase_engineer": lambda _: {"ground": "objection"},
    "create_request": lambda _: a_request(),
    "change_request": lambda _: {"headcount": 2},
}
"""What to send for a thing of a tenant. An operation that takes no JSON says here what `httpx` is told instead."""

QUERIES: Final[Mapping[str, Json]] = {
    "get_engineer_contact": {"reason": "checking references"},
    "export_engineer": {"reason": "they asked for it"},
}
"""What an operation wants in its query."""

CONFLICTS: Final[Mapping[str, str]] = {"publish_engineer": "illegal-move"}
"""Refusals by the business that a permitted call of a fresh thing meets: what is posted is listed already."""


def lacking(operation: Operation) -> list[str]:
    """What to add here so that an operation can be called; nothing when it can."""
    wanted = [f"THINGS: how `{name}` is made, for {operation.name}" for name in operation.named if name not in THINGS]
    if operation.body_required and operation.name not in BODIES:
        wanted.append(f"BODIES: a body that {operation.name} accepts")
    if operation.required_query - QUERIES.get(operation.name, {}).keys():
        wanted.append(f"QUERIES: what {operation.name} wants in its query")
    return wanted


CALLABLE: Final = [operation for operation in GUARDED if not lacking(operation)]
