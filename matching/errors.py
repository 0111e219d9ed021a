"""What can go wrong in matching, as a small tree."""


class MatchingError(Exception):
    """Base of every error this library raises on purpose."""


class TaxonomyInvalid(MatchingError):
    """The reference data contradicts itself: an alias of two skills, an edge to nowhere."""


class ModelUnavailable(MatchingError):
    """The encoder's model is missing, damaged, or not the one that was asked for."""


class ModelMismatch(MatchingError):
    """Vectors of two models, or of two card versions, would meet in one pool."""


class KnowledgeRefused(MatchingError):
    """A file of knowledge is absent, damaged, or of another model, thesaurus or release."""


class WeightsInvalid(MatchingError):
    """The weights are negative, not numbers, or leave nothing to rank by."""


class SnapshotRefused(MatchingError):
    """What is stored of a pool is not whole, not of this model, or not there; the pool is built from its source."""


class PoolBusy(MatchingError):
    """A ranking holds on to what the pool has forgotten; a moment later it does not."""
