"""What is written as JSON by hand is what the document promises."""

import pytest

from app.core.actor import Role
from app.matchmaking.schemas import ShortlistOut
from tests.payloads import post_engineer, post_request, post_shortlist, skills


@pytest.mark.parametrize("role", [Role.RECRUITER, Role.CLIENT_ADMIN])
async def test_a_shortlist_is_the_model_it_is_documented_as(client, acting_as, role):
    firm, buyer = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.CLIENT_ADMIN)
    reader = buyer if role is Role.CLIENT_ADMIN else await acting_as(role)
    await post_engineer(
        client, firm, skills=skills("Python", years=3), hourly_rate={"amount_minor": 1, "currency": "CLP"}
    )
    await post_engineer(client, firm, skills=[])
    request = await post_request(client, buyer, skills=skills("Python", years=2), domains=["Beekeeping"])

    shortlist = await post_shortlist(client, reader, request)

    assert len(shortlist["entries"]) == 2
    strictly = ShortlistOut.model_validate(shortlist, extra="forbid")
    assert strictly.model_dump(mode="json") == shortlist
