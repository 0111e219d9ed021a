"""A market large enough to be counted, and people who declare something."""

from collections.abc import Awaitable, Callable

import pytest

from app.core.actor import Role
from app.talent import service as talent
from app.talent.models import Engineer
from app.talent.schemas import EngineerCreate
from tests.factories import Caller
from tests.payloads import Json, an_engineer

MakeEngineers = Callable[..., Awaitable[list[Engineer]]]
CITY = {"city": "Bogotá", "country": "CO"}
RECENT = {"title": "Dev", "employer": "Kuna", "started_on": "2023-01-01"}
PAUSED = [RECENT, {"title": "Dev", "employer": "Nube", "started_on": "2018-01-01", "ended_on": "2021-06-30"}]


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


@pytest.fixture
async def market(make_engineers) -> list[Engineer]:
    """Twenty who know Python, ten senior Spanish-speakers of Bogotá with years of it and ten juniors with little."""
    spanish, english = [{"language": "es", "text": "Hola."}], [{"language": "en-US", "text": "Hello."}]
    seniors: Json = {"seniority": "senior", "bios": spanish, "work_history": [RECENT], **CITY}
    juniors: Json = {"seniority": "junior", "bios": english, "work_history": PAUSED, "country": "BR"}
    return await make_engineers(
        *[{**seniors, "skills": [{"skill": "Python", "years": 10}]}] * 10,
        *[{**juniors, "skills": [{"skill": "Python", "years": 1}]}] * 10,
    )
