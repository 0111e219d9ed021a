"""Personal data lies nowhere in plain text, opens nowhere but in its place, and is gone with its key."""

import mmap
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import func, text
from sqlalchemy.engine import make_url
from sqlmodel import col, delete, select, update

from app.audit import reading
from app.core.actor import Role
from app.core.events import announce
from app.core.ids import new_id
from app.core.keyring import PersonKey, destroy_person_key
from app.matchmaking.models import ProfileEntry, ShortlistEntry
from app.talent.events import ProfilesChanged
from app.talent.models import Engineer, EngineerContact, EngineerSkill
from tests.factories import make_caller
from tests.payloads import an_engineer, matching, pointers, post_engineer, post_request, post_shortlist, skills

REASON = {"reason": "To arrange an interview with her"}

TEXTS = (
    *("given", "family", "title", "city", "skill", "certificate", "domain", "employer", "job", "summary", "jobdomain"),
    *("institution", "degree", "subject", "bio", "provider", "email", "address", "link", "reason"),
)


def canaries():
    """A word for every personal text of a profile, found nowhere else."""
    return {name: f"zq{token_hex(6)}{name}" for name in TEXTS}


def telling(word):
    return {
        "given_name": word["given"],
        "family_name": word["family"],
        "title": f"Senior Backend Developer {word['title']}",
        "city": word["city"],
        "skills": [*skills("Python", years=5), *skills(word["skill"])],
        "certifications": [{"certification": word["certificate"]}],
        "domains": [{"domain": word["domain"]}],
        "work_history": [
            {
                "title": word["job"],
                "employer": word["employer"],
                "domain": word["jobdomain"],
                "started_on": "2020-01-01",
                "summary": f"Python at {word['summary']}",
            }
        ],
        "education": [
            {"institution": word["institution"], "degree": word["degree"], "field_of_study": word["subject"]}
        ],
        "bios": [{"language": "en", "text": f"I am {word['bio']}."}],
        "workplace": {"connections": [{"medium": "fibre", "provider": word["provider"]}]},
        "contact": {
            "email": f"{word['email']}@example.com",
            "phone": "+57 604 5550199",
            "address": word["address"],
            "links": [f"https://example.com/{word['link']}"],
        },
    }


async def test_nothing_personal_lies_in_plain_text_in_rows_files_or_the_log(
    committed_client, committed_database, committed_urls, server
):
    word = canaries()
    async with committed_database.transaction() as session:
        firm, buyer, recruiter = [
            await make_caller(session, role) for role in (Role.SUPPLIER_ADMIN, Role.HIRING_MANAGER, Role.RECRUITER)
        ]
    headers = {"headers": {**firm.headers, "Idempotency-Key": "once"}}
    made = await committed_client.post("/v1/engineers", json=an_engineer(**telling(word)), **headers)
    assert made.status_code == 201, made.text
    url = f"/v1/engineers/{made.json()['id']}"
    await committed_client.patch(url, json={"bios": telling(word)["bios"]}, headers=matching(firm, 1))
    await committed_client.put(f"{url}/contact", json=telling(word)["contact"], headers=matching(firm, 2))
    read = await committed_client.get(
        f"{url}/contact", params={"reason": f"Call {word['reason']}"}, headers=recruiter.headers
    )
    control = f"zq{token_hex(6)}plain"
    request = await post_request(committed_client, buyer, skills=skills("Python"), description=control)
    shortlist = await post_shortlist(committed_client, recruiter, request)
    repeated = await committed_client.post("/v1/engineers", json=an_engineer(**telling(word)), **headers)

    assert [reply.status_code for reply in (read, repeated)] == [200, 201]
    assert shortlist["entries"][0]["identity"]["given_name"] == word["given"]
    admin = server.admin.set(database=make_url(committed_urls.app).database)
    rows, folder = dumped(admin.set(drivername="postgresql").render_as_string(hide_password=False))
    assert control.encode() in rows
    assert [name for name, canary in word.items() if canary.encode() in rows.lower()] == []
    assert b"5550199" not in rows
    if not folder:
        pytest.skip("the server's files are on another machine")
    # The client's own words are plain, and show that the search finds what is there.
    assert found_in(folder, [control.encode()]) != []
    assert found_in(folder, [canary.encode() for canary in word.values()]) == []


