"""Every wrong field of a request is pointed at."""

import json

import pytest
from sqlmodel import select

from app.core.actor import Role
from app.demand.models import Request
from app.demand.schemas import GateKind, Weights
from matching import GATE_KINDS, PARTS
from tests.payloads import a_request, matching, pointers, post_request, skills

NO_WEIGHT = dict.fromkeys(PARTS, 0)
WRONG = [
    ("title", "", "/title"),
    ("title", None, "/title"),
    ("title", "x" * 301, "/title"),
    ("description", None, "/description"),
    ("description", "x" * 20_001, "/description"),
    ("discipline", "magic", "/discipline"),
    ("seniority", "ninja", "/seniority"),
    ("skills", skills(*[f"Skill {n}" for n in range(41)]), "/skills"),
    ("skills", skills("Go", "golang"), "/skills/1/skill"),
    ("skills", skills("Go", years=-1), "/skills/0/years"),
    ("skills", skills("Go", years="NaN"), "/skills/0/years"),
    ("skills", skills("Go", must="maybe"), "/skills/0/must"),
    ("skills", skills("Go", must=None), "/skills/0/must"),
    ("skills", skills("Go", level=3), "/skills/0/level"),
    ("certifications", [{"certification": "CKA"}] * 2, "/certifications/1/certification"),
    ("minimum_english", "D1", "/minimum_english"),
    ("minimum_english", "", "/minimum_english"),
    ("english_modes", [], "/english_modes"),
    ("english_modes", ["singing"], "/english_modes/0"),
    ("english_modes", None, "/english_modes"),
    ("domains", [""], "/domains/0"),
    ("domains", ["x"] * 11, "/domains"),
    ("countries", ["CO", "XX"], "/countries/1"),
    ("zone", "Nowhere/Land", "/zone"),
    ("working_window", {"starts_at": "09:60", "ends_at": "18:00"}, "/working_window/starts_at"),
    ("working_window", {"starts_at": "09:00", "ends_at": "09:00"}, "/working_window"),
    ("minimum_shared_minutes", 1441, "/minimum_shared_minutes"),
    ("minimum_shared_minutes", -1, "/minimum_shared_minutes"),
    ("minimum_shared_minutes", 60, "/minimum_shared_minutes"),
    ("starts_on", "2027-13-01", "/starts_on"),
    ("starts_on", "1999-12-31", "/starts_on"),
    ("starts_on", "+12027-01-01", "/starts_on"),
    ("starts_on", 86400, "/starts_on"),
    ("start_tolerance_days", -1, "/start_tolerance_days"),
    ("start_tolerance_days", None, "/start_tolerance_days"),
    ("duration_weeks", 0, "/duration_weeks"),
    ("duration_weeks", 521, "/duration_weeks"),
    ("headcount", 0, "/headcount"),
    ("headcount", 101, "/headcount"),
    ("headcount", 2**64, "/headcount"),
    ("headcount", 1.5, "/headcount"),
    ("headcount", True, "/headcount"),
    ("weekly_hours", 81, "/weekly_hours"),
    ("hourly_rate_ceiling", {"amount_minor": 1, "currency": "XXXX"}, "/hourly_rate_ceiling/currency"),
    ("hourly_rate_ceiling", {"amount_minor": -5, "currency": "USD"}, "/hourly_rate_ceiling/amount_minor"),
    ("service_type", "tea", "/service_type"),
    ("engagement", None, "/engagement"),
    ("exclude_unknown", ["mood"], "/exclude_unknown/0"),
    ("weights", NO_WEIGHT, "/weights"),
    ("weights", {"semantic": -0.1}, "/weights/semantic"),
    ("weights", {"semantic": 101}, "/weights/semantic"),
    ("weights", {"semantic": 1.3}, "/weights/semantic"),
    ("weights", {"skill_coverage": 1.2}, "/weights/skill_coverage"),
    ("weights", {"semantic": None}, "/weights/semantic"),
    ("weights", {"semantic": "NaN"}, "/weights/semantic"),
    ("weights", {"semantic": True}, "/weights/semantic"),
    ("weights", {"charm": 1}, "/weights/charm"),
    ("open_to_suppliers", "sometimes", "/open_to_suppliers"),
    ("organisation_id", "0197a3c2-e5f0-7d6a-8000-000000000000", "/organisation_id"),
    ("budget", 5, "/budget"),
]
NAMES = [f"{field}-{at}" for at, (field, _, _) in enumerate(WRONG)]


@pytest.mark.parametrize(("field", "value", "pointer"), WRONG, ids=NAMES)
async def test_a_wrong_field_is_pointed_at(client, session, acting_as, field, value, pointer):
    buyer = await acting_as(Role.CLIENT_ADMIN)
    request = await post_request(client, buyer)

    made = await client.post("/v1/requests", json=a_request(**{field: value}), headers=buyer.headers)
    changed = await client.patch(f"/v1/requests/{request['id']}", json={field: value}, headers=matching(buyer, 1))

    assert (made.status_code, changed.status_code) == (422, 422)
    assert pointers(made) == pointers(changed) == [pointer]
    assert len((await session.exec(select(Request))).all()) == 1
    assert (await client.get(f"/v1/requests/{request['id']}", headers=buyer.headers)).json() == request


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
async def test_weights_are_finite(client, acting_as, number):
    buyer = await acting_as(Role.CLIENT_ADMIN)
    body = json.dumps(a_request(weights={"semantic": "@"})).replace('"@"', number)

    reply = await client.post(
        "/v1/requests", content=body, headers={**buyer.headers, "Content-Type": "application/json"}
    )

    assert reply.status_code == 422
    assert set(pointers(reply)) <= {"", "/weights/semantic"}


async def test_every_wrong_field_is_pointed_at_in_one_reply(client, acting_as):
    buyer = await acting_as(Role.CLIENT_ADMIN)
    # What fields mean together is only judged once each is well formed.
    alone = {field: (value, pointer) for field, value, pointer in WRONG if field != "minimum_shared_minutes"}

    reply = await client.post(
        "/v1/requests", json=a_request(**{f: v for f, (v, _) in alone.items()}), headers=buyer.headers
    )

    assert {pointer for _, pointer in alone.values()} - {"/certifications/1/certification"} <= set(pointers(reply))


def test_the_room_offers_the_gates_and_parts_the_ranking_has():
    assert [kind.value for kind in GateKind] == list(GATE_KINDS)
    assert tuple(Weights.model_fields) == PARTS


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("title=x", "/title"),
        ("status=closed", "/status"),
        ("service_type=tea", "/service_type"),
        ("organisation_id=acme", "/organisation_id"),
        ("sort=title", "/sort"),
        ("limit=-1", "/limit"),
        ("cursor=%F0%9F%92%A5", "/cursor"),
    ],
)
async def test_a_wrong_filter_is_an_error_and_never_an_empty_page(client, acting_as, query, pointer):
    buyer = await acting_as(Role.CLIENT_ADMIN)

    reply = await client.get(f"/v1/requests?{query}", headers=buyer.headers)

    assert (reply.status_code, pointers(reply)) == (422, [pointer])
