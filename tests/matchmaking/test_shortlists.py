"""Shortlists over HTTP: ranked on what is committed at this moment, explained, frozen."""

from datetime import date
from decimal import Decimal

import pytest
from sqlmodel import select

from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.ids import new_id
from app.core.keyring import person_keys
from app.matchmaking.explanations import closeness_of, fraction
from app.matchmaking.models import Shortlist, ShortlistEntry
from app.taxonomy import service as taxonomy
from matching import BRIEF, PROFILE, replay
from tests.payloads import (
    Statements,
    matching,
    pointers,
    post_engineer,
    post_request,
    post_shortlist,
    skills,
    told,
    walk,
)

FULL = {
    "discipline": "software",
    "seniority": "senior",
    "skills": [*skills("Python", years=4), *skills("Kafka", "PostgreSQL", must=False), *skills("Zorblax", must=False)],
    "minimum_english": "B2",
    "certifications": [{"certification": "CKA"}],
    "domains": ["banking"],
    "countries": ["CO", "BR", "MX"],
    "zone": "America/New_York",
    "working_window": {"starts_at": "09:00", "ends_at": "18:00"},
    "minimum_shared_minutes": 240,
    "starts_on": "2027-02-01",
    "duration_weeks": 26,
    "weekly_hours": 30,
    "hourly_rate_ceiling": {"amount_minor": 7000, "currency": "USD"},
    "weights": {"rate": 0.1},
}
PROFILES = [
    {
        "title": "Senior Backend Developer",
        "skills": [
            *skills("Django", years=years, last_used=2026),
            *skills("Apache Kafka", level=3),
            *skills("zorblax"),
        ],
        "languages": [{"language": "en", "speaking": english, "listening": "C1"}],
        "certifications": [{"certification": "CKA", "expires_on": "2027-05-01"}],
        "domains": [{"domain": "banca", "years": 3}],
        "work_history": [{"title": "Dev", "employer": "Kuna", "started_on": "2020-01-01"}],
        "country": country,
        "zone": "America/Bogota",
        "working_window": {"starts_at": "08:00", "ends_at": "17:00"},
        "available_from": "2027-01-15",
        "weekly_hours": 40,
        "hourly_rate": {"amount_minor": rate, "currency": "USD"},
    }
    for years, english, country, rate in (
        (6, "C1", "CO", 5500),
        (3.5, "B2", "BR", 6999),
        (1, None, "MX", 4000),
        (9, "A2", "CO", 5000),
        (5, "C2", "UY", 5000),
        (2.5, "B2", None, 9000),
    )
] + [{"title": "Ingeniera de Software"}, {"title": "Python Developer", "skills": skills("Python")}]


def found(shortlist):
    return [entry["engineer_id"] for entry in shortlist["entries"]]


async def test_the_least_there_can_be_to_rank_is_ranked(client, buyer):
    request = await post_request(client, buyer)

    shortlist = await post_shortlist(client, buyer, request)

    assert (shortlist["considered"], shortlist["admitted"], shortlist["entries"]) == (0, 0, [])
    assert shortlist["gates"] == []
    assert sum(Decimal(str(share)) for share in shortlist["weights"].values()) == 1


async def test_contributions_add_up_to_the_score_exactly(client, buyer, make_engineers):
    await make_engineers(*PROFILES)
    request = await post_request(client, buyer, **FULL)

    shortlist = await post_shortlist(client, buyer, request)

    assert len(shortlist["entries"]) >= 4
    assert sum(Decimal(str(share)) for share in shortlist["weights"].values()) == 1
    for entry in shortlist["entries"]:
        parts = {
            part["part"]: {
                name: Decimal(str(part[name])) for name in ("weight", "value", "low", "high", "contribution")
            }
            for part in entry["parts"]
        }
        assert sum(part["contribution"] for part in parts.values()) == Decimal(str(entry["score"]))
        assert all(part["contribution"] == part["weight"] * part["value"] for part in parts.values())
        assert {name: float(part["weight"]) for name, part in parts.items()} == shortlist["weights"]
        assert all(0 <= part["low"] <= part["value"] <= part["high"] <= 1 for part in parts.values())
        for end in ("low", "high"):
            assert sum(part["weight"] * part[end] for part in parts.values()) == Decimal(str(entry[end]))
        assert entry["low"] <= entry["score"] <= entry["high"]
        assert all(part["reason"].endswith(".") for part in entry["parts"])