def dumped(url):
    """Every row of every table, as text and as bytes, and where the server keeps it, if that is here."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        parts = []
        for (table,) in tables:
            for row in connection.execute(sql.SQL("SELECT t.*, t::text FROM {} t").format(sql.Identifier(table))):
                parts += [value if isinstance(value, bytes) else str(value).encode() for value in row]
        connection.execute("CHECKPOINT")
        (data,) = connection.execute("SHOW data_directory").fetchone()
        (oid,) = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
    folder = Path(data)
    files = [*folder.glob(f"base/{oid}/*"), *folder.glob("pg_wal/*"), *folder.glob("log*")]
    return b"\n".join(parts), [file for file in files if file.is_file()]


def found_in(files, words):
    """Which words stand in which files."""
    found = []
    for file in files:
        if file.stat().st_size == 0:
            continue
        with file.open("rb") as content, mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as seen:
            found += [(file.name, word) for word in words if seen.find(word) >= 0]
    return found


@pytest.fixture
async def firm(acting_as):
    return await acting_as(Role.SUPPLIER_ADMIN)


@pytest.fixture
async def two(client, firm):
    """The ids of two whole profiles."""
    return [(await post_engineer(client, firm, **telling(canaries())))["id"] for _ in range(2)]


async def exchange(session, column, row, ids):
    """Let two rows exchange what they hold in a column."""
    held = [(await session.exec(select(column).where(col(row) == one))).one() for one in ids]
    for one, value in zip(ids, held[::-1], strict=True):
        await session.exec(update(column.class_).where(col(row) == one).values({column.key: value}))
    await session.flush()


@pytest.mark.parametrize(
    ("column", "row", "path"),
    [
        (Engineer.sealed, Engineer.id, ""),
        (EngineerContact.sealed, EngineerContact.engineer_id, "/contact"),
        (PersonKey.wrapped, PersonKey.engineer_id, ""),
        (PersonKey.wrapped, PersonKey.engineer_id, "/contact"),
    ],
)
async def test_what_is_moved_to_another_row_does_not_open(client, session, firm, two, column, row, path, caplog):
    await exchange(session, column, row, two)

    replies = [await client.get(f"/v1/engineers/{one}{path}", headers=firm.headers) for one in two]

    assert [reply.status_code for reply in replies] == [500, 500]
    assert [reply.json()["code"] for reply in replies] == ["internal-error"] * 2
    assert f"{column.class_.__tablename__}|{column.key}|{two[0]} does not open" in caplog.text
    assert "zq" not in "".join(reply.text for reply in replies)


async def test_what_is_moved_to_another_column_does_not_open(client, session, firm, two):
    contact = select(EngineerContact.sealed).where(col(EngineerContact.engineer_id) == two[0]).scalar_subquery()
    await session.exec(update(Engineer).where(col(Engineer.id) == two[0]).values(sealed=contact))

    reply = await client.get(f"/v1/engineers/{two[0]}", headers=firm.headers)

    assert reply.status_code == 500


async def test_a_flipped_bit_is_an_error_and_nothing_else(client, session, firm, two):
    flipped = func.set_byte(Engineer.sealed, 40, func.get_byte(Engineer.sealed, 40).op("#")(1))
    await session.exec(update(Engineer).where(col(Engineer.id) == two[0]).values(sealed=flipped))

    replies = [await client.get(f"/v1/engineers/{one}", headers=firm.headers) for one in two]

    assert [reply.status_code for reply in replies] == [500, 200]


async def test_an_entry_moved_to_another_place_does_not_open(client, session, acting_as, two):
    buyer = await acting_as(Role.HIRING_MANAGER)
    shortlist = await post_shortlist(client, buyer, await post_request(client, buyer, skills=skills("Python")))
    await exchange(session, ShortlistEntry.sealed, ShortlistEntry.engineer_id, two)

    reply = await client.get(f"/v1/shortlists/{shortlist['id']}", headers=buyer.headers)

    assert reply.status_code == 500


async def test_facts_moved_to_another_profile_do_not_rank(client, session, acting_as, two):
    buyer = await acting_as(Role.HIRING_MANAGER)
    request = await post_request(client, buyer, skills=skills("Python"))
    await exchange(session, ProfileEntry.facts, ProfileEntry.engineer_id, two)

    reply = await client.post(f"/v1/requests/{request['id']}/shortlists", headers=buyer.headers)

    assert reply.status_code == 500


async def test_without_its_key_a_profile_is_erased_at_once(client, session, acting_as, firm, two):
    buyer, recruiter, auditor = [await acting_as(role) for role in (Role.HIRING_MANAGER, Role.RECRUITER, Role.AUDITOR)]
    request = await post_request(client, buyer, skills=skills("Python"))
    shortlist = await post_shortlist(client, buyer, request)
    url = f"/v1/engineers/{two[0]}"
    before = [
        await client.get(url, headers=firm.headers),
        await client.get(f"{url}/contact", params=REASON, headers=recruiter.headers),
    ]

    await session.exec(delete(PersonKey).where(col(PersonKey.engineer_id) == two[0]))
    after = await client.get(url, headers=firm.headers)
    contact = await client.get(f"{url}/contact", headers=firm.headers)
    changed = await client.patch(url, json={"title": "X"}, headers=matching(firm, 1))
    listed = (await client.get("/v1/engineers", headers=firm.headers)).json()["items"]
    read = (await client.get(f"/v1/shortlists/{shortlist['id']}", headers=recruiter.headers)).json()
    audit = await client.get("/v1/audit-events", params={"subject_id": two[0]}, headers=auditor.headers)

    assert [reply.status_code for reply in before] == [200, 200]
    assert (before[0].json()["erased"], after.json()["erased"]) == (False, True)
    assert (after.json()["given_name"], after.json()["bios"], after.json()["unmatched_skills"]) == ("", [], [""])
    assert [reply.json()["code"] for reply in (contact, changed)] == ["person-erased"] * 2
    assert {one["id"]: one["erased"] for one in listed} == {two[0]: True, two[1]: False}
    entries = {entry["engineer_id"]: entry for entry in read["entries"]}
    gone, there = entries[two[0]], entries[two[1]]
    assert (gone["erased"], gone["candidate"], gone["summary"], gone["identity"]) == (True, None, None, None)
    assert (gone["parts"], gone["skills"], gone["score"] > 0, gone["rank"] > 0) == ([], [], True, True)
    assert there["erased"] is False
    assert there["summary"]
    reasons = [one["payload"] for one in audit.json()["items"] if one["action"] == "engineer_contact.read"]
    assert reasons == [{"reason": "erased"}]


async def test_a_destroyed_key_leaves_the_ranking_and_the_chain_whole(committed_client, committed_database):
    async with committed_database.transaction() as session:
        firm, buyer, recruiter = [
            await make_caller(session, role) for role in (Role.SUPPLIER_ADMIN, Role.HIRING_MANAGER, Role.RECRUITER)
        ]
    gone, there = [(await post_engineer(committed_client, firm, **telling(canaries())))["id"] for _ in range(2)]
    await committed_client.get(f"/v1/engineers/{gone}/contact", params=REASON, headers=recruiter.headers)
    request = await post_request(committed_client, buyer)
    before = await post_shortlist(committed_client, buyer, request)

    async with committed_database.transaction() as session:
        await destroy_key(session, gone)
    after = await post_shortlist(committed_client, buyer, request)

    assert len(before["entries"]) == 2
    assert [entry["engineer_id"] for entry in after["entries"]] == [there]
    async with committed_database.transaction() as session:
        assert (await reading.verify(session, None)).records > 0
        assert await session.scalar(text("SELECT facts FROM profile_entry WHERE NOT listed")) is None


@pytest.mark.parametrize(
    "asked",
    [
        {"email": "ana.soto@example.com"},
        {"email": "ANA.Soto@Example.COM"},
        {"email": "ａna.soto@example.com"},
        {"phone": "+57 (604) 555-0100"},
        {"phone": "0057 604 5550100"},
    ],
)
async def test_an_engineer_is_found_by_the_exact_address_or_number(client, acting_as, firm, asked):
    contact = {"email": "Ana.Soto@example.com", "phone": "+57 604 555 0100"}
    ana = await post_engineer(client, firm, contact=contact)
    await post_engineer(client, firm, contact={"email": "ana.soto@example.org", "phone": "+57 604 555 0101"})
    await post_engineer(client, firm)
    other = await acting_as(Role.SUPPLIER_ADMIN)
    same = await post_engineer(client, other, contact=contact)
    recruiter, buyer = await acting_as(Role.RECRUITER), await acting_as(Role.CLIENT_ADMIN)

    replies = [
        await client.post("/v1/engineers/find", json=asked, headers=one.headers) for one in (firm, other, recruiter)
    ]

    assert [[one["id"] for one in reply.json()] for reply in replies] == [
        [ana["id"]],
        [same["id"]],
        [same["id"], ana["id"]],
    ]
    assert (await client.post("/v1/engineers/find", json=asked, headers=buyer.headers)).status_code == 403


async def test_a_changed_address_is_found_no_more(client, firm):
    ana = await post_engineer(client, firm, contact={"email": "a@example.com"})
    await client.put(f"/v1/engineers/{ana['id']}/contact", json={"email": "b@example.com"}, headers=matching(firm, 1))

    found = [
        (await client.post("/v1/engineers/find", json={"email": f"{name}@example.com"}, headers=firm.headers)).json()
        for name in "ab"
    ]

    assert [[one["id"] for one in hits] for hits in found] == [[], [ana["id"]]]


@pytest.mark.parametrize("asked", [{}, {"email": None}, {"email": "a@example.com", "phone": "+57 604 555 0100"}])
async def test_one_address_or_number_is_asked_for(client, firm, asked):
    refusal = await client.post("/v1/engineers/find", json=asked, headers=firm.headers)

    assert refusal.status_code == 422
    assert pointers(refusal) == [""]


async def test_a_word_nobody_knows_is_filtered_by_however_it_is_spelt(client, session, firm):
    engineer = await post_engineer(client, firm, skills=skills("Zorblax-Flow"))

    found = [
        (await client.get("/v1/engineers", params={"skill": word}, headers=firm.headers)).json()["items"]
        for word in ("Zorblax-Flow", "zorblax flow", "zorblax")
    ]

    assert [[one["id"] for one in items] for items in found] == [[engineer["id"]], [engineer["id"]], []]
    (stored,) = (await session.exec(select(EngineerSkill.word_hash))).all()
    assert len(stored) == 32


async def destroy_key(session, engineer_id):
    """Destroy a person's key and nothing else of them, and let the ranking notice."""
    await destroy_person_key(session, engineer_id)
    await announce(session, ProfilesChanged((engineer_id,)))


async def test_a_key_of_nobody_erases_nobody(client, session, firm):
    ana = await post_engineer(client, firm)

    await destroy_key(session, new_id())

    assert (await client.get(f"/v1/engineers/{ana['id']}", headers=firm.headers)).json() == ana
