"""The states of an engineer's profile and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.talent.errors import IllegalMove


class EngineerStatus(StrEnum):
    """Only a listed engineer is ranked; an archived one is kept for history alone, an erased one as an id."""

    DRAFT = "draft"
    LISTED = "listed"
    UNLISTED = "unlisted"
    ARCHIVED = "archived"
    ERASED = "erased"


MOVES: Final[Mapping[EngineerStatus, frozenset[EngineerStatus]]] = {
    EngineerStatus.DRAFT: frozenset({EngineerStatus.LISTED, EngineerStatus.ARCHIVED, EngineerStatus.ERASED}),
    EngineerStatus.LISTED: frozenset({EngineerStatus.UNLISTED, EngineerStatus.ARCHIVED, EngineerStatus.ERASED}),
    EngineerStatus.UNLISTED: frozenset({EngineerStatus.LISTED, EngineerStatus.ARCHIVED, EngineerStatus.ERASED}),
    EngineerStatus.ARCHIVED: frozenset({EngineerStatus.ERASED}),
    EngineerStatus.ERASED: frozenset(),
}


def move(current: EngineerStatus, *, to: EngineerStatus) -> EngineerStatus:
    """Return `to` when it is reachable from `current`; otherwise refuse."""
    if to not in MOVES[current]:
        legal = sorted(MOVES[current])
        raise IllegalMove(
            f"A {current} profile cannot become {to}.", current=current.value, requested=to.value, legal_moves=legal
        )
    return to
