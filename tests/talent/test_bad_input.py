"""Every wrong field of a profile is pointed at; nothing that was sent comes back."""

import json

import pytest
from sqlmodel import select

from app.core.actor import Role
from app.talent.models import Engineer
from tests.payloads import an_engineer, matching, pointers, post_engineer, skills

JOB = {"title": "Dev", "employer": "Kuna", "started_on": "2020-01-01"}
WRONG = [
    ("zone", "Mars/Olympus", "/zone"),
    ("zone", "EST", "/zone"),
    ("zone", "america/bogota ; drop", "/zone"),
    ("country", "ZZ", "/country"),
    ("country", "Colombia", "/country"),
    ("title", "", "/title"),
    ("title", "   ", "/title"),
    ("title", "x" * 301, "/title"),
    ("title", None, "/title"),
    ("title", 7, "/title"),
    ("discipline", "astrology", "/discipline"),
    ("seniority", "wizard", "/seniority"),
    ("given_name", ["Ana"], "/given_name"),
    ("family_name", "x" * 121, "/family_name"),
    ("skills", None, "/skills"),
    ("skills", {}, "/skills"),
    ("skills", [None], "/skills/0"),
    ("skills", [{"skill": ""}], "/skills/0/skill"),
    ("skills", [{"skill": "Go", "years": -1}], "/skills/0/years"),
    ("skills", [{"skill": "Go", "years": 60.5}], "/skills/0/years"),
    ("skills", [{"skill": "Go", "years": 3.14159}], "/skills/0/years"),
    ("skills", [{"skill": "Go", "years": "NaN"}], "/skills/0/years"),
    ("skills", [{"skill": "Go", "years": 10**300}], "/skills/0/years"),
    ("skills", [{"skill": "Go", "years": 1e308}], "/skills/0/years"),
    ("skills", [{"skill": "Go", "years": True}], "/skills/0/years"),
    ("skills", [{"skill": "Go", "level": 6}], "/skills/0/level"),
    ("skills", [{"skill": "Go", "level": 2.5}], "/skills/0/level"),
    ("skills", [{"skill": "Go", "level": True}], "/skills/0/level"),
    ("skills", [{"skill": "Go", "last_used": 1939}], "/skills/0/last_used"),
    ("skills", [{"skill": "Go", "last_used": 2**63}], "/skills/0/last_used"),
    ("skills", [{"skill": "Go", "stars": 5}], "/skills/0/stars"),
    ("languages", [{"language": "klingon"}], "/languages/0/language"),
    ("languages", [{"language": "en", "speaking": "Z9"}], "/languages/0/speaking"),
    ("languages", [{"language": "en", "speaking": "b2"}], "/languages/0/speaking"),
    ("languages", [{"language": "en", "evidence": "hearsay"}], "/languages/0/evidence"),
    ("languages", [{"language": "en"}, {"language": "EN"}], "/languages"),
    ("bios", [{"language": "es", "text": "a"}, {"language": "es", "text": "b"}], "/bios"),
    ("bios", [{"language": "es"}], "/bios/0/text"),
    ("certifications", [{"certification": "CKA", "issued_on": "2024-02-30"}], "/certifications/0/issued_on"),
    (
        "certifications",
        [{"certification": "CKA", "issued_on": "2024-02-01", "expires_on": "2024-01-31"}],
        "/certifications/0/expires_on",
    ),
    ("domains", [{"domain": "banking"}, {"domain": "Banca"}], "/domains/1/domain"),
    ("work_history", [{**JOB, "ended_on": "2019-12-31"}], "/work_history/0/ended_on"),
    ("work_history", [{"title": "Dev", "employer": "Kuna"}], "/work_history/0/started_on"),
    ("work_history", [{**JOB, "started_on": "01/02/2020"}], "/work_history/0/started_on"),
    ("work_history", [{**JOB, "started_on": 0}], "/work_history/0/started_on"),
    ("work_history", [JOB] * 41, "/work_history"),
    (
        "education",
        [{"institution": "UdeA", "degree": "x", "started_in": 2017, "ended_in": 2012}],
        "/education/0/ended_in",
    ),
    ("working_window", {"starts_at": "24:00", "ends_at": "18:00"}, "/working_window/starts_at"),
    ("working_window", {"starts_at": "9:00", "ends_at": "18:00"}, "/working_window/starts_at"),
    ("working_window", {"starts_at": "09:00", "ends_at": "09:00"}, "/working_window"),
    ("working_window", {"starts_at": "09:00"}, "/working_window/ends_at"),
    ("available_from", "tomorrow", "/available_from"),
    ("available_from", "9999-12-31", "/available_from"),
    ("available_from", "1900-01-01", "/available_from"),
    ("available_from", "2027-01-04T10:00:00Z", "/available_from"),
    ("available_from", 20270104, "/available_from"),
    ("available_from", 0, "/available_from"),
    ("weekly_hours", 0, "/weekly_hours"),
    ("weekly_hours", 81, "/weekly_hours"),
    ("weekly_hours", 2**31, "/weekly_hours"),
    ("weekly_hours", 10**400, "/weekly_hours"),
    ("weekly_hours", "forty", "/weekly_hours"),
    ("weekly_hours", True, "/weekly_hours"),
    ("hourly_rate", {"amount_minor": 5500, "currency": "DOUBLOON"}, "/hourly_rate/currency"),
    ("hourly_rate", {"amount_minor": -1, "currency": "USD"}, "/hourly_rate/amount_minor"),
    ("hourly_rate", {"amount_minor": 2**31, "currency": "USD"}, "/hourly_rate/amount_minor"),
    ("hourly_rate", {"amount_minor": 55.5, "currency": "USD"}, "/hourly_rate/amount_minor"),
    ("hourly_rate", {"amount_minor": 5500}, "/hourly_rate/currency"),
    ("hourly_rate", 55, "/hourly_rate"),
    ("workplace", {"backup_power": "hamster"}, "/workplace/backup_power"),
    ("workplace", {"connections": [{"medium": "pigeon"}]}, "/workplace/connections/0/medium"),
    ("workplace", {"own_equipment": "perhaps"}, "/workplace/own_equipment"),
    ("age", 34, "/age"),
    ("id", "0197a3c2-e5f0-7d6a-8000-000000000000", "/id"),
    ("organisation_id", "0197a3c2-e5f0-7d6a-8000-000000000000", "/organisation_id"),
    ("status", "listed", "/status"),
]
NAMES = [f"{field}-{at}" for at, (field, _, _) in enumerate(WRONG)]


