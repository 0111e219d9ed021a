"""How far one part of the score may outweigh the others."""

from typing import Final

from app.core.errors import Fault, Invalid
from app.demand.schemas import Weights

MOST_SHARE: Final = 0.6
"""More than twice the largest default, and it leaves others two fifths: no part becomes the whole unnoticed."""
ROUNDING: Final = 1e-9


def require_balance(weights: Weights, pointer: str, *, text_alone: bool = False) -> None:
    """Refuse weights of which one is more than `MOST_SHARE` of the whole.

    With `text_alone`, `semantic` may be all there is: who gives every other part nothing has said so.

    Raises:
        Invalid: one is; `pointer` is where the weights stand in the body.
    """
    given = {part: weight for part, weight in weights.model_dump().items() if weight > 0}
    if text_alone and given.keys() == {"semantic"}:
        return
    heaviest = max(given, key=lambda part: given[part])
    if given[heaviest] > (MOST_SHARE + ROUNDING) * sum(given.values()):
        detail = f"Must not be more than {MOST_SHARE} of the sum of all parts."
        fault = Fault(f"{pointer}/{heaviest}", "body", "outweighs", detail)
        raise Invalid("One part outweighs all others.", faults=[fault])
