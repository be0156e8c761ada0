"""Robots are made, changed, disabled, given new secrets and removed; each time exactly the right tokens end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.utils import timezone

from access.allowances import Allowance, from_json
from access.principal import AuthMethod, Principal
from access.table import P, Role
from accounts.keys import secrets
from accounts.keys.robots import conditions_of, full_name, home_of, name_of
from accounts.models import Robot
from accounts.services import robots
from accounts.services.robots import NewRobot, RobotChanges
from audit.models import AuditEvent
from core.errors import AlreadyExists, ConfirmationNeeded, Denied, InvalidInput, NameInvalid, RobotUnknown
from projects.models import Project
from projects.queries import ref
from tests.accounts.directories import Configure
from tests.accounts.robots import alone, bot, its
from tests.keys import PULL, PUSH, in_project
from tests.people import SYSTEM, make_member, make_project, principal, unique

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def boss(project: Project) -> Principal:
    return principal(make_member(project, Role.PROJECT_ADMIN))


def last_event(name: str) -> AuditEvent:
    return AuditEvent.objects.filter(operation=name).latest("id")


def test_a_project_admin_makes_a_robot_and_learns_its_secret_once(project: Project, boss: Principal):
    wanted = NewRobot(
        "ci", (in_project(project, PUSH, "team/**"),), ref(project), "builds", networks=("10.0.0.0/8",)
    )
    robot, secret = robots.create_robot(boss, wanted)
    row = Robot.objects.get(pk=robot.pk)
    assert secret.startswith(secrets.ROBOT_PREFIX)
    assert secrets.is_digest_of(row.secret_digest, secret)
    assert row.secret_hash == ""
    assert (row.networks, row.description, row.ancestors) == (["10.0.0.0/8"], "builds", [])
    assert (row.created_by_kind, row.created_by_id, row.created_by_name) == ("user", boss.id, boss.name)
    assert from_json(row.allowances) == (in_project(project, PUSH, "team/**"),)
    assert name_of(robot) == f"robot${project.name}+ci"
    event = last_event("robot.create")
    assert (event.resource_name, event.project_id) == (name_of(robot), project.pk)
    assert secret not in str(event.detail) + repr(wanted) + repr(robot)


def test_it_lives_thirty_days_unless_its_maker_says_otherwise(project: Project, boss: Principal):
    usual = bot(boss, project)
    days = (usual.expires_at - timezone.now()) / timedelta(days=1) if usual.expires_at else 0
    assert days == pytest.approx(30, abs=0.01)
    assert bot(boss, project, days=-1).expires_at is None
    short = bot(boss, project, days=3)
    condition = conditions_of([usual, short])
    assert [condition[each.pk].expires_soon for each in (usual, short)] == [False, True]


def test_the_settings_bound_how_long_it_lives(project: Project, boss: Principal, configure: Configure):
    configure(robot_token_duration=30, robot_max_duration=7)
    usual = bot(boss, project)
    assert usual.expires_at is not None
    assert usual.expires_at < timezone.now() + timedelta(days=8)
    for days in (-1, 0, 8, -2):
        with pytest.raises(InvalidInput, match="1 to 7 days"):
            bot(boss, project, days=days)
    with pytest.raises(InvalidInput, match="1 to 7 days"):
        robots.change_robot(boss, usual, RobotChanges(days=30))


def test_a_chosen_secret_is_kept_as_passwords_are_and_never_cut(project: Project, boss: Principal):
    chosen = "Aa1" + "x" * 125
    wanted = NewRobot("ci", its(project), ref(project), secret=chosen)
    robot, secret = robots.create_robot(boss, wanted)
    row = Robot.objects.get(pk=robot.pk)
    assert (secret, row.secret_digest) == (chosen, None)
    assert check_password(chosen, row.secret_hash)
    assert not check_password(chosen[:-1], row.secret_hash)
    for bad in (
        "Aa1xxxx",
        "Aa1" + "x" * 126,
        "aaaa1111",
        "AAAA1111",
        "aaaaAAAA",
        "Aa1xxxxx\0",
        "Aa1xxxx\ud800",
    ):
        with pytest.raises(InvalidInput):
            robots.create_robot(boss, replace(wanted, name="other", secret=bad))


def test_a_name_is_taken_in_one_project_and_free_in_another(project: Project, boss: Principal):
    bot(boss, project, name="ci")
    with pytest.raises(AlreadyExists, match="give this one another name"):
        bot(boss, project, name="ci")
    bot(SYSTEM, make_project(), name="ci")
    bot(SYSTEM, None, name=(name := unique("ci")))
    with pytest.raises(AlreadyExists):
        bot(SYSTEM, None, name=name)


@pytest.mark.parametrize(
    "name", ["", "CI", "a+b", "a$b", "-a", "a-", "a..b", "a/b", "a b", "ä", "а", "a\n", "a\0", "a" * 256]
)
def test_other_names_are_refused(project: Project, boss: Principal, name: str):
    with pytest.raises(NameInvalid):
        bot(boss, project, name=name)


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (("nowhere",), "no network"),
        (tuple(f"10.0.{each}.0/24" for each in range(65)), "at most 64"),
        (("::1::/8",), "no network"),
    ],
)
def test_networks_are_parsed_and_bounded(
    project: Project, boss: Principal, networks: tuple[str, ...], words: str
):
    with pytest.raises(InvalidInput, match=words):
        bot(boss, project, networks=networks)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PROJECT_ADMIN])
def test_nobody_below_a_project_admin_makes_or_changes_robots(project: Project, boss: Principal, role: Role):
    robot, member = bot(boss, project), principal(make_member(project, role))
    for act in (
        lambda: bot(member, project),
        lambda: robots.change_robot(member, robot, RobotChanges(description="x")),
        lambda: robots.disable_robot(member, robot),
        lambda: robots.enable_robot(member, robot),
        lambda: robots.rotate_secret(member, robot),
        lambda: robots.remove_robot(member, robot),
    ):
        with pytest.raises(Denied):
            act()


def test_a_session_that_was_not_confirmed_makes_none(project: Project, boss: Principal):
    with pytest.raises(ConfirmationNeeded):
        bot(replace(boss, confirmed=False), project)


def test_a_robot_never_changes_or_rotates_a_robot(project: Project, boss: Principal):
    elder = bot(boss, project, in_project(project, PULL | {P.ROBOT_CREATE, P.ROBOT_DELETE}))
    child = bot(alone(elder), project, in_project(project, PULL))
    for robot in (elder, child):
        for act in (robots.disable_robot, robots.enable_robot, robots.rotate_secret):
            with pytest.raises(Denied):
                act(alone(elder), robot)


def test_a_robot_deletes_only_robots_it_made(project: Project, boss: Principal):
    elder = bot(boss, project, in_project(project, PULL | {P.ROBOT_CREATE, P.ROBOT_DELETE}))
    child, other = bot(alone(elder), project, in_project(project, PULL)), bot(boss, project)
    for robot in (elder, other):
        with pytest.raises(RobotUnknown):
            robots.remove_robot(alone(elder), robot)
    robots.remove_robot(alone(elder), child)
    assert not Robot.objects.filter(pk=child.pk).exists()


def test_the_prefix_is_for_show(project: Project, boss: Principal, configure: Configure):
    robot = bot(boss, project, name="ci")
    configure(robot_name_prefix="bot$")
    assert full_name("ci", project.name) == f"bot${project.name}+ci" == name_of(robot)
    assert home_of(robot) == ref(project)


def test_a_personal_token_makes_no_more_than_its_bounds(project: Project):
    user = make_member(project, Role.PROJECT_ADMIN)
    bounds: tuple[Allowance, ...] = (
        in_project(project, frozenset({P.ROBOT_CREATE})),
        in_project(project, PULL, "team/**"),
    )
    actor = replace(principal(user, auth=AuthMethod.PAT), allowances=bounds)
    with pytest.raises(Denied):
        bot(actor, project, in_project(project, PULL))
    with pytest.raises(Denied):
        bot(actor, project, in_project(project, PUSH, "team/web"))
