"""The permission table says what the design says, and code asks nothing else."""

import pytest
from sqlalchemy import column, false, true

from app.core.actor import Actor, OrganisationKind, Role
from app.core.errors import Forbidden
from app.core.ids import new_id
from app.identity.permissions import (
    COLUMNS,
    ROLES,
    TABLE,
    Relation,
    Resource,
    Verb,
    granted,
    permits,
    reachable,
    require,
)

OWNED, OPENED = column("owned") == 1, column("opened") == 1
CLIENTS = [Role.CLIENT_ADMIN, Role.HIRING_MANAGER]


def actor(role):
    kind = next(kind for kind, roles in ROLES.items() if role in roles)
    return Actor(new_id(), new_id(), kind, role)


def test_each_role_belongs_to_one_side_and_has_one_column():
    assert sorted(role for roles in ROLES.values() for role in roles) == sorted(Role)
    assert set(ROLES) == set(OrganisationKind)
    assert sorted(COLUMNS) == sorted(Role)
    assert {len(row) for row in TABLE.values()} == {len(COLUMNS)}


def test_the_system_is_permitted_everything():
    assert all(permits(Actor.system(), verb, resource) for resource in Resource for verb in Verb)


def test_what_the_table_does_not_name_is_permitted_to_nobody():
    for resource in Resource:
        for verb in Verb:
            if (resource, verb) not in TABLE:
                assert not any(permits(actor(role), verb, resource) for role in Role)


def test_an_auditor_changes_nothing_but_its_own_keys():
    auditor = actor(Role.AUDITOR)

    changes = {
        resource for resource in Resource for verb in set(Verb) - {Verb.READ} if permits(auditor, verb, resource)
    }

    assert changes == {Resource.API_KEY}
    assert granted(Role.AUDITOR, Verb.CREATE, Resource.API_KEY) == {Relation.SELF}


def test_no_firm_and_no_client_reaches_what_is_foreign():
    for role in ROLES[OrganisationKind.SUPPLIER] | ROLES[OrganisationKind.CLIENT]:
        for resource, verb in TABLE:
            assert Relation.FOREIGN not in granted(role, verb, resource), (role, verb, resource)


@pytest.mark.parametrize("role", CLIENTS)
@pytest.mark.parametrize("resource", [Resource.ENGINEER, Resource.ENGINEER_CONTACT])
def test_clients_reach_no_profile(role, resource):
    assert not any(granted(role, verb, resource) for verb in Verb)


@pytest.mark.parametrize("role", [*CLIENTS, Role.ADMIN, Role.AUDITOR])
def test_contact_data_is_kept_from_clients_and_from_staff_who_do_not_recruit(role):
    with pytest.raises(Forbidden, match="may not read this: engineer contact"):
        require(actor(role), Verb.READ, Resource.ENGINEER_CONTACT)


@pytest.mark.parametrize(
    ("role", "resource", "rows"),
    [
        (Role.SUPPLIER_ADMIN, Resource.ENGINEER, OWNED),
        (Role.SUPPLIER_ADMIN, Resource.REQUEST, OPENED),
        (Role.CLIENT_ADMIN, Resource.REQUEST, OWNED),
        (Role.CLIENT_ADMIN, Resource.ENGINEER, false()),
        (Role.RECRUITER, Resource.ENGINEER, true()),
        (Role.AUDITOR, Resource.REQUEST, false()),
    ],
)
def test_the_table_becomes_part_of_every_statement(role, resource, rows):
    found = reachable(actor(role), Verb.READ, resource, owned=OWNED, opened=OPENED)

    assert found.compare(rows), str(found)
