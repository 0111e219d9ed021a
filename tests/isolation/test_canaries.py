"""Nothing that names a person reaches an outsider, whichever route it calls and however it provokes an answer."""

import json
from base64 import b64encode
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest

from app.core.actor import OrganisationKind, Role
from app.core.clock import utcnow
from app.core.ids import new_id
from app.identity.permissions import Verb
from tests.factories import Caller, make_caller, make_organisation
from tests.isolation.operations import OPERATIONS, Operation, example, resolved
from tests.isolation.people import CV, PERSON, ROLE, WORDS
from tests.isolation.things import BODIES, QUERIES, THINGS, Tenant, Wanted, unmatched_id
from tests.isolation.traces import shown, traces
from tests.isolation.world import World
from tests.payloads import post_engineer, post_request, post_shortlist

OUTSIDERS = [
    "client admin of the shortlist",
    "hiring manager of the shortlist",
    "another client",
    "another firm's admin",
    "another firm's recruiter",
    "admin",
    "auditor",
    "nobody",
    "somebody whose key is revoked",
]
BY_DESIGN = {
    "admin": {"firm", "member of the firm", "key of the firm", "skill", "other skill"},
    "auditor": {"firm"},
}
"""Who runs the marketplace knows the firms in it; an admin also curates the skills that nobody knows."""
PATHS = ["/metrics", "/healthz", "/readyz", "/nowhere", "/v1", "/v1/engineers/search"]
PUBLIC = ["/openapi.json", "/docs"]
DECOY = "Marmeladowitsch"
"""What outsiders write where they have nothing better to write."""


@dataclass
class Scene:
    """The person, everything that came of them, and whoever must not know who they are."""

    world: World
    firm: Tenant
    ids: dict[str, str]
    outsiders: dict[str, Caller | None]
    """By who it is; nobody has no key."""


@pytest.fixture
def settings(settings):
    """Everything that is ever logged is logged."""
    return settings.model_copy(update={"log_level": "debug"})


@pytest.fixture
async def scene(client, session):
    company = await make_organisation(session, name=f"{WORDS['firm']} S.A.")
    boss = await make_caller(session, Role.SUPPLIER_ADMIN, company)
    boss.member.name, boss.key.label = WORDS["member of the firm"], WORDS["key of the firm"]
    boss.member.email = f"{WORDS['member of the firm']}@firm.example"
    await session.flush()
    buyer = await make_caller(session, Role.CLIENT_ADMIN)
    firm = Tenant(boss, WORDS["firm"])
    world = World(client, session, buyer, Tenant(buyer, DECOY), [firm])
    engineer = await post_engineer(client, boss, **PERSON)
    request = await post_request(client, buyer, **ROLE)
    shortlist = await post_shortlist(client, buyer, request)
    assert [entry["engineer_id"] for entry in shortlist["entries"]] == [engineer["id"]]
    documents = f"/v1/engineers/{engineer['id']}/documents"
    document = await client.post(documents, **CV, headers=boss.headers)
    assert document.status_code == 201, document.text
    ids = {
        "organisation_id": str(company.id),
        "member_id": str(boss.member.id),
        "key_id": str(boss.key.id),
        "engineer_id": engineer["id"],
        "candidate_id": engineer["id"],
        "request_id": request["id"],
        "shortlist_id": shortlist["id"],
        "document_id": document.json()["id"],
        "unmatched_id": await unmatched_id(session, WORDS["skill"]),
        "skill_id": "python",
        "code": "forbidden",
    }
    return Scene(world, firm, ids, await outsiders(session, buyer))


async def outsiders(session, buyer: Caller) -> dict[str, Caller | None]:
    rival = await make_organisation(session, OrganisationKind.SUPPLIER)
    callers = [
        buyer,
        await make_caller(session, Role.HIRING_MANAGER, buyer.organisation),
        await make_caller(session, Role.CLIENT_ADMIN),
        await make_caller(session, Role.SUPPLIER_ADMIN, rival),
        await make_caller(session, Role.SUPPLIER_RECRUITER, rival),
        await make_caller(session, Role.ADMIN),
        await make_caller(session, Role.AUDITOR),
    ]
    revoked = await make_caller(session, Role.ADMIN, revoked_at=utcnow())
    return dict(zip(OUTSIDERS, [*callers, None, revoked], strict=True))


async def path_of(scene: Scene, operation: Operation) -> str:
    """The path of an operation on the person's own things; what is not there yet is made by their firm."""
    for name in operation.named:
        if name not in scene.ids and name in THINGS:
            scene.ids[name] = await THINGS[name].make(scene.world, Wanted(scene.firm, dict(scene.ids)))
    return operation.path.format(**{name: scene.ids.get(name, str(new_id())) for name in operation.named})


def values_of(schema: dict[str, Any]) -> list[Any]:
    """Values worth sending for a parameter: every one that the document lists, or one that is likely to be accepted."""
    for member in schema.get("anyOf", [schema]):
        listed = resolved(member).get("enum")
        if listed:
            return list(listed)
    likely = example(schema)
    return [DECOY] if isinstance(likely, str) and set(likely) == {"x"} else [likely]


def questions(operation: Operation) -> list[dict[str, Any]]:
    """Queries to ask with: each filter with each of its values, each order, and what is malformed."""
    wanted = QUERIES.get(operation.name, {})
    asked = [wanted, {"limit": 0, "cursor": DECOY, DECOY: DECOY, **dict.fromkeys(operation.query, DECOY)}]
    asked += [
        {**wanted, name: value, **({"limit": 1} if "limit" in operation.query else {})}
        for name, schema in operation.query.items()
        for value in values_of(schema)
    ]
    return asked


