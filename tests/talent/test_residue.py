"""The proof: of somebody erased, no word is left in a row, in a file of the server, in the state folder or in a log."""

from secrets import token_hex

import pytest
from sqlalchemy.engine import make_url

from app.core.actor import Role
from tests.factories import make_caller
from tests.payloads import decision, matching, post_request, skills
from tests.residue import data_folder, files_with, rows_of, spellings

NAMES = (
    *(
        "given",
        "family",
        "title",
        "city",
        "skill",
        "skilltwo",
        "certificate",
        "domain",
        "employer",
        "employertwo",
        "job",
    ),
    *(
        "summary",
        "jobdomain",
        "institution",
        "degree",
        "subject",
        "bio",
        "biotwo",
        "provider",
        "email",
        "address",
        "link",
    ),
    *(
        "contactreason",
        "exportreason",
        "documentreason",
        "evidence",
        "file",
        "filetwo",
        "content",
        "contenttwo",
        "patched",
    ),
)
RUN = f"zq{token_hex(8)}"
"""What all words of this run begin with: one search finds any of them."""
WORD = {name: f"{RUN}{name}" for name in NAMES}
PHONE = "+57 604 5550" + str(int(token_hex(4), 16)).zfill(10)
MARKER = f"zq{token_hex(8)}client"
"""A client's own word, which is plain and stays: it shows that the search finds what is there."""

PROFILE = {
    "given_name": WORD["given"],
    "family_name": f"Ñúñez {WORD['family']} 🙂",
    "title": f"Senior Backend Developer {WORD['title']}",
    "discipline": "software",
    "city": WORD["city"],
    "skills": [*skills("Python", years=5), *skills(WORD["skill"], f"{WORD['skilltwo']} ñandú")],
    "certifications": [{"certification": WORD["certificate"]}],
    "domains": [{"domain": WORD["domain"]}],
    "work_history": [
        {
            "title": WORD["job"],
            "employer": WORD["employer"],
            "domain": WORD["jobdomain"],
            "started_on": "2020-01-01",
            "summary": f"Python at {WORD['summary']}",
        },
        {"title": "Dev", "employer": WORD["employertwo"], "started_on": "2018-01-01", "ended_on": "2019-01-01"},
    ],
    "education": [{"institution": WORD["institution"], "degree": WORD["degree"], "field_of_study": WORD["subject"]}],
    "bios": [{"language": "en", "text": f"I am {WORD['bio']}."}, {"language": "es", "text": f"Soy {WORD['biotwo']}."}],
    "workplace": {"connections": [{"medium": "fibre", "provider": WORD["provider"]}]},
    "contact": {
        "email": f"{WORD['email']}@example.com",
        "phone": PHONE,
        "address": WORD["address"],
        "links": [f"https://example.com/{WORD['link']}"],
    },
}


async def test_of_somebody_erased_nothing_is_left(
    committed_client, committed_database, committed_urls, server, ledger_file, caplog, capfd
):
    caplog.set_level("DEBUG")
    client = committed_client
    roles = (Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN, Role.RECRUITER, Role.ADMIN)
    async with committed_database.transaction() as session:
        firm, buyer, recruiter, admin = [await make_caller(session, role) for role in roles]
    keyed = {"json": PROFILE, "headers": {**firm.headers, "Idempotency-Key": "create"}}
    made = await client.post("/v1/engineers", **keyed)
    assert made.status_code == 201, made.text
    url, documents = f"/v1/engineers/{made.json()['id']}", []
    bios = [*PROFILE["bios"], {"language": "pt", "text": WORD["patched"]}]
    await client.patch(url, json={"bios": bios}, headers=matching(firm, 1))
    for name, content, key in (("file", "content", "first"), ("filetwo", "contenttwo", "second")):
        reply = await client.post(
            f"{url}/documents",
            data={"kind": "cv"},
            files={"file": (f"{WORD[name]}.txt", f"About {WORD[content]}. ".encode() * 300)},
            headers={**firm.headers, "Idempotency-Key": key},
        )
        assert reply.status_code == 201, reply.text
        documents.append(f"{url}/documents/{reply.json()['id']}")
    paper = {**decision("granted"), "evidence": f"Form {WORD['evidence']}"}
    await client.post(f"{url}/consents", json=paper, headers={**firm.headers, "Idempotency-Key": "paper"})
    request = await post_request(client, buyer, description=MARKER, skills=skills("Python"))
    ranking = {"headers": {**recruiter.headers, "Idempotency-Key": "rank"}}
    shortlist = await client.post(f"/v1/requests/{request['id']}/shortlists", **ranking)
    assert len(shortlist.json()["entries"]) == 1
    # Refusals, too: what is refused must not be quoted.
    await client.patch(url, json={"given_name": WORD["given"], WORD["family"]: 1}, headers=matching(firm, "*"))
    await client.post("/v1/engineers", json={**PROFILE, "discipline": WORD["title"]}, headers=firm.headers)
    await client.get("/v1/engineers", params={"skill": WORD["skill"]}, headers=firm.headers)

    async def readable():
        """All that anybody can be told, in one text."""
        why = {"headers": recruiter.headers}
        replies = [
            await client.get(url, headers=firm.headers),
            await client.get(f"{url}/contact", params={"reason": f"Call {WORD['contactreason']}"}, **why),
            await client.get(f"{url}/documents", headers=firm.headers),
            *[await client.get(one, params={"reason": WORD["documentreason"]}, **why) for one in documents],
            await client.get(f"{url}/consents", headers=firm.headers),
            await client.get(f"{url}/export", params={"reason": WORD["exportreason"]}, **why),
            await client.get("/v1/engineers", headers=recruiter.headers),
            await client.post("/v1/engineers", **keyed),
            await client.post(f"/v1/requests/{request['id']}/shortlists", **ranking),
            await client.get(f"/v1/shortlists/{shortlist.json()['id']}", **why),
            await client.get("/v1/unmatched-skills", headers=admin.headers),
            await client.get("/v1/audit-events", headers=admin.headers),
            await client.get("/metrics"),
        ]
        return "\n".join(reply.text for reply in replies)

    before = await readable()
    erased = await client.post(f"{url}/erase", json={"ground": "objection"}, headers=matching(firm, "*"))
    assert erased.status_code == 200, erased.text
    after = await readable()

    assert len(WORD) > 30
    assert [name for name, word in WORD.items() if word not in before] == []
    assert RUN not in after
    assert PHONE not in after
    printed = capfd.readouterr()
    for told in (caplog.text, printed.out, printed.err):
        assert RUN not in told
    database = make_url(committed_urls.app).database
    rows = rows_of(server.admin, database).lower()
    assert all(spelling in rows for spelling in spellings(MARKER)[:1])
    for secret in (RUN, PHONE, PHONE.replace(" ", "")):
        assert [spelling for spelling in spellings(secret) if spelling in rows] == []
    assert files_with(ledger_file.parent, spellings(RUN)) == []
    assert erased.json()["engineer_id"] in ledger_file.read_text()
    folder = data_folder(server.admin, database)
    if folder is None:
        pytest.skip("the server's files are on another machine")
    everywhere = files_with(folder, [MARKER.encode(), RUN.encode(), PHONE.encode()])
    assert {word for _, word in everywhere} == {MARKER.encode()}
