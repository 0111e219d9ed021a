"""A caller, its organisation with things of its own, and an organisation of every side with things that are foreign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import httpx
from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import OrganisationKind, Role
from app.core.ids import new_id
from app.identity.permissions import ROLES, Relation
from app.taxonomy.models import ThesaurusSource
from tests.factories import Caller, make_caller, make_organisation
from tests.isolation.operations import Operation
from tests.isolation.things import BODIES, BOSS, QUERIES, THINGS, Tenant, Wanted, owners_of


@dataclass(frozen=True)
class Cell:
    """Things for a path to name, and how they stand to the caller; None when there are no such things."""

    relation: Relation | None
    names: Mapping[str, str]
    tenant: Tenant
    mixed: str = ""
    """The parameter that names another's thing, when the others name the caller's."""

    def __str__(self) -> str:
        return f"{'partly ' if self.mixed else ''}{self.relation or 'missing'} ({self.tenant.kind})"


@dataclass
class World:
    """Everything there is while one caller is tried."""

    client: httpx.AsyncClient
    session: AsyncSession
    caller: Caller
    own: Tenant
    foreign: Sequence[Tenant]
    words: dict[str, Relation] = field(default_factory=dict)
    """What would give others' things away, and how it stands to the caller."""
    made: dict[tuple[str, tuple[str, ...], bool, bool], dict[str, str]] = field(default_factory=dict)

    @classmethod
    async def of(cls, client: httpx.AsyncClient, session: AsyncSession, role: Role) -> Self:
        """The world of a caller of this role."""
        kind = next(kind for kind, roles in ROLES.items() if role in roles)
        own = await make_tenant(session, kind)
        foreign = [await make_tenant(session, other) for other in OrganisationKind]
        caller = await make_caller(session, role, own.boss.organisation)
        words = {word: Relation.FOREIGN for tenant in foreign for word in _words_of(tenant)}
        return cls(client, session, caller, own, foreign, words)

    @property
    def role(self) -> Role:
        """The role of the caller."""
        return Role(self.caller.member.role)

    async def cells(self, operation: Operation) -> list[Cell]:
        """Things in every relation that what the operation names can have to the caller, missing ones last."""
        named = operation.named
        if not named:
            return [Cell(Relation.OWN, {}, self.own)]
        owners = owners_of(operation)
        if not owners:
            return [Cell(Relation.NONE, await self.things(self.own, named), self.own), self._missing(named)]
        others = [tenant for tenant in self.foreign if tenant.kind in owners]
        cells = [Cell(Relation.FOREIGN, await self.things(tenant, named), tenant) for tenant in others]
        if any(THINGS[name].opens for name in named):
            cells += [Cell(Relation.INVITED, await self.things(each, named, opened=True), each) for each in others]
        if self.own.kind in owners:
            cells.append(Cell(Relation.OWN, await self.things(self.own, named), self.own))
            cells += await self._mixtures(named, others)
        if operation.about_keys and THINGS[named[-1]].personal:
            cells.append(Cell(Relation.SELF, await self.things(self.own, named, mine=True), self.own))
        return [*cells, self._missing(named)]

    async def things(
        self, tenant: Tenant, named: tuple[str, ...], *, opened: bool = False, mine: bool = False
    ) -> dict[str, str]:
        """One of each thing a path names, of one tenant, the inner within the outer; made once."""
        key = tenant.word, named, opened, mine
        if key not in self.made:
            ids: dict[str, str] = {}
            for name in named:
                wanted = Wanted(tenant, dict(ids), opened, self.caller if mine else None)
                ids[name] = await THINGS[name].make(self, wanted)
            self.made[key] = ids
            if THINGS[named[-1]].owners if tenant is not self.own else THINGS[named[-1]].personal and not mine:
                relation = Relation.OWN if tenant is self.own else Relation.INVITED if opened else Relation.FOREIGN
                telling = [word for name, word in ids.items() if not THINGS[name].numbered]
                self.words.update({word: relation for word in telling if word not in self.words})
        return dict(self.made[key])

    async def furnish(self) -> dict[str, list[str]]:
        """One of everything for everybody; their ids by what a path calls them."""
        await self._import()
        ids: dict[str, list[str]] = {}
        for tenant in (self.own, *self.foreign):
            for name, thing in THINGS.items():
                if (tenant.kind in thing.owners or not thing.owners) and not thing.inner:
                    ids.setdefault(name, []).append((await self.things(tenant, (name,)))[name])
        return ids

    async def _import(self) -> None:
        """What the taxonomy's reference data lacks: something imported, once."""
        names = {"name": "esco", "attribution": "ESCO", "licence": "Reused.", "release": "1.2.0", "languages": ["en"]}
        made = insert(ThesaurusSource).values(id=new_id(), **names, concepts=1, names=1, digest="0" * 64)
        await self.session.exec(made.on_conflict_do_nothing())

    def forget_things(self) -> None:
        """Make things anew: these have been changed."""
        self.made.clear()

    async def call(
        self, operation: Operation, cell: Cell, *, caller: Caller | None = None, **more: Any
    ) -> httpx.Response:
        """Call an operation on the things of a cell, with whatever it wants."""
        headers = {**(caller or self.caller).headers, **({"If-Match": "*"} if operation.if_match else {})}
        sent: dict[str, Any] = {"params": QUERIES.get(operation.name), **self.body(operation, cell.tenant)}
        headers |= more.pop("headers", {})
        return await self.client.request(
            operation.method, operation.path.format(**cell.names), headers=headers, **{**sent, **more}
        )

    def body(self, operation: Operation, tenant: Tenant) -> dict[str, Any]:
        """What the client is told to send."""
        if operation.name not in BODIES:
            return {}
        body = BODIES[operation.name](tenant)
        return {"json": body} if operation.body is not None else body

    async def _mixtures(self, named: tuple[str, ...], others: Sequence[Tenant]) -> list[Cell]:
        """The caller's own things but for one, when a path names several."""
        if len(named) == 1:
            return []
        own = await self.things(self.own, named)
        return [
            Cell(Relation.FOREIGN, {**own, name: (await self.things(tenant, named))[name]}, tenant, mixed=name)
            for tenant in others
            for name in named
            if not THINGS[name].numbered
        ]

    def absent(self, cell: Cell, missing: Cell) -> Cell:
        """What a cell whose things are hidden must look like: `missing`, or all but the thing that is another's."""
        if not cell.mixed:
            return missing
        return replace(cell, relation=None, names={**cell.names, cell.mixed: THINGS[cell.mixed].missing()})

    def _missing(self, named: tuple[str, ...]) -> Cell:
        return Cell(None, {name: THINGS[name].missing() for name in named}, self.own)


async def make_tenant(session: AsyncSession, kind: OrganisationKind) -> Tenant:
    """An organisation whose name, and the names of whose things, carry a word found nowhere else."""
    word = f"Zq{new_id().hex[-12:]}"
    organisation = await make_organisation(session, kind, name=f"{word} S.A.")
    return Tenant(await make_caller(session, BOSS[kind], organisation), word)


def _words_of(tenant: Tenant) -> list[str]:
    boss = tenant.boss
    return [tenant.word, boss.member.email, *(str(one.id) for one in (boss.organisation, boss.member, boss.key))]
