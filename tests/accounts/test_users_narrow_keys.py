"""A robot or a token that manages people gives them nothing it has not: it sets no password and makes no administrator."""

from __future__ import annotations

from collections.abc import Callable

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


@pytest.mark.parametrize("escalate", ESCALATIONS[:-1])
def test_the_whole_token_of_an_administrator_does_what_he_does(escalate: Callable[[Principal, User], object]):
    escalate(principal(make_user(is_admin=True), auth=AuthMethod.PAT), make_user())


def test_a_key_for_people_does_the_rest():
    robot = keys.robot(keys.in_system(PEOPLE)).principal
    user = users.create_user(robot, unique("ann"), password=PASSWORD)
    users.change_user(robot, user, full_name="Ann Lee")
    users.disable_user(robot, user)
    users.remove_user(robot, user)
    assert not User.objects.filter(pk=user.pk).exists()
