"""What a role is refused changes nothing, tells nothing, and is told from what does not exist by nothing."""

import pytest

from app.core.actor import Role
from app.core.ids import new_id
from tests.isolation.expectations import calls, expected, unlike
from tests.isolation.operations import Operation
from tests.isolation.replies import contents, recorded, told
from tests.isolation.things import CALLABLE


@pytest.mark.parametrize("role", Role)
async def test_what_is_refused_changes_nothing_and_tells_nothing(session, world_of, role):
    world = await world_of(role)
    refused = [(operation, cell) async for operation, cell in calls(world) if expected(role, operation, cell) != 200]
    before, on_record = await contents(session), await recorded(session)
    wrong = []

    for operation, cell in refused:
        reply = await world.call(operation, cell)
        wrong += unlike(operation, cell, expected(role, operation, cell), reply)
        shown = f"{reply.text} {reply.headers}"
        wrong += [f"{operation.name} {cell}: tells {word}" for word in world.words if word in shown]

    after = await contents(session)
    assert wrong == []
    assert [table for table in before if before[table] != after[table]] == []
    assert set((await recorded(session))[len(on_record) :]) <= {"access.denied"}


@pytest.mark.parametrize("role", Role)
async def test_what_is_foreign_is_told_from_what_is_missing_by_nothing(world_of, role):
    world = await world_of(role)
    wrong = []

    for operation in CALLABLE:
        *present, missing = await world.cells(operation)
        hidden = [cell for cell in present if expected(role, operation, cell) != 200]
        # A role that may do this to nothing is refused before anything that it sends is read.
        for headers in manners(operation) if operation.whose(role) else [{}]:
            nothing = told(await world.call(operation, missing, headers=headers)) if hidden else None
            for cell in hidden:
                if cell.mixed:
                    nothing = told(await world.call(operation, world.absent(cell, missing), headers=headers))
                something = told(await world.call(operation, cell, headers=headers))
                wrong += [(operation.name, str(cell), headers, nothing, something)] if something != nothing else []

    assert wrong == []


def manners(operation: Operation) -> list[dict[str, str]]:
    """Headers with which an operation may be called; some would be refused or answered early for what is there."""
    found: list[dict[str, str]] = [{}]
    if operation.if_match:
        found += [{"If-Match": given} for given in ('"1"', '"999"', "nonsense")]
    if operation.method == "POST":
        found.append({"Idempotency-Key": str(new_id())})
    if operation.method == "GET":
        found += [{"If-None-Match": given} for given in ('"1"', "*")]
    return found


async def test_the_digest_of_the_database_sees_a_change_of_one_field(session, world_of):
    world = await world_of(Role.SUPPLIER_ADMIN)
    before = await contents(session)

    world.foreign[0].boss.organisation.country = "CO"
    await session.flush()

    after = await contents(session)
    assert [table for table in before if before[table] != after[table]] == ["organisation"]
