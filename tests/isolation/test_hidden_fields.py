"""Who a candidate is decides nothing that a client is told: with other names, its replies are the same."""

import copy
import json
import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64

import pytest

from app.core.actor import OrganisationKind, Role
from app.main import create_app
from app.matchmaking.engine import Engine
from matching import HashingEncoder
from tests.conftest import client_of
from tests.factories import make_caller, make_organisation
from tests.isolation.people import PERSON, ROLE
from tests.isolation.replies import VARYING
from tests.payloads import matching, post_engineer, post_request, post_shortlist, skills

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SECOND = {
    **PERSON,
    "skills": skills("Python", years=2),
    "given_name": "Bo",
    "family_name": "Li",
    "bios": [{"language": "en", "text": "I am Bo Li of Lima; I know Kafka."}],
    "contact": None,
}
SWAPPED = ("given_name", "family_name", "contact", "education", "city")
"""Fields of a profile that two people may exchange without a client noticing."""


def as_posted():
    return [copy.deepcopy(PERSON), copy.deepcopy(SECOND)]


def with_names_exchanged():
    people = as_posted()
    one, other = people
    for field in SWAPPED:
        one[field], other[field] = other[field], one[field]
    return people


def with_other_names():
    people = as_posted()
    for number, person in enumerate(people):
        person |= {"given_name": f"Aurelio {number}", "family_name": "Ñusta-O'Brien", "city": "Santa Nadie"}
        person["title"] = "Senior Backend Developer @ Otracasa"
    return people


def with_other_employers():
    people = as_posted()
    for person in people:
        for number, job in enumerate(person["work_history"]):
            # Canonical titles are of the trade; where somebody worked is not.
            job["employer"] = f"Otra Casa {number}"
            for field in ("title", "summary"):
                job[field] = job[field].replace("Gobblenzweig", "Otra Casa 0")
    return people


def with_other_contacts():
    people = as_posted()
    for person in people:
        person["contact"] = {"email": "otra@casa.example", "links": ["https://otra.example/cv.pdf"]}
        person["education"] = []
        for connection in person["workplace"]["connections"]:
            connection["provider"] = "Otra Red"
    return people


async def told_a_client(settings, database, people, *, firm="Andes", members=0):
    """Every reply to both roles of a client that has these people on its shortlist, with ids and times made equal."""
    engine = Engine(HashingEncoder())
    try:
        async with client_of(create_app(settings, database=database, engine=engine)) as client:
            supplier, buyer, manager = await callers(database, firm, members)
            posted = [await post_engineer(client, supplier, **person) for person in people]
            request = await post_request(client, buyer, **ROLE)
            shortlist = await post_shortlist(client, buyer, request)
            replies = [
                await client.get(path, params=params, headers=caller.headers)
                for caller in (buyer, manager)
                for path, params in [
                    (f"/v1/shortlists/{shortlist['id']}", {}),
                    (f"/v1/requests/{request['id']}/shortlists", {"limit": 1}),
                    (f"/v1/requests/{request['id']}", {}),
                    ("/v1/requests", {"limit": 1}),
                    ("/v1/engineers", {}),
                    *[(f"/v1/engineers/{engineer['id']}", {}) for engineer in posted],
                    *[(f"/v1/engineers/{engineer['id']}/contact", {}) for engineer in posted],
                ]
            ]
            replies.append(
                await client.post(f"/v1/requests/{request['id']}/shortlists", json={"size": 1}, headers=buyer.headers)
            )
            archived = await client.post(f"/v1/requests/{request['id']}/archive", headers=matching(buyer, 1))
            return [unlabelled(reply) for reply in [*replies, archived]]
    finally:
        engine.close()


async def callers(database, firm, members):
    """Somebody of a firm with so many more members, and both roles of a client."""
    async with database.transaction() as session:
        company = await make_organisation(session, OrganisationKind.SUPPLIER, name=firm)
        supplier = await make_caller(session, Role.SUPPLIER_ADMIN, company)
        for _ in range(members):
            await make_caller(session, Role.SUPPLIER_RECRUITER, company)
        buyer = await make_caller(session, Role.CLIENT_ADMIN)
        return supplier, buyer, await make_caller(session, Role.HIRING_MANAGER, buyer.organisation)


def unlabelled(reply):
    """A reply without what is another in each world whatever was posted: ids, and the number of a transaction."""
    text = re.sub(r'"watermark":\d+', '"watermark":0', reply.text.replace(reply.headers["x-request-id"], ""))
    headers = {name: value for name, value in reply.headers.items() if name not in VARYING}
    ids: dict[str, str] = {}
    whole = json.dumps([reply.status_code, opened(text), opened(str(headers))], ensure_ascii=False)
    return UUID.sub(lambda found: ids.setdefault(found[0], f"id {len(ids)}"), whole)


def opened(text):
    """The text with its cursors opened, so that the ids in them are seen."""

    def unsealed(found):
        try:
            return urlsafe_b64decode(found[1] + "===").decode()
        except (NotBase64, UnicodeDecodeError):
            return found[0]

    return re.sub(r'"next_cursor":"([\w-]+)"', unsealed, text)


@pytest.fixture
def told(connection, settings, database, time_machine):
    """What a client is told in a world of its own, which ends with it."""
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)

    async def tell(people, **firm):
        world = await connection.begin_nested()
        replies = await told_a_client(settings, database, people, **firm)
        await world.rollback()
        return replies

    return tell


@pytest.mark.parametrize(
    "changed", [as_posted, with_names_exchanged, with_other_names, with_other_employers, with_other_contacts]
)
async def test_a_client_is_told_the_same_whoever_the_candidates_are(told, changed):
    before = await told(as_posted())

    after = await told(changed())

    assert after == before
    assert '\\"rank\\":2' in before[0]


async def test_a_client_is_told_the_same_whichever_firm_offers_the_candidates(told):
    before = await told(as_posted())

    after = await told(as_posted(), firm="Pampa Consultores S.A.S.", members=3)

    assert after == before


async def test_a_client_is_told_of_a_difference_that_it_may_know(told):
    one, other = as_posted()
    before = await told([one, other])

    after = await told([{**one, "skills": skills("Python", years=20)}, other])

    assert after[0] != before[0]
