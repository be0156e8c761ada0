"""What `wharf robot create` and `change` are told about a robot: permissions, terms, a secret."""

from __future__ import annotations

import argparse
import difflib
import getpass
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from core.errors import InvalidInput
from core.oci.quoting import quoted

if TYPE_CHECKING:
    from access.allowances import Allowances
    from access.principal import Principal
    from accounts.models import Robot

# What `docker pull`, `docker push` and deleting a tag or manifest take: docker asks for what it pushes, so pushing pulls too.
SETS: Final = {
    "pull": ("repository:pull",),
    "push": ("repository:push", "repository:pull"),
    "delete": ("tag:delete", "artifact:delete"),
}
MAX_BYTES: Final = 1_000_000
STDIN: Final = "-"


def add_permissions(parser: argparse.ArgumentParser) -> None:
    sets = "; ".join(f"{name} is {' and '.join(held)}" for name, held in SETS.items())
    parser.add_argument("--allow", metavar="SETS", help=f"pull, push, delete, separated by commas ({sets})")
    parser.add_argument(
        "--permission",
        metavar="RESOURCE:ACTION",
        action="append",
        default=[],
        help="one permission of docs/permissions.md in these projects; may be repeated",
    )
    parser.add_argument(
        "--system-permission",
        metavar="RESOURCE:ACTION",
        action="append",
        default=[],
        help="one permission in the system as a whole; may be repeated",
    )
    parser.add_argument(
        "--repository",
        metavar="PATTERN",
        action="append",
        default=[],
        help="these repositories alone, below the project's name: 'team/**'; may be repeated",
    )
    parser.add_argument(
        "--in",
        dest="places",
        metavar="PROJECT",
        action="append",
        default=[],
        help="a project that a robot of the system may work in; may be repeated",
    )
    parser.add_argument(
        "--all-projects", action="store_true", help="a robot of the system may work in every project"
    )
    parser.add_argument(
        "--permissions",
        metavar="FILE",
        help="all permissions as a JSON list, as `wharf robot show --json` and Harbor's API have them; - for standard input",
    )


def add_terms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--description")
    parser.add_argument("--days", type=int, help="how long it lives from now, -1 for ever")
    parser.add_argument(
        "--network",
        metavar="CIDR",
        action="append",
        help="use it from there alone: 10.0.0.0/8; may be repeated",
    )


def add_secret(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--choose-secret",
        action="store_true",
        help="ask for the secret, or read it from standard input: 8 to 128 characters, upper, lower, digit; else it is random",
    )


def chosen_secret(options: argparse.Namespace) -> str | None:
    """None for a random one. Arguments would show in `ps`."""
    if not options.choose_secret:
        return None
    if sys.stdin.isatty():
        return getpass.getpass("Secret: ")
    return sys.stdin.readline().rstrip("\r\n")


def allowances(options: argparse.Namespace, actor: Principal, home: str) -> Allowances | None:
    """What the options say, None where they say nothing. `home`: the name of the robot's project, "" for the system.

    Raises InvalidInput, ProjectUnknown.
    """
    from accounts.keys.permission_documents import parsed

    if options.permissions is not None:
        if options.allow or options.permission or options.system_permission:
            raise InvalidInput("--permissions says it all: leave the other permissions out")
        return parsed(actor, _file(options.permissions))
    documents = list(_documents(options, home))
    if not documents and (options.repository or options.places or options.all_projects):
        raise InvalidInput("say what it may do there: --allow pull,push or --permission RESOURCE:ACTION")
    return parsed(actor, documents) if documents else None


def in_short(held: Allowances) -> str:
    """One line for a table: `pull, push in library; pull in all projects on team/**`."""
    from access.allowances import Place

    places = {each.project_id for each in held if each.place is Place.PROJECT}
    words = [f"{len(places)} project{'s' if len(places) > 1 else ''}"] if places else []
    words += ["all projects"] if any(each.place is Place.ALL_PROJECTS for each in held) else []
    words += ["the system"] if any(each.place is Place.SYSTEM for each in held) else []
    permissions = frozenset().union(*(each.permissions for each in held))
    parts = ", some repositories" if any(each.repositories for each in held) else ""
    return f"{_sets(permissions)} in {' and '.join(words)}{parts}" if words else "nothing"


