"""A token gets nobody a robot that is good for longer than itself, or in other places: who finds one has no more than that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from access.principal import Principal
from access.table import P
from accounts.models import AccessToken, Robot
from accounts.services import robots
from accounts.services.robots import RobotChanges
from core.errors import Denied
from database import sql
from projects.models import Project
from tests import keys
from tests.accounts.robots import alone, bot, epoch
from tests.keys import PULL, PUSH, in_project
from tests.people import SYSTEM, make_project, make_user

pytestmark = pytest.mark.django_db
INSIDE, OUTSIDE = ("10.1.0.0/16",), ("192.0.2.0/24",)


@pytest.fixture
def project() -> Project:
    return make_project()


def by_token(*networks: str, days: int | None = None) -> Principal:
    """An administrator with a token for all he may do, from these networks and for so long."""
    token = keys.personal(make_user(is_admin=True)).principal
    ends = sql.value("SELECT now()") + timedelta(days=days) if days else None
    AccessToken.objects.filter(pk=token.key_id).update(
        allowances=None, networks=list(networks), expires_at=ends
    )
    return replace(token, allowances=None)


def end_of(token: Principal) -> Any:
    return AccessToken.objects.get(pk=token.key_id).expires_at


def row(robot: Robot) -> Robot:
    return Robot.objects.get(pk=robot.pk)


def test_a_robot_made_with_a_token_ends_with_it_at_the_latest(project: Project):
    token = by_token(days=3)
    for days in (-1, 4):
        with pytest.raises(Denied, match=r"no longer than .* the token it is made with"):
            bot(token, project, days=days)
    assert bot(token, project).expires_at == end_of(token)
    shorter = bot(token, project, days=2).expires_at
    assert shorter is not None
    assert shorter < end_of(token)


def test_a_robot_made_with_a_token_is_for_its_networks(project: Project):
    token = by_token("10.0.0.0/8")
    with pytest.raises(Denied, match=r"no other networks than .* the token"):
        bot(token, project, networks=OUTSIDE)
    assert bot(token, project).networks == ["10.0.0.0/8"]
    elder = bot(token, project, in_project(project, PULL | {P.ROBOT_CREATE}), networks=INSIDE)
    assert elder.networks == list(INSIDE)
    assert bot(alone(elder), project).networks == list(INSIDE)


@pytest.mark.parametrize(
    "gain",
    [
        lambda project: RobotChanges(allowances=(in_project(project, PUSH),)),
        lambda _: RobotChanges(days=20),
        lambda _: RobotChanges(days=-1),
        lambda _: RobotChanges(networks=()),
        lambda _: RobotChanges(networks=(*INSIDE, *OUTSIDE)),
    ],
)
def test_a_token_makes_no_robot_more_than_it_is(project: Project, gain: Any):
    robot = bot(SYSTEM, project, days=10, networks=INSIDE)
    before = row(robot)
    for token in (by_token(*OUTSIDE), by_token(days=3)):
        with pytest.raises(Denied, match="or do it by your password"):
            robots.change_robot(token, robot, gain(project))
    after = row(robot)
    for field in ("allowances", "networks", "expires_at"):
        assert getattr(after, field) == getattr(before, field)
    robots.change_robot(SYSTEM, robot, gain(project))


def test_a_token_that_holds_to_its_bounds_widens_and_rotates(project: Project):
    robot = bot(SYSTEM, project, days=1, networks=INSIDE)
    token = by_token("10.0.0.0/8", days=3)
    wider = RobotChanges(allowances=(in_project(project, PUSH),), days=2, networks=("10.0.0.0/8",))
    robots.change_robot(token, robot, wider)
    assert row(robot).networks == ["10.0.0.0/8"]
    robots.rotate_secret(token, robot)


def test_a_token_takes_away_from_any_robot(project: Project):
    robot = bot(SYSTEM, project, in_project(project, PUSH), days=-1)
    token = by_token("10.0.0.0/8", days=1)
    less = RobotChanges(allowances=(in_project(project, PULL),), days=30, networks=OUTSIDE)
    robots.change_robot(token, robot, less)
    assert epoch(robot) == 2


@pytest.mark.parametrize("bounds", [{"days": 1}, {"networks": INSIDE}])
def test_a_token_is_not_shown_the_secret_of_a_robot_beyond_its_bounds(project: Project, bounds: Any):
    robot = bot(SYSTEM, project, days=-1)
    token = by_token(*bounds.get("networks", ()), days=bounds.get("days"))
    with pytest.raises(Denied, match="or do it by your password"):
        robots.rotate_secret(token, robot)
    assert epoch(robot) == 1
