"""Everything about one person, and nothing about anybody else."""

from base64 import b64decode

import pytest
from sqlmodel import col, select

from app.audit.models import AuditRecord
from app.core.actor import Role
from tests.payloads import decision, matching, post_engineer, post_link, post_request, post_shortlist, skills

CONTACT = {"email": "ana@example.com", "phone": "+57 604 555 0100", "address": "Calle 1", "links": []}
LARGE = b"words " * 60_000


@pytest.fixture
async def firm(acting_as):
    return await acting_as(Role.SUPPLIER_ADMIN)


@pytest.fixture
async def ana(client, firm):
    return await post_engineer(client, firm, skills=skills("Python", "Zorblax"), contact=CONTACT)


async def test_another_firms_engineer_is_not_exported(client, session, acting_as, ana):
    other = await acting_as(Role.SUPPLIER_ADMIN)

    reply = await client.get(f"/v1/engineers/{ana['id']}/export", headers=other.headers)

    denied = (await session.exec(select(AuditRecord).where(col(AuditRecord.action) == "access.denied"))).all()
    assert reply.status_code == 404
    assert [str(one.subject_id) for one in denied] == [ana["id"]]


async def test_the_marketplace_states_why_and_the_record_keeps_it_sealed(client, session, acting_as, ana):
    caller, url = await acting_as(Role.RECRUITER), f"/v1/engineers/{ana['id']}/export"

    silent = await client.get(url, headers=caller.headers)
    told = await client.get(url, params={"reason": "Ana asked us"}, headers=caller.headers)

    statement = select(AuditRecord).where(col(AuditRecord.action) == "personal_data.exported")
    (record,) = (await session.exec(statement)).all()
    assert (silent.status_code, told.status_code) == (422, 200)
    assert record.payload["channel"] == "marketplace"
    assert "Ana" not in repr(record.payload)


@pytest.mark.parametrize("role", [Role.CLIENT_ADMIN, Role.HIRING_MANAGER, Role.ADMIN, Role.AUDITOR])
async def test_nobody_else_exports(client, acting_as, ana, role):
    caller = await acting_as(role)

    reply = await client.get(f"/v1/engineers/{ana['id']}/export", params={"reason": "x"}, headers=caller.headers)

    assert reply.status_code == 403


async def test_an_export_holds_everything_about_the_person_and_nothing_about_others(client, acting_as, firm, ana):
    bob = await post_engineer(client, firm, given_name="Roberto", family_name="Tercero", skills=skills("Python"))
    buyer, recruiter = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.RECRUITER)
    request = await post_request(client, buyer, title="Backend Developer", skills=skills("Python"))
    shortlist = await post_shortlist(client, recruiter, request)
    url = f"/v1/engineers/{ana['id']}"
    await client.get(f"{url}/contact", params={"reason": "Call about Roberto"}, headers=recruiter.headers)
    for name, content in (("cv.txt", b"Ana's CV"), ("big.txt", LARGE)):
        sent = {"data": {"kind": "cv"}, "files": {"file": (name, content)}}
        assert (await client.post(f"{url}/documents", **sent, headers=firm.headers)).status_code == 201
    paper = {**decision("granted"), "evidence": "Form 7"}
    await client.post(f"{url}/consents", json=paper, headers=firm.headers)
    consent = await post_link(client, firm, ana["id"], "consent")
    link = await post_link(client, firm, ana["id"], "export")

    reply = await client.post("/v1/engineer-links/export", json={"token": link["token"]})

    body = reply.json()
    assert (reply.status_code, reply.headers["Cache-Control"]) == (200, "no-store")
    assert body["schema_version"] == "puente.person-export/1"
    assert body["profile"] == (await client.get(url, headers=firm.headers)).json()
    assert body["contact"] == CONTACT
    small, large = body["documents"]
    assert (small["name"], b64decode(small["content"])) == ("cv.txt", b"Ana's CV")
    assert (large["name"], large["size"], large["content"]) == ("big.txt", len(LARGE), None)
    assert [(one["purpose"], one["decision"], one["evidence"]) for one in body["consents"]] == [
        ("matching", "granted", "Form 7")
    ]
    assert [(one["purposes"], one["used_for"]) for one in body["links"]] == [
        (["consent"], None),
        (["export"], "export"),
    ]
    (place,) = body["sections"]["shortlists"]
    entry = next(one for one in shortlist["entries"] if one["engineer_id"] == ana["id"])
    assert (place["rank"], place["score"]) == (entry["rank"], entry["score"])
    assert place["explanation"]["summary"] == entry["summary"]
    assert body["sections"]["index"]["facts"]["title"] == "Backend Developer"
    assert [(one["action"], one["role"], one["side"]) for one in body["record"]][:2] == [
        ("engineer.created", "supplier_admin", "supplier"),
        ("engineer_contact.read", "recruiter", "marketplace"),
    ]
    others = [bob["id"], "Roberto", request["id"], consent["token"], link["token"]]
    for caller in (buyer, recruiter, firm):
        others += [str(caller.member.id), caller.member.name, caller.member.email]
    others += [str(buyer.organisation.id), buyer.organisation.name, str(recruiter.organisation.id)]
    assert [one for one in others if one in reply.text] == []


async def test_what_the_person_did_by_a_link_is_theirs_in_the_record(client, firm, ana):
    first = await post_link(client, firm, ana["id"], "consent")
    decided = {"token": first["token"], "decisions": [decision("granted")]}
    await client.post("/v1/engineer-links/consents", json=decided)

    body = (await client.get(f"/v1/engineers/{ana['id']}/export", headers=firm.headers)).json()

    told = {one["action"]: (one["role"], one["side"], one["details"]) for one in body["record"]}
    assert told["consent.decided"] == (
        None,
        "engineer",
        {"purpose": "matching", "text_version": "v1", "decision": "granted", "channel": "link"},
    )


async def test_somebody_of_whom_little_is_known_is_exported_too(client, firm):
    bare = await post_engineer(client, firm, draft=True, given_name="Ñandú 🙂", family_name="Ж")

    body = (await client.get(f"/v1/engineers/{bare['id']}/export", headers=firm.headers)).json()

    assert (body["profile"]["given_name"], body["contact"]["email"], body["documents"]) == ("Ñandú 🙂", None, [])
    assert body["sections"] == {"index": None, "shortlists": [], "decisions": [], "flags": []}


async def test_an_archived_engineer_is_exported_by_link(client, firm, ana):
    await client.post(f"/v1/engineers/{ana['id']}/archive", headers=matching(firm, 1))
    link = await post_link(client, firm, ana["id"], "export")

    reply = await client.post("/v1/engineer-links/export", json={"token": link["token"]})

    assert reply.json()["profile"]["status"] == "archived"