def robot_named(actor: Principal, name: str, project: str | None = None) -> Robot:
    """A robot by any way to write its name: ci, library+ci, robot$library+ci.

    Raises NameInvalid, RobotUnknown, ProjectUnknown.
    """
    from accounts.keys.robots import MARK, RobotLogin, RobotName, robot_by_name
    from projects.queries import project_as_typed, ref

    login = RobotLogin.parse(name if MARK in name else MARK + name)
    if login is None:
        login = RobotLogin("", str(RobotName.parse(name)))
    if login.project and project not in (None, login.project):
        raise InvalidInput(f"'{name}' is no robot of project '{project}': leave --project out")
    place = login.project or project
    home = ref(project_as_typed(actor, place)) if place else None
    return robot_by_name(actor, login.name, home)


def registry() -> str:
    """What docker knows this registry by."""
    from django.conf import settings

    return urlsplit(settings.WHARF_EXTERNAL_URLS[0]).netloc


def _sets(permissions: frozenset[Any]) -> str:
    names = [name for name, held in SETS.items() if permissions >= set(held)]
    if "push" in names and "pull" in names:
        names.remove("pull")
    rest = len(permissions - {permission for name in names for permission in SETS[name]})
    return ", ".join([*names, *([f"{rest} permission{'s' if rest > 1 else ''}"] if rest else [])])


def _documents(options: argparse.Namespace, home: str) -> Iterator[dict[str, Any]]:
    in_projects = [*_allowed(options.allow), *options.permission]
    if in_projects:
        check_patterns(options.repository, _places(options, home))
        yield from (
            {
                "kind": "project",
                "namespace": name,
                "access": access(in_projects),
                "repositories": options.repository,
            }
            for name in _places(options, home)
        )
    if options.system_permission:
        yield {"kind": "system", "namespace": "/", "access": access(options.system_permission)}


def _allowed(text: str | None) -> list[str]:
    names = [name.strip() for name in text.split(",")] if text else []
    for name in names:
        if name not in SETS:
            raise InvalidInput(
                f"--allow {name!a} is none of {', '.join(SETS)}: for anything else give --permission RESOURCE:ACTION"
            )
    return [permission for name in names for permission in SETS[name]]


def check_patterns(patterns: Sequence[str], projects: Sequence[str]) -> None:
    """Raise InvalidInput for a pattern with the project's name before it: it would match nothing that is there."""
    for pattern in patterns:
        first, _, rest = pattern.partition("/")
        if rest and first in projects:
            raise InvalidInput(
                f"--repository {quoted(pattern)}: patterns are below the project's name: did you mean '{rest}'? "
                f"(for a path that does begin so a second time write '{{{first}}}/{rest}')"
            )


def _places(options: argparse.Namespace, home: str) -> list[str]:
    wanted = [*options.places, *(["*"] if options.all_projects else [])]
    if home:
        if [each for each in wanted if each != home]:
            raise InvalidInput(
                f"a robot of project '{home}' works there alone: leave --in and --all-projects out"
            )
        return [home]
    if not wanted:
        raise InvalidInput(
            "say where: --project NAME for a robot of a project, --in NAME or --all-projects for one of the system"
        )
    return wanted


def access(names: Sequence[str]) -> list[dict[str, str]]:
    """Permissions by their names as documents have them. Raises InvalidInput, with what was given and what would be right."""
    from access.table import Permission

    known = [*SETS, *(str(each) for each in Permission)]
    for name in names:
        if name in SETS:
            raise InvalidInput(f"'{name}' is several permissions: give it with --allow")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            right = f"did you mean '{near[0]}'?" if near else f"give {', '.join(SETS)} or RESOURCE:ACTION"
            raise InvalidInput(f"{quoted(name)} is no permission: {right} (docs/permissions.md lists them)")
    pairs = (name.partition(":") for name in dict.fromkeys(names))
    return [{"resource": resource, "action": action} for resource, _, action in pairs]


def _file(name: str) -> Any:
    try:
        text = sys.stdin.read(MAX_BYTES) if name == STDIN else Path(name).read_text()[:MAX_BYTES]
        found = json.loads(text)
    except OSError as error:
        raise InvalidInput(f"--permissions: {quoted(name)} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"--permissions: {quoted(name)} is no text in UTF-8") from error
    except ValueError as error:
        where = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise InvalidInput(
            f"--permissions: {quoted(name)} is no JSON{where}: write it as `wharf robot show NAME --json` does"
        ) from error
    # What `wharf robot show --json` prints holds them under this name.
    return found.get("permissions", found) if isinstance(found, dict) else found
