"""Hours two people share, from IANA zones and working windows over dates, not from offsets.

Mexico City shares eight hours of a 09:00-18:00 day with New York in January and seven in July, because only one of them
moves its clocks. A promise about shared hours is therefore a promise about the worst day of a period.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

MINUTES_PER_DAY: Final = 24 * 60
PROBE_DAYS: Final = 7
ASSUMED_DAYS: Final = 365
"""A role without an end is judged over a year, which holds every clock change once."""
LONGEST_DAYS: Final = 10 * 366
"""No zone's clocks are foretold further ahead; a longer role is judged over its first ten years."""


@dataclass(frozen=True, slots=True)
class Workday:
    """A working window in minutes after local midnight; one that ends before it starts runs over midnight."""

    zone: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SharedHours:
    """Fewest and most shared minutes of a day within a period, and the first day on which each holds."""

    fewest: int
    fewest_on: date
    most: int
    most_on: date


@lru_cache(maxsize=65_536)
def shared_hours(candidate: Workday, team: Workday, starts_on: date, ends_on: date | None = None) -> SharedHours:
    """Return the worst and the best day of the period, both ends included."""
    furthest = min(starts_on.toordinal() + LONGEST_DAYS, date.max.toordinal() - 1)
    last = min(ends_on.toordinal() if ends_on else starts_on.toordinal() + ASSUMED_DAYS, furthest)
    days = [
        (_overlap(candidate, team, here, there), day)
        for day, here, there in _offset_changes(candidate.zone, team.zone, starts_on, date.fromordinal(last))
    ]
    fewest, fewest_on = min(days)
    most, most_on = min(days, key=lambda pair: (-pair[0], pair[1]))
    return SharedHours(fewest, fewest_on, most, most_on)


def length(day: Workday) -> int:
    """Minutes of the window."""
    return (day.end - day.start) % MINUTES_PER_DAY or MINUTES_PER_DAY


def _overlap(candidate: Workday, team: Workday, candidate_offset: int, team_offset: int) -> int:
    """Minutes both windows hold on one day; each may hang over the other's midnight on either side."""
    start = (candidate.start - candidate_offset - team.start + team_offset) % MINUTES_PER_DAY
    return sum(
        max(0, min(start + shift + length(candidate), length(team)) - max(start + shift, 0))
        for shift in (-MINUTES_PER_DAY, 0)
    )


def _offset_changes(here: str, there: str, starts_on: date, ends_on: date) -> Iterator[tuple[date, int, int]]:
    """First day of each stretch over which both zones keep their offsets, with the offsets in minutes."""
    first, last = starts_on.toordinal(), max(starts_on, ends_on).toordinal()
    ours, theirs = dict(_changes(here, first, last)), dict(_changes(there, first, last))
    our_offset, their_offset = ours[first], theirs[first]
    for day in sorted(ours.keys() | theirs.keys()):
        our_offset, their_offset = ours.get(day, our_offset), theirs.get(day, their_offset)
        yield date.fromordinal(day), our_offset, their_offset


@lru_cache(maxsize=4096)
def _changes(zone: str, first: int, last: int) -> tuple[tuple[int, int], ...]:
    """Day on which each stretch of one offset begins, the first day among them, with the offset in minutes."""
    return tuple(_stretches(ZoneInfo(zone), first, last))


def _stretches(zone: ZoneInfo, first: int, last: int) -> Iterator[tuple[int, int]]:
    at, offset = first, _minutes_east(first, zone)
    yield at, offset
    while at < last:
        # No zone changes its clocks twice within a week.
        ahead = min(at + PROBE_DAYS, last)
        if _minutes_east(ahead, zone) != offset:
            ahead = _first_other(at, ahead, offset, zone)
            offset = _minutes_east(ahead, zone)
            yield ahead, offset
        at = ahead


def _first_other(same: int, other: int, offset: int, zone: ZoneInfo) -> int:
    """The first day after `same`, at most `other`, on which the zone has another offset."""
    while other - same > 1:
        middle = (same + other) // 2
        if _minutes_east(middle, zone) == offset:
            same = middle
        else:
            other = middle
    return other


def _minutes_east(ordinal: int, zone: ZoneInfo) -> int:
    """Offset of a zone at noon UTC of a day."""
    offset = zone.utcoffset(datetime.combine(date.fromordinal(ordinal), time(12), tzinfo=UTC).astimezone(zone))
    assert offset is not None  # noqa: S101 - a ZoneInfo always answers
    return round(offset.total_seconds() / 60)
