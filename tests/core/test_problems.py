"""Failures say what they are, and nothing of what lies behind them."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.database import Database, create_engine
from app.core.errors import known_errors
from app.core.events import Subscriptions
from app.core.routing import Router
from app.core.settings import Settings
from app.identity.keys import make_key
from app.main import create_app
from tests.conftest import client_of


class Postgres(Exception):
    """What a driver raises, with the code Postgres gave."""

    def __init__(self, sqlstate):
        super().__init__("password=hunter2")
        self.sqlstate = sqlstate


@pytest.fixture
def fail_with(application, client):
    """Calls a route that raises the given exception."""
    router = Router(prefix="/v1/failing", tag="probe")
    raised = []

    @router.get("/{number}")
    async def fail(number: int) -> None:
        raise raised[number]

    application.include_router(router)

    async def call(failure):
        raised.append(failure)
        return await client.get(f"/v1/failing/{len(raised) - 1}")

    return call


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (ZeroDivisionError("hunter2"), 500, "internal-error"),
        (TimeoutError("hunter2"), 500, "internal-error"),
        (ProgrammingError("SELECT 'hunter2'", {}, Postgres("42P01")), 500, "internal-error"),
        (OperationalError("SELECT 'hunter2'", {}, Postgres("08006")), 503, "database-unavailable"),
        (OperationalError("SELECT 'hunter2'", {}, Postgres(None)), 503, "database-unavailable"),
        (OperationalError("SELECT 'hunter2'", {}, Postgres("40P01")), 503, "contended"),
        (OperationalError("SELECT 'hunter2'", {}, Postgres("40001")), 503, "contended"),
        (OperationalError("SELECT 'hunter2'", {}, Postgres("57014")), 503, "request-timed-out"),
        (DataError("SELECT 'hunter2'", {}, Postgres("22003")), 422, "invalid-request"),
        (PoolTimeout("hunter2"), 503, "unavailable"),
    ],
)
async def test_a_failure_tells_its_kind_and_nothing_more(capsys, fail_with, failure, status, code):
    reply = await fail_with(failure)

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.json()["request_id"] == reply.headers["x-request-id"]
    assert "hunter2" not in reply.text
    logged = capsys.readouterr().err
    assert "hunter2" not in logged
    assert ("request failed" in logged) == (status >= 500)
    assert status != 503 or reply.headers["retry-after"] == "1"


async def test_a_defect_is_logged_with_its_frames(capsys, fail_with):
    await fail_with(ZeroDivisionError("hunter2"))

    logged = capsys.readouterr().err
    assert "ZeroDivisionError" in logged
    assert "test_problems.py" in logged


async def test_a_failed_statement_does_not_repeat_its_values(urls, settings):
    engine = create_engine(urls.app, settings)

    async with engine.connect() as connection:
        with pytest.raises(ProgrammingError) as failed:
            await connection.execute(text("SELECT :word FROM nowhere"), {"word": "hunter2"})

    await engine.dispose()
    assert "nowhere" in str(failed.value)
    assert "hunter2" not in str(failed.value)


async def test_a_request_that_takes_too_long_is_given_up(settings, database):
    application = create_app(settings.model_copy(update={"request_timeout_s": 0.05}), database=database)
    router = Router(prefix="/v1/slow", tag="probe")

    @router.get("")
    async def sleep() -> None:
        await asyncio.sleep(10)

    application.include_router(router)
    async with client_of(application) as client:
        reply = await client.get("/v1/slow")

    assert (reply.status_code, reply.json()["code"]) == (503, "request-timed-out")


async def test_a_database_that_is_not_there_is_a_problem():
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing", connect_timeout_s=1)
    database = Database(create_engine(settings.database_url, settings), Subscriptions())
    async with client_of(create_app(settings, database=database)) as client:
        reply = await client.get("/v1/me", headers={"Authorization": f"Bearer {make_key().text}"})
        readiness = await client.get("/readyz")
    await database.close()

    assert (reply.status_code, reply.json()["code"]) == (503, "database-unavailable")
    assert (readiness.status_code, readiness.json()["code"]) == (503, "not-ready")
    assert readiness.json()["checks"]["database"] == "the database does not answer"


async def test_every_problem_type_can_be_looked_up(client):
    for error in known_errors():
        reply = await client.get(f"/problems/{error.code}")

        assert reply.status_code == 200, error
        assert reply.json()["status"] == error.status


def test_no_two_errors_share_a_code():
    codes = [error.code for error in known_errors()]

    assert len(codes) == len(set(codes))


async def test_an_unknown_problem_type_is_not_found(client):
    assert (await client.get("/problems/no-such-thing")).json()["code"] == "problem-type-not-found"
