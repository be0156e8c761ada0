"""`wharf robot create|list|show|change|disable|enable|rotate|remove`: accounts of programs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from wharf import console, robot_options

if TYPE_CHECKING:
    from access.principal import Principal
    from accounts.keys.robots import Condition
    from accounts.models import Robot

NAME = "its name: ci, library+ci or robot$library+ci"
OVERLAPS = (0, 1, 24)


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("robot", help="accounts of programs").add_subparsers(
        required=True, metavar="VERB"
    )
    _register_create(verbs)
    parser = console.verb(verbs, "list", "list robots: all of them, or those of a project")
    parser.add_argument("--project")
    parser.set_defaults(run=list_)
    _named(verbs, "show", "all about a robot but its secret").set_defaults(run=show)
    parser = _named(
        verbs, "change", "change what a robot may do, how long it lives, or where it is used from"
    )
    robot_options.add_permissions(parser)
    robot_options.add_terms(parser)
    parser.add_argument("--from-anywhere", action="store_true", help="take away all --network")
    parser.set_defaults(run=change)
    _named(verbs, "disable", "stop a robot and end its tokens").set_defaults(run=disable)
    _named(verbs, "enable", "let a robot go on").set_defaults(run=enable)
    parser = _named(verbs, "rotate", "give a robot a new secret")
    help_ = "hours the present secret stays good: 0 (ends its tokens too), 1 or 24"
    parser.add_argument("--overlap", type=int, choices=OVERLAPS, default=0, help=help_)
    robot_options.add_secret(parser)
    parser.set_defaults(run=rotate)
    _named(verbs, "remove", "delete a robot and those it made").set_defaults(run=remove)


def _register_create(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "create", "make a robot, and print its secret once")
    parser.add_argument("name")
    parser.add_argument("--project", help="the project it belongs to, and has all its permissions in")
    robot_options.add_permissions(parser)
    robot_options.add_terms(parser)
    robot_options.add_secret(parser)
    parser.set_defaults(run=create)


def _named(verbs: console.SubParsers, name: str, help_: str) -> argparse.ArgumentParser:
    parser = console.verb(verbs, name, help_)
    parser.add_argument("name", help=NAME)
    parser.add_argument("--project", help="its project, unless NAME says so")
    return parser


def create(options: argparse.Namespace) -> int:
    from accounts.services.robots import NewRobot, create_robot
    from projects.queries import project_as_typed, ref

    actor = console.actor()
    home = ref(project_as_typed(actor, options.project)) if options.project else None
    allowances = robot_options.allowances(options, actor, home.name if home else "")
    if allowances is None:
        raise InvalidInput("say what it may do: --allow pull,push or --permission RESOURCE:ACTION")
    wanted = NewRobot(
        options.name,
        allowances,
        home,
        description=options.description or "",
        days=options.days,
        networks=tuple(options.network or ()),
        secret=robot_options.chosen_secret(options),
    )
    robot, secret = create_robot(actor, wanted)
    return _show_secret(options, robot, secret, "created")


def list_(options: argparse.Namespace) -> int:
    from accounts.keys.robots import conditions_of, visible_robots
    from projects.queries import project_as_typed, ref

    actor = console.actor()
    project = ref(project_as_typed(actor, options.project)) if options.project else None
    robots = list(visible_robots(actor, project))
    conditions = conditions_of(robots)
    return console.show(options, [_row(robot, conditions[robot.pk]) for robot in robots])


def show(options: argparse.Namespace) -> int:
    from access.allowances import from_json
    from accounts.keys.permission_documents import written
    from accounts.keys.robots import conditions_of

    _, robot = _found(options)
    condition = conditions_of([robot])[robot.pk]
    facts = _row(robot, condition) | {
        "description": robot.description,
        "networks": robot.networks,
        "made": _time(robot.created_at),
        "secret_changed": _time(robot.secret_changed_at),
        "former_secret_until": _time(robot.former_until) if condition.has_former_secret else None,
        "permissions": written(from_json(robot.allowances)),
    }
    return console.show(options, facts, _page(facts))


def change(options: argparse.Namespace) -> int:
    from accounts.services.robots import RobotChanges, change_robot

    actor, robot = _found(options)
    networks = () if options.from_anywhere else options.network and tuple(options.network)
    home = robot.project.name if robot.project is not None else ""
    wanted = RobotChanges(
        description=options.description,
        allowances=robot_options.allowances(options, actor, home),
        days=options.days,
        networks=networks,
    )
    if wanted == RobotChanges():
        raise InvalidInput(
            "nothing to change: give --allow, --permission, --days, --network or --description"
        )
    return _done(options, change_robot(actor, robot, wanted), "changed")


def disable(options: argparse.Namespace) -> int:
    from accounts.services.robots import disable_robot

    return _done(options, disable_robot(*_found(options)), "disabled")


def enable(options: argparse.Namespace) -> int:
    from accounts.services.robots import enable_robot

    return _done(options, enable_robot(*_found(options)), "enabled")


def rotate(options: argparse.Namespace) -> int:
    from accounts.services.robots import rotate_secret

    actor, robot = _found(options)
    chosen = robot_options.chosen_secret(options)
    robot, secret = rotate_secret(actor, robot, overlap_hours=options.overlap, secret=chosen)
    until = f"; the former secret is good until {_time(robot.former_until)}" if robot.former_until else ""
    return _show_secret(options, robot, secret, f"has a new secret{until}", whose="the robot itself")


def remove(options: argparse.Namespace) -> int:
    from accounts.keys.robots import name_of
    from accounts.services.robots import remove_robot

    actor, robot = _found(options)
    name = name_of(robot)
    number = remove_robot(actor, robot)
    text = f"robot {name} removed" + (f", and {number} it had made" if number else "")
    return console.show(options, {"name": name, "made_by_it": number}, text)


def _found(options: argparse.Namespace) -> tuple[Principal, Robot]:
    actor = console.actor()
    return actor, robot_options.robot_named(actor, options.name, options.project)


def _done(options: argparse.Namespace, robot: Robot, what: str) -> int:
    from accounts.keys.robots import conditions_of

    row = _row(robot, conditions_of([robot])[robot.pk])
    rests = f"; it is {row['state']} still" if what == "enabled" and row["state"] != "active" else ""
    return console.show(options, row, f"robot {row['name']} {what}{rests}")


def _show_secret(
    options: argparse.Namespace, robot: Robot, secret: str, what: str, *, whose: str = "it"
) -> int:
    from accounts.keys.robots import conditions_of

    row = _row(robot, conditions_of([robot])[robot.pk])
    end = f"lives until {row['ends']}" if row["ends"] else "lives for ever"
    lines = [
        f"robot {row['name']} {what}; {whose} {end}",
        "its secret, which is shown this once:",
        secret,
        f"docker login --username '{row['name']}' {robot_options.registry()}",
        "(docker asks for the secret; in a script add --password-stdin, and pipe the secret in)",
    ]
    found = row | {"former_secret_until": _time(robot.former_until), "secret": secret}
    return console.show(options, found, "\n".join(lines))


def _row(robot: Robot, condition: Condition) -> dict[str, Any]:
    from access.allowances import from_json
    from accounts.keys.robots import name_of

    return {
        "name": name_of(robot),
        "state": str(condition.state),
        "may": robot_options.in_short(from_json(robot.allowances)),
        "ends": _time(condition.expires_at),
        "ends_soon": condition.expires_soon,
        "last_used": _time(robot.last_used_at),
        "from": robot.last_used_ip,
        "made_by": console.by_whom(robot.created_by_kind, robot.created_by_name),
    }


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _page(facts: dict[str, Any]) -> str:
    used = (
        f"{facts['last_used']} from {facts['from'] or 'an unknown address'}"
        if facts["last_used"]
        else "never"
    )
    soon = " (soon: wharf robot change NAME --days N)" if facts["ends_soon"] else ""
    lines = [
        f"robot {facts['name']}  {facts['description']}".rstrip(),
        f"state:      {facts['state']}",
        f"ends:       {facts['ends'] or 'never'}{soon}",
        f"last used:  {used}",
        f"used from:  {', '.join(facts['networks']) or 'anywhere'}",
        f"made:       {facts['made']} by {facts['made_by']}",
        f"secret:     of {facts['secret_changed']}"
        + (
            f"; the former one is good until {facts['former_secret_until']}"
            if facts["former_secret_until"]
            else ""
        ),
    ]
    for each in facts["permissions"]:
        names = ", ".join(f"{access['resource']}:{access['action']}" for access in each["access"])
        where = "all projects" if each["namespace"] == "*" else each["namespace"]
        globs = f" on {', '.join(each['repositories'])}" if "repositories" in each else ""
        lines.append(f"may:        {names} in {'the system' if where == '/' else where}{globs}")
    return "\n".join(lines)
