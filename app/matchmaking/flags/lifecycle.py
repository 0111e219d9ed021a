"""The states of a flag and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.matchmaking.flags.errors import IllegalFlagMove


class FlagState(StrEnum):
    """What a person thinks of a finding; nobody has looked at an open one."""

    OPEN = "open"
    DISMISSED = "dismissed"
    """There is nothing wrong with the passage, and it counts again."""
    CONFIRMED = "confirmed"


MOVES: Final[Mapping[FlagState, frozenset[FlagState]]] = {
    FlagState.OPEN: frozenset({FlagState.DISMISSED, FlagState.CONFIRMED}),
    FlagState.DISMISSED: frozenset({FlagState.CONFIRMED}),
    FlagState.CONFIRMED: frozenset({FlagState.DISMISSED}),
}


def move(current: FlagState, *, to: FlagState) -> FlagState:
    """Return `to` when it is reachable from `current`; otherwise refuse."""
    if to not in MOVES[current]:
        legal = sorted(MOVES[current])
        raise IllegalFlagMove(
            f"A flag that is {current} cannot become {to}.",
            current=current.value,
            requested=to.value,
            legal_moves=legal,
        )
    return to
