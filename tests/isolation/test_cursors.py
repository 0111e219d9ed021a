"""A cursor is a place in an order and nothing more: in whose hands it is decides what is listed from there."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from app.core.actor import Role
from app.core.ids import new_id
from app.identity.permissions import Relation
from tests.isolation.expectations import expected
from tests.isolation.operations import OPERATIONS
from tests.isolation.things import CALLABLE, THINGS

LISTS = [operation for operation in CALLABLE if operation.lists]
SIDES = [Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN, Role.RECRUITER, Role.ADMIN]
"""Together they may call every list."""
HIDDEN = (
    *("given_name", "family_name", "name", "email", "phone", "address", "contact", "employer", "institution", "city"),
    *("city_name", "organisation", "organisation_name", "client", "supplier", "rate_amount", "hourly_rate", "digest"),
    *("prefix", "bio", "bios", "text", "title", "password", "key", "vector", "facts", "payload", "deleted", "owner"),
)
"""Fields that a list might be asked to sort or to filter by."""


def sealed(value):
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsealed(cursor):
    return json.loads(urlsafe_b64decode(cursor + "==="))


def lists_of(role):
    """The lists that this role tries for all: what is malformed or unknown is so for whoever sends it."""
    return [operation for operation in LISTS if next(side for side in SIDES if operation.whose(side)) is role]


async def permitted(world, operation):
    """Something the caller may list by this operation; None when there is no such thing."""
    cells = await world.cells(operation)
    return next((cell for cell in cells if expected(world.role, operation, cell) == 200), None)


def sorts_of(operation):
    """Every order that the document offers."""
    return operation.query["sort"]["enum"]


@pytest.mark.parametrize("role", Role)
async def test_the_cursor_of_another_organisation_lists_one_s_own_things(world_of, role):
    ours, theirs = await world_of(role), await world_of(role)
    for world in (ours, theirs):
        for _ in range(2):
            await world.furnish()
            world.forget_things()
    wrong = []

    for operation in LISTS:
        here, there = await permitted(ours, operation), await permitted(theirs, operation)
        if here is None or there is None or operation.whose(role) & {Relation.FOREIGN, Relation.NONE}:
            continue
        for sort in sorts_of(operation):
            whole = (await ours.call(operation, here, params={"sort": sort, "limit": 200})).json()["items"]
            page = (await theirs.call(operation, there, params={"sort": sort, "limit": 1})).json()
            if page["items"] and whole:
                cursor = page["next_cursor"] or sealed([sort, *place_of(page["items"][0], sort)])
                reply = await ours.call(operation, here, params={"sort": sort, "cursor": cursor})
                fine = reply.status_code == 200 and all(item in whole for item in reply.json()["items"])
                wrong += [] if fine else [(operation.name, sort, reply.status_code, reply.text)]

    assert wrong == []


def place_of(item, sort):
    """What a cursor behind an item would say."""
    return item[sort.removeprefix("-")], item["id"]


FORGED = [
    "nonsense",
    "....",
    "é",
    "9" * 1900,
    sealed([]),
    sealed({}),
    sealed(None),
    sealed("x"),
    sealed(["-created_at", None, None]),
    sealed(["name"]),
    sealed(["name", {"$gt": ""}, {"$gt": ""}]),
    sealed(["-created_at", "2026-11-20T12:00:00Z", str(new_id()), "' OR 1=1 --"]),
    sealed([["-created_at"], "2026-11-20T12:00:00Z", str(new_id())]),
    sealed(["password", "a", str(new_id())]),
]


@pytest.mark.parametrize("role", SIDES)
async def test_a_forged_cursor_is_pointed_at_by_every_list(world_of, role):
    world = await world_of(role)
    wrong = []

    for operation in lists_of(role):
        cell = await permitted(world, operation)
        for cursor in FORGED if cell else ():
            reply = await world.call(operation, cell, params={"cursor": cursor})
            fine = reply.status_code == 422 and reply.json()["errors"][0]["pointer"] == "/cursor"
            wrong += [] if fine and cursor not in reply.text else [(operation.name, cursor[:80], reply.text)]

    assert wrong == []


@pytest.mark.parametrize("role", SIDES)
async def test_a_list_is_sorted_and_filtered_by_what_its_document_says_and_nothing_else(world_of, role):
    world = await world_of(role)
    wrong = []

    for operation in lists_of(role):
        cell = await permitted(world, operation)
        hides = Relation.NONE not in operation.whose(role)
        for name in HIDDEN if cell and hides else ():
            asked = [] if name in operation.query else [{name: "x"}]
            asked += [] if name in sorts_of(operation) else [{"sort": name}]
            for query in asked:
                reply = await world.call(operation, cell, params=query)
                fine = reply.status_code == 422 and reply.json()["errors"][0]["pointer"] == f"/{next(iter(query))}"
                wrong += [] if fine else [(operation.name, query, reply.status_code, reply.text)]

    assert wrong == []


@pytest.mark.parametrize("role", [Role.SUPPLIER_ADMIN, Role.SUPPLIER_RECRUITER, Role.CLIENT_ADMIN, Role.HIRING_MANAGER])
async def test_an_id_given_as_a_filter_finds_no_more_than_one_that_does_not_exist(world_of, role):
    world = await world_of(role)
    ids = await world.furnish()
    wrong = []

    for operation in LISTS:
        cell = await permitted(world, operation)
        for name in [name for name in operation.query if name in THINGS and THINGS[name].owners] if cell else ():
            nothing = await world.call(operation, cell, params={name: str(new_id())})
            for one in ids[name][1:]:
                reply = await world.call(operation, cell, params={name: one})
                same = (reply.status_code, replied(reply)) == (nothing.status_code, replied(nothing))
                wrong += [] if same else [(operation.name, name, reply.text, nothing.text)]

    assert wrong == []


def replied(reply):
    return {name: value for name, value in reply.json().items() if name != "request_id"}


def test_there_are_lists_to_try_and_somebody_to_try_each():
    assert all(any(operation.whose(role) for role in SIDES) for operation in LISTS)
    assert {"list_engineers", "list_requests", "list_members"} <= {operation.name for operation in LISTS}
    assert all("sort" in operation.query for operation in OPERATIONS.values() if operation.lists)
