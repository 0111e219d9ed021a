"""How people who declared something fared in one ranking, in few bytes: an id and how high they stood."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from matching import Group
from matching.fairness_population import TOPS

_ID: Final = 16
_SCORED: Final = 0b1000_0000
_ABOVE: Final = 0b0100_0000
_DEPTH: Final = 0b0011_1111


@dataclass(frozen=True, slots=True)
class Member:
    """One candidate: `place` from 1, or None off the list."""

    engineer_id: UUID
    place: int | None
    scored: bool
    above_median: bool


@dataclass(frozen=True, slots=True)
class Fared:
    """One candidate as it is stored: among which depths they stood, not where."""

    engineer_id: UUID
    group: Group


def packed(members: Iterable[Member]) -> bytes:
    """Everybody in seventeen bytes: the id; whether scored, whether above the median, and from which depth listed."""
    return b"".join(member.engineer_id.bytes + bytes([_mark(member)]) for member in members)


def unpacked(content: bytes) -> Iterator[Fared]:
    """Everybody again, each as a group of one."""
    for start in range(0, len(content), _ID + 1):
        mark = content[start + _ID]
        depth = mark & _DEPTH
        tops = tuple(int(0 < depth <= at) for at in range(1, len(TOPS) + 1))
        counts = Group(1, int(bool(mark & _SCORED)), int(bool(mark & _ABOVE)), int(depth > 0), tops)
        yield Fared(UUID(bytes=content[start : start + _ID]), counts)


def _mark(member: Member) -> int:
    depth = 0
    if member.place is not None:
        depth = 1 + sum(member.place > top for top in TOPS)
    return depth | _SCORED * member.scored | _ABOVE * member.above_median
