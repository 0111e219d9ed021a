"""Whatever is sent to whichever route by whoever, the answer is one the OpenAPI document promises."""

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.core.actor import Role
from app.core.database import create_engine
from app.core.ids import new_id
from app.core.keyring import keys
from app.core.settings import Settings
from app.main import create_app, read_pool, subscriptions, use_database, use_engine
from app.matchmaking.engine import Engine
from matching import HashingEncoder
from tests.conftest import client_of
from tests.databases import SystemDatabase
from tests.factories import make_caller
from tests.payloads import post_engineer, post_request, post_shortlist, skills

ROLES = [Role.RECRUITER, Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def application(urls):
    """An application that opens what it needs on the event loop it is started on."""
    settings = Settings(database_url=urls.app)

    @asynccontextmanager
    async def around(app):
        engine = Engine(HashingEncoder())
        database = SystemDatabase(create_engine(urls.app, settings), subscriptions(engine), keys(settings))
        use_database(app, database)
        use_engine(app, engine)
        await read_pool(database, engine)
        yield
        engine.close()
        await database.close()

    app = create_app(settings)
    app.router.lifespan_context = around
    return app, around


async def furnish(app, around):
    """Somebody of each side, and one of each thing; their headers and the things' ids."""
    async with around(app), client_of(app) as client:
        async with app.state.database.transaction() as session:
            callers = {role: await make_caller(session, role) for role in ROLES}
        engineer = await post_engineer(client, callers[Role.SUPPLIER_ADMIN], skills=skills("Go", "Zorblax"))
        request = await post_request(client, callers[Role.CLIENT_ADMIN], skills=skills("Go"), open_to_suppliers=True)
        shortlist = await post_shortlist(client, callers[Role.RECRUITER], request)
        words = await client.get("/v1/unmatched-skills", headers=callers[Role.RECRUITER].headers)
    ids = {
        "engineer_id": engineer["id"],
        "request_id": request["id"],
        "shortlist_id": shortlist["id"],
        "skill_id": "go",
        "unmatched_id": words.json()["items"][0]["id"],
        "organisation_id": str(callers[Role.SUPPLIER_ADMIN].organisation.id),
    }
    return {role: caller.headers for role, caller in callers.items()}, ids


@pytest.fixture(scope="module")
def house(server) -> Iterator[tuple[Any, Any, Any]]:
    """The application on a database of its own, whose transactions commit."""
    with server.clone(f"puente_contract_{new_id().hex}") as urls:
        app, around = application(urls)
        headers, ids = asyncio.run(furnish(app, around))
        yield app, headers, ids
        shutdown_lifespans()


@pytest.fixture(scope="module")
def api(house):
    """The document, as the application serves it."""
    return schemathesis.openapi.from_asgi("/openapi.json", house[0])


def cases(operation, mode):
    """Calls of an operation that keep to the document, or break it."""
    try:
        return operation.as_strategy(generation_mode=mode)
    except Unsatisfiable:  # Nothing can be wrong with a call that has no parameters.
        return st.nothing()


OPERATIONS = [
    (path, method) for path, methods in create_app(Settings()).openapi()["paths"].items() for method in methods
]


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_every_answer_is_one_the_document_promises(house, api, path, method):
    _, headers, ids = house
    operation = api[path][method]
    promised = house[0].openapi()["paths"][path][method]["responses"]

    @settings(
        max_examples=20,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(cases(operation, mode) for mode in GenerationMode), known=st.booleans())
    def call(case, known):
        # A made-up id or version only ever meets the same refusal; what is archived is of no use to the others.
        known = known and not path.endswith(("/archive", "/erase"))
        if known:
            case.path_parameters.update({name: ids[name] for name in case.path_parameters if name in ids})
        for role in ROLES:
            reply = case.call(headers={**headers[role], **({"If-Match": "*"} if known else {})})
            case.validate_response(reply, checks=CHECKS)
            assert_problem_is_documented(reply, promised[str(reply.status_code)])

    call()


def assert_problem_is_documented(reply, response):
    """The problem of a refusal is one of those that the document shows for its status."""
    if reply.status_code >= 400:
        shown = response["content"]["application/problem+json"]["examples"]
        assert reply.json()["code"] in shown, (reply.json()["code"], sorted(shown))
