"""What engineers declare of themselves: by a link of the marketplace's, sealed, told to them alone, gone with them."""

import asyncio

import pytest
from sqlmodel import col, select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.encryption import SealBroken
from app.core.keyring import person_keys
from app.fairness.models import PADDED, AgeBand, DeclaredAttributes, Disability, Ethnicity, Gender
from app.fairness.schemas import Declaration
from app.fairness.standing import Member, packed, unpacked
from tests.factories import make_caller
from tests.matching.builders import uid
from tests.payloads import matching, post_declaration, post_engineer, post_link, told

URL = "/v1/engineer-links/declaration"
SAID = {
    "gender": "non_binary",
    "age_band": "40_to_49",
    "ethnicity": "hispanic_or_latino",
    "disability": "prefer_not_to_say",
}


@pytest.fixture
async def ana(client, supplier):
    return await post_engineer(client, supplier, bios=[{"language": "es", "text": "Hola."}])


async def declared(session):
    return (await session.exec(select(DeclaredAttributes))).all()


async def exported(client, caller, ana, *purposes):
    link = await post_link(client, caller, ana["id"], *purposes)
    reply = await client.post("/v1/engineer-links/export", json={"token": link["token"]})
    assert reply.status_code == 200, reply.text
    return reply


async def test_every_answer_is_optional_and_the_last_ones_stand(client, session, recruiter, ana):
    first = await post_declaration(client, recruiter, ana["id"], **SAID)
    second = await post_declaration(client, recruiter, ana["id"], gender="woman")

    assert {name: first[name] for name in SAID} == SAID
    assert {name: second[name] for name in SAID} == {**dict.fromkeys(SAID), "gender": "woman"}
    (row,) = await declared(session)
    assert str(row.engineer_id) == ana["id"]


async def test_an_empty_declaration_withdraws_all(client, session, recruiter, ana):
    await post_declaration(client, recruiter, ana["id"], **SAID)

    gone = await post_declaration(client, recruiter, ana["id"])
    again = await post_declaration(client, recruiter, ana["id"], gender=None)

    assert gone == again == {**dict.fromkeys(SAID), "declared_at": None}
    assert await declared(session) == []
    actions = select(AuditRecord.action).where(col(AuditRecord.subject_type) == "declaration").order_by(AuditRecord.at)
    assert (await session.exec(actions)).all() == ["declaration.made", "declaration.withdrawn"]


async def test_the_record_says_that_it_happened_and_not_what(client, session, recruiter, ana):
    await post_declaration(client, recruiter, ana["id"], **SAID)

    (record,) = (await session.exec(select(AuditRecord).where(AuditRecord.action == "declaration.made"))).all()

    assert set(record.payload) == {"link_id", "channel"}


async def test_a_firm_makes_no_link_for_it(client, supplier, ana):
    url = f"/v1/engineers/{ana['id']}/links"
    for purposes in (["declaration"], ["export", "declaration"]):
        reply = await client.post(url, json={"purposes": purposes}, headers=supplier.headers)
        assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("purpose", ["consent", "export"])
async def test_a_link_for_something_else_is_no_link_for_it(client, session, supplier, ana, purpose):
    link = await post_link(client, supplier, ana["id"], purpose)

    reply = await client.post(URL, json={"token": link["token"], "declaration": SAID})
    guessed = await client.post(URL, json={"token": "puente_link_x", "declaration": SAID})

    assert (reply.status_code, reply.json()["code"]) == (404, "link-not-valid")
    assert told(reply) == told(guessed)
    assert await declared(session) == []


async def test_a_link_is_good_for_one_declaration(client, session, recruiter, ana):
    token = (await post_link(client, recruiter, ana["id"], "declaration"))["token"]
    bodies = [{"token": token, "declaration": {"gender": gender}} for gender in ("woman", "man")]

    statuses = [(await client.post(URL, json=body)).status_code for body in bodies]

    assert statuses == [200, 404]
    assert len(await declared(session)) == 1


async def test_of_two_declarations_by_one_link_at_once_one_stands(committed_client, committed_database):
    async with committed_database.transaction() as session:
        firm, staff = [await make_caller(session, role) for role in (Role.SUPPLIER_ADMIN, Role.RECRUITER)]
    made = await post_engineer(committed_client, firm)
    token = (await post_link(committed_client, staff, made["id"], "declaration"))["token"]
    body = {"token": token, "declaration": {"gender": "woman"}}

    replies = await asyncio.gather(*[committed_client.post(URL, json=body) for _ in range(4)])

    assert sorted(reply.status_code for reply in replies) == [200, 404, 404, 404]


