"""`wharf member add|list|change|remove`: of users, and of groups with `--group NAME` in the place of the user."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from wharf import console

if TYPE_CHECKING:
    from access.models import Member
    from access.principal import Principal
    from accounts.models import Group, User
    from accounts.queries import Sizes
    from projects.models import Project

ROLES = "project-admin, maintainer, developer, guest or limited-guest"

ROBOTS = "it is in no project as a member, and may what it was given (wharf robot change NAME --in PROJECT --allow pull,push)"


class UserOrGroup(argparse.ArgumentParser):
    """PROJECT USER ROLE, or PROJECT --group NAME ROLE.

    A positional argument cannot give way to an option, so there is a second parser for when the option is there.
    """

    for_groups: argparse.ArgumentParser | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        given: Sequence[str] = args or ()
        if self.for_groups and any(each == "--group" or each.startswith("--group=") for each in given):
            return self.for_groups.parse_known_args(args, namespace)
        return super().parse_known_args(args, namespace)


def register(nouns: console.SubParsers) -> None:
    noun = nouns.add_parser("member", help="who may do what in a project")
    made = noun.add_subparsers(required=True, metavar="VERB", parser_class=UserOrGroup)
    verbs = cast("console.SubParsers", made)
    parser = console.verb(verbs, "list", "list a project's members")
    parser.add_argument("project")
    parser.set_defaults(run=list_)
    for name, aliases, help_, run in (
        ("add", ["create"], "give a user or a group a role in a project", add),
        ("change", [], "give a member another role", change),
        ("remove", ["delete"], "take a member's role in a project away", remove),
    ):
        parser = console.verb(verbs, name, help_, aliases=aliases)
        assert isinstance(parser, UserOrGroup)
        role = " ROLE" if run is not remove else ""
        parser.usage = f"wharf member {name} [--json] PROJECT (USER | --group NAME){role}"
        parser.for_groups = argparse.ArgumentParser(prog=parser.prog, usage=parser.usage, description=help_)
        parser.for_groups.add_argument("--json", action="store_true")
        for each in (parser, parser.for_groups):
            _arguments(each, group=each is parser.for_groups, role=run is not remove)
            each.set_defaults(run=run)


def _arguments(parser: argparse.ArgumentParser, *, group: bool, role: bool) -> None:
    parser.add_argument("project")
    if group:
        parser.add_argument("--group", required=True)
    else:
        parser.add_argument("user", help="or --group NAME: everybody in that group")
        parser.set_defaults(group=None)
    if role:
        parser.add_argument("role", type=console.role, help=ROLES)


def list_(options: argparse.Namespace) -> int:
    from accounts.queries import Sizes, sizes_of
    from projects.queries import members_of, project_as_typed

    actor = console.actor()
    members = list(members_of(actor, project_as_typed(actor, options.project)))
    sizes = sizes_of([member.group for member in members if member.group])
    return console.show(
        options, [_row(member, sizes.get(member.group_id or 0, Sizes())) for member in members]
    )


def _row(member: Member, sizes: Sizes) -> dict[str, Any]:
    from access.table import label

    return {
        "user": member.user.username if member.user else None,
        "group": member.group.name if member.group else None,
        "people": sizes.active if member.group else None,
        "role": label(member.role_id),
        "since": member.created_at.isoformat(timespec="seconds"),
        "added_by": member.created_by_name,
    }


def add(options: argparse.Namespace) -> int:
    from projects.services.members import add_member

    actor, project, subject = _found(options)
    add_member(actor, project, subject, options.role)
    return _told(options, project, subject, "is now {role} of {project}")


def change(options: argparse.Namespace) -> int:
    from projects.services.members import change_role

    actor, project, subject = _found(options)
    change_role(actor, project, subject, options.role)
    return _told(options, project, subject, "is now {role} of {project}")


def remove(options: argparse.Namespace) -> int:
    from projects.services.members import remove_member

    actor, project, subject = _found(options)
    remove_member(actor, project, subject)
    return _told(options, project, subject, "is no member of {project} any more")


def _found(options: argparse.Namespace) -> tuple[Principal, Project, User | Group]:
    from accounts.queries import group_by_name, user_by_name
    from projects.queries import project_as_typed

    actor = console.actor()
    project = project_as_typed(actor, options.project)
    if options.group is not None:
        return actor, project, group_by_name(actor, options.group)
    return actor, project, user_by_name(actor, console.no_robot(options.user, ROBOTS))


def _told(options: argparse.Namespace, project: Project, subject: User | Group, text: str) -> int:
    role = options.role.label if "role" in options else None
    kind, name = ("group", subject.name) if options.group is not None else ("user", subject.username)  # type: ignore[union-attr]  # the kind that was asked for
    who = f"group {name}" if kind == "group" else name
    facts = {"project": project.name, kind: name, "role": role}
    return console.show(options, facts, f"{who} {text.format(role=role, project=project.name)}")
