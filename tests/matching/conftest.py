from pathlib import Path

import pytest

from matching import SentenceTransformerEncoder, Taxonomy

SEED_DATA = Path(__file__).parents[2] / "seed_data"


@pytest.fixture(scope="session")
def seed() -> Taxonomy:
    """The project's own reference data; a taxonomy is immutable, so all tests share it."""
    return Taxonomy.load(SEED_DATA)


@pytest.fixture(scope="session")
def bundled() -> SentenceTransformerEncoder:
    """The real model: seconds to load, so once a process."""
    return SentenceTransformerEncoder()
