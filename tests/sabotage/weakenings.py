"""Every weakening there is."""

from typing import Final

from tests.sabotage import access, edges, erasure, people, signing_in
from tests.sabotage.weakening import Weakening

WEAKENINGS: Final[tuple[Weakening, ...]] = (
    *access.WEAKENINGS,
    *people.WEAKENINGS,
    *signing_in.WEAKENINGS,
    *erasure.WEAKENINGS,
    *edges.WEAKENINGS,
)
__all__ = ["WEAKENINGS", "Weakening"]
