"""Sign-in with a key the tests know."""

import httpx
import pytest

from tests.identity.people import SEED


@pytest.fixture(autouse=True)
def token_key(monkeypatch):
    """The key of every application that a test makes."""
    monkeypatch.setenv("PUENTE_TOKEN_KEY", SEED)


@pytest.fixture
def calling_from(application):
    """A client with another address."""

    def call(address):
        transport = httpx.ASGITransport(application, client=(address, 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://puente.test")

    return call
