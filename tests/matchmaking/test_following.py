"""The pool follows by itself now and then, also after something that it could not read."""

import asyncio

import pytest

from app import main
from app.core.encryption import SealBroken, UnknownMasterKey
from app.core.errors import Unavailable


class Failing:
    """An engine that fails before it follows."""

    def __init__(self, failure: Exception) -> None:
        self.failures = [failure]
        self.followed = asyncio.Event()

    async def catch_up(self, _session):
        if self.failures:
            raise self.failures.pop()
        self.followed.set()


@pytest.mark.parametrize("failure", [SealBroken("x"), UnknownMasterKey("x"), Unavailable("x")])
async def test_a_pool_that_could_not_follow_once_follows_again(committed_database, monkeypatch, failure):
    monkeypatch.setattr(main, "FOLLOW_EVERY_S", 0.01)
    engine = Failing(failure)

    async with main.following(committed_database, engine):
        await asyncio.wait_for(engine.followed.wait(), timeout=20)

    assert engine.failures == []