@pytest.mark.parametrize(("field", "value", "pointer"), WRONG, ids=NAMES)
async def test_a_wrong_field_is_pointed_at(client, session, acting_as, field, value, pointer):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(client, supplier)

    made = await client.post("/v1/engineers", json=an_engineer(**{field: value}), headers=supplier.headers)
    changed = await client.patch(f"/v1/engineers/{engineer['id']}", json={field: value}, headers=matching(supplier, 1))

    assert (made.status_code, changed.status_code) == (422, 422)
    assert pointer in pointers(made)
    assert pointer in pointers(changed)
    assert len((await session.exec(select(Engineer))).all()) == 1
    assert (await client.get(f"/v1/engineers/{engineer['id']}", headers=supplier.headers)).json() == engineer


async def test_every_wrong_field_is_pointed_at_in_one_reply(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    wrong = {field: (value, pointer) for field, value, pointer in WRONG if field not in {"id", "status"}}

    reply = await client.post(
        "/v1/engineers", json=an_engineer(**{f: v for f, (v, _) in wrong.items()}), headers=supplier.headers
    )

    # Two entries that name one thing are only found once every field is well formed.
    expected = {pointer for _, pointer in wrong.values()} - {"/domains/1/domain"}
    assert expected <= set(pointers(reply))


async def test_more_skills_than_sixty_are_too_many(client, acting_as):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)

    sixty = await post_engineer(client, supplier, skills=skills(*[f"Skill {n}" for n in range(60)]))
    reply = await client.post(
        "/v1/engineers", json=an_engineer(skills=skills(*[f"Skill {n}" for n in range(61)])), headers=supplier.headers
    )

    assert len(sixty["skills"]) == 60
    assert (reply.status_code, pointers(reply)) == (422, ["/skills"])


@pytest.mark.parametrize(
    "twice",
    [("k8s", "Kubernetes"), ("JS", "JavaScript"), ("Zorblax", "zorbláx"), ("Zor-blax", "zor blax"), ("---", "...")],
)
async def test_one_skill_under_two_names_is_pointed_at(client, acting_as, twice):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(client, supplier)
    given = {"skills": skills("Python", *twice, twice[0])}

    made = await client.post("/v1/engineers", json=an_engineer(**given), headers=supplier.headers)
    changed = await client.patch(f"/v1/engineers/{engineer['id']}", json=given, headers=matching(supplier, 1))

    if twice[0] != "---":
        assert pointers(made) == pointers(changed) == ["/skills/2/skill", "/skills/3/skill"]
    assert made.status_code == changed.status_code == 422


@pytest.mark.parametrize("text", ["\\u0000", "a\\u0000b", "\\ud800", "\\udc00\\ud800"])
@pytest.mark.parametrize("place", ["title", "given_name", "city"])
async def test_text_no_column_holds_is_pointed_at(client, acting_as, place, text):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    body = json.dumps(an_engineer(**{place: "@"})).replace("@", text)

    reply = await client.post(
        "/v1/engineers", content=body, headers={**supplier.headers, "Content-Type": "application/json"}
    )

    assert (reply.status_code, pointers(reply)) == (422, [f"/{place}"])


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5000])
async def test_numbers_that_are_none_are_refused(client, acting_as, number):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    body = json.dumps(an_engineer(skills=[{"skill": "Go", "years": "@"}])).replace('"@"', number)

    reply = await client.post(
        "/v1/engineers", content=body, headers={**supplier.headers, "Content-Type": "application/json"}
    )

    assert reply.status_code == 422
    assert set(pointers(reply)) <= {"", "/skills/0/years"}


@pytest.mark.parametrize(
    ("contact", "pointer"),
    [
        ({"email": "nobody"}, "/email"),
        ({"email": "a@b"}, "/email"),
        ({"email": "a b@c.example"}, "/email"),
        ({"phone": "call me"}, "/phone"),
        ({"links": ["javascript:alert(1)"]}, "/links/0"),
        ({"links": ["https://a.example/"] * 11}, "/links"),
        ({"links": None}, "/links"),
        ({"skype": "x"}, "/skype"),
    ],
)
async def test_wrong_contact_data_is_pointed_at_and_not_echoed(client, acting_as, contact, pointer):
    supplier = await acting_as(Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(client, supplier)

    replaced = await client.put(f"/v1/engineers/{engineer['id']}/contact", json=contact, headers=matching(supplier, 1))
    made = await client.post("/v1/engineers", json=an_engineer(contact=contact), headers=supplier.headers)

    assert (replaced.status_code, pointers(replaced)) == (422, [pointer])
    assert (made.status_code, pointers(made)) == (422, [f"/contact{pointer}"])
    for sent in ("nobody", "call me", "javascript:alert"):
        assert sent not in replaced.text + made.text
