"""What must be written although the request failed: its own transaction is gone, so it gets another."""

from collections.abc import Awaitable, Callable
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.types import Scope

from app.core.errors import DomainError
from app.core.tenancy import Tenancy

AFTERMATH: Final = "puente.aftermath"
"""Key of the ASGI scope under which the work is kept."""

Work = Callable[[AsyncSession, DomainError], Awaitable[None]]


def when_refused(request: Request, tenancy: Tenancy, work: Work) -> None:
    """Do `work` if this request is refused, in a transaction of its own, once the request's own has been undone."""
    request.scope.setdefault(AFTERMATH, []).append((tenancy, work))


def work_of(scope: Scope) -> list[tuple[Tenancy, Work]]:
    """What a request has left to be done, once, and for whom."""
    found: list[tuple[Tenancy, Work]] = scope.pop(AFTERMATH, [])
    return found
