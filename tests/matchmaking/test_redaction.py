"""A client sees what a candidate can do and nothing that says who it is."""

import pytest

from app.core.actor import Role
from app.taxonomy.words import fold
from tests.factories import make_caller, make_organisation
from tests.payloads import post_engineer, post_request, post_shortlist, skills

CANARIES = [
    "xanthippe",
    "quillfeather",
    "zyxocorp",
    "oldco",
    "macondovia",
    "canaryfirm",
    "canary.example",
    "5550199",
    "canarystreet",
    "canaryuni",
    "canarynet",
    "canaryskill",
    "canarycert",
    "canarydomain",
]
TELLING = {
    "given_name": "Xanthippe",
    "family_name": "de la Quillfeather",
    "title": "Senior Backend Developer @ Zyxocorp | XANTHÍPPE Quillfeather (Macondovia) xq@canary.example, CanaryFirm",
    "city": "Macondovia",
    "country": "CO",
    "zone": "America/Bogota",
    "skills": [*skills("Python", years=5), *skills("Canaryskill")],
    "certifications": [{"certification": "Canarycert"}],
    "domains": [{"domain": "Canarydomain"}, {"domain": "banking"}],
    "work_history": [
        {
            "title": "Desarrolladora en Zyxocorp Industries",
            "employer": "Zyxocorp Industries",
            "started_on": "2020-01-01",
            "summary": "Xanthippe led Python at Zyxocorp Industries, Macondovia.",
        },
        {"title": "OldCo Python wizard", "employer": "OldCo", "started_on": "2015-01-01", "ended_on": "2019-01-01"},
    ],
    "education": [{"institution": "Canaryuni", "degree": "Canaryuni degree"}],
    "bios": [
        {"language": "en", "text": "I am Xanthippe Quillfeather, xq@canary.example, +57 604 5550199. I know Python."},
        {"language": "es", "text": "Soy Xanthíppe; trabajo en Zyxocorp Industries de Macondovia, antes en OldCo."},
    ],
    "workplace": {"connections": [{"medium": "fibre", "provider": "Canarynet"}]},
    "contact": {
        "email": "xq@canary.example",
        "phone": "+57 604 5550199",
        "address": "Canarystreet 1",
        "links": ["https://canary.example/xq"],
    },
}
ASKED = {
    "title": "Senior Backend Developer",
    "skills": [*skills("Python"), *skills("Kafka", must=False)],
    "domains": ["banking"],
    "countries": ["CO"],
    "minimum_english": "B2",
    "certifications": [{"certification": "CKA"}],
}


@pytest.fixture
async def firm(session):
    """A firm whose name is a canary too."""
    return await make_caller(session, Role.SUPPLIER_ADMIN, await make_organisation(session, name="CanaryFirm S.A."))


async def test_nothing_that_names_a_candidate_reaches_a_client(client, buyer, firm):
    engineer = await post_engineer(client, firm, **TELLING)
    request = await post_request(client, buyer, **ASKED)

    made = await client.post(f"/v1/requests/{request['id']}/shortlists", headers=buyer.headers)
    replies = [
        made,
        await client.get(made.headers["location"], headers=buyer.headers),
        await client.get(f"/v1/requests/{request['id']}/shortlists", headers=buyer.headers),
        await client.get(
            f"/v1/requests/{request['id']}/candidates/{engineer['id']}/explanation", headers=buyer.headers
        ),
        await client.get(f"/v1/engineers/{engineer['id']}", headers=buyer.headers),
        await client.get(f"/v1/engineers/{engineer['id']}/contact?reason=curiosity", headers=buyer.headers),
    ]

    assert [entry["engineer_id"] for entry in made.json()["entries"]] == [engineer["id"]]
    assert made.json()["entries"][0]["identity"] is None
    assert made.json()["entries"][0]["candidate"]["title"] == "Backend Developer"
    assert [reply.status_code for reply in replies] == [201, 200, 200, 200, 403, 403]
    shown = fold(" ".join(f"{reply.text} {reply.headers}" for reply in replies))
    assert [canary for canary in (*CANARIES, str(firm.organisation.id)) if canary in shown] == []


async def test_a_recruiter_is_told_who_it_is_and_not_how_to_reach_them(client, buyer, recruiter, firm):
    engineer = await post_engineer(client, firm, **TELLING)
    request = await post_request(client, buyer, **ASKED)

    reply = await client.post(f"/v1/requests/{request['id']}/shortlists", headers=recruiter.headers)

    assert reply.json()["entries"][0]["identity"] == {
        "given_name": "Xanthippe",
        "family_name": "de la Quillfeather",
        "organisation_id": str(firm.organisation.id),
    }
    assert engineer["family_name"] not in reply.json()["entries"][0]["candidate"].values()
    for canary in ("canary.example", "5550199", "canarystreet", "zyxocorp"):
        assert canary not in reply.text.casefold()


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Xanthippe Quillfeather", "software"),
        ("Zyxocorp", "software"),
        ("Desarrolladora Backend en Zyxocorp", "Backend Developer"),
        ("Ingeniera DevOps Senior - Xanthippe", "DevOps Engineer"),
        ("Desenvolvedora Java na Zyxocorp", "Java Developer"),
        ("👩‍💻", "software"),
    ],
)
async def test_of_a_title_only_words_of_the_trade_are_shown(client, buyer, firm, title, shown):
    given = {"given_name": "Xanthippe", "family_name": "Quillfeather", "title": title}
    await post_engineer(client, firm, **given)
    request = await post_request(client, buyer)

    (entry,) = (await post_shortlist(client, buyer, request))["entries"]

    assert entry["candidate"]["title"] == shown


async def test_a_name_changes_no_place(client, buyer, supplier, make_engineers):
    names = [
        ("Ana", "Soto"),
        ("María del Pilar", "de la Cruz e Silva"),
        ("José", "dos Santos y León"),
        ("Li", "Wu"),
        ("X", "Y"),
        ("Nguyễn", "Văn Đức"),
    ]
    await make_engineers(
        *[
            {
                "given_name": given,
                "family_name": family,
                "title": "Ingeniera de Software",
                "bios": [
                    {"language": "es", "text": f"Soy {given} {family}, experta en base de datos y Python en la nube."}
                ],
                "work_history": [
                    {"title": "Ingeniera de datos y de la nube", "employer": "Kuna", "started_on": "2020-01-01"}
                ],
            }
            for given, family in names
        ]
    )
    request = await post_request(client, buyer, title="Ingeniero de Software", description="Python y base de datos.")

    entries = (await post_shortlist(client, buyer, request))["entries"]

    assert len({entry["score"] for entry in entries}) == 1
    assert len({entry["summary"] for entry in entries}) == 1
