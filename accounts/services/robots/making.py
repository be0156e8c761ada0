"""Making robots."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from access.allowances import Allowances, from_json
from access.principal import ActorKind, Principal, ProjectRef
from access.table import P
from accounts.keys.permission_documents import written
from accounts.keys.robots import RobotName, full_name
from accounts.models import Robot
from accounts.services.robots import rights, terms
from accounts.services.robots.terms import Elders, Secret
from audit.actions import action
from core.errors import AlreadyExists
from database.transactions import retried


@dataclass(frozen=True, slots=True)
class NewRobot:
    """A robot to make, of `project`, of the system when None.

    `days` it lives: -1 for ever, None for what the settings say. `networks` it may be used from, none for everywhere.
    `secret`: a chosen one, else one is generated. `disabled`: it rests until it is enabled.
    """

    name: str
    allowances: Allowances
    project: ProjectRef | None = None
    description: str = ""
    days: int | None = None
    networks: tuple[str, ...] = ()
    disabled: bool = False
    secret: str | None = field(default=None, repr=False)


@retried
def create_robot(actor: Principal, wanted: NewRobot) -> tuple[Robot, str]:
    """The robot, and its secret, which is known to nobody afterwards. It may do no more than its maker may now.

    Made by a robot or with a token, it lives and may be used no longer than that, and from no other networks. Raises
    NameInvalid, InvalidInput, AlreadyExists, ProjectUnknown, Denied, ConfirmationNeeded.
    """
    home = wanted.project
    allowances, days = rights.checked(wanted.allowances, home), terms.lifetime(wanted.days)
    name, secret = str(RobotName.parse(wanted.name)), Secret.of(wanted.secret)
    networks, description = terms.networks(wanted.networks), terms.description(wanted.description)
    with action(actor, P.ROBOT_CREATE, home, name="robot.create") as draft:
        shown = full_name(name, home.name if home else "")
        draft.resource("robot", None, shown)
        maker = rights.locked_maker(actor)
        rights.check_maker(maker, P.ROBOT_CREATE, allowances, home)
        elders = _elders(maker, days)
        robot = Robot(
            project_id=home.id if home else None,
            name=name,
            description=description,
            secret_digest=secret.digest,
            secret_hash=secret.hash,
            allowances=[each.as_json() for each in allowances],
            ancestors=list(elders.ids),
            networks=terms.within_elders(networks, elders),
            expires_at=terms.expiry(days, elders, is_default=wanted.days is None),
            disabled=wanted.disabled,
            created_by_kind=str(actor.kind),
            created_by_id=actor.id,
            created_by_name=actor.name,
        )
        _insert(robot, shown)
        draft.resource("robot", robot.pk, shown)
        draft.after(state(robot) | ({"disabled": True} if robot.disabled else {}))
    return robot, secret.text


def state(robot: Robot) -> dict[str, Any]:
    """What an event tells of a robot."""
    return {
        "description": robot.description,
        "expires_at": robot.expires_at.isoformat() if robot.expires_at else None,
        "networks": robot.networks,
        "permissions": written(from_json(robot.allowances)),
    }


def _elders(maker: Principal, days: int | None) -> Elders:
    if maker.kind is not ActorKind.ROBOT:
        return Elders.read((), days, maker.key_id)
    return Elders.read([*rights.ancestors_of(maker), maker.id], days)


def _insert(robot: Robot, shown: str) -> None:
    try:
        with transaction.atomic():
            robot.save(force_insert=True)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise AlreadyExists(
                f"a robot '{shown}' exists already: give this one another name", robot=shown
            ) from error
        raise
    robot.refresh_from_db(fields=["expires_at", "created_at", "secret_changed_at", "auth_epoch", "disabled"])
