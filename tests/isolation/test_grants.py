"""Every role may call what the permission table grants it, and a list shows it no more than that."""

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from app.core.actor import Role
from app.identity.permissions import Relation
from tests.isolation.expectations import calls, expected, unlike
from tests.isolation.operations import APP, GUARDED
from tests.isolation.replies import ids_in
from tests.isolation.things import CALLABLE, lacking

UNDOCUMENTED = {"/metrics", "/openapi.json", "/docs", "/docs/oauth2-redirect"}
"""Routes outside the document; none of them knows who calls, and none shows anybody's data."""


def test_every_route_can_be_called_by_these_tests():
    todo = [line for operation in GUARDED for line in lacking(operation)]

    assert todo == [], "Add to tests/isolation/things.py:\n" + "\n".join(todo)


def test_no_route_stands_outside_the_document_unseen():
    paths = {
        context.route.path
        for context in iter_route_contexts(APP.routes)
        if not (isinstance(context.route, APIRoute) and context.route.include_in_schema)
    }

    assert paths <= UNDOCUMENTED, "Say in UNDOCUMENTED why nobody's data can be read there, or document the route."


@pytest.mark.parametrize("role", Role)
async def test_a_role_may_do_what_the_table_grants_to_the_things_it_grants(world_of, role):
    world = await world_of(role)
    wrong = []

    for operation in CALLABLE:
        for cell in await world.cells(operation):
            if expected(role, operation, cell) == 200:
                wrong += unlike(operation, cell, 200, await world.call(operation, cell))
        if operation.changes:
            world.forget_things()

    assert wrong == []


@pytest.mark.parametrize("role", Role)
async def test_a_list_shows_what_the_table_grants_and_nothing_else(world_of, role):
    world = await world_of(role)
    await world.furnish()
    lists = [
        (operation, cell)
        async for operation, cell in calls(world)
        if operation.lists and expected(role, operation, cell) == 200
    ]
    wrong = []

    for operation, cell in lists:
        whose = operation.whose(role)
        reply = await world.call(operation, cell, params={"limit": 200})
        hidden = [word for word, relation in world.words.items() if relation not in whose]
        if Relation.NONE not in whose:
            wrong += [f"{operation.name} {cell}: shows {word}" for word in hidden if word in reply.text]
        if not operation.named and not ids_in(reply.json()):
            wrong.append(f"{operation.name}: shows nothing")

    assert wrong == []
