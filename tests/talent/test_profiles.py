"""Profiles over HTTP: what is given comes back, linked to the taxonomy."""

import pytest
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.taxonomy.models import UnmatchedSkill
from app.taxonomy.queries import opened
from tests.payloads import an_engineer, matching, post_engineer, skills

WHOLE = {
    "given_name": "Lucía",
    "family_name": "Gonçalves de la Peña",
    "title": "Desarrolladora Backend Senior",
    "discipline": "software",
    "skills": [{"skill": "Python", "years": 6.5, "level": 5, "last_used": 2026}, {"skill": "k8s"}],
    "languages": [
        {"language": "en", "speaking": "C1", "reading": "C2", "evidence": "tested", "assessed_on": "2026-03-01"},
        {"language": "PT-br", "speaking": "native"},
    ],
    "certifications": [{"certification": "CKA", "issued_on": "2024-05-01", "expires_on": "2027-05-01"}],
    "domains": [{"domain": "banca", "years": 4}],
    "work_history": [
        {"title": "Backend Developer", "employer": "Banco del Río", "started_on": "2021-03-01", "summary": "APIs."},
        {"title": "Dev Jr", "employer": "Kuna", "started_on": "2018-01-01", "ended_on": "2021-02-28", "domain": "KYC"},
    ],
    "education": [{"institution": "UdeA", "degree": "Ingeniería de Sistemas", "started_in": 2012, "ended_in": 2017}],
    "bios": [{"language": "es", "text": "Construyo APIs."}, {"language": "pt-BR", "text": "Construo serviços."}],
    "city": "Medellin",
    "working_window": {"starts_at": "08:00", "ends_at": "17:30"},
    "available_from": "2027-01-04",
    "weekly_hours": 40,
    "hourly_rate": {"amount_minor": 5500, "currency": "usd"},
    "workplace": {
        "connections": [{"medium": "fibre", "provider": "Tigo", "download_mbps": 300}, {"medium": "mobile"}],
        "backup_power": "ups",
        "own_equipment": True,
    },
}


async def test_a_whole_profile_comes_back_as_it_was_given(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_RECRUITER)

    made = await client.post("/v1/engineers", json=WHOLE, headers=supplier.headers)
    read = await client.get(made.headers["location"], headers=supplier.headers)

    body = made.json()
    assert made.status_code == 201
    assert read.json() == body
    assert made.headers["etag"] == read.headers["etag"] == '"1"'
    assert (body["status"], body["version"], body["seniority"]) == ("listed", 1, "senior")
    assert body["organisation_id"] == str(supplier.organisation.id)
    for field in ("given_name", "family_name", "title", "available_from", "weekly_hours", "working_window"):
        assert body[field] == WHOLE[field]
    assert [(skill["skill_id"], skill["years"], skill["level"]) for skill in body["skills"]] == [
        ("python", 6.5, 5),
        ("kubernetes", None, None),
    ]
    assert [one["language"] for one in body["languages"]] == ["en", "pt-BR"]
    assert body["certifications"][0]["certification_id"] == "cka"
    assert (body["domains"][0]["domain_id"], body["domains"][0]["written"]) == ("banking", "banca")
    assert [job["domain_id"] for job in body["work_history"]] == [None, "kyc"]
    assert (body["city_name"], body["country"], body["zone"]) == ("Medellín", "CO", "America/Bogota")
    assert body["hourly_rate"] == {"amount_minor": 5500, "currency": "USD"}
    assert body["workplace"] == {
        **WHOLE["workplace"],
        "connections": [
            {"medium": "fibre", "provider": "Tigo", "download_mbps": 300},
            {"medium": "mobile", "provider": None, "download_mbps": None},
        ],
    }
    assert body["unmatched_skills"] == []


@pytest.mark.parametrize(
    ("written", "skill_id"),
    [
        ("k8s", "kubernetes"),
        ("KUBERNETES", "kubernetes"),
        ("Node JS", "nodejs"),
        ("estructuras de concreto", "reinforced-concrete"),
        ("aprendizado de máquina", "machine-learning"),
        ("aprendizaje automatico", "machine-learning"),
        ("C", "c"),
        ("C++", "cpp"),
        ("C#", "csharp"),
        (".NET", "dotnet"),
        ("R", "r"),
        ("golang", "go"),
    ],
)
async def test_a_skill_is_known_by_any_of_its_names_in_three_languages(client, acting_as, written, skill_id):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)

    (skill,) = (await post_engineer(client, supplier, skills=skills(written)))["skills"]

    assert (skill["skill_id"], skill["written"]) == (skill_id, written)


