"""Robots for tests, made as people and robots make them."""

from __future__ import annotations

from typing import Any

from access.allowances import Allowance, Allowances
from access.principal import ActorKind, AuthMethod, Principal
from accounts.models import Robot
from accounts.services.robots import NewRobot, create_robot
from accounts.standing import standing
from projects.models import Project
from projects.queries import ref
from tests.keys import PULL, everywhere, in_project
from tests.people import ORIGIN, unique


def its(project: Project | None) -> Allowances:
    """To pull in the project, or everywhere."""
    return (in_project(project, PULL),) if project else (everywhere(PULL),)


def bot(actor: Principal, project: Project | None, *allowances: Allowance, **wanted: Any) -> Robot:
    """A robot of the project, or of the system; it pulls unless it is given something else."""
    name = wanted.pop("name", None)
    new = NewRobot(
        unique("bot") if name is None else name,
        allowances or its(project),
        ref(project) if project else None,
        **wanted,
    )
    return create_robot(actor, new)[0]


def alone(robot: Robot) -> Principal:
    """The robot as an actor, as it stands."""
    found = standing(ActorKind.ROBOT, robot.pk)
    assert found is not None
    return Principal(
        ActorKind.ROBOT,
        robot.pk,
        robot.name,
        auth=AuthMethod.ROBOT,
        origin=ORIGIN,
        epoch=found.epoch,
        allowances=found.allowances,
    )


def epoch(robot: Robot) -> int:
    return Robot.objects.get(pk=robot.pk).auth_epoch
