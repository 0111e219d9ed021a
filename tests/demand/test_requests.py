"""Role requests over HTTP: what a client asks for, kept and linked."""

from itertools import product

import pytest
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.demand.errors import IllegalRequestMove
from app.demand.lifecycle import RequestStatus, move
from app.taxonomy.models import UnmatchedSkill
from app.taxonomy.queries import opened
from tests.payloads import a_request, matching, pointers, post_request, skills, told

WHOLE = {
    "title": "Senior Backend Engineer (Payments)",
    "description": "Pagos instantáneos, conciliación e antifraude.",
    "discipline": "software",
    "skills": [{"skill": "Node JS", "years": 4}, {"skill": "aprendizado de máquina", "must": False}],
    "minimum_english": "B2",
    "english_modes": ["writing", "speaking"],
    "certifications": [{"certification": "CKA", "required": True}],
    "domains": ["banca", "KYC"],
    "countries": ["co", "MX"],
    "zone": "America/New_York",
    "working_window": {"starts_at": "09:00", "ends_at": "18:00"},
    "minimum_shared_minutes": 240,
    "starts_on": "2027-02-01",
    "start_tolerance_days": 10,
    "duration_weeks": 26,
    "headcount": 3,
    "weekly_hours": 40,
    "hourly_rate_ceiling": {"amount_minor": 7500, "currency": "USD"},
    "service_type": "support",
    "engagement": "dedicated_team",
    "exclude_unknown": ["english", "rate"],
    "open_to_suppliers": True,
}
AS_GIVEN = sorted(set(WHOLE) - {"skills", "certifications", "domains", "countries"})


async def test_a_whole_request_comes_back_as_it_was_given(client, acting_as):
    buyer = await acting_as(Role.HIRING_MANAGER)

    made = await client.post("/v1/requests", json=WHOLE, headers=buyer.headers)
    read = await client.get(made.headers["location"], headers=buyer.headers)

    body = made.json()
    assert made.status_code == 201
    assert read.json() == body
    assert made.headers["etag"] == read.headers["etag"] == '"1"'
    assert {field: body[field] for field in AS_GIVEN} == {field: WHOLE[field] for field in AS_GIVEN}
    assert (body["status"], body["seniority"]) == ("open", "senior")
    assert [(one["skill_id"], one["must"], one["years"]) for one in body["skills"]] == [
        ("nodejs", True, 4.0),
        ("machine-learning", False, None),
    ]
    assert body["certifications"] == [
        {"certification_id": "cka", "name": body["certifications"][0]["name"], "written": "CKA", "required": True}
    ]
    assert (body["domains"], body["countries"]) == (["banking", "kyc"], ["CO", "MX"])
    assert body["weights"] is None


@pytest.mark.parametrize(
    ("title", "seniority"),
    [
        ("Senior Backend Engineer", "senior"),
        ("Desarrollador Backend Ssr", "mid"),
        ("Desenvolvedor Python Júnior", "junior"),
        ("Becario de datos", "intern"),
        ("Engenheiro de Dados Sênior", "senior"),
        ("Backend Engineer", None),
    ],
)
async def test_seniority_is_read_from_the_title_in_three_languages(client, acting_as, title, seniority):
    buyer = await acting_as(Role.CLIENT_ADMIN)

    assert (await post_request(client, buyer, title=title))["seniority"] == seniority
    assert (await post_request(client, buyer, title=title, seniority="lead"))["seniority"] == "lead"


async def test_an_unknown_skill_is_kept_reported_and_counted_with_those_of_profiles(client, session, acting_as):
    buyer, supplier = await acting_as(Role.CLIENT_ADMIN), await acting_as(Role.SUPPLIER_ADMIN)
    profile = {"given_name": "A", "family_name": "B", "title": "C", "discipline": "qa", "skills": skills("zorblax")}
    await client.post("/v1/engineers", json=profile, headers=supplier.headers)

    request = await post_request(client, buyer, skills=skills("Python", "Zorblax"))
    await client.patch(f"/v1/requests/{request['id']}", json={"headcount": 2}, headers=matching(buyer, 1))

    assert request["unmatched_skills"] == ["Zorblax"]
    (queued,) = await opened(session, (await session.exec(select(UnmatchedSkill))).all())
    assert (queued.written, queued.occurrences) == ("zorblax", 2)


