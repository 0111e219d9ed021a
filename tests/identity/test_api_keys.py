"""API keys: shown once, kept as a digest, revoked for good."""

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from app.core.actor import Role
from app.identity.keys import digest, make_key, matches, prefix_of
from app.identity.models import ApiKey


async def make(client, caller, **given):
    url = f"/v1/members/{caller.member.id}/api-keys"
    return await client.post(url, json={"label": "import", **given}, headers=caller.headers)


async def test_a_key_is_shown_once_and_kept_as_a_digest(client, session, acting_as):
    caller = await acting_as(Role.SUPPLIER_ADMIN)

    reply = await make(client, caller)

    key = reply.json()["key"]
    assert reply.headers["cache-control"] == "no-store"
    assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})).status_code == 200
    listed = await client.get(f"/v1/members/{caller.member.id}/api-keys", headers=caller.headers)
    assert key not in listed.text
    stored = (await session.exec(select(ApiKey).where(ApiKey.label == "import"))).one()
    assert stored.digest == digest(key)
    assert key.split("_")[2] not in repr(stored)


async def test_a_revoked_key_stops_working_and_may_be_revoked_again(client, acting_as):
    caller = await acting_as(Role.SUPPLIER_ADMIN)
    made = (await make(client, caller)).json()

    replies = [await client.delete(f"/v1/api-keys/{made['id']}", headers=caller.headers) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [204, 204]
    assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {made['key']}"})).status_code == 401


async def test_a_foreign_key_is_not_found(client, acting_as):
    caller, stranger = await acting_as(Role.SUPPLIER_ADMIN), await acting_as(Role.CLIENT_ADMIN)

    reply = await client.delete(f"/v1/api-keys/{stranger.key.id}", headers=caller.headers)

    assert (reply.status_code, reply.json()["code"]) == (404, "api-key-not-found")


async def test_an_expiry_says_in_which_zone_it_is(client, acting_as):
    caller = await acting_as(Role.SUPPLIER_ADMIN)

    reply = await make(client, caller, expires_at="2030-01-01T00:00:00")

    assert reply.json()["errors"][0]["pointer"] == "/expires_at"


def test_a_key_matches_its_own_digest_alone():
    one, other = make_key(), make_key()

    assert matches(one.text, one.digest)
    assert not matches(other.text, one.digest)
    assert prefix_of(one.text) == one.prefix


@given(place=st.integers(0, 67), letter=st.sampled_from("aZ0_-é"))
def test_a_mistyped_key_is_known_as_such(place, letter):
    key = make_key().text
    mistyped = key[:place] + letter + key[place + 1 :]

    assert mistyped == key or prefix_of(mistyped) is None
