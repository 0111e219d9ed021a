"""Erasing somebody: at once, whole, for good, whatever else happens at that moment."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, col, select

from app import main
from app.audit import reading
from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.etags import IfMatch
from app.core.idempotency import IdempotencyRecord
from app.core.keyring import PersonKey
from app.matchmaking import maintenance
from app.matchmaking import service as shortlists
from app.matchmaking.engine import Engine
from app.matchmaking.models import ProfileEntry, ShortlistEntry
from app.talent.models import Engineer
from app.talent.privacy import erasure, queries
from app.talent.privacy.models import ConsentDecision, Ground
from app.taxonomy.models import UnmatchedSkill
from matching import HashingEncoder
from tests.factories import make_caller
from tests.payloads import (
    an_engineer,
    decision,
    matching,
    post_engineer,
    post_link,
    post_request,
    post_shortlist,
    skills,
    told,
)

GROUND = {"ground": "objection"}
ANYTHING = IfMatch(frozenset({"*"}))


@pytest.fixture
async def firm(acting_as):
    return await acting_as(Role.SUPPLIER_ADMIN)


@pytest.fixture
async def ana(client, firm):
    return await post_engineer(client, firm, skills=skills("Python"), contact={"email": "ana@example.com"})


async def erase(client, caller, engineer, version="*"):
    """Erase an engineer."""
    version = version if version == "*" else f'"{version}"'
    url = f"/v1/engineers/{engineer['id']}/erase"
    return await client.post(url, json=GROUND, headers={**caller.headers, "If-Match": version})


async def callers(database, *roles):
    """Members who are committed."""
    async with database.transaction() as session:
        return [await make_caller(session, role) for role in roles]


@pytest.mark.parametrize("wrong", [{}, {"ground": "because"}, {"ground": "objection", "why": "Ana said so"}])
async def test_a_ground_is_one_of_the_laws(client, firm, ana, wrong):
    reply = await client.post(f"/v1/engineers/{ana['id']}/erase", json=wrong, headers=matching(firm, 1))

    assert reply.status_code == 422


async def test_another_firms_engineer_is_not_erased(client, acting_as, firm, ana):
    other = await acting_as(Role.SUPPLIER_ADMIN)

    refusal = await erase(client, other, ana)

    assert refusal.status_code == 404
    assert (await client.get(f"/v1/engineers/{ana['id']}", headers=firm.headers)).json() == ana


@pytest.mark.parametrize("role", [Role.SUPPLIER_RECRUITER, Role.RECRUITER, Role.CLIENT_ADMIN, Role.AUDITOR])
async def test_nobody_but_admins_erases(client, acting_as, firm, ana, role):
    own = role is Role.SUPPLIER_RECRUITER
    caller = await acting_as(role, firm.organisation) if own else await acting_as(role)

    assert (await erase(client, caller, ana)).status_code == 403


async def test_the_version_is_named_and_is_the_present_one(client, firm, ana):
    unnamed = await client.post(f"/v1/engineers/{ana['id']}/erase", json=GROUND, headers=firm.headers)
    stale = await erase(client, firm, ana, 2)

    assert (unnamed.status_code, stale.status_code) == (428, 412)
    assert (await client.get(f"/v1/engineers/{ana['id']}", headers=firm.headers)).json() == ana


async def test_erasing_twice_is_told_the_same_and_recorded_once(client, session, firm, ana, ledger_file):
    first = await erase(client, firm, ana, 1)
    again = await erase(client, firm, ana, 1)

    records = (await session.exec(select(AuditRecord).where(col(AuditRecord.action) == "engineer.erased"))).all()
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert [one.payload for one in records] == [{"ground": "objection", "channel": "firm", "link_id": None}]
    assert len(ledger_file.read_text().splitlines()) == 1
    assert ledger_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("way", [[], ["unlist"], ["archive"]])
async def test_an_engineer_in_any_state_is_erased_for_good(client, session, acting_as, firm, ana, way):
    for verb in way:
        await client.post(f"/v1/engineers/{ana['id']}/{verb}", headers={**firm.headers, "If-Match": "*"})
    admin = await acting_as(Role.ADMIN)

    reply = await erase(client, admin, ana)

    engineer = await session.get(Engineer, UUID(ana["id"]), populate_existing=True)
    assert reply.status_code == 200
    assert (engineer.status, engineer.sealed, engineer.discipline, engineer.country) == ("erased", b"", None, None)
    assert await session.get(PersonKey, engineer.id, populate_existing=True) is None


async def test_by_link_a_person_erases_themselves_and_their_links(client, session, firm, ana):
    export = await post_link(client, firm, ana["id"], "export")
    link = await post_link(client, firm, ana["id"], "erasure")

    reply = await client.post("/v1/engineer-links/erasure", json={"token": link["token"], **GROUND})

    (record,) = (await session.exec(select(AuditRecord).where(col(AuditRecord.action) == "engineer.erased"))).all()
    after = [
        await client.post(f"/v1/engineer-links/{how}", json={"token": token})
        for how, token in (("erasure", link["token"]), ("export", export["token"]), ("see", export["token"]))
    ]
    assert reply.status_code == 200
    assert (record.payload["channel"], record.payload["link_id"]) == ("link", link["id"])
    assert {repr(told(one)) for one in after} == {
        repr(told(await client.post("/v1/engineer-links/see", json={"token": "nonsense"})))
    }


async def test_every_other_route_answers_as_if_there_had_been_nobody(client, acting_as, firm, ana):
    recruiter, admin, nobody = await acting_as(Role.RECRUITER), await acting_as(Role.ADMIN), "0" * 8
    sent = {"data": {"kind": "cv"}, "files": {"file": ("cv.txt", b"CV")}}
    await erase(client, firm, ana)

    async def all_replies(engineer_id):
        url, change = f"/v1/engineers/{engineer_id}", {**firm.headers, "If-Match": "*"}
        paper, document = {**decision(), "evidence": "x"}, f"{url}/documents/{firm.member.id}"
        return [
            await client.get(url, headers=firm.headers),
            await client.get(url, headers=recruiter.headers),
            await client.patch(url, json={"title": "X"}, headers=change),
            *[await client.post(f"{url}/{verb}", headers=change) for verb in ("list", "unlist", "archive")],
            await client.get(f"{url}/contact", headers=firm.headers),
            await client.put(f"{url}/contact", json={"email": "a@example.com"}, headers=change),
            await client.get(f"{url}/documents", headers=firm.headers),
            await client.post(f"{url}/documents", **sent, headers=firm.headers),
            await client.get(document, headers=firm.headers),
            await client.delete(document, headers=firm.headers),
            await client.get(f"{url}/links", headers=firm.headers),
            await client.post(f"{url}/links", json={"purposes": ["erasure"]}, headers=admin.headers),
            await client.delete(f"{url}/links/{firm.member.id}", headers=firm.headers),
            await client.get(f"{url}/consents", headers=firm.headers),
            await client.post(f"{url}/consents", json=paper, headers=firm.headers),
            await client.get(f"{url}/export", params={"reason": "x"}, headers=recruiter.headers),
        ]

    erased, unknown = await all_replies(ana["id"]), await all_replies(nobody + ana["id"][8:])

    assert [told(reply) for reply in erased] == [told(reply) for reply in unknown]
    assert {reply.status_code for reply in erased} == {404}


async def test_nobody_finds_them_in_a_list(client, acting_as, firm, ana):
    recruiter = await acting_as(Role.RECRUITER)
    await erase(client, firm, ana)

    for caller in (firm, recruiter):
        found = await client.post("/v1/engineers/find", json={"email": "ana@example.com"}, headers=caller.headers)
        listed = await client.get("/v1/engineers?skill=python", headers=caller.headers)
        asked = await client.get("/v1/engineers?status=erased", headers=caller.headers)
        assert (found.json(), listed.json()["items"], asked.status_code) == ([], [], 422)


async def test_what_was_frozen_keeps_its_place_and_says_that_they_are_erased(client, acting_as, firm, ana):
    bob = await post_engineer(client, firm, given_name="Bob", skills=skills("Python"))
    recruiter = await acting_as(Role.RECRUITER)
    request = await post_request(client, await acting_as(Role.CLIENT_ADMIN), skills=skills("Python"))
    frozen = await post_shortlist(client, recruiter, request)

    await erase(client, firm, ana)
    read = (await client.get(f"/v1/shortlists/{frozen['id']}", headers=recruiter.headers)).json()
    fresh = await post_shortlist(client, recruiter, request)

    before = {one["engineer_id"]: one for one in frozen["entries"]}
    after = {one["engineer_id"]: one for one in read["entries"]}
    gone = after[ana["id"]]
    assert after[bob["id"]] == before[bob["id"]]
    assert (gone["rank"], gone["score"]) == (before[ana["id"]]["rank"], before[ana["id"]]["score"])
    assert (gone["erased"], gone["candidate"], gone["identity"], gone["summary"]) == (True, None, None, None)
    assert [one["engineer_id"] for one in fresh["entries"]] == [bob["id"]]


async def test_a_repeat_of_a_kept_request_brings_nobody_back(client, session, acting_as, firm):
    recruiter, buyer = await acting_as(Role.RECRUITER), await acting_as(Role.CLIENT_ADMIN)
    create = {"json": an_engineer(), "headers": {**firm.headers, "Idempotency-Key": "create"}}
    rank = {"headers": {**recruiter.headers, "Idempotency-Key": "rank"}}
    other = {"json": an_engineer(given_name="Bob", draft=True), "headers": {**firm.headers, "Idempotency-Key": "bob"}}
    ana = (await client.post("/v1/engineers", **create)).json()
    bob = (await client.post("/v1/engineers", **other)).json()
    url = f"/v1/requests/{(await post_request(client, buyer))['id']}/shortlists"
    assert ana["id"] in (await client.post(url, **rank)).text

    await erase(client, firm, ana)
    again = [await client.post("/v1/engineers", **create), await client.post(url, **rank)]

    kept = (await session.exec(select(IdempotencyRecord).where(col(IdempotencyRecord.reply).is_not(None)))).all()
    assert [(one.status_code, one.json()["code"]) for one in again] == [(409, "idempotency-reply-withheld")] * 2
    assert [one.key for one in kept] == ["bob"]
    assert (await client.post("/v1/engineers", **other)).json() == bob


async def test_words_only_they_used_leave_the_queue(client, session, acting_as, firm):
    admin, buyer = await acting_as(Role.ADMIN), await acting_as(Role.CLIENT_ADMIN)
    written = ["Zorblax", "Quuxtron", "Ñandú-Flow", "Mapped Thing", "Dismissed Thing"]
    ana = await post_engineer(client, firm, skills=skills("Python", *written))
    await post_engineer(client, firm, skills=skills("quux tron"))
    await post_request(client, buyer, skills=skills("ÑANDU FLOW"))
    queue = (await client.get("/v1/unmatched-skills", headers=admin.headers)).json()["items"]
    word = {one["written"]: f"/v1/unmatched-skills/{one['id']}" for one in queue}
    assert set(written) <= set(word)
    mapped = await client.post(
        f"{word['Mapped Thing']}/map", json={"skill_id": "python"}, headers={**admin.headers, "If-Match": "*"}
    )
    dismissed = await client.post(f"{word['Dismissed Thing']}/dismiss", headers={**admin.headers, "If-Match": "*"})
    assert (mapped.status_code, dismissed.status_code) == (200, 200)

    await erase(client, firm, ana)

    left = (await session.exec(select(UnmatchedSkill.id))).all()
    by_id = {one["id"]: one["written"] for one in queue}
    assert {by_id[str(one)] for one in left} == {"Quuxtron", "Ñandú-Flow", "Mapped Thing"}


async def test_decisions_stay_as_proof_and_their_evidence_opens_no_more(client, session, firm, ana):
    body = {**decision("granted"), "evidence": "Ana signed"}
    await client.post(f"/v1/engineers/{ana['id']}/consents", json=body, headers=firm.headers)

    await erase(client, firm, ana)

    (kept,) = (await session.exec(select(ConsentDecision))).all()
    assert (kept.decision, kept.purpose, b"Ana" in kept.evidence) == ("granted", "matching", False)


async def test_an_erasure_that_cannot_be_written_down_is_not_done(client, session, firm, ana, ledger_file):
    ledger_file.mkdir(parents=True)

    refusal = await erase(client, firm, ana)

    assert (refusal.status_code, refusal.json()["code"]) == (503, "ledger-unwritable")
    assert (await client.get(f"/v1/engineers/{ana['id']}", headers=firm.headers)).json() == ana


async def test_a_profile_that_does_not_open_is_erased_all_the_same(client, session, firm, ana):
    await session.exec(text("UPDATE engineer SET sealed = sealed || 'x'"))  # type: ignore[call-overload]
    assert (await client.get(f"/v1/engineers/{ana['id']}", headers=firm.headers)).status_code == 500

    assert (await erase(client, firm, ana)).status_code == 200


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE engineer SET status = 'listed', discipline = 'software' WHERE status = 'erased'",
        "UPDATE engineer SET sealed = 'x' WHERE status = 'erased'",
        "UPDATE engineer SET status = 'erased' WHERE status = 'listed'",
    ],
)
async def test_the_database_brings_nobody_back_and_leaves_nobody_half_erased(client, session, firm, ana, statement):
    await post_engineer(client, firm)
    await erase(client, firm, ana)

    async with session.begin_nested() as savepoint:
        with pytest.raises(DBAPIError, match=r"does not come back|erased_whole"):
            await session.scalar(text(statement))
        await savepoint.rollback()


def test_every_table_that_speaks_of_an_engineer_is_known_to_the_erasure():
    refers = {
        name
        for name, table in SQLModel.metadata.tables.items()
        if any(key.column.table.name == "engineer" for key in table.foreign_keys)
    }
    deleted = {str(table.__tablename__) for table in queries.FORGOTTEN} | {"profile_flag"}
    blanked, destroyed, kept = {"profile_entry", "shortlist_entry"}, {"person_key"}, {"consent_decision"}

    by_the_room_above = {"declared_attributes"}

    assert refers == deleted | blanked | destroyed | kept | by_the_room_above


async def test_index_and_chain_are_whole_and_other_processes_follow(committed_client, committed_database):
    firm, buyer, recruiter = await callers(committed_database, Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN, Role.RECRUITER)
    ana = await post_engineer(committed_client, firm, skills=skills("Python"))
    request = await post_request(committed_client, buyer)
    await post_shortlist(committed_client, recruiter, request)
    elsewhere = Engine(HashingEncoder())
    async with committed_database.transaction() as session:
        await elsewhere.catch_up(session)
    assert elsewhere.size == 1

    assert (await erase(committed_client, firm, ana)).status_code == 200
    async with committed_database.transaction() as session:
        await elsewhere.catch_up(session)

    assert elsewhere.size == 0
    elsewhere.close()
    assert await maintenance.verify(committed_database, Engine(HashingEncoder()), progress=lambda _: None) == []
    async with committed_database.transaction() as session:
        assert (await reading.verify(session, None)).records > 0
        entry = (await session.exec(select(ProfileEntry))).one()
        assert (entry.listed, entry.vector, entry.facts, entry.card_hash) == (False, None, None, None)
        assert (await session.exec(select(ShortlistEntry.sealed))).all() == [b""]


async def test_a_process_that_ranks_nothing_forgets_them_too(committed_client, committed_database, monkeypatch):
    monkeypatch.setattr(main, "FOLLOW_EVERY_S", 0.02)
    (firm,) = await callers(committed_database, Role.SUPPLIER_ADMIN)
    ana = await post_engineer(committed_client, firm)
    idle = Engine(HashingEncoder())
    async with committed_database.transaction() as session:
        await idle.catch_up(session)
    known = idle.size

    async with main.following(committed_database, idle):
        await erase(committed_client, firm, ana)
        async with asyncio.timeout(5):
            while idle.size:  # noqa: ASYNC110 - it is the other task's pace that is awaited
                await asyncio.sleep(0.02)

    assert known == 1
    idle.close()


async def test_whatever_happens_at_the_same_moment_brings_nothing_back(committed_client, committed_database):
    firm, buyer, recruiter = await callers(committed_database, Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN, Role.RECRUITER)
    request = await post_request(committed_client, buyer, skills=skills("Python"))
    client = committed_client
    for _ in range(3):
        ana = await post_engineer(
            client, firm, skills=skills("Python", "Zorblax"), contact={"phone": "+57 604 5550100"}
        )
        url, change = f"/v1/engineers/{ana['id']}", {**firm.headers, "If-Match": "*"}
        key = {"Idempotency-Key": ana["id"]}

        replies = await asyncio.gather(
            client.patch(url, json={"title": "Ana's title", "skills": skills("Zorblax")}, headers=change),
            client.put(f"{url}/contact", json={"email": "ana@example.com"}, headers=change),
            client.post(f"{url}/unlist", headers={**change, **key}),
            client.post(f"{url}/links", json={"purposes": ["export"]}, headers=firm.headers),
            client.post(f"/v1/requests/{request['id']}/shortlists", headers={**recruiter.headers, **key}),
            erase(client, firm, ana),
            client.post(f"{url}/consents", json={**decision(), "evidence": "Ana"}, headers={**firm.headers, **key}),
            client.post(f"/v1/requests/{request['id']}/shortlists", headers=recruiter.headers),
            erase(client, firm, ana),
        )

        assert {reply.status_code for reply in replies} <= {200, 201, 404, 409}, [reply.text for reply in replies]
        assert (await client.get(url, headers=firm.headers)).status_code == 404
        async with committed_database.transaction() as session:
            for table in (*queries.FORGOTTEN, PersonKey):
                assert (await session.exec(select(table))).all() == [], table
            assert (await session.exec(select(Engineer.sealed).distinct())).all() == [b""]
            assert set((await session.exec(select(ShortlistEntry.sealed))).all()) <= {b""}
            kept = await session.exec(
                select(IdempotencyRecord.reply).where(col(IdempotencyRecord.subjects).contains([UUID(ana["id"])]))
            )
            assert set(kept.all()) <= {None}
            assert (await session.exec(select(UnmatchedSkill))).all() == []


async def waits_for_a_lock(database):
    """Until somebody waits for somebody else's row."""
    for _ in range(500):
        async with database.transaction() as session:
            waiting = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if await session.scalar(waiting):
                return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")


