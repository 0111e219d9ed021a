"""What `puente calibrate` prints: the weights, what speaks for them, and whom they would favour."""

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.matchmaking.weights.calibration import Calibrated
from matching import Calibration, Outcome
from matching.calibration import LEAST_LISTS, LEAST_OF_EACH, Interval

NAMES: Final = {
    "log_loss": "log loss (less is better)",
    "pairwise_accuracy": "pairs in order",
    "ndcg_at_10": "nDCG of the first ten",
}


def show(out: Console, one: Calibrated) -> None:
    """Print what came of one client."""
    found = one.found
    out.print(f"\n{escape(one.name)}  {one.organisation_id}", soft_wrap=True)
    out.print(f"  {found.lists} shortlists decided both ways; {found.advanced} advanced, {found.declined} declined.")
    if found.outcome is Outcome.TOO_LITTLE:
        needed = f"it takes {LEAST_LISTS} such shortlists, and {LEAST_OF_EACH} advanced and as many declined"
        out.print(f"  Too little to learn from: {needed}.", soft_wrap=True)
        return
    if found.weights is None:
        out.print("  Nothing is proposed: other weights would not foresee decisions better, as far as can be told.")
    else:
        out.print(_weights(one))
    out.print(_figures(found))
    if found.impact:
        out.print(_impact(found))
    if one.proposal_id is not None:
        out.print(f"  Proposal {one.proposal_id}, made from version {one.version}; to apply it:", soft_wrap=True)
        out.print(f"  POST /v1/weight-proposals/{one.proposal_id}/apply", soft_wrap=True)


def _weights(one: Calibrated) -> Table:
    table = Table("part", "now", "proposed", "change", title="Weights", title_justify="left")
    proposed = one.found.weights or {}
    total = sum(one.current.values())
    for part, share in sorted(proposed.items(), key=lambda item: -item[1]):
        now = one.current.get(part, 0.0) / total
        table.add_row(part, f"{now:.4f}", f"{share:.4f}", f"{share - now:+.4f}")
    return table


def _figures(found: Calibration) -> Table:
    table = Table("held out", "now", "proposed", "gain", title="Figures, with 95 % intervals", title_justify="left")
    for name, figure in found.figures.items():
        table.add_row(NAMES[name], *(_words(side) for side in (figure.current, figure.proposed, figure.gain)))
    return table


def _impact(found: Calibration) -> Table:
    title = "Lowest over highest selection rate (below 0.8: adverse impact)"
    table = Table("by", "groups", "now", "proposed", title=title, title_justify="left")
    for impact in found.impact:
        ratios = ("-" if ratio is None else f"{ratio:.2f}" for ratio in (impact.current, impact.proposed))
        table.add_row(impact.attribute, str(impact.groups), *ratios)
    return table


def _words(interval: Interval) -> str:
    return f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"