@pytest.mark.parametrize(
    "given",
    [{"gender": "Ñandú"}, {"gender": ""}, {"gender": ["woman"]}, {"religion": "none"}, {"age_band": 41}, [], None],
)
async def test_what_is_not_asked_is_refused_and_uses_no_link_up(client, recruiter, ana, given):
    token = (await post_link(client, recruiter, ana["id"], "declaration"))["token"]

    refused = await client.post(URL, json={"token": token, "declaration": given})

    assert refused.status_code == 422
    assert "Ñandú" not in refused.text
    assert (await client.post(URL, json={"token": token, "declaration": SAID})).status_code == 200


async def test_it_is_in_the_person_s_own_export_and_in_nobody_else_s(client, acting_as, supplier, recruiter, ana):
    await post_declaration(client, recruiter, ana["id"], **SAID)
    url, why = f"/v1/engineers/{ana['id']}/export", {"reason": "they asked"}

    own = await exported(client, recruiter, ana, "export", "declaration")
    others = [
        await exported(client, supplier, ana, "export"),
        await exported(client, recruiter, ana, "export"),
        await client.get(url, headers=supplier.headers),
        await client.get(url, params=why, headers=recruiter.headers),
        await client.get(f"/v1/engineers/{ana['id']}", headers=supplier.headers),
        await client.get(f"/v1/engineers/{ana['id']}", headers=recruiter.headers),
        await client.get("/v1/engineers", headers=recruiter.headers),
        await client.get("/v1/audit-events", headers=(await acting_as(Role.AUDITOR)).headers),
    ]

    assert own.json()["sections"]["declaration"] == SAID
    for reply in others:
        assert reply.status_code == 200
        assert not [word for word in SAID.values() if word in reply.text]
        assert "declaration" not in reply.json().get("sections", {})


async def test_who_declared_nothing_is_told_so(client, recruiter, ana):
    own = await exported(client, recruiter, ana, "export", "declaration")

    assert own.json()["sections"]["declaration"] is None


async def test_it_is_sealed_under_the_person_s_key_and_as_long_as_any_other(client, session, supplier, recruiter, ana):
    bob = await post_engineer(client, supplier)
    await post_declaration(client, recruiter, ana["id"], **SAID)
    await post_declaration(client, recruiter, bob["id"], gender="man")

    one, two = sorted(await declared(session), key=lambda row: str(row.engineer_id) != ana["id"])
    keys = await person_keys(session, [one.engineer_id, two.engineer_id])

    assert len(one.sealed) == len(two.sealed)
    assert b"non_binary" not in one.sealed
    assert Declaration.model_validate_json(one.open(keys[one.engineer_id])).gender is Gender.NON_BINARY
    one.sealed, two.sealed = two.sealed, one.sealed
    for row in (one, two):
        with pytest.raises(SealBroken):
            row.open(keys[row.engineer_id])
        session.expunge(row)


def test_the_longest_declaration_fits():
    longest = Declaration(
        gender=max(Gender, key=len),
        age_band=max(AgeBand, key=len),
        ethnicity=max(Ethnicity, key=len),
        disability=max(Disability, key=len),
    )

    assert len(longest.model_dump_json()) <= PADDED


async def test_it_goes_when_the_person_goes(client, session, supplier, recruiter, ana):
    await post_declaration(client, recruiter, ana["id"], **SAID)

    erased = await client.post(
        f"/v1/engineers/{ana['id']}/erase", json={"ground": "objection"}, headers=matching(supplier, 1)
    )

    assert erased.status_code == 200
    assert await declared(session) == []


def test_a_standing_comes_back_as_it_was_packed():
    members = [
        Member(uid(1), None, scored=True, above_median=False),
        Member(uid(2), 1, scored=True, above_median=True),
        Member(uid(3), 5, scored=False, above_median=False),
        Member(uid(4), 6, scored=True, above_median=True),
        Member(uid(5), 50, scored=True, above_median=False),
        Member(uid(6), 100, scored=True, above_median=False),
    ]

    content = packed(members)
    back = [(one.engineer_id.int, one.group.listed, one.group.top) for one in unpacked(content)]

    assert len(content) == 17 * 6
    assert back == [
        (1, 0, (0, 0, 0, 0)),
        (2, 1, (1, 1, 1, 1)),
        (3, 1, (1, 1, 1, 1)),
        (4, 1, (0, 1, 1, 1)),
        (5, 1, (0, 0, 0, 1)),
        (6, 1, (0, 0, 0, 0)),
    ]
    assert [(one.group.scored, one.group.above_median) for one in unpacked(content)] == [
        (1, 0),
        (1, 1),
        (0, 0),
        (1, 1),
        (1, 0),
        (1, 0),
    ]
