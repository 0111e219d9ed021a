"""Looking things up: by any name in three languages, whatever is typed."""

import pytest

from app.core.actor import Role
from tests.payloads import Statements, pointers, walk

LISTS = ["/v1/skills", "/v1/titles", "/v1/domains", "/v1/certifications", "/v1/cities"]


@pytest.fixture
async def caller(acting_as):
    return await acting_as(Role.HIRING_MANAGER)


async def ids(client, caller, url, **params):
    return [item["id"] for item in await walk(client, caller, url, limit=200, **params)]


@pytest.mark.parametrize(
    ("url", "typed", "found"),
    [
        ("/v1/skills", "k8s", "kubernetes"),
        ("/v1/skills", "KUBERN", "kubernetes"),
        ("/v1/skills", "aprendizaje automático", "machine-learning"),
        ("/v1/skills", "aprendizado de maquina", "machine-learning"),
        ("/v1/skills", "c++", "cpp"),
        ("/v1/titles", "desarrolladora de software", "software-engineer"),
        ("/v1/titles", "engenheiro de SOFTWARE", "software-engineer"),
        ("/v1/domains", "banca", "banking"),
        ("/v1/certifications", "cka", "cka"),
        ("/v1/cities", "medellin", "medellin-co"),
        ("/v1/cities", "SÃO PAULO", "sao-paulo-br"),
    ],
)
async def test_a_search_finds_a_concept_by_any_of_its_names(client, caller, url, typed, found):
    assert found in await ids(client, caller, url, q=typed)


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("typed", ["%", "_", "\\", "%%", "a%b", "\\%", "'; --", "💥", "x" * 300])
async def test_what_is_special_to_a_pattern_is_plain_text_to_a_search(client, caller, url, typed):
    items = await walk(client, caller, url, q=typed, limit=200)

    names = [
        [item["name"], *(alias for aliases in item.get("aliases", {}).values() for alias in aliases)] for item in items
    ]
    if url != "/v1/cities":  # A city's other names are not shown.
        assert all(any(typed in name.casefold() for name in given) for given in names)
    assert len(items) < 100


@pytest.mark.parametrize("url", LISTS)
async def test_a_list_is_walked_whole_in_either_order(client, caller, url):
    forth, back = await ids(client, caller, url, sort="name"), await ids(client, caller, url, sort="-name")

    assert forth == back[::-1]
    assert len(forth) == len(set(forth)) > 50


async def test_filters_narrow_a_list(client, caller):
    cities = await walk(client, caller, "/v1/cities", country="uy", limit=200)
    frameworks = await walk(client, caller, "/v1/skills", classifier="framework", limit=200)

    assert cities
    assert {city["country"] for city in cities} == {"UY"}
    assert frameworks
    assert {skill["classifier"] for skill in frameworks} == {"framework"}


async def test_a_skill_is_read_with_its_names_and_edges(client, caller):
    skill = (await client.get("/v1/skills/django", headers=caller.headers)).json()

    assert "python" in skill["implies"]
    assert all(0 < weight < 1 for weight in skill["related"].values())
    assert skill["name"] == "Django"


@pytest.mark.parametrize("skill_id", ["no-such-skill", "%25", "KUBERNETES", "x" * 2000, "💥", "..%2f..%2fetc"])
async def test_a_skill_that_is_not_there_is_not_found_and_not_echoed(client, caller, skill_id):
    reply = await client.get(f"/v1/skills/{skill_id}", headers=caller.headers)

    assert reply.status_code == 404
    assert reply.json()["code"] in {"concept-not-found", "route-not-found"}
    assert "such-skill" not in reply.text
    assert "xxxx" not in reply.text


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("id=x", "/id"), ("q=", "/q"), ("q=%00", "/q"), ("sort=id", "/sort"), ("country=XX", "/country")],
)
async def test_a_wrong_filter_is_an_error(client, caller, query, pointer):
    reply = await client.get(f"/v1/cities?{query}", headers=caller.headers)

    assert (reply.status_code, pointers(reply)) == (422, [pointer])


@pytest.mark.parametrize("url", [*LISTS, "/v1/skills/python", "/v1/unmatched-skills"])
async def test_strangers_look_nothing_up(client, url):
    assert (await client.get(url)).status_code == 401


async def test_a_long_list_takes_as_many_statements_as_a_short_one(client, connection, caller):
    await client.get("/v1/me", headers=caller.headers)
    statements = Statements(connection)

    short = await statements.of(client.get("/v1/skills?limit=1", headers=caller.headers))
    long = await statements.of(client.get("/v1/skills?limit=200", headers=caller.headers))

    assert short == long
