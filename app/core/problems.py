"""Failures as the caller reads them: RFC 9457 problem documents, and how they are documented."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from app.core.errors import (
    AddressTooLong,
    DomainError,
    Fault,
    HeadersTooLarge,
    Invalid,
    Location,
    NotFound,
    known_errors,
)

PROBLEM_JSON: Final = "application/problem+json"
PROBLEM_SCHEMA: Final = {"$ref": "#/components/schemas/Problem"}


class FaultOut(BaseModel):
    """One wrong field."""

    pointer: str = Field(description="JSON pointer (RFC 6901) to the field, within `location`.", examples=["/zone"])
    location: Location = Field(description="Part of the request that the pointer starts from.", examples=["body"])
    code: str = Field(description="Stable reason, to be handled by programs.", examples=["missing"])
    detail: str = Field(description="What would be right, for people.", examples=["Field required"])


class Problem(BaseModel):
    """A failure, as RFC 9457 describes it."""

    type: str = Field(description="Where this kind of problem is explained.", examples=["/problems/not-found"])
    title: str = Field(description="The kind of problem, for people.", examples=["Not found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="What happened this time and the way out.", examples=["There is no such member."])
    code: str = Field(description="The kind of problem, for programs; stable.", examples=["not-found"])
    request_id: str | None = Field(None, description="Name this when asking for help; the log knows it.")
    errors: list[FaultOut] | None = Field(None, description="Every wrong field, when the payload is malformed.")


class ProblemType(BaseModel):
    """What a problem's `type` leads to."""

    type: str = Field(description="Where this kind of problem is explained.", examples=["/problems/not-found"])
    code: str = Field(description="The kind of problem, for programs.", examples=["not-found"])
    title: str = Field(description="The kind of problem, for people.", examples=["Not found"])
    status: int = Field(description="The HTTP status it comes with.", examples=[404])
    meaning: str = Field(description="When it happens.", examples=["There is no such thing."])


class ProblemTypeNotFound(NotFound):
    """No problem has this code."""

    code = "problem-type-not-found"
    title = "No such problem type"


def problem_document(error: DomainError, request_id: str | None) -> dict[str, Any]:
    """The body that tells the caller about `error`."""
    document: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
        **error.members,
    }
    if error.faults:
        document["errors"] = [fault_document(fault) for fault in error.faults]
    return document


def fault_document(fault: Fault) -> dict[str, str]:
    """One entry of a problem's `errors`."""
    return {"pointer": fault.pointer, "location": fault.location, "code": fault.code, "detail": fault.detail}


def problem_response(
    error: DomainError, request_id: str | None, *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The reply that tells the caller about `error`."""
    return JSONResponse(
        problem_document(error, request_id),
        status_code=error.status,
        headers={**error.headers, **(headers or {})},
        media_type=PROBLEM_JSON,
    )


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer with these errors, an example for each."""
    responses: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        responses[error.status] = merged(responses.get(error.status), documented(error))
    return responses


def documented(error: type[DomainError]) -> dict[str, Any]:
    """One response object with one example."""
    example = problem_document(error(), request_id="0197a3c2e5f07d6a")
    content = {"schema": PROBLEM_SCHEMA, "examples": {error.code: {"summary": error.title, "value": example}}}
    return {"description": HTTPStatus(error.status).phrase, "content": {PROBLEM_JSON: content}}


def merged(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> dict[str, Any]:
    """Two response objects of the same status as one that shows the examples, or the headers, of both."""
    if one is None:
        return dict(other)
    if PROBLEM_JSON not in other.get("content", {}):
        return {**one, **other, "headers": {**one.get("headers", {}), **other.get("headers", {})}}
    examples = {**one["content"][PROBLEM_JSON]["examples"], **other["content"][PROBLEM_JSON]["examples"]}
    return {**one, "content": {PROBLEM_JSON: {"schema": PROBLEM_SCHEMA, "examples": examples}}}


router = APIRouter(prefix="/problems", tags=["problems"])


@router.get(
    "/{code}",
    operation_id="get_problem_type",
    responses=problems(ProblemTypeNotFound, Invalid, AddressTooLong, HeadersTooLarge),
)
async def get_problem_type(code: str) -> ProblemType:
    """Explain a kind of problem; this is where a problem's `type` leads."""
    for error in known_errors():
        if error.code == code:
            return ProblemType(
                type=f"/problems/{code}",
                code=code,
                title=error.title,
                status=error.status,
                meaning=" ".join((error.__doc__ or error.title).split()),
            )
    raise ProblemTypeNotFound
