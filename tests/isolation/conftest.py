"""A world for each role, and an application that lets the tests call as often as they must."""

from collections.abc import Awaitable, Callable

import pytest

from app.core.actor import Role
from app.core.settings import Settings
from tests.isolation.world import World

WorldOf = Callable[[Role], Awaitable[World]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Rates that thousands of calls in a row do not reach."""
    rates = Settings(
        rate_per_key="1000000/minute", rate_per_organisation="1000000/minute", rate_failures_per_address="off"
    )
    names = ("rate_per_key", "rate_per_organisation", "rate_failures_per_address")
    return settings.model_copy(update={name: getattr(rates, name) for name in names})


@pytest.fixture
def world_of(client, session) -> WorldOf:
    """`world = await world_of(Role.ADMIN)`."""

    async def make(role: Role) -> World:
        return await World.of(client, session, role)

    return make
