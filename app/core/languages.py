"""The language of a reply, as the caller's `Accept-Language` asks for it (RFC 9110, section 12.5.4)."""

import re
from collections.abc import Sequence
from typing import Final

HEADER: Final = "Accept-Language"
LONGEST: Final = 1_000
"""Characters; no browser sends a tenth of it."""
_RANGE: Final = re.compile(
    r"(?P<range>[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*|\*)"
    r"(?:[ \t]*;[ \t]*[qQ]=(?P<quality>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?",
    re.ASCII,
)


def preferred(header: str, offered: Sequence[str]) -> str:
    """The offered language the caller likes best; the first one when they say nothing, nothing known or nonsense.

    A region is no reason to refuse a language: `es-MX` is served in `es`. What is named with quality 0 is not served
    because of `*`. Of two liked equally the one named first comes.
    """
    ranges = _ranges(header)
    if ranges is None:
        return offered[0]
    liking = [(quality, -place, language) for language in offered for quality, place in [_liking(language, ranges)]]
    quality, _, best = max(liking, key=lambda one: one[:2])
    return best if quality > 0 else offered[0]


def _liking(language: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """How much a language is liked, and where it was named; by name if it is, else by `*`."""
    for wanted in (language, "*"):
        named = [(quality, -place) for place, (primary, quality) in enumerate(ranges) if primary == wanted]
        if named:
            quality, place = max(named)
            return quality, -place
    return 0.0, len(ranges)


def _ranges(header: str) -> list[tuple[str, float]] | None:
    """Primary subtags with their qualities, in order; None when it is too long or not of this grammar."""
    if len(header) > LONGEST:
        return None
    ranges = []
    for element in header.split(","):
        if not element.strip(" \t"):
            continue
        found = _RANGE.fullmatch(element.strip(" \t"))
        if found is None:
            return None
        ranges.append((found["range"].partition("-")[0].lower(), float(found["quality"] or 1)))
    return ranges
