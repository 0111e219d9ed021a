"""Every weakening there is."""

from typing import Final

from tests.sabotage import access, edges, people, signing_in
from tests.sabotage.weakening import Weakening

WEAKENINGS: Final[tuple[Weakening, ...]] = (
    *access.WEAKENINGS,
    *people.WEAKENINGS,
    *signing_in.WEAKENINGS,
    *edges.WEAKENINGS,
)
__all__ = ["WEAKENINGS", "Weakening"]