async def test_a_patch_changes_what_it_names_and_nothing_else(client, session, acting_as):
    buyer = await acting_as(Role.CLIENT_ADMIN)
    before = (await client.post("/v1/requests", json=WHOLE, headers=buyer.headers)).json()

    given = {"headcount": 5, "hourly_rate_ceiling": None}
    after = await client.patch(f"/v1/requests/{before['id']}", json=given, headers=matching(buyer, 1))

    changed = {name for name, value in after.json().items() if value != before[name]}
    assert changed == {"headcount", "hourly_rate_ceiling", "version", "updated_at"}
    assert after.headers["etag"] == '"2"'
    records = (await session.exec(select(AuditRecord).where(AuditRecord.subject_id == before["id"]))).all()
    assert [(record.action, record.payload) for record in records] == [
        ("request.created", {}),
        ("request.changed", {"version": 2, "fields": ["headcount", "hourly_rate_ceiling"]}),
    ]


async def test_a_patched_list_is_replaced_whole(client, acting_as):
    buyer = await acting_as(Role.CLIENT_ADMIN)
    request = (await client.post("/v1/requests", json=WHOLE, headers=buyer.headers)).json()
    url = f"/v1/requests/{request['id']}"

    changed = await client.patch(url, json={"skills": skills("Go")}, headers=matching(buyer, 1))
    emptied = await client.patch(url, json={"skills": [], "countries": []}, headers=matching(buyer, 2))

    assert [(one["skill_id"], one["must"], one["years"]) for one in changed.json()["skills"]] == [("go", True, None)]
    assert emptied.json()["skills"] == emptied.json()["countries"] == []
    assert (await client.get(url, headers=buyer.headers)).json() == emptied.json()


async def test_shared_hours_need_a_zone_and_a_window_now_and_after_every_change(client, acting_as):
    buyer = await acting_as(Role.CLIENT_ADMIN)
    window = {"zone": "America/New_York", "working_window": {"starts_at": "22:00", "ends_at": "06:00"}}
    request = await post_request(client, buyer, minimum_shared_minutes=120, **window)
    incomplete = [{"minimum_shared_minutes": 120, name: window[name]} for name in window]

    made = [await client.post("/v1/requests", json=a_request(**given), headers=buyer.headers) for given in incomplete]
    changed = [
        await client.patch(f"/v1/requests/{request['id']}", json={name: None}, headers=matching(buyer, 1))
        for name in window
    ]
    dropped = await client.patch(
        f"/v1/requests/{request['id']}", json={"zone": None, "minimum_shared_minutes": None}, headers=matching(buyer, 1)
    )

    assert {(reply.status_code, *pointers(reply)) for reply in [*made, *changed]} == {(422, "/minimum_shared_minutes")}
    assert dropped.status_code == 200


@pytest.mark.parametrize(("current", "to"), list(product(RequestStatus, RequestStatus)))
def test_a_request_is_archived_once_and_comes_back_never(current, to):
    if (current, to) == (RequestStatus.OPEN, RequestStatus.ARCHIVED):
        assert move(current, to=to) is to
    else:
        with pytest.raises(IllegalRequestMove):
            move(current, to=to)


async def test_an_archived_request_stays_readable_and_is_neither_changed_nor_ranked_for(client, session, acting_as):
    buyer = await acting_as(Role.CLIENT_ADMIN)
    request = await post_request(client, buyer)
    url = f"/v1/requests/{request['id']}"

    archived = await client.post(f"{url}/archive", headers=matching(buyer, 1))
    again = await client.post(f"{url}/archive", headers=matching(buyer, 2))
    changed = await client.patch(url, json={"headcount": 2}, headers=matching(buyer, 2))
    ranked = await client.post(f"{url}/shortlists", headers=buyer.headers)

    assert (archived.status_code, archived.json()["status"]) == (200, "archived")
    assert (again.status_code, again.json()["code"]) == (409, "illegal-request-move")
    assert (changed.status_code, changed.json()["code"]) == (409, "request-archived")
    assert (ranked.status_code, ranked.json()["code"]) == (409, "request-archived")
    assert (await client.get(url, headers=buyer.headers)).json() == archived.json()
    moved = (await session.exec(select(AuditRecord).where(AuditRecord.action == "request.moved"))).one()
    assert moved.payload == {"was": "open", "became": "archived"}


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [
        (None, 428, "if-match-required"),
        ('"7"', 412, "stale-version"),
        ('W/"1"', 412, "stale-version"),
        ("one", 422, "invalid-request"),
    ],
)
async def test_a_change_names_the_version_it_changes(client, acting_as, if_match, status, code):
    buyer = await acting_as(Role.CLIENT_ADMIN)
    request = await post_request(client, buyer)
    headers = {**buyer.headers, **({} if if_match is None else {"If-Match": if_match})}
    url = f"/v1/requests/{request['id']}"

    replies = [
        await client.patch(url, json={"headcount": 2}, headers=headers),
        await client.post(f"{url}/archive", headers=headers),
    ]

    assert {(reply.status_code, reply.json()["code"]) for reply in replies} == {(status, code)}
    assert told(replies[0]) == told(replies[1])
    assert (await client.get(url, headers=buyer.headers)).json() == request
