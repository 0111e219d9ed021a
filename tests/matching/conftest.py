import pytest

from matching import SentenceTransformerEncoder, Taxonomy
from tests.matching.builders import SEED_DATA


@pytest.fixture(scope="session")
def seed() -> Taxonomy:
    """The project's own reference data; a taxonomy is immutable, so all tests share it."""
    return Taxonomy.load(SEED_DATA)


@pytest.fixture(scope="session")
def bundled() -> SentenceTransformerEncoder:
    """The real model: seconds to load, so once a process."""
    return SentenceTransformerEncoder()