def bodies(scene: Scene, operation: Operation) -> list[dict[str, Any]]:
    """Bodies to send: none, what is accepted, and what is malformed in every way."""
    sent: list[dict[str, Any]] = [{}]
    if operation.body is not None:
        fields = resolved(operation.body).get("properties", {})
        sent += [{"content": text} for text in ("{", "[]", "null", f'"{DECOY}"')]
        sent += [{"json": {name: {DECOY: [DECOY]} for name in fields}}, {"json": dict.fromkeys(fields)}]
        sent.append({"json": {**example(operation.body), DECOY: DECOY}})
    if operation.name in BODIES:
        sent.append(scene.world.body(operation, scene.world.own))
    elif operation.body is not None:
        sent.append({"json": example(operation.body)})
    return sent


def in_order(operation: Operation) -> int:
    """Looking comes first, then making, then changing what is there."""
    if operation.permission is None:
        return 1
    return [Verb.READ, Verb.CREATE, Verb.CHANGE, Verb.REMOVE].index(operation.permission.verb)


def may_call(caller: Caller | None, operation: Operation) -> bool:
    """Whether an operation is not refused to a caller before anything else that it sends is read."""
    if operation.permission is None:
        return True
    return caller is not None and caller.key.revoked_at is None and bool(operation.whose(Role(caller.member.role)))


async def replies(scene: Scene, caller: Caller | None):
    """Everything that one caller is ever told, with what was asked."""
    client, headers = scene.world.client, caller.headers if caller else {}
    paths = [(operation, await path_of(scene, operation)) for operation in sorted(OPERATIONS.values(), key=in_order)]
    for operation, path in paths:
        call = partial(client.request, operation.method, path)
        if not may_call(caller, operation):
            for options in ({}, {"params": {DECOY: DECOY}}, *bodies(scene, operation)[-1:]):
                reply = await call(headers={**headers, "If-Match": "*", "If-None-Match": "*"}, **options)
                assert reply.status_code in {401, 403}, (operation, reply.text)
                yield path, reply
            continue
        for params in questions(operation) if operation.method == "GET" else ():
            reply = await call(params=params, headers=headers)
            yield f"{path} {params}", reply
            following = reply.json().get("next_cursor") if operation.lists else None
            if following:
                yield f"{path} and on", await call(params={**params, "cursor": following}, headers=headers)
        for condition in ('"1"', "*") if operation.conditional else ():
            yield path, await call(headers={**headers, "If-None-Match": condition})
        for sent in bodies(scene, operation) if operation.method != "GET" else ():
            yield f"{path} {sent}", await call(headers={**headers, "If-Match": "*"}, **sent)
        # The last body is accepted: twice with one key, for the reply and for its repetition.
        once = {**headers, "Idempotency-Key": str(new_id()), "If-Match": "*"}
        for _ in range(2 if operation.method == "POST" else 0):
            yield f"{path} again", await call(headers=once, **bodies(scene, operation)[-1])
    for path in PATHS if headers else [*PATHS, *PUBLIC]:
        yield path, await client.get(path, headers=headers)


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_no_word_of_a_person_reaches_an_outsider_or_the_log(scene, capsys, caplog, who):
    hidden = [word for what, word in WORDS.items() if what not in BY_DESIGN.get(who, ())]
    capsys.readouterr()
    caplog.clear()
    found, statuses, read = [], set(), set()

    async for call, reply in replies(scene, scene.outsiders[who]):
        statuses.add(reply.status_code)
        assert reply.status_code < 500 or reply.status_code == 503, (call, reply.text)
        text = shown(reply)
        found += [] if text in read else [(call, word) for word in traces(text, hidden)]
        read.add(text)

    assert found == []
    assert traces(capsys.readouterr().err + caplog.text, WORDS.values()) == []
    assert statuses >= ({401} if who in {"nobody", "somebody whose key is revoked"} else {200, 403, 422})


async def test_the_firm_itself_reads_every_word(scene):
    headers = scene.firm.boss.headers
    engineer = "/v1/engineers/{engineer_id}"
    urls = [engineer, f"{engineer}/contact", f"{engineer}/documents", f"{engineer}/documents/{{document_id}}", "/v1/me"]

    told = [await scene.world.client.get(url.format(**scene.ids), headers=headers) for url in urls]
    told.append(await scene.world.client.get(f"/v1/members/{scene.ids['member_id']}/api-keys", headers=headers))

    text = " ".join(shown(reply) for reply in told)
    assert [what for what, word in WORDS.items() if not traces(text, [word])] == []


@pytest.mark.parametrize(
    "written",
    [
        "QUILLFEATHER",
        "Quíllfeàther",
        "quill-feather",
        "Quill feather",
        quote("Quíllfeather"),
        "Qu\\u00edllfeather",
        b"Quillfeather".hex(),
        *(b64encode(b" " * gap + b"Quillfeather of Macondo").decode() for gap in range(3)),
        b64encode(json.dumps(["name", "Quillfeather", 7]).encode()).decode().rstrip("="),
    ],
)
def test_a_word_is_found_however_it_is_written(written):
    assert traces(f'{{"a": "{written}"}}', ["Quillfeather", "Macondovia"]) == ["Quillfeather"]