async def test_places_go_by_score_and_equal_scores_by_id(client, buyer, make_engineers):
    twins = await make_engineers(*[PROFILES[0]] * 5, *PROFILES)
    request = await post_request(client, buyer, **FULL)

    shortlist = await post_shortlist(client, buyer, request)

    order = [(-entry["score"], entry["engineer_id"]) for entry in shortlist["entries"]]
    assert [entry["rank"] for entry in shortlist["entries"]] == list(range(1, len(order) + 1))
    assert order == sorted(order)
    assert found(shortlist)[:6] == sorted(str(engineer.id) for engineer in twins[:6])


async def test_every_pointer_leads_to_something_the_profile_states(client, buyer, supplier, make_engineers):
    await make_engineers(*PROFILES)
    request = await post_request(client, buyer, **FULL)

    shortlist = await post_shortlist(client, buyer, request)

    for entry in shortlist["entries"]:
        profile = (await client.get(f"/v1/engineers/{entry['engineer_id']}", headers=supplier.headers)).json()
        given = [pointer for part in entry["parts"] for pointer in part["evidence"]]
        given += [skill["evidence"] for skill in entry["skills"] if skill["evidence"]]
        for pointer in given:
            place = profile
            for step in pointer.removeprefix("/").split("/"):
                place = place[int(step)] if isinstance(place, list) else place[step]
            assert place not in (None, []), pointer


async def test_skills_are_told_apart_by_how_they_are_answered(client, buyer, make_engineers):
    await make_engineers(PROFILES[0])
    request = await post_request(client, buyer, skills=FULL["skills"])

    (entry,) = (await post_shortlist(client, buyer, request))["entries"]

    assert {skill["skill"]: (skill["relation"], skill["must"]) for skill in entry["skills"]} == {
        "python": ("implied", True),
        "kafka": ("exact", False),
        "postgresql": ("missing", False),
        "zorblax": ("exact", False),
    }
    assert entry["missing"] == ["postgresql"]


async def test_a_profile_written_a_moment_before_is_ranked(client, buyer, recruiter, supplier):
    request = await post_request(client, buyer, skills=skills("Go"))

    for count in range(1, 4):
        engineer = await post_engineer(client, supplier, skills=skills("Go"))
        shortlist = await post_shortlist(client, recruiter, request)
        assert engineer["id"] in found(shortlist)
        assert shortlist["considered"] == count


async def test_drafts_withdrawn_and_archived_profiles_are_not_ranked(client, buyer, supplier):
    request = await post_request(client, buyer)
    engineer = await post_engineer(client, supplier, draft=True)
    url = f"/v1/engineers/{engineer['id']}"
    seen = [found(await post_shortlist(client, buyer, request))]

    for version, verb in enumerate(("list", "unlist", "list", "archive"), start=1):
        await client.post(f"{url}/{verb}", headers=matching(supplier, version))
        seen.append(found(await post_shortlist(client, buyer, request)))

    assert seen == [[], [engineer["id"]], [], [engineer["id"]], []]


