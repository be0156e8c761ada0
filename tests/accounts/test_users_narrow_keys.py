"""A robot or a token that manages people gives them nothing it has not: it sets no password and makes no administrator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from access.principal import AuthMethod, Principal
from access.table import P
from accounts.models import User
from accounts.services import identities, users
from audit.models import AuditEvent
from core.errors import Denied
from tests import keys
from tests.people import make_user, principal, unique

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"

ESCALATIONS: list[Callable[[Principal, User], object]] = [
    lambda actor, user: users.set_password(actor, user, PASSWORD),
    lambda actor, user: users.set_admin(actor, user, True),
    lambda actor, user: users.set_auditor(actor, user, True),
    lambda actor, _: users.create_user(actor, unique("ann"), password=PASSWORD, is_admin=True),
    lambda actor, _: users.create_user(actor, unique("ann"), password=PASSWORD, is_auditor=True),
    lambda actor, user: identities.migrate_to_local(actor, user, PASSWORD),
]
PEOPLE = frozenset({P.USER_CREATE, P.USER_READ, P.USER_UPDATE, P.USER_DELETE, P.USER_LIST})


@pytest.mark.parametrize("escalate", ESCALATIONS)
def test_a_key_for_people_hands_out_no_account(escalate: Callable[[Principal, User], object]):
    victim = make_user(is_admin=True)
    before = (victim.password, victim.is_admin, victim.is_auditor, User.objects.count())
    robot = keys.robot(keys.in_system(PEOPLE)).principal
    bounded = keys.personal(make_user(is_admin=True), keys.in_system(PEOPLE)).principal
    for actor in (robot, bounded):
        with pytest.raises(Denied, match="as a person"):
            escalate(actor, victim)
        assert AuditEvent.objects.filter(actor_name=actor.name, result="denied").exists()
    victim.refresh_from_db()
    assert (victim.password, victim.is_admin, victim.is_auditor, User.objects.count() - 1) == before


@pytest.mark.parametrize("escalate", ESCALATIONS)
def test_a_token_for_all_rights_breaks_out_of_its_end_and_its_networks_no_other_way(
    escalate: Callable[[Principal, User], object],
):
    admin = make_user(is_admin=True)
    unbounded = replace(keys.personal(admin).principal, allowances=None)
    for victim in (admin, make_user()):
        with pytest.raises(Denied, match="by your password"):
            escalate(unbounded, victim)


@pytest.mark.parametrize("escalate", ESCALATIONS[:-1])
def test_an_administrator_does_it_by_his_password(escalate: Callable[[Principal, User], object]):
    escalate(principal(make_user(is_admin=True), auth=AuthMethod.BASIC), make_user())


@pytest.mark.parametrize("right", ["is_admin", "is_auditor"])
def test_a_key_for_people_brings_no_administrator_and_no_auditor_back(right: str):
    disabled = make_user(is_active=False, is_admin=right == "is_admin", is_auditor=right == "is_auditor")
    robot = keys.robot(keys.in_system(PEOPLE)).principal
    with pytest.raises(Denied, match="as a person"):
        users.enable_user(robot, disabled)
    disabled.refresh_from_db()
    assert not disabled.is_active
    users.enable_user(principal(make_user(is_admin=True)), disabled)
    disabled.refresh_from_db()
    assert disabled.is_active


def test_a_key_for_people_does_the_rest():
    robot = keys.robot(keys.in_system(PEOPLE)).principal
    user = users.create_user(robot, unique("ann"), password=PASSWORD)
    users.change_user(robot, user, full_name="Ann Lee")
    users.disable_user(robot, user)
    users.enable_user(robot, user)
    users.remove_user(robot, user)
    assert not User.objects.filter(pk=user.pk).exists()
