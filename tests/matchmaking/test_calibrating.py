"""From decisions in the database to a proposal in it, and what an operator is shown."""

from datetime import timedelta
from io import StringIO
from uuid import UUID

import numpy as np
import pytest
from rich.console import Console
from sqlmodel import select

from app import calibration_page
from app.audit.models import AuditRecord
from app.core.actor import Role
from app.core.clock import today
from app.core.ids import new_id
from app.identity.errors import OrganisationNotFound
from app.matchmaking.review.models import Reason, ShortlistDecision, ShortlistImpression, Verdict
from app.matchmaking.weights import calibration
from app.matchmaking.weights.models import WeightProposal
from matching import DEFAULT_WEIGHTS, Outcome
from matching.calibration import LEAST_LISTS
from tests.payloads import matching, post_request, post_shortlist, skills

LEVELS = ["A2", "B1", "B2", "C1", "C2", "A2", "B1", "B2", "C1", "C2"]
PEOPLE = [
    {
        "skills": skills("Go", years=1 + (7 * number) % 10),
        "languages": [{"language": "en", "speaking": level, "listening": level}],
        "bios": [{"language": "es" if number % 2 else "pt", "text": "Hola."}],
        "city": "Medellín" if number % 3 else "Cali",
        "seniority": "senior" if number % 2 else "mid",
    }
    for number, level in enumerate(LEVELS)
]
FLUENT = {"C1", "C2"}


@pytest.fixture
async def people(make_engineers):
    """Ten engineers; the level of each by id."""
    made = await make_engineers(*PEOPLE)
    return {str(one.id): level for one, level in zip(made, LEVELS, strict=True)}


@pytest.fixture
def reviewed(client, session, buyer, people):
    """`await reviewed(20)` makes so many lists, on which somebody who wants English decides."""

    async def review(count, wanted=lambda level: level in FLUENT):
        request = await post_request(client, buyer, skills=skills("Go", years=5, must=False), minimum_english="A1")
        lists = [await post_shortlist(client, buyer, request) for _ in range(count)]
        for one in lists:
            for entry in one["entries"]:
                advances = wanted(people[entry["engineer_id"]])
                made = ShortlistDecision(
                    shortlist_id=UUID(one["id"]),
                    rank=entry["rank"],
                    number=1,
                    decision=Verdict.ADVANCE if advances else Verdict.DECLINE,
                    reason=Reason.BEST_MATCH if advances else Reason.ENGLISH,
                    decided_by=buyer.member.id,
                    organisation_id=buyer.organisation.id,
                )
                session.add(made)
        await session.flush()
        return lists

    return review


def shown(one):
    """What the operator reads."""
    console = Console(file=StringIO(), width=120)
    calibration_page.show(console, one)
    return console.file.getvalue()


async def test_decisions_become_a_proposal_that_somebody_may_apply(
    client, session, database, buyer, acting_as, reviewed
):
    await reviewed(LEAST_LISTS)

    one = await calibration.calibrate_client(database, buyer.organisation.id, None)

    stored = (await session.exec(select(WeightProposal))).one()
    url = f"/v1/organisations/{buyer.organisation.id}"
    (listed,) = (await client.get(f"{url}/weight-proposals", headers=buyer.headers)).json()["items"]
    record = (await session.exec(select(AuditRecord).where(AuditRecord.action == "weights.proposed"))).one()
    assert (one.found.outcome, one.version, one.proposal_id) == (Outcome.PROPOSED, 0, stored.id)
    assert (record.organisation_id, record.subject_id) == (buyer.organisation.id, stored.id)
    assert listed["weights"] == one.found.weights
    assert listed["weights"]["english"] > 3 * DEFAULT_WEIGHTS["english"]
    assert listed["current"] == dict(DEFAULT_WEIGHTS)
    assert (listed["figures"]["advanced"], listed["figures"]["declined"]) == (80, 120)
    assert listed["figures"]["log_loss"]["gain"]["low"] > 0
    assert {impact["attribute"] for impact in listed["figures"]["impact"]} == {
        "city_size",
        "country",
        "profile_language",
        "seniority",
    }
    boss = await acting_as(Role.CLIENT_ADMIN, buyer.organisation)
    applied = await client.post(f"/v1/weight-proposals/{stored.id}/apply", headers=boss.headers)
    request = await post_request(client, buyer, skills=skills("Go"), minimum_english="A1")
    after = await post_shortlist(client, buyer, request)
    assert (applied.status_code, after["weights_source"], after["weights_version"]) == (201, "client", 1)
    text = shown(one)
    assert all(word in text for word in ("english", "log loss", "seniority", str(stored.id), "0.0600"))


async def test_too_little_is_said_and_nothing_is_stored(session, database, buyer, reviewed):
    await reviewed(1)

    one = await calibration.calibrate_client(database, buyer.organisation.id, None)

    assert (one.found.outcome, one.proposal_id) == (Outcome.TOO_LITTLE, None)
    assert (one.found.lists, one.found.advanced, one.found.declined) == (1, 4, 6)
    assert "Too little" in shown(one)
    assert (await session.exec(select(WeightProposal))).all() == []


async def test_decisions_that_no_part_explains_change_nothing(database, buyer, reviewed):
    dice = np.random.default_rng(7)
    await reviewed(LEAST_LISTS, wanted=lambda _: dice.random() < 0.5)

    one = await calibration.calibrate_client(database, buyer.organisation.id, None)

    assert (one.found.outcome, one.proposal_id) == (Outcome.UNCHANGED, None)
    assert "Nothing is proposed" in shown(one)


async def test_who_is_held_was_looked_at_and_older_lists_are_left_out(client, session, buyer, reviewed):
    lists = await reviewed(2)
    url = f"/v1/shortlists/{lists[0]['id']}/entries/1/decisions"
    held = await client.post(url, json={"decision": "hold", "reason": "reserve"}, headers=buyer.headers)

    log = await calibration.decisions_log(session, buyer.organisation.id, None)

    later = await calibration.decisions_log(session, buyer.organisation.id, today() + timedelta(days=1))
    seen = (await session.exec(select(ShortlistImpression))).all()
    (undecided,) = [one for one in log if one.advanced is None]
    assert (held.json()["number"], len(log)) == (2, 20)
    assert (undecided.list_id, undecided.place, undecided.examined) == (lists[0]["id"], 1, True)
    assert sum(undecided.values.values()) > 0
    assert later == []
    assert len(seen) == 2


async def test_whoever_was_erased_is_not_learnt_from(client, session, buyer, supplier, reviewed):
    (one,) = await reviewed(1)
    gone = one["entries"][0]["engineer_id"]

    erased = await client.post(
        f"/v1/engineers/{gone}/erase", json={"ground": "objection"}, headers=matching(supplier, "*")
    )

    log = await calibration.decisions_log(session, buyer.organisation.id, None)
    assert erased.status_code == 200
    assert [shown.place for shown in log] == list(range(2, 11))


async def test_each_client_learns_from_its_own(database, session, acting_as, buyer, reviewed):
    other = await acting_as(Role.CLIENT_ADMIN)
    await reviewed(1)

    assert await calibration.clients_to_calibrate(database, None) == [buyer.organisation.id]
    assert await calibration.decisions_log(session, other.organisation.id, None) == []


@pytest.mark.parametrize("role", [Role.SUPPLIER_ADMIN, None])
async def test_only_clients_have_weights(database, acting_as, role):
    organisation_id = (await acting_as(role)).organisation.id if role else new_id()

    with pytest.raises(OrganisationNotFound):
        await calibration.calibrate_client(database, organisation_id, None)