async def test_an_unknown_skill_is_kept_reported_and_queued_once_however_it_is_spelt(client, session, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)

    made = [
        await post_engineer(client, supplier, skills=skills("Python", written))
        for written in ("Zorblax-Flow", "zorblax flow", "ZORBLÁX FLOW")
    ]

    assert [body["unmatched_skills"] for body in made] == [["Zorblax-Flow"], ["zorblax flow"], ["ZORBLÁX FLOW"]]
    assert made[0]["skills"][1] == {
        "skill_id": None,
        "name": "Zorblax-Flow",
        "written": "Zorblax-Flow",
        "years": None,
        "level": None,
        "last_used": None,
    }
    (queued,) = await opened(session, (await session.exec(select(UnmatchedSkill))).all())
    assert (queued.written, queued.occurrences) == ("Zorblax-Flow", 3)


async def test_a_change_of_something_else_does_not_count_an_unknown_skill_again(client, session, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(client, supplier, skills=skills("Zorblax"))
    url = f"/v1/engineers/{engineer['id']}"

    await client.patch(url, json={"title": "QA Engineer"}, headers=matching(supplier, 1))
    await client.post(f"{url}/unlist", headers=matching(supplier, 2))

    (queued,) = (await session.exec(select(UnmatchedSkill))).all()
    assert queued.occurrences == 1


@pytest.mark.parametrize(
    ("title", "seniority"),
    [
        ("Senior Backend Engineer", "senior"),
        ("Desarrollador Backend Ssr", "mid"),
        ("Desenvolvedora Júnior", "junior"),
        ("Estagiário de Dados", "intern"),
        ("Programador Pleno", "mid"),
        ("Tech Lead", "lead"),
        ("Ingeniero de Software", None),
    ],
)
async def test_seniority_is_read_from_the_title_in_three_languages(client, acting_as, title, seniority):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)

    assert (await post_engineer(client, supplier, title=title))["seniority"] == seniority
    assert (await post_engineer(client, supplier, title=title, seniority="principal"))["seniority"] == "principal"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"city": "medellin-co"}, ("medellin-co", "CO", "America/Bogota")),
        ({"city": "São Paulo", "zone": "America/New_York"}, ("sao-paulo-br", "BR", "America/New_York")),
        ({"city": "sao paulo", "country": None, "zone": None}, ("sao-paulo-br", "BR", "America/Sao_Paulo")),
        ({"city": "Macondo"}, (None, None, None)),
        ({"city": "Medellín", "country": "MX"}, (None, "MX", None)),
        ({"country": "uy"}, (None, "UY", None)),
    ],
)
async def test_a_known_city_brings_its_country_and_zone(client, acting_as, place, expected):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)

    body = await post_engineer(client, supplier, **place)

    assert (body["city_id"], body["country"], body["zone"]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Construção civil: ação, informação, não",
        "مهندس برمجيات \u202eRTL\u202c",
        "👩🏽‍💻 engineer 🇧🇷",
        "漢字かな交じり",
        "a\u0301 combining, \ufeff BOM, \u200b zero width",
        "<script>alert(1)</script> '; DROP TABLE engineer; --",
        "%_\\ ${jndi:ldap://x}",
    ],
)
async def test_any_text_people_write_comes_back_unharmed(client, acting_as, text):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    given = {
        "given_name": text,
        "title": text,
        "skills": skills(text),
        "bios": [{"language": "es", "text": text}],
        "work_history": [{"title": text, "employer": text, "started_on": "2020-01-01", "summary": text}],
        "certifications": [{"certification": text}],
        "domains": [{"domain": text}],
        "city": text,
    }

    body = await post_engineer(client, supplier, **given)

    assert {body["given_name"], body["title"], body["city_name"]} == {text}
    assert body["skills"][0]["written"] == body["bios"][0]["text"] == body["work_history"][0]["summary"] == text