async def test_a_changed_profile_is_ranked_as_changed(client, buyer, recruiter, supplier):
    request = await post_request(client, buyer, skills=skills("Go"))
    engineer = await post_engineer(client, supplier, skills=skills("Go", years=1))
    before = await post_shortlist(client, buyer, request)

    given = {"skills": skills("Go", years=9), "country": "UY"}
    await client.patch(f"/v1/engineers/{engineer['id']}", json=given, headers=matching(supplier, 1))
    after = await post_shortlist(client, buyer, request)
    await client.patch(
        f"/v1/engineers/{engineer['id']}", json={"skills": skills("Rust")}, headers=matching(supplier, 2)
    )
    lost = await post_shortlist(client, recruiter, request)

    assert [one["entries"][0]["engineer_version"] for one in (before, after)] == [1, 2]
    assert after["entries"][0]["score"] > before["entries"][0]["score"]
    assert after["entries"][0]["candidate"]["country"] == "UY"
    assert lost["entries"] == []
    assert lost["gates"][0] == {
        "kind": "skill",
        "subject": "go",
        "name": "Go",
        "removed": 1,
        "unknown": 0,
        "admitted_if_relaxed": 1,
    }


async def test_a_changed_request_is_ranked_for_as_changed(client, buyer, recruiter, supplier):
    request = await post_request(client, buyer, skills=skills("Go"))
    await post_engineer(client, supplier, skills=skills("Rust"))
    before = await post_shortlist(client, recruiter, request)

    await client.patch(f"/v1/requests/{request['id']}", json={"skills": skills("Rust")}, headers=matching(buyer, 1))
    after = await post_shortlist(client, recruiter, request)

    assert [(one["request_version"], one["admitted"]) for one in (before, after)] == [(1, 0), (2, 1)]


async def test_a_shortlist_is_judged_as_of_the_day_it_is_made(client, buyer, supplier, time_machine):
    time_machine.move_to("2026-01-10T12:00:00Z")
    await post_engineer(client, supplier)
    request = await post_request(client, buyer)
    early = await post_shortlist(client, buyer, request)

    time_machine.move_to("2026-12-10T12:00:00Z")
    late = await post_shortlist(client, buyer, request)

    freshness = [
        next(part["value"] for part in one["entries"][0]["parts"] if part["part"] == "freshness")
        for one in (early, late)
    ]
    assert freshness[0] == 1.0
    assert freshness[1] < 0.5


async def test_what_is_read_back_is_what_was_answered_for_whoever_may_see_it(
    client, buyer, recruiter, acting_as, make_engineers
):
    await make_engineers(*PROFILES)
    request = await post_request(client, buyer, **FULL)
    colleague = await acting_as(Role.CLIENT_ADMIN, buyer.organisation)

    for maker in (buyer, recruiter):
        reply = await client.post(f"/v1/requests/{request['id']}/shortlists", headers=maker.headers)
        read = await client.get(reply.headers["location"], headers=maker.headers)
        assert (reply.status_code, read.status_code) == (201, 200)
        assert read.json() == reply.json()

    as_buyer = await client.get(reply.headers["location"], headers=colleague.headers)
    assert {entry["identity"] for entry in as_buyer.json()["entries"]} == {None}
    unnamed = [{**entry, "identity": None, "open_flags": None} for entry in reply.json()["entries"]]
    told = {name: as_buyer.json()[name] for name in ("considered", "admitted", "gates")}
    assert as_buyer.json() == {**reply.json(), **told, "entries": unnamed}


async def test_a_shortlist_is_frozen(client, session, buyer, supplier, acting_as, make_engineers):
    engineers = await make_engineers(*PROFILES)
    request = await post_request(client, buyer, **FULL)
    shortlist = await post_shortlist(client, buyer, request)
    url = f"/v1/shortlists/{shortlist['id']}"

    given = {"title": "Poeta", "skills": [], "country": "AR", "hourly_rate": None, "seniority": None}
    for engineer in engineers[:2]:
        await client.patch(f"/v1/engineers/{engineer.id}", json=given, headers=matching(supplier, 1))
    await client.post(f"/v1/engineers/{engineers[0].id}/archive", headers=matching(supplier, 2))
    await client.patch(f"/v1/requests/{request['id']}", json={"skills": []}, headers=matching(buyer, 1))
    await client.post(f"/v1/requests/{request['id']}/archive", headers=matching(buyer, 2))

    assert (await client.get(url, headers=buyer.headers)).json() == shortlist
    listed = await walk(client, buyer, f"/v1/requests/{request['id']}/shortlists")
    assert listed == [{name: value for name, value in shortlist.items() if name != "entries"}]


