"""A change names the version it changes."""

import pytest

from app.core.actor import OrganisationKind, Role
from tests.factories import make_organisation


@pytest.fixture
async def change(client, session, acting_as):
    """Renames an organisation that is at version 1."""
    admin = await acting_as(Role.ADMIN)
    organisation = await make_organisation(session, OrganisationKind.CLIENT)

    async def patch(headers, name="Renamed"):
        url = f"/v1/organisations/{organisation.id}"
        return await client.patch(url, json={"name": name}, headers={**admin.headers, **headers})

    return patch


async def test_a_change_without_if_match_is_refused(change):
    reply = await change({})

    assert (reply.status_code, reply.json()["code"]) == (428, "if-match-required")


@pytest.mark.parametrize("tag", ["1", "", "''", '"1', "W/1", '"1" "2"', ",", '"\u00ff"'.encode("latin-1")])
async def test_a_malformed_if_match_is_pointed_at(change, tag):
    reply = await change({"If-Match": tag})

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["location"] == "header"


@pytest.mark.parametrize("tag", ['"0"', '"2"', 'W/"1"', '"01"', '"2", "3"'])
async def test_a_stale_if_match_is_refused(change, tag):
    reply = await change({"If-Match": tag})

    assert (reply.status_code, reply.json()["code"]) == (412, "stale-version")


@pytest.mark.parametrize("tag", ['"1"', "*", '"7", "1"'])
async def test_the_present_version_may_be_changed(change, tag):
    reply = await change({"If-Match": tag})

    assert reply.status_code == 200
    assert reply.headers["etag"] == '"2"'
    assert reply.json()["name"] == "Renamed"


async def test_of_two_changes_to_one_version_the_second_is_stale(change):
    first = await change({"If-Match": '"1"'}, name="First")
    second = await change({"If-Match": '"1"'}, name="Second")

    assert (first.status_code, second.status_code) == (200, 412)


@pytest.fixture
async def read(client, session, acting_as):
    """Reads an organisation that is at version 1."""
    admin = await acting_as(Role.ADMIN)
    organisation = await make_organisation(session, OrganisationKind.CLIENT)

    async def get(headers):
        return await client.get(f"/v1/organisations/{organisation.id}", headers={**admin.headers, **headers})

    return get


@pytest.mark.parametrize("tags", ['"1"', 'W/"1"', '"0", "1"', "*"])
async def test_a_version_the_caller_has_is_not_sent_again(read, tags):
    reply = await read({"If-None-Match": tags})

    assert reply.status_code == 304
    assert reply.content == b""
    assert reply.headers["etag"] == '"1"'
    assert "content-type" not in reply.headers
    assert reply.headers["ratelimit"]


@pytest.mark.parametrize("tags", ["", '"0"', '"11"', "1", 'W/1, "', '"1', "nonsense"])
async def test_another_version_is_sent_whole(read, tags):
    reply = await read({"If-None-Match": tags})

    assert reply.status_code == 200
    assert reply.json()["version"] == 1


async def test_what_a_caller_may_not_see_is_not_found_whatever_it_claims_to_have(client, session, acting_as):
    stranger = await acting_as(Role.CLIENT_ADMIN)
    organisation = await make_organisation(session, OrganisationKind.CLIENT)

    reply = await client.get(f"/v1/organisations/{organisation.id}", headers={**stranger.headers, "If-None-Match": "*"})

    assert reply.status_code == 404
