"""Every route against the permission table: what a role is not granted it is refused, whatever it sends."""

import re
from pathlib import Path

import pytest

from app.core.actor import Role
from app.core.ids import new_id
from app.identity.matrix import guarded_routes, page
from app.identity.permissions import TABLE, Verb, granted
from app.main import create_app

ANYBODY = {
    *("get_problem_type", "get_health", "get_readiness", "get_metrics"),
    *("create_session", "create_token", "get_jwks", "accept_invitation", "redeem_password_reset"),
    *("see_engineer_link", "decide_by_link", "export_by_link", "erase_by_link", "declare_by_link"),
}
"""Operations that answer callers nobody knows: who is asking is what some of them find out."""
THE_CALLERS_OWN = {
    *("get_me", "list_sessions", "get_current_session", "revoke_current_session", "revoke_session"),
    *("change_password", "enrol_totp", "confirm_totp", "disable_totp", "replace_recovery_codes"),
}
"""Operations about nothing but the caller, which everybody who is known may call."""
READING_POSTS = {"find_engineer_by_contact"}
"""Operations that only read and are a POST, to keep what they are asked out of addresses."""

APP = create_app()
ROUTES = {route.operation_id: route for route in guarded_routes(APP)}
GUARDED = {name: route for name, route in ROUTES.items() if route.permission is not None}


def test_every_route_asks_for_a_permission_that_stands_in_the_table():
    assert {name for name, route in ROUTES.items() if route.anonymous} <= ANYBODY
    assert {name for name, route in ROUTES.items() if route.permission is None} <= ANYBODY | THE_CALLERS_OWN
    for route in GUARDED.values():
        assert (route.permission.resource, route.permission.verb) in TABLE, route


def test_every_row_of_the_table_is_asked_for():
    asked = {(route.permission.resource, route.permission.verb) for route in GUARDED.values()}

    assert set(TABLE) - asked == set()


def test_no_write_is_guarded_by_a_read_permission():
    for name, route in GUARDED.items():
        reads = route.method in {"GET", "HEAD"} or name in READING_POSTS
        assert (route.permission.verb is Verb.READ) == reads, name


def test_the_page_says_what_the_table_says():
    assert Path("docs/permissions.md").read_text(encoding="utf-8") == page(APP)


@pytest.mark.parametrize("role", Role)
async def test_a_route_refuses_exactly_the_roles_the_table_does_not_grant(client, acting_as, role):
    caller = await acting_as(role)

    for name, route in GUARDED.items():
        path = re.sub(r"\{\w+\}", str(new_id()), route.path)
        reply = await client.request(route.method, path, headers={**caller.headers, "If-Match": '"1"'})
        refused = not granted(role, route.permission.verb, route.permission.resource)
        assert (reply.status_code == 403) == refused, (name, role, reply.text)
        assert reply.status_code != 401


async def test_a_stranger_is_told_nothing_by_any_route(client):
    for route in ROUTES.values():
        if route.anonymous:
            continue
        path = re.sub(r"\{\w+\}", str(new_id()), route.path)
        reply = await client.request(route.method, path)
        assert (reply.status_code, reply.json()["code"]) == (401, "unauthorized"), route
