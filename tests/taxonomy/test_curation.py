"""Unknown words wait for a curator, who says what they name or that they name nothing."""

import asyncio
import shutil

import pytest
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.ids import new_id
from app.taxonomy import queries, reference, service
from app.taxonomy.models import UnmatchedSkill
from tests.factories import make_caller
from tests.payloads import matching, pointers, post_engineer, skills, told, walk

URL = "/v1/unmatched-skills"


async def queued(client, admin, **params):
    return {item["written"]: item for item in await walk(client, admin, URL, **params)}


@pytest.fixture
async def admin(acting_as):
    return await acting_as(Role.ADMIN)


@pytest.fixture
async def supplier(acting_as):
    return await acting_as(Role.SUPPLIER_ADMIN)


@pytest.fixture
async def word(client, supplier, admin):
    """A word in the queue."""
    await post_engineer(client, supplier, skills=skills("Zorblax Flow"))
    return (await queued(client, admin))["Zorblax Flow"]


async def test_the_queue_shows_the_most_frequent_first(client, supplier, admin):
    for given in (["Blib"], ["Blib", "Blob"], ["Blib", "Blob", "Blub"]):
        await post_engineer(client, supplier, skills=skills(*given))

    items = await walk(client, admin, URL, limit=1)

    assert [(item["written"], item["occurrences"]) for item in items] == [("Blib", 3), ("Blob", 2), ("Blub", 1)]


async def test_a_mapped_word_is_a_name_of_the_skill_from_then_on(client, session, supplier, admin, word):
    reply = await client.post(f"{URL}/{word['id']}/map", json={"skill_id": "cicd"}, headers=matching(admin, 1))

    later = await post_engineer(client, supplier, skills=skills("zorblax-FLOW"))
    found = await client.get("/v1/skills", params={"q": "zorblax"}, headers=supplier.headers)
    assert (reply.status_code, reply.json()["status"], reply.json()["skill_id"]) == (200, "mapped", "cicd")
    assert reply.headers["etag"] == '"2"'
    assert (later["skills"][0]["skill_id"], later["unmatched_skills"]) == ("cicd", [])
    assert [item["id"] for item in found.json()["items"]] == ["cicd"]
    assert await queued(client, admin) == {}
    assert list(await queued(client, admin, status="mapped")) == ["Zorblax Flow"]
    record = (await session.exec(select(AuditRecord).where(AuditRecord.action == "unmatched_skill.mapped"))).one()
    assert (str(record.subject_id), record.payload) == (word["id"], {"skill_id": "cicd"})


async def test_a_dismissed_word_stays_unknown_and_leaves_the_queue(client, session, supplier, admin, word):
    reply = await client.post(f"{URL}/{word['id']}/dismiss", headers=matching(admin, 1))

    later = await post_engineer(client, supplier, skills=skills("Zorblax Flow"))
    assert (reply.status_code, reply.json()["status"]) == (200, "dismissed")
    assert later["unmatched_skills"] == ["Zorblax Flow"]
    assert await queued(client, admin) == {}
    assert (await queued(client, admin, status="dismissed"))["Zorblax Flow"]["occurrences"] == 2
    (await session.exec(select(AuditRecord).where(AuditRecord.action == "unmatched_skill.dismissed"))).one()


@pytest.mark.parametrize("verb", ["map", "dismiss"])
@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [(None, 428, "if-match-required"), ('"2"', 412, "stale-version"), ("1", 422, "invalid-request")],
)
async def test_a_decision_names_the_version_it_decides_on(client, admin, word, verb, if_match, status, code):
    headers = {**admin.headers, **({} if if_match is None else {"If-Match": if_match})}

    reply = await client.post(f"{URL}/{word['id']}/{verb}", json={"skill_id": "cicd"}, headers=headers)

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert (await queued(client, admin))["Zorblax Flow"] == word


@pytest.mark.parametrize("first", ["map", "dismiss"])
@pytest.mark.parametrize("second", ["map", "dismiss"])
async def test_a_word_is_decided_about_once(client, admin, word, first, second):
    given = {"skill_id": "cicd"}
    await client.post(f"{URL}/{word['id']}/{first}", json=given, headers=matching(admin, 1))

    again = await client.post(f"{URL}/{word['id']}/{second}", json=given, headers=matching(admin, 2))

    assert (again.status_code, again.json()["code"]) == (409, "already-curated")


