"""What is refused about weights."""

from app.core.errors import Conflict, NotFound


class WeightProposalNotFound(NotFound):
    """No proposal of that id is there for this actor."""

    code = "weight-proposal-not-found"
    title = "No such proposal of weights"


class ProposalOutdated(Conflict):
    """The weights have changed since the proposal was made from them; calibrate again."""

    code = "proposal-outdated"
    title = "The weights have changed since they were proposed"
