"""What the permission table says of a call, and where a reply says otherwise."""

from collections.abc import AsyncIterator

import httpx

from app.core.actor import Role
from app.identity.permissions import ANYTHING, Relation, Relations
from tests.isolation.operations import Operation
from tests.isolation.things import CALLABLE, CONFLICTS, NARROWER
from tests.isolation.world import Cell, World


def expected(role: Role, operation: Operation, cell: Cell) -> int:
    """200 for what is permitted, 403 for what the role may do to nothing, 404 for what is not there for it."""
    whose = operation.whose(role)
    if not whose:
        return 403
    return 200 if not operation.named or cell.relation in reached(operation, whose) else 404


def reached(operation: Operation, whose: Relations) -> Relations:
    """Whose things, named by the path, a role gets at that may do an operation to things of these."""
    whose &= NARROWER.get(operation.name, ANYTHING)
    # One's own things stand under one's own organisation; which of them a list shows is tested apart.
    return whose | {Relation.OWN} if operation.named[-1] == "organisation_id" and Relation.SELF in whose else whose


async def calls(world: World) -> AsyncIterator[tuple[Operation, Cell]]:
    """Every operation with things in every relation to the caller."""
    for operation in CALLABLE:
        for cell in await world.cells(operation):
            yield operation, cell


def unlike(operation: Operation, cell: Cell, wanted: int, reply: httpx.Response) -> list[str]:
    """A line on a reply that is not what was wanted; nothing when it is."""
    got = reply.status_code
    fine = got == wanted or (wanted == 200 and got < 300)
    if wanted == 200 and got == 409:
        fine = CONFLICTS.get(operation.name) == reply.json()["code"]
    return [] if fine else [f"{operation.name} {cell}: {wanted} wanted, {got} given: {reply.text[:300]}"]
