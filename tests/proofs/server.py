"""The server as it is, with somebody behind it who makes a request fail at the step that its `X-Fault` header names.

    python -m tests.proofs.server --port 8001        (PUENTE_DATABASE_URL, PUENTE_PROOF_ADMIN_URL)

`X-Fault: committed:kill` kills the process once the effect is committed and before the reply leaves. The application
knows nothing of it: steps are observed from outside, where it is composed.
"""

import argparse
import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import psycopg
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event, text
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import idempotency, keyring
from app.core.database import Database, create_engine
from app.core.settings import Settings
from app.main import create_app, known_to_sessions, read_pool, subscriptions, use_database, use_engine
from app.matchmaking.engine import Engine
from matching import HashingEncoder

ADMIN_URL: Final = "PUENTE_PROOF_ADMIN_URL"
HEADER: Final = "X-Fault"
PAUSE_S: Final = 0.12


class Step(StrEnum):
    """Between which steps of a request somebody strikes, in their order."""

    ARRIVED = "arrived"
    AUTHENTICATED = "authenticated"
    LOCKED = "locked"
    """It is the first with its key."""
    DONE = "done"
    """The effect is written, the reply known, neither kept nor committed."""
    KEPT = "kept"
    """The reply is kept beside the effect."""
    COMMITTING = "committing"
    """The audit record is written; COMMIT is the next word."""
    COMMITTED = "committed"
    """The reply has not begun to leave."""
    HALF_SENT = "half_sent"
    """The reply's head has left, its body has not."""


class Blow(StrEnum):
    """What befalls the request there."""

    RAISE = "raise"
    CANCEL = "cancel"
    TERMINATE = "terminate"
    """Its connection to the database is cut."""
    PAUSE = "pause"
    """Nothing for a while, in which its caller leaves and asks again."""
    KILL = "kill"
    """SIGKILL."""


@dataclass
class Fault:
    """What shall befall a request, once."""

    step: Step
    blow: Blow
    backend: int | None = None
    begun: bool = False
    struck: bool = False


ARMED: ContextVar[Fault | None] = ContextVar("armed", default=None)


class Struck(Exception):
    """The blow that is an exception nobody expects."""


async def pass_step(step: Step) -> None:
    """A request has come to a step."""
    fault = strike(step)
    if fault is not None and fault.blow is Blow.PAUSE:
        await asyncio.sleep(PAUSE_S)
    elif fault is not None and fault.blow is Blow.CANCEL:
        await asyncio.sleep(0)


def strike(step: Step) -> Fault | None:
    """Do what this request is due at this step, if it is; a pause is the caller's to make."""
    fault = ARMED.get()
    if fault is None or fault.step is not step or fault.struck:
        return None
    fault.struck = True
    match fault.blow:
        case Blow.RAISE:
            raise Struck
        case Blow.CANCEL:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        case Blow.TERMINATE if fault.backend is not None:
            with psycopg.connect(os.environ[ADMIN_URL], autocommit=True) as killer:
                killer.execute("SELECT pg_terminate_backend(%s, 2000)", [fault.backend])
        case Blow.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
    return fault


class Faulty:
    """Arms the fault that a request asks for, and sees it arrive and its reply leave."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = Headers(scope=scope).get(HEADER) if scope["type"] == "http" else None
        if wanted is None:
            await self.app(scope, receive, send)
            return
        step, _, blow = wanted.partition(":")
        ARMED.set(Fault(Step(step), Blow(blow)))

        async def watched(message: Message) -> None:
            begins = message["type"] == "http.response.start"
            if begins and message["status"] < 300:
                await pass_step(Step.COMMITTED)
            await send(message)
            if begins and message["status"] < 300:
                await pass_step(Step.HALF_SENT)

        await pass_step(Step.ARRIVED)
        await self.app(scope, receive, watched)


def observe_steps() -> None:
    """Watch the steps that are taken inside the application."""
    begin, keep = idempotency.begin, idempotency.Attempt.keep

    async def watched_begin(request: Any, session: Any, actor: Any) -> None:
        fault = ARMED.get()
        if fault is not None:
            fault.backend, fault.begun = await session.scalar(text("SELECT pg_backend_pid()")), True
        await pass_step(Step.AUTHENTICATED)
        await begin(request, session, actor)
        await pass_step(Step.LOCKED)

    async def watched_keep(attempt: Any, response: Any) -> None:
        await pass_step(Step.DONE)
        await keep(attempt, response)
        await pass_step(Step.KEPT)

    idempotency.begin = watched_begin
    idempotency.Attempt.keep = watched_keep  # type: ignore[method-assign]
    event.listen(SqlEngine, "commit", committing)


def committing(_connection: Any) -> None:
    """A transaction is about to be committed: the request's own, once that has begun to work."""
    fault = ARMED.get()
    if fault is not None and fault.begun:
        strike(Step.COMMITTING)


def faulty_app(settings: Settings) -> FastAPI:
    """The application on a model that loads at once."""

    @asynccontextmanager
    async def around(app: FastAPI) -> AsyncIterator[None]:
        assert settings.database_url is not None
        engine = Engine(HashingEncoder())
        pool = create_engine(settings.database_url, settings)
        database = Database(pool, subscriptions(engine), known_to_sessions(settings))
        use_database(app, database)
        use_engine(app, engine)
        await keyring.prepare(database)
        await read_pool(database, engine)
        yield
        engine.close()
        await database.close()

    app = create_app(settings)
    app.router.lifespan_context = around
    return app


def main() -> None:
    """Serve until struck down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    observe_steps()
    app = Faulty(faulty_app(Settings()))
    uvicorn.run(app, port=parser.parse_args().port, log_config=None, access_log=False, lifespan="on")


if __name__ == "__main__":
    main()