async def test_shortlists_of_a_request_are_listed_newest_first(client, buyer, acting_as):
    request, other = await post_request(client, buyer), await post_request(client, buyer)
    made = [(await post_shortlist(client, buyer, request, size=n))["id"] for n in (1, 2, 3)]
    await post_shortlist(client, buyer, other)
    url = f"/v1/requests/{request['id']}/shortlists"

    newest = [item["id"] for item in await walk(client, buyer, url, limit=2)]
    oldest = [item["id"] for item in await walk(client, buyer, url, limit=1, sort="created_at")]

    assert newest == made[::-1]
    assert oldest == made
    assert pointers(await client.get(f"{url}?size=1", headers=buyer.headers)) == ["/size"]


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_a_shortlist_is_as_long_as_was_asked_for(client, buyer, make_engineers, size):
    await make_engineers(*[{}] * 8)
    request = await post_request(client, buyer)

    shortlist = await post_shortlist(client, buyer, request, size=size)

    assert (shortlist["size"], shortlist["admitted"]) == (size, 8)
    assert len(shortlist["entries"]) == min(size, 8)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"size": 0}', "/size"),
        ('{"size": 101}', "/size"),
        ('{"size": -1}', "/size"),
        ('{"size": 1.5}', "/size"),
        ('{"size": true}', "/size"),
        ('{"size": null}', "/size"),
        ('{"size": 1e400}', "/size"),
        ('{"sise": 5}', "/sise"),
        ("[]", ""),
        ("{", ""),
    ],
)
async def test_a_wrong_size_is_pointed_at(client, session, buyer, body, pointer):
    request = await post_request(client, buyer)
    headers = {**buyer.headers, "Content-Type": "application/json"}

    reply = await client.post(f"/v1/requests/{request['id']}/shortlists", content=body, headers=headers)

    assert (reply.status_code, pointers(reply)) == (422, [pointer])
    assert (await session.exec(select(Shortlist))).all() == []


@pytest.mark.parametrize("given", [{}, {"json": {}}, {"content": b"", "headers": {}}])
async def test_nothing_needs_to_be_said_to_have_a_shortlist_made(client, buyer, given):
    request = await post_request(client, buyer)
    headers = {**buyer.headers, **given.pop("headers", {})}

    reply = await client.post(f"/v1/requests/{request['id']}/shortlists", headers=headers, **given)

    assert (reply.status_code, reply.json()["size"]) == (201, 25)


async def test_weights_that_leave_nothing_to_rank_by_are_a_conflict(client, session, buyer):
    nothing = {"semantic": 0, "delivery": 0, "freshness": 0, "skill_coverage": 0.4}
    request = await post_request(client, buyer, weights=nothing)

    reply = await client.post(f"/v1/requests/{request['id']}/shortlists", headers=buyer.headers)

    assert (reply.status_code, reply.json()["code"]) == (409, "nothing-to-rank-by")
    assert (await session.exec(select(Shortlist))).all() == []


