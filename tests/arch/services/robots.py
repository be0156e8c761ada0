"""Rows of the services of robots: of a project to its admins, of the system to administrators, and never more than one holds.

A robot may be let make robots, and deals with those alone that it has made; it changes none.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from access.allowances import Allowance
from access.principal import Principal
from access.table import P
from accounts.keys import robots as reading
from accounts.models import Robot
from accounts.services.robots import (
    NewRobot,
    RobotChanges,
    change_robot,
    create_robot,
    disable_robot,
    enable_robot,
    remove_robot,
    rotate_secret,
)
from projects.queries import ref
from tests import keys
from tests.arch.callers import Scene
from tests.arch.services.row import (
    ADMINS,
    MAINTAINERS,
    OPERATORS,
    PROJECT_ADMINS,
    Call,
    Refusal,
    Row,
    Rows,
    look,
    system,
)
from tests.people import unique

# No role holds it: only an administrator, and a robot he gave it to.
NO_ROLES_RIGHT = frozenset({P.METADATA_LIST})
IN_SYSTEM = frozenset({P.USER_LIST})
# Changing is nothing a robot may be given.
CHANGERS = PROJECT_ADMINS - {"project_robot"}
# All of a test happens at one time of the database.
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
READERS = (MAINTAINERS - {"project_robot"}) | {"auditor"}


def making(allowance: Any) -> Call:
    """A robot of the project with that allowance, made of the scene."""
    return lambda scene, actor, _: create_robot(
        actor, NewRobot(unique("bot"), (allowance(scene),), ref(scene.project))
    )


def making_in_system(*allowances: Allowance) -> Call:
    return lambda _scene, actor, _: create_robot(actor, NewRobot(unique("bot"), allowances))


def pulling(scene: Scene) -> Allowance:
    return keys.in_project(scene.project, keys.PULL)


def stronger(scene: Scene) -> Allowance:
    return keys.in_project(scene.project, NO_ROLES_RIGHT)


def a_robot(scene: Scene, _actor: Principal) -> Robot:
    return _row(keys.robot(pulling(scene), project=scene.project, secret_changed_at=LONG_AGO))


def a_disabled_one(scene: Scene, _actor: Principal) -> Robot:
    return _row(keys.robot(pulling(scene), project=scene.project, disabled=True))


def a_stronger_one(scene: Scene, _actor: Principal) -> Robot:
    return _row(keys.robot(stronger(scene), project=scene.project, secret_changed_at=LONG_AGO))


def _row(key: keys.Key) -> Robot:
    return Robot.objects.get(pk=key.principal.id)


def changing(call: Call, event: str, given: Any = a_robot, allowed: frozenset[str] = CHANGERS) -> Row:
    return Row(call, allowed, event, given=given, confirmed=True)


C = "accounts/services/robots/changing.py:"
SERVICES: Rows = {
    "accounts/services/robots/making.py:create_robot": (
        Row(making(pulling), PROJECT_ADMINS, "robot.create", confirmed=True),
        Row(making(stronger), PROJECT_ADMINS - {"project_admin"}, "robot.create", confirmed=True),
        *system(making_in_system(keys.in_system(IN_SYSTEM)), "robot.create", confirmed=True),
        # One that may make robots makes none that pull where it may not.
        *system(making_in_system(keys.everywhere(keys.PULL)), "robot.create", ADMINS, confirmed=True),
    ),
    f"{C}change_robot": (
        changing(
            lambda _s, actor, robot: change_robot(actor, robot, RobotChanges(description="for the build")),
            "robot.update",
        ),
        changing(
            lambda s, actor, robot: change_robot(actor, robot, RobotChanges(allowances=(stronger(s),))),
            "robot.update",
            allowed=CHANGERS - {"project_admin"},
        ),
    ),
    f"{C}disable_robot": (changing(lambda _s, actor, robot: disable_robot(actor, robot), "robot.disable"),),
    f"{C}enable_robot": (
        changing(lambda _s, actor, robot: enable_robot(actor, robot), "robot.enable", a_disabled_one),
    ),
    f"{C}rotate_secret": (
        changing(lambda _s, actor, robot: rotate_secret(actor, robot), "robot.rotate"),
        # Whoever is shown a secret may do what it proves.
        changing(
            lambda _s, actor, robot: rotate_secret(actor, robot),
            "robot.rotate",
            a_stronger_one,
            CHANGERS - {"project_admin"},
        ),
    ),
    f"{C}remove_robot": (
        Row(
            lambda _s, actor, robot: remove_robot(actor, robot),
            CHANGERS,
            "robot.delete",
            given=a_robot,
            confirmed=True,
            # It may remove robots, and finds none of its own.
            elsewhere=frozenset({"project_robot"}),
        ),
    ),
}
READS: Rows = {
    "accounts/keys/robots.py:visible_robots": (
        Row(
            lambda s, actor, _: list(reading.visible_robots(actor, ref(s.project))),
            MAINTAINERS | {"auditor"},
            recorded=False,
        ),
        *look(lambda _s, actor, _: list(reading.visible_robots(actor, None)), OPERATORS),
    ),
    "accounts/keys/robots.py:robot_by_id": (
        Row(
            lambda _s, actor, robot: reading.robot_by_id(actor, robot.pk),
            READERS,
            given=a_robot,
            refusal=Refusal.HIDDEN,
        ),
    ),
    "accounts/keys/robots.py:robot_by_name": (
        Row(
            lambda s, actor, robot: reading.robot_by_name(actor, robot.name, ref(s.project)),
            READERS,
            given=a_robot,
            refusal=Refusal.HIDDEN,
        ),
    ),
}

ROWS: Rows = {**SERVICES, **READS}
