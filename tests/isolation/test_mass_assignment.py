"""No body may set what the service alone decides, in whatever object of it the attempt stands."""

import pytest

from app.core.actor import Role
from app.core.ids import new_id
from tests.isolation.operations import OPERATIONS, objects, placed, resolved
from tests.isolation.replies import contents
from tests.isolation.things import BOSS, THINGS
from tests.isolation.world import World
from tests.payloads import pointers

SOME_ID = str(new_id())
INSTANT = "2020-01-01T00:00:00Z"
IDS = (
    "id",
    "organisation_id",
    "owner",
    "owner_id",
    "tenant_id",
    "client_id",
    "supplier_id",
    "member_id",
    "engineer_id",
)
INSTANTS = ("created_at", "updated_at", "revoked_at", "expires_at", "last_used_at", "deleted_at")
PROTOTYPES = ("__proto__", "constructor", "prototype", "__class__", "__init__")
OURS = {
    **dict.fromkeys([*IDS, "request_id", "key_id", "actor", "actor_id", "created_by"], SOME_ID),
    **dict.fromkeys(INSTANTS, INSTANT),
    **{name: {"role": "admin"} for name in PROTOTYPES},
    "version": 7,
    "status": "listed",
    "standing": "active",
    "role": "admin",
    "kind": "marketplace",
    "is_admin": True,
    "is_active": True,
    "scopes": ["*"],
    "permissions": ["change organisation"],
    "digest": "AAAA",
    "prefix": "AAAAAAAAAA",
    "key": "puente_AAAA_AAAA",
    "password_hash": "x",
    "email_verified": True,
    "score": 1,
    "rank": 1,
    "unmatched_skills": [],
    "position": 0,
    "skill_id": "python",
}
"""Fields that only the service sets, and what somebody might try to set them to; some bodies have one as their own."""
OPEN_OBJECTS: set[str] = set()
"""Titles of objects in bodies that take whatever names they are given, because what they hold is the caller's."""
WITH_BODIES = [operation for operation in OPERATIONS.values() if operation.body is not None]
OBJECTS = {
    operation.name: [
        (place, shape) for place, shape in objects(operation.body) if shape.get("title") not in OPEN_OBJECTS
    ]
    for operation in WITH_BODIES
}


@pytest.mark.parametrize("operation", WITH_BODIES, ids=lambda operation: operation.name)
def test_every_object_of_a_body_is_closed(operation):
    assert OBJECTS[operation.name], "A body that is no object cannot be checked for what it may hold."
    for place, shape in OBJECTS[operation.name]:
        assert shape.get("additionalProperties") is False, f"{operation.name} takes any name at /{'/'.join(place)}."


@pytest.mark.parametrize("operation", WITH_BODIES, ids=lambda operation: operation.name)
async def test_what_the_service_decides_is_pointed_at_wherever_it_is_sent(client, session, world_of, operation):
    role = next(
        (role for role in [*BOSS.values(), *Role] if operation.permission and operation.whose(role)), Role.ADMIN
    )
    world = await world_of(role)
    url = operation.path.format(**await own_things(world, operation))
    headers = {**world.caller.headers, "If-Match": "*"}
    before = await contents(session)
    accepted = []

    for place, shape in OBJECTS[operation.name]:
        tried = {name: value for name, value in OURS.items() if name not in shape.get("properties", {})}
        reply = await client.request(operation.method, url, json=placed(operation.body, place, tried), headers=headers)
        # Every one is pointed at by itself, so that none hides behind another.
        wheres = {"/" + "/".join((*place, name)) for name in tried}
        missed = wheres if reply.status_code != 422 else wheres - set(pointers(reply))
        accepted += [(where, reply.status_code, reply.text[:300]) for where in sorted(missed)]

    after = await contents(session)
    assert accepted == []
    assert [table for table in before if before[table] != after[table]] == []


async def own_things(world: World, operation) -> dict[str, str]:
    """Things for the path that the caller may do this to, so that nothing but the body is refused."""
    if not all(name in THINGS for name in operation.named):
        return {name: str(new_id()) for name in operation.named}
    whose = [] if operation.permission is None else operation.whose(world.role)
    cells = await world.cells(operation)
    return dict(next((cell for cell in cells if cell.relation in whose), cells[-1]).names)


def test_bodies_are_found_and_filled():
    places = [place for place, _ in OBJECTS["create_engineer"]]

    assert {(), ("contact",), ("skills", "0"), ("workplace", "connections", "0")} <= set(places)
    assert placed(OPERATIONS["create_engineer"].body, ("workplace", "connections", "0"), {"id": 1}) == {
        "given_name": "Ana",
        "family_name": "Soto",
        "title": "Desarrolladora Backend Senior",
        "discipline": resolved(OPERATIONS["create_engineer"].body)["properties"]["discipline"].get(
            "enum", ["software"]
        )[0],
        "workplace": {"connections": [{"medium": "fibre", "id": 1}]},
    }