async def test_extreme_weights_still_add_up(client, buyer, make_engineers):
    await make_engineers(*PROFILES)
    nothing = dict.fromkeys(("skill_depth", "seniority", "domain", "english", "shared_hours", "certifications"), 0)
    weights = {"semantic": 1e-300, "skill_coverage": 1e-300, "delivery": 5e-324, "freshness": 1e-320, "start": 0}
    request = await post_request(client, buyer, skills=skills("Python"), weights={**weights, **nothing})

    shortlist = await post_shortlist(client, buyer, request)

    assert sum(Decimal(str(share)) for share in shortlist["weights"].values()) == 1
    assert (shortlist["weights"]["semantic"], shortlist["weights"]["freshness"]) == (0.5, 0.0)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.CLIENT_ADMIN, 404),
        (Role.HIRING_MANAGER, 404),
        (Role.SUPPLIER_ADMIN, 403),
        (Role.SUPPLIER_RECRUITER, 403),
        (Role.ADMIN, 403),
        (Role.AUDITOR, 403),
    ],
)
async def test_a_foreign_shortlist_is_told_from_a_missing_one_by_nothing(client, buyer, acting_as, role, status):
    stranger = await acting_as(role)
    request = await post_request(client, buyer, open_to_suppliers=True)
    shortlist = await post_shortlist(client, buyer, request)

    foreign = told(await client.get(f"/v1/shortlists/{shortlist['id']}", headers=stranger.headers))
    missing = told(await client.get(f"/v1/shortlists/{new_id()}", headers=stranger.headers))
    of_request = [
        told(await client.request(method, f"/v1/requests/{one}/shortlists", headers=stranger.headers))
        for method in ("GET", "POST")
        for one in (request["id"], new_id())
    ]

    assert foreign == missing
    assert foreign[0] == status
    assert of_request[0] == of_request[1]
    assert of_request[2] == of_request[3]
    assert {one[0] for one in of_request} == {status}


async def test_a_shortlist_leaves_one_record(client, session, buyer, recruiter, make_engineers):
    await make_engineers(*PROFILES[:2])
    request = await post_request(client, buyer)

    shortlist = await post_shortlist(client, recruiter, request)

    record = (await session.exec(select(AuditRecord).where(AuditRecord.action == "shortlist.created"))).one()
    assert (str(record.subject_id), record.organisation_id) == (shortlist["id"], buyer.organisation.id)
    assert record.payload == {
        "request_id": request["id"],
        "entries": 2,
        "model_hash": shortlist["model_hash"],
    }


async def test_a_shortlist_replays_bit_for_bit_from_what_it_stored(client, session, buyer, make_engineers):
    await make_engineers(*PROFILES, *[{"skills": skills("Python", years=n)} for n in range(20)])
    request = await post_request(client, buyer, **FULL)
    await post_shortlist(client, buyer, request)

    stored = (await session.exec(select(Shortlist))).one()
    entries = (await session.exec(select(ShortlistEntry).order_by(ShortlistEntry.rank))).all()
    keys = await person_keys(session, [entry.engineer_id for entry in entries])
    for entry in entries:
        entry.open(keys[entry.engineer_id])
    # Against their order, so that nothing is right by having been so before.
    ranked = [(PROFILE.validate_python(one.profile), closeness_of(one.explanation)) for one in entries[::-1]]
    brief = BRIEF.validate_python(stored.brief)
    again = replay(brief, ranked, stored.size, await taxonomy.current(session))

    assert len(entries) > 5
    assert again.admitted == len(entries)
    for entry, replayed in zip(entries, again.entries, strict=True):
        assert (replayed.id, replayed.score, replayed.low, replayed.high, replayed.closeness) == (
            entry.engineer_id,
            entry.score,
            entry.low,
            entry.high,
            closeness_of(entry.explanation),
        )
        assert [(part.part, fraction(part.contribution)) for part in replayed.parts] == [
            (part["part"], part["contribution"]) for part in entry.explanation["parts"]
        ]
    assert BRIEF.validate_python(stored.brief).starts_on == date(2027, 2, 1)


async def test_reading_a_long_shortlist_takes_as_many_statements_as_a_short_one(
    client, connection, buyer, recruiter, make_engineers
):
    await make_engineers(*[{"skills": skills("Go")}] * 60)
    request = await post_request(client, buyer)
    short = await post_shortlist(client, recruiter, request, size=1)
    long = await post_shortlist(client, recruiter, request, size=60)
    statements = Statements(connection)

    counts = [
        await statements.of(client.get(f"/v1/shortlists/{one['id']}", headers=recruiter.headers))
        for one in (short, long)
    ]
    made = [
        await statements.of(
            client.post(f"/v1/requests/{request['id']}/shortlists", json={"size": n}, headers=recruiter.headers)
        )
        for n in (5, 60)
    ]

    assert counts[0] == counts[1]
    assert made[0] == made[1]
