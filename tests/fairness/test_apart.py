"""What people declare stays apart from what ranks: no import leads to it, no ranking transaction sees it."""

import ast
from pathlib import Path

import pytest
from sqlmodel import select

from app.core.actor import Role
from app.core.ids import new_id
from app.core.tenancy import SIGN_IN, SYSTEM, Side, Tenancy
from app.fairness.models import DeclaredAttributes, DeclaredStanding, Gender
from app.matchmaking.models import ProfileEntry
from tests.factories import make_caller
from tests.payloads import post_declaration, post_engineer, post_request, post_shortlist, skills

APART = {"app.fairness", "declared_attributes", "declared_standing"}
RANKING_CODE = sorted([*Path("matching").rglob("*.py"), *Path("app/matchmaking").rglob("*.py")])


@pytest.mark.parametrize("path", RANKING_CODE, ids=str)
def test_nothing_that_ranks_names_it(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}

    assert not [name for name in named if any(name.startswith(one) for one in APART)]


async def test_no_transaction_but_the_system_s_sees_it(committed_client, committed_database):
    client, database = committed_client, committed_database
    roles = (Role.SUPPLIER_ADMIN, Role.CLIENT_ADMIN, Role.RECRUITER)
    async with database.transaction() as session:
        firm, buyer, recruiter = [await make_caller(session, role) for role in roles]
    for _ in range(6):
        made = await post_engineer(client, firm, skills=skills("Python"))
        await post_declaration(client, recruiter, made["id"], gender="woman")
    request = await post_request(client, buyer, skills=skills("Python"))
    await post_shortlist(client, buyer, request)

    seen = {}
    tenancies = [Tenancy(side, new_id()) for side in Side if side is not Side.SYSTEM]
    tenancies += [Tenancy(Side(one.organisation.kind), one.organisation.id) for one in (firm, buyer, recruiter)]
    for tenancy in (*tenancies, SIGN_IN, SYSTEM):
        async with database.transaction(tenancy) as session:
            rows = [(await session.exec(select(table))).all() for table in (DeclaredAttributes, DeclaredStanding)]
            seen[tenancy] = [len(found) for found in rows]

    assert seen.pop(SYSTEM) == [6, 1]
    assert set(map(tuple, seen.values())) == {(0, 0)}


async def test_a_declaration_changes_no_facts_no_vector_and_no_place(client, session, buyer, recruiter, market):
    request = await post_request(client, buyer, skills=skills("Python"))
    before = await post_shortlist(client, buyer, request, size=20)
    entries = select(ProfileEntry.engineer_id, ProfileEntry.card_hash, ProfileEntry.vector, ProfileEntry.facts)
    indexed = set((await session.exec(entries)).all())

    for at, engineer in enumerate(market):
        await post_declaration(client, recruiter, str(engineer.id), gender=list(Gender)[at % len(Gender)].value)
    after = await post_shortlist(client, buyer, request, size=20)

    assert set((await session.exec(entries)).all()) == indexed
    assert after["entries"] == before["entries"]
