"""Robots are seen and dealt with by those whose they are: nobody of another project, nobody of a project made anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access.check import permissions_of
from access.principal import ActorKind, Principal
from access.robots import IN_PROJECT
from access.table import TABLE, P, Role
from accounts.keys.robots import robot_by_id, robot_by_name, visible_robots
from accounts.services import robots
from accounts.services.robots import RobotChanges
from accounts.standing import standing
from core.errors import Denied, ProjectUnknown, RobotUnknown
from projects.models import Project
from projects.queries import project_by_name, ref
from projects.services.members import change_role
from projects.services.projects import create_project, delete_project
from tests.accounts.robots import alone, bot, epoch
from tests.keys import PULL, everywhere, in_project, in_system
from tests.people import SYSTEM, make_member, make_project, make_user, principal

pytestmark = pytest.mark.django_db
MAKES = frozenset({P.ROBOT_CREATE, P.ROBOT_DELETE, P.ROBOT_READ, P.ROBOT_LIST})
USERS = in_system(frozenset({P.USER_LIST}))


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def boss(project: Project) -> Principal:
    return principal(make_member(project, Role.PROJECT_ADMIN))


def test_one_project_s_robots_and_admins_do_nothing_to_another_s(project: Project, boss: Principal):
    other = make_project()
    theirs = bot(SYSTEM, other)
    mine = alone(bot(boss, project, in_project(project, TABLE[Role.PROJECT_ADMIN] & IN_PROJECT)))
    for actor in (boss, mine):
        for act in (
            lambda who: bot(who, other),
            lambda who: robots.change_robot(who, theirs, RobotChanges(description="x")),
            lambda who: robots.disable_robot(who, theirs),
            lambda who: robots.enable_robot(who, theirs),
            lambda who: robots.rotate_secret(who, theirs),
            lambda who: robots.remove_robot(who, theirs),
            lambda who: robot_by_id(who, theirs.pk),
            lambda who: robot_by_name(who, theirs.name, ref(other)),
            lambda who: list(visible_robots(who, ref(other))),
            lambda who: project_by_name(who, other.name),
        ):
            with pytest.raises((ProjectUnknown, RobotUnknown)):
                act(actor)
        with pytest.raises(Denied):
            list(visible_robots(actor, None))
    assert epoch(theirs) == 1


def test_robots_are_seen_by_maintainers_and_by_those_that_made_them(project: Project, boss: Principal):
    elder = bot(boss, project, in_project(project, MAKES | PULL))
    child, other = bot(alone(elder), project), bot(boss, project)
    maintainer = principal(make_member(project, Role.MAINTAINER))
    assert set(visible_robots(maintainer, ref(project))) == {elder, child, other}
    assert list(visible_robots(alone(elder), ref(project))) == [child]
    assert robot_by_id(alone(elder), child.pk) == child
    for hidden in (elder, other):
        with pytest.raises(RobotUnknown):
            robot_by_id(alone(elder), hidden.pk)
    assert {elder, child, other} <= set(visible_robots(principal(make_user(is_admin=True)), None))
    for role in (Role.DEVELOPER, Role.GUEST):
        member = principal(make_member(project, role))
        with pytest.raises(Denied):
            list(visible_robots(member, ref(project)))
        with pytest.raises(RobotUnknown):
            robot_by_id(member, other.pk)


def test_nothing_read_carries_a_secret(project: Project, boss: Principal):
    bot(boss, project)
    (found,) = visible_robots(boss, ref(project))
    secret = {"secret_digest", "secret_hash", "former_digest", "former_hash"}
    assert found.get_deferred_fields() == secret
    assert robot_by_id(boss, found.pk).get_deferred_fields() == secret


def test_a_project_made_anew_under_an_old_name_has_none_of_its_robots(project: Project, boss: Principal):
    own, system = bot(boss, project, name="ci"), bot(SYSTEM, None, in_project(project, PULL))
    delete_project(SYSTEM, project)
    assert standing(ActorKind.ROBOT, own.pk) is None
    anew = create_project(SYSTEM, project.name)
    assert list(visible_robots(SYSTEM, ref(anew))) == []
    assert permissions_of(alone(system), ref(anew)) == frozenset()
    assert bot(SYSTEM, anew, name="ci").pk != own.pk
    for act in (
        robots.enable_robot,
        robots.rotate_secret,
        robots.remove_robot,
        lambda a, r: robot_by_id(a, r.pk),
    ):
        with pytest.raises(RobotUnknown):
            act(SYSTEM, own)
    with pytest.raises(ProjectUnknown):
        bot(boss, project)


def test_who_was_demoted_since_he_signed_in_makes_none(project: Project):
    user = make_member(project, Role.PROJECT_ADMIN)
    make_member(project, Role.PROJECT_ADMIN)
    before = replace(principal(user), epoch=user.auth_epoch)
    change_role(SYSTEM, project, user, Role.MAINTAINER)
    with pytest.raises(Denied):
        bot(before, project)
    admin = make_user(is_admin=True)
    stale = principal(admin)
    type(admin).objects.filter(pk=admin.pk).update(is_admin=False)
    with pytest.raises(Denied):
        bot(stale, None, everywhere(PULL))
