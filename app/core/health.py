"""Whether this process lives, and whether it can do its work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Unavailable
from app.core.problems import problems

CHECK_TIMEOUT_S: Final = 5.0

Check = Callable[[], Awaitable[None]]


class NotReady(Unavailable):
    """Something this process needs is missing; `checks` says what."""

    code = "not-ready"
    title = "Not ready"


class Failing(Exception):
    """Raised by a check, with a line that says what is wrong."""


class Checks:
    """The named checks of readiness; each part of the composition adds its own."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Ask `check` before saying that the process is ready."""
        self._checks[name] = check

    async def run(self) -> dict[str, str]:
        """`ok`, or what is wrong, for each check."""
        return {name: await outcome(check) for name, check in self._checks.items()}


async def outcome(check: Check) -> str:
    """`ok`, or what is wrong."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await check()
    except Failing as failing:
        return str(failing)
    except TimeoutError:
        return "takes too long"
    except SQLAlchemyError:
        return "the database does not answer"
    return "ok"


class HealthOut(BaseModel):
    """The process lives."""

    status: str = Field(description="Always `ok`.", examples=["ok"])


class ReadinessOut(BaseModel):
    """The process can do its work."""

    status: str = Field(description="Always `ready`; otherwise the answer is 503.", examples=["ready"])
    checks: dict[str, str] = Field(description="Each check and its outcome.", examples=[{"database": "ok"}])


router = APIRouter(tags=["operations"])


@router.get("/healthz", operation_id="get_health")
async def get_health() -> HealthOut:
    """Say that the process lives; asks nobody else."""
    return HealthOut(status="ok")


@router.get("/readyz", operation_id="get_readiness", responses=problems(NotReady))
async def get_readiness(request: Request) -> ReadinessOut:
    """Say whether requests can be answered: 503 names the checks that fail."""
    checks: Checks = request.app.state.checks
    outcomes = await checks.run()
    failing = [name for name, found in outcomes.items() if found != "ok"]
    if failing:
        raise NotReady(f"Failing: {', '.join(failing)}.", checks=outcomes)
    return ReadinessOut(status="ready", checks=outcomes)


@router.get("/metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """What Prometheus collects."""
    return Response(request.app.state.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
