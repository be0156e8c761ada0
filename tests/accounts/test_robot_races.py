"""Several at once: a maker who loses his rights, a robot deleted while it makes one, rotations, a name, a project deleted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from access.principal import ActorKind
from access.table import P, Role
from accounts.keys import secrets
from accounts.models import Robot, User
from accounts.services import robots
from accounts.services.robots import RobotChanges
from accounts.services.users import set_admin
from accounts.standing import standing
from core.errors import Denied, ProjectUnknown, RobotUnknown, WharfError
from database import sql
from projects.models import Project
from projects.services.members import change_role
from projects.services.projects import delete_project
from tests.accounts.robots import alone, bot, epoch
from tests.keys import PULL, everywhere, in_project
from tests.people import SYSTEM, make_member, make_project, make_user, principal, unique

pytestmark = pytest.mark.django_db(transaction=True)
MAKES = frozenset({P.ROBOT_CREATE, P.ROBOT_DELETE}) | PULL
ROUNDS = 6


@pytest.fixture
def project() -> Project:
    return make_project()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What the calls gave or raised, each in a thread that began when all were ready."""
    barrier = threading.Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        barrier.wait(10)
        try:
            return call()
        except WharfError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def while_waiting(taking: Callable[[], Any], act: Callable[[], Any]) -> Any:
    """What `act` gives that began while `taking` was done and not yet committed: it must wait, and see it."""
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        taking()
        found = pool.submit(lambda: at_once(act)[0])
        deadline = time.monotonic() + 10
        while not _somebody_waits() and not found.done() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not found.done(), "it did not wait for the right that was being taken"
    return found.result(10)


def _somebody_waits() -> bool:
    return bool(sql.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))


def test_an_administrator_demoted_at_the_last_moment_makes_nothing():
    make_user(is_admin=True, password="x" * 20)
    admin = make_user(is_admin=True)
    maker = principal(User.objects.get(pk=admin.pk))
    found = while_waiting(lambda: set_admin(SYSTEM, admin, False), lambda: bot(maker, None, everywhere(PULL)))
    assert isinstance(found, Denied)
    assert not Robot.objects.filter(created_by_id=admin.pk, created_by_kind="user").exists()


def test_a_project_admin_demoted_at_the_last_moment_makes_nothing(project: Project):
    make_member(project, Role.PROJECT_ADMIN)
    user = make_member(project, Role.PROJECT_ADMIN)
    found = while_waiting(
        lambda: change_role(SYSTEM, project, user, Role.DEVELOPER), lambda: bot(principal(user), project)
    )
    assert isinstance(found, Denied)
    assert not Robot.objects.filter(project=project).exists()


def test_a_robot_narrowed_at_the_last_moment_makes_nothing_wider(project: Project):
    elder = bot(SYSTEM, project, in_project(project, MAKES))
    actor, narrow = alone(elder), in_project(project, MAKES, "x")
    found = while_waiting(
        lambda: robots.change_robot(SYSTEM, elder, RobotChanges(allowances=(narrow,))),
        lambda: bot(actor, project, in_project(project, PULL)),
    )
    assert isinstance(found, Denied)
    assert not Robot.objects.filter(ancestors__contains=[elder.pk]).exists()


def test_a_robot_deleted_while_it_makes_one_leaves_none(project: Project):
    for _ in range(ROUNDS):
        elder = bot(SYSTEM, project, in_project(project, MAKES))
        actor = alone(elder)
        made, removed = at_once(partial(bot, actor, project), partial(robots.remove_robot, SYSTEM, elder))
        assert isinstance(made, Robot | Denied)
        assert removed == int(isinstance(made, Robot))
        assert not Robot.objects.filter(project=project).exists()


def test_a_robot_disabled_while_it_makes_one_leaves_none_alive(project: Project):
    for _ in range(ROUNDS):
        elder = bot(SYSTEM, project, in_project(project, MAKES))
        actor = alone(elder)
        made, _disabled = at_once(partial(bot, actor, project), partial(robots.disable_robot, SYSTEM, elder))
        if isinstance(made, Robot):
            assert standing(ActorKind.ROBOT, made.pk) is None
            assert epoch(made) == 2
        else:
            assert isinstance(made, Denied)


def test_a_project_deleted_while_a_robot_is_made_has_none_that_lives():
    for _ in range(ROUNDS):
        project = make_project()
        made, _deleted = at_once(partial(bot, SYSTEM, project), partial(delete_project, SYSTEM, project))
        assert isinstance(made, Robot | ProjectUnknown)
        if isinstance(made, Robot):
            assert standing(ActorKind.ROBOT, made.pk) is None


def test_of_two_rotations_at_once_the_later_secret_is_good_and_the_earlier_one_for_its_overlap(
    project: Project,
):
    for overlap in (0, 1):
        robot = bot(SYSTEM, project)
        rotations = at_once(*[partial(robots.rotate_secret, SYSTEM, robot, overlap_hours=overlap)] * 2)
        found = [secret for _, secret in rotations]
        row = Robot.objects.get(pk=robot.pk)
        (now,) = [each for each in found if secrets.is_digest_of(row.secret_digest, each)]
        (before,) = [each for each in found if each != now]
        assert secrets.is_digest_of(row.former_digest, before) is bool(overlap)
        assert epoch(robot) == (1 if overlap else 3)


def test_one_of_two_who_take_a_name_gets_it(project: Project):
    for place in (project, None):
        name = unique("ci")
        found = at_once(*[partial(bot, SYSTEM, place, name=name)] * 4)
        assert sorted(type(each).__name__ for each in found) == ["AlreadyExists"] * 3 + ["Robot"]
        assert Robot.objects.filter(name=name).count() == 1


def test_what_is_removed_while_it_is_changed_is_gone(project: Project):
    for _ in range(ROUNDS):
        robot = bot(SYSTEM, project)
        at_once(
            partial(robots.rotate_secret, SYSTEM, robot),
            partial(robots.remove_robot, SYSTEM, robot),
            partial(robots.change_robot, SYSTEM, robot, RobotChanges(description="x")),
        )
        assert not Robot.objects.filter(pk=robot.pk).exists()
        for act in (robots.disable_robot, robots.remove_robot):
            with pytest.raises(RobotUnknown):
                act(SYSTEM, robot)