async def test_a_word_that_names_another_skill_by_now_is_not_mapped_elsewhere(client, supplier, admin):
    # Two spellings that look alike to the queue only once one of them is a name.
    await post_engineer(client, supplier, skills=skills("Blib Flow"))
    first = (await queued(client, admin))["Blib Flow"]
    await post_engineer(client, supplier, skills=skills(".Blib Flow"))
    second = (await queued(client, admin))[".Blib Flow"]
    await client.post(f"{URL}/{first['id']}/map", json={"skill_id": "cicd"}, headers=matching(admin, 1))

    reply = await client.post(f"{URL}/{second['id']}/map", json={"skill_id": "python"}, headers=matching(admin, 1))

    assert (reply.status_code, reply.json()["code"]) == (409, "name-taken")


async def test_a_word_cannot_be_mapped_to_what_is_no_skill(client, admin, word):
    url = f"{URL}/{word['id']}/map"

    replies = [
        await client.post(url, json={"skill_id": skill_id}, headers=matching(admin, 1))
        for skill_id in ("no-such-skill", "banking", "CI/CD")
    ]
    malformed = await client.post(url, json={"skill_id": "", "why": 1}, headers=matching(admin, 1))

    assert {(reply.status_code, reply.json()["code"]) for reply in replies} == {(404, "concept-not-found")}
    assert "no-such-skill" not in replies[0].text
    assert pointers(malformed) == ["/skill_id", "/why"]
    assert (await queued(client, admin))["Zorblax Flow"] == word


async def test_a_word_that_is_not_queued_is_not_found(client, admin):
    replies = [
        await client.post(f"{URL}/{new_id()}/{verb}", json={"skill_id": "cicd"}, headers=matching(admin, 1))
        for verb in ("map", "dismiss")
    ]

    assert told(replies[0]) == told(replies[1])
    assert (replies[0].status_code, replies[0].json()["code"]) == (404, "unmatched-skill-not-found")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_only_an_admin_curates_and_only_recruiters_look_on(client, acting_as, word, role):
    caller = await acting_as(role)

    listed = await client.get(URL, headers=caller.headers)
    decided = [
        await client.post(f"{URL}/{word['id']}/{verb}", json={"skill_id": "cicd"}, headers=matching(caller, 1))
        for verb in ("map", "dismiss")
    ]

    assert listed.status_code == (200 if role is Role.RECRUITER else 403)
    assert [reply.status_code for reply in decided] == [403, 403]


async def test_a_mapped_word_survives_new_reference_data(client, session, admin, word, tmp_path):
    await client.post(f"{URL}/{word['id']}/map", json={"skill_id": "cicd"}, headers=matching(admin, 1))
    shutil.copytree(reference.SEED_DATA, tmp_path / "seed_data")
    seniority = tmp_path / "seed_data" / "seniority.toml"
    seniority.write_text(f"{seniority.read_text(encoding='utf-8')}\n# a later release\n", encoding="utf-8")

    assert await service.load_reference(session, tmp_path / "seed_data")

    assert (await service.current(session)).skills.find("zorblax flow") == "cicd"
    assert await service.revision(session) == reference.revision_of(await queries.all_concepts(session))


async def test_words_written_at_the_same_time_are_each_counted(committed_client, committed_database):
    async with committed_database.transaction() as session:
        suppliers = [await make_caller(session, Role.SUPPLIER_ADMIN) for _ in range(8)]
    given = [skills(*(["Blib", "Blob"] if n % 2 else ["Blob", "Blib"])) for n in range(8)]

    await asyncio.gather(
        *(post_engineer(committed_client, one, skills=of_one) for one, of_one in zip(suppliers, given, strict=True))
    )

    async with committed_database.transaction() as session:
        words = await queries.opened(session, (await session.exec(select(UnmatchedSkill))).all())
    assert {(word.written, word.occurrences) for word in words} == {("Blib", 8), ("Blob", 8)}


async def test_words_mapped_to_one_skill_at_the_same_time_all_become_its_names(committed_client, committed_database):
    names = [f"Blib {letter}" for letter in "ABCDEF"]
    async with committed_database.transaction() as session:
        admin, supplier = await make_caller(session, Role.ADMIN), await make_caller(session, Role.SUPPLIER_ADMIN)
    await post_engineer(committed_client, supplier, skills=skills(*names))
    words = await queued(committed_client, admin)

    replies = await asyncio.gather(
        *(
            committed_client.post(f"{URL}/{word['id']}/map", json={"skill_id": "cicd"}, headers=matching(admin, 1))
            for word in words.values()
        )
    )

    assert [reply.status_code for reply in replies] == [200] * 6
    async with committed_database.transaction() as session:
        known = (await service.current(session)).skills
        assert {known.find(name) for name in names} == {"cicd"}
        assert await service.revision(session) == reference.revision_of(await queries.all_concepts(session))
