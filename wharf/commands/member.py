"""`wharf member add|list|change|remove`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from wharf import console

if TYPE_CHECKING:
    from access.principal import Principal
    from accounts.models import User
    from projects.models import Project

ROLES = "project-admin, maintainer, developer, guest or limited-guest"


def register(nouns: console.SubParsers) -> None:
    noun = nouns.add_parser("member", help="who may do what in a project")
    verbs = noun.add_subparsers(required=True, metavar="VERB")
    parser = console.verb(verbs, "list", "list a project's members")
    parser.add_argument("project")
    parser.set_defaults(run=list_)
    for name, aliases, help_, run in (
        ("add", ["create"], "give a user a role in a project", add),
        ("change", [], "give a member another role", change),
        ("remove", [], "take a user's role in a project away", remove),
    ):
        parser = console.verb(verbs, name, help_, aliases=aliases)
        parser.add_argument("project")
        parser.add_argument("user")
        if run is not remove:
            parser.add_argument("role", type=console.role, help=ROLES)
        parser.set_defaults(run=run)


def list_(options: argparse.Namespace) -> int:
    from access.table import Role
    from projects.queries import members_of, project_by_name

    actor = console.actor()
    members = members_of(actor, project_by_name(actor, options.project))
    return console.show(
        options,
        [
            {
                "user": member.user.username if member.user else None,
                "role": Role(member.role_id).label,
                "since": member.created_at.isoformat(timespec="seconds"),
                "added_by": member.created_by_name,
            }
            for member in members
        ],
    )


def add(options: argparse.Namespace) -> int:
    from projects.services.members import add_member

    actor, project, user = _found(options)
    add_member(actor, project, user, options.role)
    text = f"{user.username} is now {options.role.label} of {project.name}"
    return console.show(options, _facts(project, user, options.role.label), text)


def change(options: argparse.Namespace) -> int:
    from projects.services.members import change_role

    actor, project, user = _found(options)
    change_role(actor, project, user, options.role)
    text = f"{user.username} is now {options.role.label} of {project.name}"
    return console.show(options, _facts(project, user, options.role.label), text)


def remove(options: argparse.Namespace) -> int:
    from projects.services.members import remove_member

    actor, project, user = _found(options)
    remove_member(actor, project, user)
    text = f"{user.username} is no member of {project.name} any more"
    return console.show(options, _facts(project, user, None), text)


def _found(options: argparse.Namespace) -> tuple[Principal, Project, User]:
    from accounts.queries import user_by_name
    from projects.queries import project_by_name

    actor = console.actor()
    return actor, project_by_name(actor, options.project), user_by_name(actor, options.user)


def _facts(project: Project, user: User, role: str | None) -> dict[str, Any]:
    return {"project": project.name, "user": user.username, "role": role}
