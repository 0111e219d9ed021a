"""Callers of every side, and a way to post many profiles at once."""

from collections.abc import Awaitable, Callable

import pytest

from app.core.actor import Role
from app.talent import service as talent
from app.talent.models import Engineer
from app.talent.schemas import EngineerCreate
from matching import SentenceTransformerEncoder
from tests.factories import Caller
from tests.payloads import an_engineer

MakeEngineers = Callable[..., Awaitable[list[Engineer]]]


@pytest.fixture
async def supplier(acting_as) -> Caller:
    return await acting_as(Role.SUPPLIER_ADMIN)


@pytest.fixture
async def buyer(acting_as) -> Caller:
    return await acting_as(Role.HIRING_MANAGER)


@pytest.fixture
async def recruiter(acting_as) -> Caller:
    return await acting_as(Role.RECRUITER)


@pytest.fixture
def make_engineers(session, supplier) -> MakeEngineers:
    """`await make_engineers({...}, {...})` posts one profile for each body."""

    async def make(*bodies):
        batch = [EngineerCreate.model_validate(an_engineer(**body)) for body in bodies]
        return await talent.create_engineers(session, supplier.actor, supplier.organisation.id, batch)

    return make


@pytest.fixture(scope="session")
def encoder() -> SentenceTransformerEncoder:
    """The bundled model, loaded once."""
    return SentenceTransformerEncoder()
