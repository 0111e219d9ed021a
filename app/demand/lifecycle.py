"""The states of a role request and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.demand.errors import IllegalRequestMove


class RequestStatus(StrEnum):
    """Shortlists are made for open requests only."""

    OPEN = "open"
    ARCHIVED = "archived"


MOVES: Final[Mapping[RequestStatus, frozenset[RequestStatus]]] = {
    RequestStatus.OPEN: frozenset({RequestStatus.ARCHIVED}),
    RequestStatus.ARCHIVED: frozenset(),
}


def move(current: RequestStatus, *, to: RequestStatus) -> RequestStatus:
    """Return `to` when it is reachable from `current`; otherwise refuse."""
    if to not in MOVES[current]:
        legal = sorted(MOVES[current])
        detail = f"An {current} request cannot become {to}."
        raise IllegalRequestMove(detail, current=current.value, requested=to.value, legal_moves=legal)
    return to