async def test_twenty_thousand_characters_are_accepted_and_one_more_is_pointed_at(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    long, longer = "ñ" * 20_000, "ñ" * 20_001

    made = await post_engineer(client, supplier, bios=[{"language": "es", "text": long}])
    refused = await client.post(
        "/v1/engineers", json=an_engineer(bios=[{"language": "es", "text": longer}]), headers=supplier.headers
    )

    assert made["bios"][0]["text"] == long
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/bios/0/text")
    assert longer not in refused.text


async def test_a_patch_changes_what_it_names_and_nothing_else(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    before = (await client.post("/v1/engineers", json=WHOLE, headers=supplier.headers)).json()
    url = f"/v1/engineers/{before['id']}"

    after = await client.patch(url, json={"weekly_hours": 20}, headers=matching(supplier, 1))

    changed = {name for name, value in after.json().items() if value != before[name]}
    assert changed == {"weekly_hours", "version", "updated_at"}
    assert after.headers["etag"] == '"2"'


async def test_a_patched_list_is_replaced_whole_and_keeps_nothing_of_the_old_one(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(
        client, supplier, skills=[*skills("Python", years=5, level=4, last_used=2025), *skills("Go", "Java")]
    )
    url = f"/v1/engineers/{engineer['id']}"

    changed = await client.patch(url, json={"skills": skills("Rust", "Zorblax")}, headers=matching(supplier, 1))
    emptied = await client.patch(url, json={"skills": []}, headers=matching(supplier, 2))

    assert [(s["skill_id"], s["years"], s["level"], s["last_used"]) for s in changed.json()["skills"]] == [
        ("rust", None, None, None),
        (None, None, None, None),
    ]
    assert (await client.get(url, headers=supplier.headers)).json() == emptied.json()
    assert (emptied.json()["skills"], emptied.json()["unmatched_skills"]) == ([], [])


async def test_null_forgets_what_may_be_unknown(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = (await client.post("/v1/engineers", json=WHOLE, headers=supplier.headers)).json()
    forgotten = (
        "seniority",
        "city",
        "country",
        "zone",
        "working_window",
        "available_from",
        "weekly_hours",
        "hourly_rate",
        "workplace",
    )

    reply = await client.patch(
        f"/v1/engineers/{engineer['id']}", json=dict.fromkeys(forgotten), headers=matching(supplier, 1)
    )

    assert reply.status_code == 200
    assert {reply.json()["city_name" if name == "city" else name] for name in forgotten} == {None}


async def test_each_change_leaves_one_record_without_values(client, session, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(client, supplier, contact={"email": "ana@mail.example"})
    headers = matching(supplier, 1)

    await client.patch(f"/v1/engineers/{engineer['id']}", json={"title": "Canary", "weekly_hours": 7}, headers=headers)

    records = (await session.exec(select(AuditRecord).where(AuditRecord.subject_id == engineer["id"]))).all()
    assert [(record.action, record.payload) for record in records] == [
        ("engineer.created", {"status": "listed"}),
        ("engineer.changed", {"version": 2, "fields": ["title", "weekly_hours"]}),
    ]
    assert {record.organisation_id for record in records} == {supplier.organisation.id}


async def test_a_whole_number_may_be_written_with_a_fraction_of_nothing(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)

    assert (await post_engineer(client, supplier, weekly_hours=40.0))["weekly_hours"] == 40


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [
        (None, 428, "if-match-required"),
        ('"7"', 412, "stale-version"),
        ('W/"1"', 412, "stale-version"),
        ("1", 422, "invalid-request"),
        ("", 422, "invalid-request"),
        ("*", 200, None),
        ('"9", "1"', 200, None),
    ],
)
async def test_a_change_names_the_version_it_changes(client, acting_as, if_match, status, code):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(client, supplier, draft=True)
    headers = {**supplier.headers, **({} if if_match is None else {"If-Match": if_match})}
    url = f"/v1/engineers/{engineer['id']}"
    calls = [
        ("PATCH", url, {"title": "Other"}),
        ("POST", f"{url}/list", None),
        ("POST", f"{url}/archive", None),
        ("PUT", f"{url}/contact", {}),
    ]

    replies = [await client.request(method, to, json=body, headers=headers) for method, to, body in calls]

    if code is None:
        assert replies[0].status_code == status
    else:
        assert {(reply.status_code, reply.json()["code"]) for reply in replies} == {(status, code)}
        assert (await client.get(url, headers=supplier.headers)).json() == engineer


async def test_the_domain_of_a_job_that_nobody_knows_is_kept_as_written(client, acting_as):
    firm = await acting_as(Role.SUPPLIER_ADMIN)
    jobs = [
        {"title": "Developer", "employer": "Uno", "domain": domain, "started_on": "2020-01-01"}
        for domain in ("banca", "Beekeeping")
    ]

    reply = await client.post("/v1/engineers", json=an_engineer(work_history=jobs), headers=firm.headers)

    kept = [(job["domain_id"], job["domain_name"]) for job in reply.json()["work_history"]]
    assert kept == [("banking", "Banking"), (None, "Beekeeping")]
