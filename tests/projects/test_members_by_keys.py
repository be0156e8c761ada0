"""What robots and bounded tokens may give to others: never more than they hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access.models import Member
from access.robots import IN_PROJECT
from access.table import P, Role
from accounts.services.groups import add_to_group
from core.errors import Denied
from projects.services.members import add_member, change_role
from tests import keys
from tests.groups import make_group
from tests.people import make_member, make_project, make_user, principal

pytestmark = pytest.mark.django_db

INVITES = frozenset({P.MEMBER_CREATE, P.MEMBER_UPDATE, P.REPOSITORY_PULL})


def test_a_robot_that_may_pull_makes_nobody_a_developer():
    project, user = make_project(), make_user()
    robot = keys.robot(keys.in_project(project, INVITES), project=project).principal
    with pytest.raises(Denied, match="holds more than this key does"):
        add_member(robot, project, user, Role.DEVELOPER)
    assert not Member.objects.filter(project=project, user=user).exists()


def test_a_robot_with_all_that_robots_can_have_gives_any_role_but_project_admin():
    project, user = make_project(), make_user()
    robot = keys.robot(keys.in_project(project, IN_PROJECT), project=project).principal
    for role in set(Role) - {Role.PROJECT_ADMIN}:
        assert add_member(robot, project, make_user(), role).role_id == role
    with pytest.raises(Denied, match="configuration:update, robot:update"):
        add_member(robot, project, user, Role.PROJECT_ADMIN)
    add_member(robot, project, user, Role.DEVELOPER)
    with pytest.raises(Denied):
        change_role(robot, project, user, Role.PROJECT_ADMIN)
    assert Member.objects.get(project=project, user=user).role_id == Role.DEVELOPER


def test_a_token_for_all_there_is_in_the_project_gives_any_role():
    project = make_project()
    admin = make_member(project, Role.PROJECT_ADMIN)
    bounded = replace(principal(admin), allowances=(keys.in_project(project, frozenset(P)),))
    assert add_member(bounded, project, make_user(), Role.PROJECT_ADMIN).role_id == Role.PROJECT_ADMIN


def test_a_token_of_an_admin_gives_no_more_than_its_bounds():
    project = make_project()
    admin, guest = make_member(project, Role.PROJECT_ADMIN), make_member(project, Role.GUEST)
    bounded = replace(principal(admin), allowances=(keys.in_project(project, INVITES),))
    with pytest.raises(Denied):
        change_role(bounded, project, guest, Role.PROJECT_ADMIN)
    assert Member.objects.get(project=project, user=guest).role_id == Role.GUEST
    assert change_role(principal(admin), project, guest, Role.PROJECT_ADMIN).role_id == Role.PROJECT_ADMIN


def test_a_robot_puts_nobody_into_a_group():
    robot = keys.robot(keys.in_system(frozenset({P.USER_GROUP_UPDATE}))).principal
    with pytest.raises(Denied, match="as a person"):
        add_to_group(robot, make_group(), make_user())
