"""Whatever goes wrong, ours or the framework's, becomes one problem document here."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Scope

from app.core.aftermath import work_of
from app.core.errors import (
    BadRequest,
    Contended,
    DomainError,
    Forbidden,
    Internal,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    RequestTimedOut,
    Unauthorized,
    Unavailable,
)
from app.core.faults import MalformedText, faults_of
from app.core.problems import problem_response

log = structlog.get_logger(__name__)

REQUEST_ID: Final = "puente.request_id"
"""Key of the ASGI scope under which the request's id is kept."""


class RouteNotFound(NotFound):
    """No route has this path."""

    code = "route-not-found"
    title = "No such path"


class DatabaseUnavailable(Unavailable):
    """The database does not answer."""

    code = "database-unavailable"
    title = "The database does not answer"


BY_STATUS: Final[Mapping[int, type[DomainError]]] = {
    error.status: error
    for error in (BadRequest, Unauthorized, Forbidden, RouteNotFound, MethodNotAllowed, PayloadTooLarge, Invalid)
}
BY_SQLSTATE: Final[Mapping[str, type[DomainError]]] = {
    "40001": Contended,  # serialization_failure
    "40P01": Contended,  # deadlock_detected
    "55P03": Contended,  # lock_not_available
    "57014": RequestTimedOut,  # query_canceled, by the statement timeout
}


def domain_error(failure: Exception) -> DomainError:
    """The error a caller is told about when `failure` happened."""
    match failure:
        case DomainError():
            error = failure
        case RequestValidationError():
            error = Invalid("Some fields are wrong.", faults=faults_of(failure.errors(), failure.body))
        case MalformedText():
            error = Invalid("Some text cannot be stored.", faults=failure.faults)
        case HTTPException(status_code=status):
            error = BY_STATUS.get(status, Internal if status >= 500 else BadRequest)()
        case DataError():
            error = Invalid("A value is outside what can be stored.")
        case OperationalError() | InterfaceError():
            error = BY_SQLSTATE.get(sqlstate(failure), DatabaseUnavailable)()
        case PoolTimeout():
            error = Unavailable("Too many requests are being answered; try again shortly.")
        case _:
            error = Internal()
    return error


def sqlstate(failure: DBAPIError) -> str:
    """The five-character code Postgres gave, or an empty string when it said nothing."""
    return getattr(failure.orig, "sqlstate", None) or ""


def failure_response(scope: Scope, failure: Exception) -> JSONResponse:
    """The reply to a request that failed; a failure of ours is logged with its frames."""
    error = domain_error(failure)
    if error.status >= 500:
        log.error("request failed", code=error.code, exc_info=failure)
    headers = failure.headers if isinstance(failure, HTTPException) else None
    return problem_response(error, scope.get(REQUEST_ID), headers=headers)


async def answer_failure(request: Request, failure: Exception) -> JSONResponse:
    """Starlette's handler for every failure it hands over; by now the request has given its connection back."""
    refusal = domain_error(failure)
    for tenancy, work in work_of(request.scope):
        async with request.app.state.database.transaction(tenancy) as session:
            await work(session, refusal)
    return failure_response(request.scope, failure)


def install_failures(app: FastAPI) -> None:
    """Answer every failure that reaches a handler as a problem; `LastResort` answers the rest."""
    handled: tuple[Any, ...] = (DomainError, RequestValidationError, HTTPException, DBAPIError, PoolTimeout)
    for failure in handled:
        app.add_exception_handler(failure, answer_failure)
