"""The permission table says what the design says."""

import pytest

from app.core.actor import Actor, OrganisationKind, Role
from app.core.errors import Forbidden
from app.core.ids import new_id
from app.identity.permissions import PERMISSIONS, ROLES, Resource, Verb, permits, require


def actor(role):
    kind = next(kind for kind, roles in ROLES.items() if role in roles)
    return Actor(new_id(), new_id(), kind, role)


def test_each_role_belongs_to_one_side():
    assert sorted(role for roles in ROLES.values() for role in roles) == sorted(Role)
    assert set(ROLES) == set(OrganisationKind)


def test_the_system_is_permitted_everything():
    assert all(permits(Actor.system(), verb, resource) for resource in Resource for verb in Verb)


def test_what_the_table_does_not_name_is_permitted_to_nobody():
    for resource in Resource:
        for verb in Verb:
            if (resource, verb) not in PERMISSIONS:
                assert not any(permits(actor(role), verb, resource) for role in Role)


def test_an_auditor_changes_nothing():
    auditor = actor(Role.AUDITOR)

    assert {verb for resource in Resource for verb in Verb if permits(auditor, verb, resource)} == {Verb.READ}


@pytest.mark.parametrize("role", [Role.CLIENT_ADMIN, Role.HIRING_MANAGER, Role.ADMIN, Role.AUDITOR])
def test_contact_data_is_kept_from_clients_and_from_staff_who_do_not_recruit(role):
    with pytest.raises(Forbidden, match="may not read this: engineer contact"):
        require(actor(role), Verb.READ, Resource.ENGINEER_CONTACT)