async def test_a_shortlist_that_meets_an_erasure_is_not_made(committed_client, committed_database):
    firm, buyer = await callers(committed_database, Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN)
    ana = await post_engineer(committed_client, firm)
    request = await post_request(committed_client, buyer)
    url, headers = f"/v1/requests/{request['id']}/shortlists", {**buyer.headers, "Idempotency-Key": "k"}

    async with committed_database.transaction() as session:
        await erasure.erase_engineer(session, firm.actor, UUID(ana["id"]), ANYTHING, Ground.OBJECTION)
        making = asyncio.create_task(committed_client.post(url, headers=headers))
        await waits_for_a_lock(committed_database)
    reply = await making

    assert (reply.status_code, reply.json()["code"]) == (409, "pool-unsettled")
    assert (await committed_client.post(url, headers=headers)).json()["entries"] == []


async def test_an_erasure_that_meets_a_shortlist_waits_and_blanks_it(committed_client, committed_database, engine):
    firm, buyer = await callers(committed_database, Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN)
    ana = await post_engineer(committed_client, firm)
    request = await post_request(committed_client, buyer)

    async with committed_database.transaction() as session:
        shortlist = await shortlists.create_shortlist(session, buyer.actor, engine, UUID(request["id"]), size=5)
        erasing = asyncio.create_task(erase(committed_client, firm, ana))
        await waits_for_a_lock(committed_database)
        assert len(shortlist.entries) == 1
    assert (await erasing).status_code == 200

    read = await committed_client.get(f"/v1/shortlists/{shortlist.id}", headers=buyer.headers)
    assert [(one["rank"], one["erased"]) for one in read.json()["entries"]] == [(1, True)]


async def test_a_change_that_meets_an_erasure_finds_nobody(committed_client, committed_database):
    (firm,) = await callers(committed_database, Role.SUPPLIER_ADMIN)
    ana = await post_engineer(committed_client, firm)
    url = f"/v1/engineers/{ana['id']}/contact"

    async with committed_database.transaction() as session:
        await erasure.erase_engineer(session, firm.actor, UUID(ana["id"]), ANYTHING, Ground.OBJECTION)
        changing = asyncio.create_task(
            committed_client.put(url, json={"email": "ana@example.com"}, headers=matching(firm, 1))
        )
        await waits_for_a_lock(committed_database)

    assert (await changing).status_code == 404
