"""What a client may see is decided by the classes of columns, in one place, and everything that is shown asks there."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table

import matching
from app.core.actor import Actor, OrganisationKind, Role
from app.core.columns import CLASSES, DataClass, Unclassified, classified, require_classified
from app.core.errors import Invalid
from app.core.ids import new_id
from app.main import create_app
from app.matchmaking.models import FACTS
from app.matchmaking.schemas import CandidateOut, IdentityOut
from app.talent import redaction
from app.talent.models import Engineer
from app.talent.redaction import CANDIDATE, FIELDS, IDENTITY, Sight, counted, refuse_unseen, shows, sight_of
from app.talent.schemas import EngineerOut, EngineerQuery
from tests.payloads import post_request, post_shortlist, skills

POINTING = ("answers.py", "profile.py", "reasons.py", "requirements.py")
"""Modules of matching/ that point into profiles."""
PUBLIC = {name for name, kind in FIELDS.items() if kind is DataClass.PUBLIC}


def test_a_candidate_is_shown_in_public_fields_alone():
    assert CandidateOut.model_fields.keys() == CANDIDATE.keys() == redaction.candidate_fields(Sight.CLIENT)
    assert set(CANDIDATE.values()) <= PUBLIC
    assert tuple(IdentityOut.model_fields) == IDENTITY
    assert not any(shows(Sight.CLIENT, [field]) for field in IDENTITY)


def test_every_field_of_a_profile_has_a_class_and_those_who_get_one_see_all_of_it():
    assert EngineerOut.model_fields.keys() <= FIELDS.keys()
    assert shows(Sight.OWNER, EngineerOut.model_fields)
    assert shows(Sight.MARKETPLACE, EngineerOut.model_fields)


def test_names_employers_and_addresses_are_public_to_nobody():
    hidden = {"given_name", "family_name", "title", "work_history", "education", "bios", "workplace", "city_name"}
    hidden |= {"contact.email", "contact.phone", "skills.written", "skills.name", "unmatched_skills", "organisation_id"}

    for field in hidden:
        assert not shows(Sight.CLIENT, [field]), field
        assert not shows(Sight.NOBODY, [field]), field
    assert Engineer.__table__.info[CLASSES]["sealed"] is DataClass.PERSONAL


def test_explanations_point_at_public_facts():
    room = Path(matching.__file__).parent
    source = "".join((room / name).read_text(encoding="utf-8") for name in POINTING)
    heads = set(re.findall(r'"/([a-z_]+)', source))

    assert {"skills", "title", "updated_at", "hourly_rate"} <= heads
    # What stands under /title is the trade's words of it.
    assert {"canonical_title" if head == "title" else head for head in heads} <= PUBLIC
    assert {name for name, kind in FACTS.items() if kind is not DataClass.PUBLIC} == {"id", "observed"}


def test_evidence_is_pointed_at_in_these_modules_alone():
    room = Path(matching.__file__).parent
    pointing = {path.name for path in room.glob("*.py") if re.search(r'"/[a-z_]+(/\{|")', path.read_text("utf-8"))}

    assert pointing == set(POINTING)


async def test_evidence_in_a_reply_points_at_public_fields(client, buyer, make_engineers):
    await make_engineers({"skills": skills("Python", years=2), "country": "CO", "weekly_hours": 40})
    request = await post_request(client, buyer, skills=skills("Python"), weekly_hours=40)

    (entry,) = (await post_shortlist(client, buyer, request))["entries"]

    pointers = [pointer for part in entry["parts"] for pointer in part["evidence"]]
    heads = {pointer.split("/")[1] for pointer in pointers}
    assert "skills" in heads
    assert {"canonical_title" if head == "title" else head for head in heads} <= PUBLIC


CLIENTS_READ = ("create_shortlist", "list_shortlists", "get_shortlist", "explain_candidate")


def test_no_reply_a_client_can_get_has_a_field_that_is_not_public():
    document = create_app().openapi()
    schemas = document["components"]["schemas"]
    routes = {route["operationId"]: route for path in document["paths"].values() for route in path.values()}
    reachable = set()

    def walk(node):
        match node:
            case {"$ref": str(reference)}:
                name = reference.rsplit("/", 1)[1]
                if name not in reachable:
                    reachable.add(name)
                    walk(schemas[name])
            case dict():
                for member in node.values():
                    walk(member)
            case list():
                for member in node:
                    walk(member)

    for operation in CLIENTS_READ:
        walk([reply for status, reply in routes[operation]["responses"].items() if status.startswith("2")])

    assert {"CandidateOut", "ShortlistEntryOut", "GateOut"} <= reachable
    # Who a candidate is stands in one schema, which is null for clients; tests of redaction look at the replies.
    assert "EngineerOut" not in reachable
    assert "ContactOut" not in reachable
    hidden = {name for name, kind in FIELDS.items() if "." not in name and kind is not DataClass.PUBLIC}
    ours = {"id", "title", "created_at", "version", "skills"}
    for name in reachable - {"IdentityOut"}:
        assert not set(schemas[name].get("properties", ())) & (hidden - ours), name


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"sort": "created_at"}, ["/sort"]),
        ({"sort": "-updated_at", "status": "listed"}, ["/status"]),
        ({"sort": "updated_at", "organisation_id": new_id()}, ["/organisation_id"]),
        ({"status": "listed", "organisation_id": new_id()}, ["/organisation_id", "/sort", "/status"]),
    ],
)
def test_a_list_is_neither_filtered_nor_sorted_by_what_is_not_seen(given, pointer):
    query = EngineerQuery(**given)

    refuse_unseen(Sight.OWNER, query)
    refuse_unseen(Sight.MARKETPLACE, query)
    with pytest.raises(Invalid) as refusal:
        refuse_unseen(Sight.CLIENT, query)
    assert [fault.pointer for fault in refusal.value.faults] == pointer


def test_public_fields_filter_for_everybody():
    query = EngineerQuery(
        sort="updated_at", discipline="data", seniority="mid", country="CO", skill="go", available_by="2027-01-01"
    )

    assert all(refuse_unseen(sight, query) is None for sight in (Sight.CLIENT, Sight.OWNER, Sight.MARKETPLACE))


@pytest.mark.parametrize(
    ("kind", "sight"),
    [
        (OrganisationKind.SUPPLIER, Sight.OWNER),
        (OrganisationKind.MARKETPLACE, Sight.MARKETPLACE),
        (OrganisationKind.CLIENT, Sight.CLIENT),
        (None, Sight.NOBODY),
    ],
)
def test_a_side_looks_from_its_own_place(kind, sight):
    assert sight_of(Actor(new_id(), new_id(), kind, Role.AUDITOR)) is sight


@pytest.mark.parametrize(
    ("count", "total", "told"),
    [
        (0, 9, 0),
        (1, 9, None),
        (4, 9, None),
        (5, 9, None),
        (5, 10, 5),
        (9, 9, 9),
        (0, 3, None),
        (0, 0, 0),
        (6, 10, None),
    ],
)
def test_outsiders_are_told_no_number_that_singles_some_out(count, total, told):
    assert counted(Sight.CLIENT, count, total) == told
    assert counted(Sight.MARKETPLACE, count, total) == count


@pytest.mark.parametrize("few", [1, 4])
async def test_small_counts_are_null_for_clients_and_exact_for_the_marketplace(
    client, buyer, recruiter, make_engineers, few
):
    await make_engineers(*[{"country": "CO"}] * few, *[{"country": "BR"}] * 6)
    request = await post_request(client, buyer, countries=["BR"])
    shortlist = await post_shortlist(client, buyer, request)

    exact = (await client.get(f"/v1/shortlists/{shortlist['id']}", headers=recruiter.headers)).json()
    listed = await client.get(f"/v1/requests/{request['id']}/shortlists", headers=buyer.headers)

    for told in (shortlist, listed.json()["items"][0]):
        assert (told["considered"], told["admitted"]) == (6 + few, None)
        (gate,) = told["gates"]
        assert (gate["removed"], gate["unknown"], gate["admitted_if_relaxed"]) == (None, 0, None)
    assert (exact["considered"], exact["admitted"]) == (6 + few, 6)
    assert exact["gates"][0]["removed"] == few


def test_a_table_with_a_column_of_no_class_is_refused():
    metadata = MetaData()
    Table("bare", metadata, Column("id", Integer), Column("secret", String), info=classified(public="id"))

    with pytest.raises(Unclassified, match=r"bare.*secret"):
        require_classified(metadata)
