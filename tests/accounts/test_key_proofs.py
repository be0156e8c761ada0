"""What robots' secrets and people's keys prove, and what ends them. The client is told the same; the audit log knows why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from access.allowances import Allowance
from access.principal import ActorKind, AuthMethod, Origin
from access.table import Role
from accounts import gate
from accounts.gate import credentials, uses
from accounts.gate.credentials import VerifiedCredentials
from accounts.gate.sign_in import OUTSIDE
from accounts.keys import secrets
from accounts.models import AccessToken, Robot, User
from audit.models import AuditEvent
from core.errors import Unauthenticated
from projects.services.projects import delete_project
from tests import keys, people
from tests.people import SYSTEM, make_project, make_user, unique

pytestmark = pytest.mark.django_db
CHOSEN, FORMER = "Chosen-secret-1", "Former-secret-1"
HERE = Origin("192.0.2.7")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_verified", VerifiedCredentials())
    monkeypatch.setattr(uses, "_noted", uses.Noted())


def refused(name: str, secret: str, origin: Origin = HERE) -> str:
    """The reason in the audit log; the client learns nothing of it."""
    with pytest.raises(Unauthenticated) as caught:
        gate.prove(name, secret, origin)
    assert caught.value.message == "user name or password is wrong"
    assert caught.value.detail == {}
    event = AuditEvent.objects.filter(result="denied").latest("id")
    assert secret not in str(event.detail)
    assert secret not in event.resource_name
    return str(event.detail["reason"])


def row_of(key: keys.Key) -> Any:
    """Its row, to be changed by `update`."""
    if key.principal.kind is ActorKind.ROBOT:
        return Robot.objects.filter(pk=key.principal.id)
    return AccessToken.objects.filter(pk=key.principal.key_id)


def test_a_robot_is_proven_with_what_it_may_do_by_one_query(django_assert_num_queries: Any):
    project = make_project()
    for key in (
        keys.robot(keys.in_project(project, keys.PULL), project=project),
        keys.robot(keys.everywhere(keys.PUSH)),
    ):
        proven = gate.prove(key.username, key.secret, HERE)
        assert proven == replace(key.principal, origin=HERE)
        with django_assert_num_queries(1):
            gate.prove(key.username, key.secret, HERE)


@pytest.mark.parametrize("name", ["old-prefix$", "$", "robot$", "a$b$"])
def test_a_robot_is_known_by_what_follows_the_last_dollar(name: str):
    project = make_project()
    for key in (keys.robot(), keys.robot(project=project)):
        own = key.username.partition("$")[2]
        assert gate.prove(f"{name}{own}", key.secret, HERE).name == key.username


def test_a_robot_is_shown_with_the_prefix_of_the_day(configure: Any):
    key = keys.robot()
    configure(robot_name_prefix="bot$")
    assert gate.prove(key.username, key.secret, HERE).name == key.username.replace("robot$", "bot$")


def test_a_robot_of_a_project_is_not_one_of_the_system_nor_of_another():
    project, other = make_project(), make_project()
    key = keys.robot(project=project)
    own = key.username.partition("+")[2]
    assert refused(f"robot${own}", key.secret) == "there is no robot of that name"
    assert refused(f"robot${other.name}+{own}", key.secret) == "there is no robot of that name"
    assert refused(f"robot${unique('none')}+{keys.robot().username.partition('$')[2]}", key.secret)


@dataclass(frozen=True, slots=True)
class Ending:
    """A change of the row, and the reason that is recorded afterwards."""

    facts: dict[str, Any]
    reason: str


PAST = timezone.now() - HOUR
ENDINGS = [
    Ending({"disabled": True}, "the robot is disabled"),
    Ending({"expires_at": PAST}, "the robot has expired"),
    Ending({"networks": ["10.0.0.0/8", "2001:db8::/32"]}, OUTSIDE),
    Ending({"ancestors": [1]}, "a robot it was made by is disabled, expired or gone"),
    Ending({"secret_digest": b"x" * 32}, "the robot's secret is wrong, or was replaced"),
    Ending({"secret_digest": None}, "the robot's secret is wrong, or was replaced"),
    Ending({"secret_digest": None, "secret_hash": "!"}, "the robot's secret is wrong, or was replaced"),
]


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: next(iter(ending.facts)))
def test_what_ends_a_robot(ending: Ending):
    key = keys.robot(keys.everywhere(keys.PULL))
    assert gate.prove(key.username, key.secret, HERE).id
    row_of(key).update(**ending.facts)
    assert refused(key.username, key.secret) == ending.reason


def test_a_robot_ends_with_its_project_and_is_not_one_of_the_next_of_that_name():
    project = make_project()
    key = keys.robot(project=project)
    delete_project(SYSTEM, project)
    assert refused(key.username, key.secret) == "there is no robot of that name"
    make_project(name=project.name)
    assert refused(key.username, key.secret) == "there is no robot of that name"


def test_a_robot_may_do_no_more_and_come_from_no_more_than_those_it_was_made_by():
    elder = keys.robot(keys.everywhere(keys.PULL), networks=["192.0.2.0/24"])
    key = keys.robot(keys.everywhere(keys.PUSH), ancestors=[elder.principal.id])
    given = gate.prove(key.username, key.secret, HERE).allowances or ()
    assert [each.permissions for each in given] == [keys.PULL]
    assert refused(key.username, key.secret, Origin("198.51.100.7")) == OUTSIDE


def test_the_secret_before_a_rotation_works_until_its_time_is_over():
    key, old = keys.robot(), secrets.generate(secrets.ROBOT_PREFIX)
    row_of(key).update(former_digest=secrets.digest(old), former_until=timezone.now() + HOUR)
    assert gate.prove(key.username, old, HERE) == gate.prove(key.username, key.secret, HERE)
    row_of(key).update(former_until=PAST)
    assert refused(key.username, old) == "the robot's secret is wrong, or was replaced"


def test_a_chosen_secret_costs_one_hash_and_is_remembered(hashed: list[str], django_assert_num_queries: Any):
    key = keys.robot()
    row_of(key).update(secret_digest=None, secret_hash=make_password(CHOSEN))
    hashed.clear()
    for _ in range(4):
        assert gate.prove(key.username, CHOSEN, HERE).id
    assert hashed == [CHOSEN]
    with django_assert_num_queries(1):
        gate.prove(key.username, CHOSEN, HERE)
    row_of(key).update(auth_epoch=2)
    hashed.clear()
    assert gate.prove(key.username, CHOSEN, HERE).epoch == 2
    assert hashed == [CHOSEN]


def test_a_chosen_secret_is_good_beside_a_generated_one_until_its_time_is_over(hashed: list[str]):
    key = keys.robot()
    row_of(key).update(former_hash=make_password(FORMER), former_until=timezone.now() + HOUR)
    assert gate.prove(key.username, FORMER, HERE) == gate.prove(key.username, key.secret, HERE)
    row_of(key).update(secret_digest=None, secret_hash=make_password(CHOSEN))
    hashed.clear()
    assert refused(key.username, FORMER) == "the robot's secret is wrong, or was replaced"
    assert hashed == [
        FORMER
    ]  # beside another chosen one it would cost a second hash, which tells that it exists
    row_of(key).update(secret_hash="", former_until=PAST)
    assert refused(key.username, FORMER)


def test_unknown_robots_and_those_without_a_chosen_secret_cost_a_guess_the_same(hashed: list[str]):
    chosen, generated = keys.robot(), keys.robot()
    row_of(chosen).update(secret_hash=make_password(CHOSEN))
    hashed.clear()
    for name in (chosen.username, generated.username, "robot$nobody", "robot$", "$"):
        refused(name, FORMER)
        assert hashed.pop() == FORMER
        assert hashed == []


def test_a_token_proves_its_owner_within_its_bounds_by_one_query(django_assert_num_queries: Any):
    project = make_project()
    owner = people.make_member(project, Role.DEVELOPER)
    key = keys.personal(owner, keys.in_project(project, keys.PULL))
    assert gate.prove(owner.username.upper(), key.secret, HERE) == replace(
        key.principal, origin=HERE, epoch=owner.auth_epoch
    )
    with django_assert_num_queries(1):
        gate.prove(owner.username, key.secret, HERE)


def cli_secret(user: User) -> keys.Key:
    key = keys.personal(user)
    secret = secrets.generate(secrets.CLI_PREFIX)
    row_of(key).update(kind="cli", digest=secrets.digest(secret), allowances=None)
    return replace(key, secret=secret)


def test_a_generated_cli_secret_proves_all_its_owner_is():
    key = cli_secret(make_user(is_admin=True))
    proven = gate.prove(key.username, key.secret, HERE)
    assert (proven.auth, proven.allowances, proven.is_admin) == (AuthMethod.CLI_SECRET, None, True)


@pytest.mark.parametrize("make", [keys.personal, cli_secret])
def test_what_ends_a_key_of_a_person(make: Any):
    key, other = make(make_user()), make_user()
    assert refused(other.username, key.secret) == "the key belongs to another account"
    assert refused("no:body", key.secret) == "nobody can have that name"
    row_of(key).update(networks=["10.0.0.0/8"])
    assert refused(key.username, key.secret) == OUTSIDE
    row_of(key).update(expires_at=PAST, networks=[])
    assert refused(key.username, key.secret) == "the key has expired"
    row_of(key).update(expires_at=None)
    User.objects.filter(username=key.username).update(is_active=False)
    assert refused(key.username, key.secret) == "the account is disabled"
    row_of(key).delete()
    assert refused(key.username, key.secret).startswith("there is no such key")


def test_a_key_of_one_kind_is_none_of_another():
    key = keys.personal(make_user(), Allowance(keys.everywhere(keys.PULL).place, keys.PULL))
    refused(key.username, key.secret.replace(secrets.PAT_PREFIX, secrets.CLI_PREFIX))
    refused(key.username, key.secret.upper())
    refused(f"robot${key.username}", key.secret)


def test_a_key_proves_under_a_former_secret_of_the_installation(settings: Any):
    robot, token = keys.robot(), keys.personal(make_user())
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-later-secret-of-this-installation-0123456789"
    for key in (robot, token):
        assert gate.prove(key.username, key.secret, HERE).id
