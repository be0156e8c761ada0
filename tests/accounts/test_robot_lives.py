"""What a robot loses ends its tokens and those of the robots it made; what it gains ends none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password

from access.principal import ActorKind, Principal
from access.table import P, Role
from accounts.keys import secrets
from accounts.keys.robots import State, conditions_of
from accounts.models import Robot
from accounts.services import robots
from accounts.services.robots import NewRobot, RobotChanges
from accounts.services.users import remove_user, set_admin
from accounts.standing import standing
from audit.models import AuditEvent
from core.errors import InvalidInput, RobotUnknown
from projects.explanations import _as_actor
from projects.models import Project
from projects.queries import ref
from tests.accounts.robots import alone, bot, epoch, its
from tests.keys import PULL, PUSH, everywhere, in_project
from tests.people import SYSTEM, make_member, make_project, make_user, principal

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def boss(project: Project) -> Principal:
    return principal(make_member(project, Role.PROJECT_ADMIN))


def last_event(name: str) -> AuditEvent:
    return AuditEvent.objects.filter(operation=name).latest("id")


def test_losing_something_ends_tokens_and_gaining_something_ends_none(project: Project, boss: Principal):
    robot = bot(boss, project, in_project(project, PULL, "team/*"), networks=("10.0.0.0/8",))

    def change(**wanted: object) -> int:
        robots.change_robot(boss, robot, RobotChanges(**wanted))  # type: ignore[arg-type]  # fields by name
        return epoch(robot)

    assert change(description="other") == 1
    assert change(allowances=(in_project(project, PUSH, "team/*"),)) == 1
    assert change(allowances=(in_project(project, PUSH, "team/**"),)) == 1
    assert change(networks=("10.0.0.0/8", "192.0.2.0/24")) == 1
    assert change(networks=()) == 1
    assert change(days=60) == 1
    assert change(allowances=(in_project(project, PULL, "team/**"),)) == 2
    assert change(allowances=(in_project(project, PULL, "team/?"),)) == 3
    assert change(networks=("10.0.0.0/9",)) == 4
    assert change(days=1) == 5
    assert change(days=-1) == 5


def test_a_change_that_changes_nothing_leaves_no_event(project: Project, boss: Principal):
    robot = bot(boss, project)
    before = AuditEvent.objects.count()
    robots.change_robot(boss, robot, RobotChanges(description=robot.description, networks=()))
    robots.enable_robot(boss, robot)
    assert AuditEvent.objects.count() == before


def test_disabling_ends_its_tokens_and_those_of_the_robots_it_made(project: Project, boss: Principal):
    elder = bot(boss, project, in_project(project, PULL | {P.ROBOT_CREATE}))
    child = bot(alone(elder), project, in_project(project, PULL))
    other = bot(boss, project)
    robots.disable_robot(boss, elder)
    assert [epoch(each) for each in (elder, child, other)] == [2, 2, 1]
    assert standing(ActorKind.ROBOT, child.pk) is None
    assert conditions_of([elder, child]) == {
        elder.pk: replace(conditions_of([elder])[elder.pk], state=State.DISABLED),
        child.pk: replace(conditions_of([child])[child.pk], state=State.ANCESTOR_DEAD),
    }
    robots.enable_robot(boss, elder)
    assert [epoch(each) for each in (elder, child)] == [2, 2]
    assert standing(ActorKind.ROBOT, child.pk) is not None


def test_a_new_secret_ends_the_old_one_at_once_or_after_the_overlap(project: Project, boss: Principal):
    robot, first = robots.create_robot(boss, NewRobot("ci", its(project), ref(project)))
    robot, second = robots.rotate_secret(boss, robot, overlap_hours=24)
    row = Robot.objects.get(pk=robot.pk)
    assert secrets.is_digest_of(row.secret_digest, second)
    assert secrets.is_digest_of(row.former_digest, first)
    assert row.former_until is not None
    assert row.former_until - row.secret_changed_at == timedelta(hours=24)
    assert epoch(robot) == 1
    assert conditions_of([robot])[robot.pk].has_former_secret
    robot, third = robots.rotate_secret(boss, robot, secret="Chosen-0ne")
    row = Robot.objects.get(pk=robot.pk)
    assert (row.secret_digest, row.former_digest, row.former_hash, row.former_until) == (None, None, "", None)
    assert check_password(third, row.secret_hash)
    assert epoch(robot) == 2
    with pytest.raises(InvalidInput, match="leave out the overlap"):
        robots.rotate_secret(boss, robot, overlap_hours=1, secret="Chosen-1ne")
    for hours in (-1, 2, 25):
        with pytest.raises(InvalidInput, match="0, 1 or 24"):
            robots.rotate_secret(boss, robot, overlap_hours=hours)
    said = "".join(str(each.detail) for each in AuditEvent.objects.filter(operation="robot.rotate"))
    assert not any(each in said for each in (first, second, third))


def test_removing_takes_the_robots_it_made_along(project: Project, boss: Principal):
    elder = bot(boss, project, in_project(project, PULL | {P.ROBOT_CREATE}))
    child = bot(alone(elder), project, in_project(project, PULL | {P.ROBOT_CREATE}))
    bot(alone(child), project, in_project(project, PULL))
    other = bot(boss, project)
    assert robots.remove_robot(boss, elder) == 2
    assert list(Robot.objects.filter(project=project)) == [other]
    assert last_event("robot.delete").detail["before"]["made_by_it"] == 2
    with pytest.raises(RobotUnknown):
        robots.disable_robot(boss, elder)


def test_a_dead_robot_is_explained_within_those_it_was_made_by(project: Project, boss: Principal):
    elder = bot(boss, project, in_project(project, PUSH | {P.ROBOT_CREATE}))
    child = bot(alone(elder), project, in_project(project, PUSH))
    robots.change_robot(boss, elder, RobotChanges(allowances=(in_project(project, PULL | {P.ROBOT_CREATE}),)))
    living = _as_actor(child, None)
    robots.disable_robot(boss, child)
    assert standing(ActorKind.ROBOT, child.pk) is None
    assert living.allowances == _as_actor(child, None).allowances == (in_project(project, PULL),)


def test_it_goes_on_when_the_person_who_made_it_leaves(project: Project):
    admin = make_user(is_admin=True)
    make_user(is_admin=True, password="another one so that he may go")
    robot = bot(principal(admin), None, everywhere(PULL))
    set_admin(SYSTEM, admin, False)
    remove_user(SYSTEM, admin)
    found = standing(ActorKind.ROBOT, robot.pk)
    assert found is not None
    assert found.allowances == (everywhere(PULL),)
    assert Robot.objects.get(pk=robot.pk).created_by_id == principal(admin).id
