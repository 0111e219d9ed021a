"""Optimistic concurrency: a version becomes an ETag, and a change names the one it changes."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Fault, Invalid, PreconditionFailed, PreconditionRequired

ENTITY_TAGS: Final = re.compile(r'\*|(?:W/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W/)?"[\x21\x23-\x7e]*")*')

NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "It is still the version that `If-None-Match` names; there is no body."}
}
"""Part of the `responses=` of a GET that sets an ETag: its route then answers `If-None-Match`."""


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def set_etag(response: Response, version: int) -> None:
    """Tell the caller which version it was given."""
    response.headers["ETag"] = etag(version)


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions a caller is willing to change."""

    tags: frozenset[str]

    def check(self, version: int) -> None:
        """Refuse the change unless `version` is one the caller named."""
        # RFC 9110 compares If-Match strongly: a weak tag never matches, `*` always does.
        if not self.tags & {"*", etag(version)}:
            raise PreconditionFailed("It has changed since you read it; read it again and repeat your change.")


def read_if_match(
    if_match: Annotated[
        str | None,
        Header(description="The `ETag` of the version you mean to change.", max_length=500, examples=['"1"']),
    ] = None,
) -> IfMatch:
    """The If-Match header of a change."""
    if if_match is None:
        raise PreconditionRequired("Send If-Match with the ETag of the version you read.")
    if not ENTITY_TAGS.fullmatch(if_match.strip()):
        fault = Fault("/if-match", "header", "malformed-etag", 'Must be an entity tag in quotes, such as "1".')
        raise Invalid("The If-Match header is malformed.", faults=[fault])
    return IfMatch(frozenset(tag.strip() for tag in if_match.split(",")))


IfMatchDep = Annotated[IfMatch, Depends(read_if_match)]


def not_modified(request: Request, response: Response) -> Response:
    """A 304 in place of `response` when the caller already has it; a header that cannot be read names nothing."""
    tag = response.headers.get("ETag")
    wanted = ",".join(request.headers.getlist("If-None-Match")).strip()
    if response.status_code != 200 or tag is None or not ENTITY_TAGS.fullmatch(wanted):
        return response
    # RFC 9110 compares If-None-Match weakly, since proxies that compress make tags weak.
    if wanted != "*" and tag not in {named.strip().removeprefix("W/") for named in wanted.split(",")}:
        return response
    return Response(status_code=304, headers={"ETag": tag})
