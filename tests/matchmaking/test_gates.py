"""The report on gates, counted again by hand over the profiles as the API shows them."""

import random
from datetime import date, timedelta

import pytest

from app.taxonomy import service as taxonomy
from tests.payloads import post_request, post_shortlist, skills, walk

LEVELS = ["A1", "A2", "B1", "B2", "C1", "C2", "native"]
REQUEST = {
    "discipline": "software",
    "skills": [*skills("Python", "SQL"), *skills("Kafka", must=False)],
    "minimum_english": "B2",
    "certifications": [{"certification": "CKA", "required": True}],
    "countries": ["CO", "BR"],
    "zone": "America/New_York",
    "working_window": {"starts_at": "09:00", "ends_at": "17:00"},
    "minimum_shared_minutes": 360,
    "starts_on": "2027-01-11",
    "duration_weeks": 2,
    "start_tolerance_days": 14,
    "weekly_hours": 35,
    "hourly_rate_ceiling": {"amount_minor": 6000, "currency": "USD"},
}


def somebody(chance):
    """A profile in which anything may be missing, wrong or right."""

    def maybe(value):
        return value if chance.random() < 0.8 else None

    known = chance.sample(["Django", "Python", "PostgreSQL", "SQL", "Kafka", "Java", "C"], chance.randint(0, 6))
    english = {mode: maybe(chance.choice(LEVELS[2:])) for mode in ("speaking", "listening")}
    start = chance.randint(6, 12)
    return {
        "discipline": chance.choice(["software", "software", "data", "civil"]),
        "skills": skills(*known),
        "languages": maybe([{"language": "en-US", **english}, {"language": "es", "speaking": "native"}]) or [],
        "certifications": maybe([{"certification": "CKA", "expires_on": maybe(chance.choice(EXPIRIES))}]) or [],
        "country": maybe(chance.choice(["CO", "BR", "MX"])),
        # Both keep one offset all year.
        "zone": maybe(chance.choice(["America/Bogota", "America/Sao_Paulo"])),
        "working_window": maybe({"starts_at": f"{start:02}:00", "ends_at": f"{start + 8:02}:30"}),
        "available_from": maybe((date(2027, 1, 1) + timedelta(days=chance.randint(0, 40))).isoformat()),
        "weekly_hours": maybe(chance.choice([20, 35, 40])),
        "hourly_rate": maybe(
            {"amount_minor": chance.choice([4000, 6000, 6001]), "currency": chance.choice(["USD", "USD", "EUR"])}
        ),
    }


EXPIRIES = ["2026-12-31", "2027-01-11", "2028-01-01"]


def answers(profile, words):
    """Each gate's answer for one profile: True, False, or None where nobody can say."""
    given = {skill["skill_id"] for skill in profile["skills"]}
    english = next((one for one in profile["languages"] if one["language"].startswith("en")), {})
    spoken = [english.get(mode) for mode in ("speaking", "listening")]
    found = {}
    for skill in ("python", "sql"):
        has = any(skill in words.skills.closure(one) for one in given)
        found["skill", skill] = None if not given else has
    found["certification", "cka"] = any(
        one["certification_id"] == "cka" and (one["expires_on"] or "9999") >= "2027-01-11"
        for one in profile["certifications"]
    )
    found["discipline", None] = {"software": True, "data": None, "civil": False}[profile["discipline"]]
    if any(level and LEVELS.index(level) < LEVELS.index("B2") for level in spoken):
        found["english", None] = False
    else:
        found["english", None] = None if None in spoken else True
    found["country", None] = profile["country"] in ("CO", "BR") if profile["country"] else None
    found["shared_hours", None] = shares_enough(profile)
    available = profile["available_from"]
    found["start", None] = available <= "2027-01-25" if available else None
    found["weekly_hours", None] = profile["weekly_hours"] >= 35 if profile["weekly_hours"] else None
    rate = profile["hourly_rate"]
    found["rate", None] = rate["amount_minor"] <= 6000 if rate and rate["currency"] == "USD" else None
    return found


def shares_enough(profile):
    """New York is at -5 h in January, as Bogotá is; São Paulo at -3 h."""
    window = profile["working_window"]
    if not window or not profile["zone"]:
        return None
    ahead = {"America/Bogota": 0, "America/Sao_Paulo": 120}[profile["zone"]]
    start, end = (int(window[edge][:2]) * 60 + int(window[edge][3:]) - ahead for edge in ("starts_at", "ends_at"))
    return sum(start <= minute < end for minute in range(9 * 60, 17 * 60)) >= 360


@pytest.mark.parametrize("excluded", [[], ["english", "rate", "shared_hours"], ["skill", "start", "country"]])
async def test_the_report_is_what_counting_by_hand_finds(
    client, session, buyer, recruiter, supplier, make_engineers, excluded
):
    chance = random.Random(20)  # noqa: S311
    await make_engineers(*[somebody(chance) for _ in range(150)])
    words = await taxonomy.current(session)
    request = await post_request(client, buyer, **REQUEST, exclude_unknown=excluded)

    shortlist = await post_shortlist(client, recruiter, request, size=100)

    profiles = await walk(client, supplier, "/v1/engineers", limit=200)
    by_hand = {profile["id"]: answers(profile, words) for profile in profiles}
    fails = {
        one: {gate for gate, answer in found.items() if answer is False or (answer is None and gate[0] in excluded)}
        for one, found in by_hand.items()
    }
    assert (shortlist["considered"], shortlist["admitted"]) == (150, sum(not failed for failed in fails.values()))
    assert {entry["engineer_id"] for entry in shortlist["entries"]} == {one for one in fails if not fails[one]}
    assert len(shortlist["gates"]) == 10
    for report in shortlist["gates"]:
        gate = (report["kind"], report["subject"])
        assert report["removed"] == sum(gate in failed for failed in fails.values()), gate
        assert report["unknown"] == sum(found[gate] is None for found in by_hand.values()), gate
        assert report["admitted_if_relaxed"] == sum(failed == {gate} for failed in fails.values()), gate
    assert any(report["admitted_if_relaxed"] for report in shortlist["gates"])
    for entry in shortlist["entries"]:
        said = {(gate["kind"], gate["subject"]): gate["outcome"] for gate in entry["gates"]}
        meant = {True: "pass", False: "fail", None: "unknown"}
        assert said == {gate: meant[answer] for gate, answer in by_hand[entry["engineer_id"]].items()}


async def test_dropping_a_gate_admits_as_many_as_the_report_said(client, buyer, recruiter, make_engineers):
    chance = random.Random(21)  # noqa: S311
    await make_engineers(*[somebody(chance) for _ in range(150)])
    before = await post_shortlist(client, recruiter, await post_request(client, buyer, **REQUEST))
    relaxed = {
        "english": {"minimum_english": None},
        "country": {"countries": []},
        "weekly_hours": {"weekly_hours": None},
        "rate": {"hourly_rate_ceiling": None},
        "discipline": {"discipline": None},
        "start": {"start_tolerance_days": 365},
        "shared_hours": {"minimum_shared_minutes": None},
    }

    for kind, change in relaxed.items():
        after = await post_shortlist(client, recruiter, await post_request(client, buyer, **{**REQUEST, **change}))
        promised = next(gate["admitted_if_relaxed"] for gate in before["gates"] if gate["kind"] == kind)
        assert after["admitted"] - before["admitted"] == promised, kind
