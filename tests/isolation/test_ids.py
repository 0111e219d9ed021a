"""However an id is written, and whatever it is the id of, it finds nothing that is not there for the caller."""

import pytest

from app.core.actor import Role
from tests.isolation.expectations import expected
from tests.isolation.replies import told
from tests.isolation.things import CALLABLE, THINGS
from tests.isolation.world import Cell

WITH_IDS = [operation for operation in CALLABLE if operation.named and THINGS[operation.named[-1]].owners]
SPELLINGS = [str.upper, lambda one: f"urn:uuid:{one}"]
SIDES = [Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN, Role.ADMIN]
"""Together they may call nearly everything; what is malformed is so for whoever sends it."""
MALFORMED = ["0", "null", "not-an-id", "00000000-0000-0000-0000-00000000000", "' OR 1=1 --", "..%2Fme", "é" * 36, "%00"]


def innermost(operation):
    """The last parameter of the path that is an id, and not a number within what another names."""
    return next(name for name in reversed(operation.named) if not THINGS[name].numbered)


def granted_to(role):
    """What a role may do to some of the things that ids name; everything else is refused before they are read."""
    return [operation for operation in WITH_IDS if operation.whose(role)]


def spelled(cell, spell):
    """The same things with their ids written another way."""
    return Cell(cell.relation, {name: spell(one) for name, one in cell.names.items()}, cell.tenant, cell.mixed)


@pytest.mark.parametrize("role", Role)
async def test_no_spelling_of_an_id_finds_more_than_another(world_of, role):
    world = await world_of(role)
    wrong = []

    for operation in granted_to(role):
        *present, missing = await world.cells(operation)
        hidden = [cell for cell in present if expected(role, operation, cell) == 404]
        for spell in SPELLINGS if hidden else ():
            for cell in hidden:
                absent = world.absent(cell, missing)
                nothing = told(await world.call(operation, spelled(absent, spell)))
                something = told(await world.call(operation, spelled(cell, spell)))
                wrong += [(operation.name, str(cell), nothing, something)] if something != nothing else []

    assert wrong == []


@pytest.mark.parametrize("role", Role)
async def test_an_id_of_another_kind_is_missing_like_any_other(world_of, role):
    world = await world_of(role)
    ids = {name: found[0] for name, found in (await world.furnish()).items() if THINGS[name].owners}
    wrong = []

    for operation in granted_to(role):
        missing = (await world.cells(operation))[-1]
        nothing = told(await world.call(operation, missing))
        for name, one in ids.items():
            if name != innermost(operation):
                cell = Cell(None, {**missing.names, innermost(operation): one}, missing.tenant)
                something = told(await world.call(operation, cell))
                wrong += [(operation.name, name, nothing, something)] if something != nothing else []

    assert wrong == []


@pytest.mark.parametrize("role", SIDES)
async def test_a_malformed_id_is_refused_and_not_repeated(world_of, role):
    world = await world_of(role)
    wrong = []

    for operation in granted_to(role):
        missing = (await world.cells(operation))[-1]
        for text in MALFORMED:
            cell = Cell(None, {**missing.names, innermost(operation): text}, missing.tenant)
            reply = await world.call(operation, cell)
            # A slash, however it is written, ends a segment: the path leads nowhere.
            wanted = {404, 405} if "%2F" in text else {422}
            wrong += [] if reply.status_code in wanted else [(operation.name, text, reply.status_code, reply.text)]
            wrong += [(operation.name, "repeats", text)] if len(text) > 8 and text in reply.text else []

    assert wrong == []
