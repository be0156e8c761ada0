"""Nobody makes a robot that may do more than he may: by patterns, places, permissions, time or network."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.allowances import Allowance, Allowances, Place, excess
from access.check import permissions_of
from access.principal import ActorKind, AuthMethod, Principal
from access.robots import IN_PROJECT, IN_SYSTEM
from access.table import TABLE, P, Permission, Role
from accounts.models import Robot
from accounts.services import robots
from accounts.services.robots import NewRobot, RobotChanges
from core.errors import Denied, InvalidInput, ProjectUnknown
from core.globs import Glob
from projects.models import Project
from projects.queries import ref
from tests.accounts.robots import alone, bot, epoch
from tests.keys import PULL, PUSH, everywhere, in_project, in_system
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


def test_a_project_admin_gives_what_he_holds_and_nothing_else(project: Project, boss: Principal):
    held = TABLE[Role.PROJECT_ADMIN] & IN_PROJECT
    robot = bot(boss, project, in_project(project, held))
    assert permissions_of(alone(robot), ref(project)) == held
    for permission in sorted(IN_PROJECT - held):
        with pytest.raises(Denied, match=f"you do not hold {permission} in project '{project.name}'"):
            bot(boss, project, in_project(project, frozenset({permission})))


@pytest.mark.parametrize("permission", sorted(set(Permission) - IN_PROJECT))
def test_what_no_robot_may_have_in_a_project_nobody_gives(project: Project, permission: Permission):
    with pytest.raises(InvalidInput, match="no robot may have in a project"):
        bot(SYSTEM, project, in_project(project, frozenset({permission})))


@pytest.mark.parametrize("permission", sorted(set(Permission) - IN_SYSTEM))
def test_what_no_robot_may_have_in_the_system_nobody_gives(permission: Permission):
    with pytest.raises(InvalidInput, match="no robot may have in the system"):
        bot(SYSTEM, None, in_system(frozenset({permission})))


def test_a_robot_of_a_project_has_nothing_elsewhere(project: Project, boss: Principal):
    other = make_project()
    for allowance in (in_project(other, PULL), everywhere(PULL), USERS):
        for actor in (boss, SYSTEM):
            with pytest.raises(InvalidInput, match="in that project alone"):
                bot(actor, project, in_project(project, PULL), allowance)


@pytest.mark.parametrize(
    "allowances",
    [
        (),
        (Allowance(Place.ALL_PROJECTS, frozenset()),),
        (Allowance(Place.PROJECT, PULL, None),),
        (Allowance(Place.ALL_PROJECTS, PULL, 1),),
        (Allowance(Place.SYSTEM, frozenset({P.USER_LIST}), None, (Glob.parse("a"),)),),
        (Allowance(Place.ALL_PROJECTS, PULL, None, (Glob.parse("a"), Glob.parse("b"))),),
        tuple(Allowance(Place.ALL_PROJECTS, PULL, None, (Glob.parse(f"a{n}"),)) for n in range(65)),
        tuple(Allowance(Place.PROJECT, PULL, n) for n in range(1, 1002)),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(allowances: Allowances):
    with pytest.raises(InvalidInput) as refused:
        robots.create_robot(SYSTEM, NewRobot("ci", allowances))
    assert len(refused.value.message) > 20


def test_only_administrators_make_robots_of_the_system(boss: Principal):
    for actor in (boss, principal(make_user(is_auditor=True)), principal(make_user())):
        for allowance in (everywhere(PULL), USERS):
            with pytest.raises(Denied):
                bot(actor, None, allowance)


def test_a_robot_gives_its_own_rights_on_and_nothing_else(project: Project, boss: Principal):
    elder = alone(bot(boss, project, in_project(project, MAKES), _on(project, "x")))
    child = bot(elder, project, _on(project, "x"))
    assert Robot.objects.get(pk=child.pk).ancestors == [elder.id]
    for wanted in (_on(project, "**/x"), _on(project, "{x,y}"), _on(project, "?"), in_project(project, PULL)):
        with pytest.raises(Denied, match="you do not hold repository:pull"):
            bot(elder, project, wanted)
    with pytest.raises(Denied):
        bot(elder, project, in_project(project, PUSH, "x"))
    with pytest.raises(Denied):
        bot(elder, None, USERS)
    with pytest.raises(Denied):
        bot(elder, None, everywhere(PULL))


def _on(project: Project, glob: str) -> Allowance:
    return in_project(project, PULL, glob)


def test_what_anybody_may_do_in_a_public_project_is_nobodys_to_give():
    public = make_project(public=True)
    elder = alone(bot(SYSTEM, None, in_project(public, MAKES), in_system(frozenset({P.ROBOT_CREATE}))))
    with pytest.raises(Denied):
        bot(elder, public, in_project(public, PULL))


def test_a_robot_knows_nothing_of_projects_that_are_not_its_own(project: Project):
    hidden = make_project()
    elder = alone(bot(SYSTEM, None, in_project(project, PULL), in_system(frozenset({P.ROBOT_CREATE}))))
    gone = 2**40
    for id_ in (hidden.pk, gone):
        with pytest.raises(ProjectUnknown):
            bot(elder, None, Allowance(Place.PROJECT, PULL, id_))


def test_a_robot_outlives_none_it_was_made_by(project: Project, boss: Principal):
    elder = bot(boss, project, in_project(project, MAKES | PULL), days=3)
    child = bot(alone(elder), project)
    assert child.expires_at == elder.expires_at
    assert bot(alone(elder), project, days=2).expires_at != elder.expires_at
    for days in (4, -1):
        with pytest.raises(Denied, match="lives no longer than the one it is made by"):
            bot(alone(elder), project, days=days)
        with pytest.raises(Denied, match="lives no longer"):
            robots.change_robot(boss, child, RobotChanges(days=days))


def test_a_robot_is_used_from_no_other_networks_than_those_it_was_made_by(project: Project, boss: Principal):
    elder = alone(
        bot(boss, project, in_project(project, MAKES | PULL), networks=("10.0.0.0/8", "2001:db8::/32"))
    )
    assert bot(elder, project).networks == ["10.0.0.0/8", "2001:db8::/32"]
    assert bot(elder, project, networks=("10.1.0.0/16",)).networks == ["10.1.0.0/16"]
    for network in ("0.0.0.0/0", "11.0.0.0/8", "::/0", "10.0.0.0/7"):
        with pytest.raises(Denied, match="no other networks"):
            bot(elder, project, networks=(network,))


def test_narrowing_a_robot_narrows_those_it_made_at_once(project: Project, boss: Principal):
    elder = bot(boss, project, in_project(project, MAKES | PUSH))
    child = bot(alone(elder), project, in_project(project, PUSH))
    robots.change_robot(boss, elder, RobotChanges(allowances=(in_project(project, MAKES), _on(project, "x"))))
    assert [epoch(elder), epoch(child)] == [2, 2]
    found = alone(child)
    assert permissions_of(found, ref(project), repository=f"{project.name}/x") == PULL
    assert permissions_of(found, ref(project), repository=f"{project.name}/y") == frozenset()
    with pytest.raises(Denied, match="no more than those it was made by"):
        robots.change_robot(
            boss, child, RobotChanges(allowances=(in_project(project, PUSH | {P.TAG_DELETE}),))
        )


def test_who_widens_a_robot_holds_what_he_adds(project: Project, boss: Principal):
    strong = bot(SYSTEM, project, in_project(project, PULL | {P.METADATA_LIST}))
    robots.change_robot(boss, strong, RobotChanges(description="it keeps what he has not"))
    robots.change_robot(
        boss, strong, RobotChanges(allowances=(in_project(project, PUSH | {P.METADATA_LIST}),))
    )
    weak = bot(boss, project)
    with pytest.raises(Denied, match="metadata:list"):
        robots.change_robot(
            boss, weak, RobotChanges(allowances=(in_project(project, PULL | {P.METADATA_LIST}),))
        )
    with pytest.raises(Denied, match="metadata:list"):
        robots.rotate_secret(boss, strong)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_a_robot_makes_is_part_of_it_whatever_it_asks_for(project: Project, data: st.DataObject):
    globs = st.sampled_from([(), ("**",), ("x",), ("**/x",), ("{x,y}",), ("team/*",), ("team/**",)])
    rights = st.frozensets(st.sampled_from(sorted(PUSH | {P.TAG_DELETE})), min_size=1)
    one = st.builds(lambda held, glob: in_project(project, held, *glob), rights, globs)
    has = data.draw(st.lists(one, min_size=1, max_size=3))
    wants = data.draw(st.lists(one, min_size=1, max_size=3))
    elder = alone(bot(SYSTEM, project, in_project(project, MAKES), *has))
    try:
        child = alone(bot(elder, project, *wants))
    except Denied:
        assert excess(tuple(wants), elder.allowances or ())
        return
    for path in ("x", "y", "team/x", "team/x/y", "z"):
        name = f"{project.name}/{path}"
        mine = permissions_of(elder, ref(project), repository=name)
        assert permissions_of(child, ref(project), repository=name) <= mine
        anybody = Principal(ActorKind.ROBOT, child.id, "x", auth=AuthMethod.ROBOT, allowances=tuple(wants))
        assert permissions_of(anybody, ref(project), repository=name) <= mine
