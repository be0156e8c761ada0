"""`wharf group create|list|show|rename|add|remove|delete`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from wharf import console

if TYPE_CHECKING:
    from collections.abc import Callable

    from access.principal import Principal
    from accounts.models import Group, User
    from accounts.queries import Sizes


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("group", help="people who get roles together").add_subparsers(
        required=True, metavar="VERB"
    )
    console.verb(verbs, "list", "list all groups").set_defaults(run=list_)
    _named(verbs, "create", "create a group, empty", create).add_argument(
        "--oidc", action="store_true", help="one of the OpenID provider, by the name its groups claim lists"
    )
    _named(verbs, "show", "a group, its people and its projects", show)
    _named(verbs, "rename", "give a group another name", rename).add_argument("new_name")
    _named(verbs, "add", "put a user into a group", add).add_argument("user")
    _named(verbs, "remove", "take a user out of a group", remove).add_argument("user")
    _named(verbs, "delete", "delete a group and the roles it has", delete)


def _named(
    verbs: console.SubParsers, name: str, help_: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser = console.verb(verbs, name, help_, aliases=())  # "remove" and "delete" are two things here
    parser.add_argument("name")
    parser.set_defaults(run=run)
    return parser


def create(options: argparse.Namespace) -> int:
    from accounts.services.groups import create_group, create_provided_group

    if options.oidc:
        group = create_provided_group(console.actor(), options.name)
        text = f"group {group.name} created; people of it at the provider are in it once they sign in"
        return console.show(options, _facts(group), text)
    group = create_group(console.actor(), options.name)
    text = f"group {group.name} created; put people into it: wharf group add '{group.name}' USER"
    return console.show(options, _facts(group), text)


def list_(options: argparse.Namespace) -> int:
    from accounts.queries import sizes_of, visible_groups

    groups = list(visible_groups(console.actor()))
    sizes = sizes_of(groups)
    return console.show(options, [_facts(group, sizes[group.pk]) for group in groups])


def show(options: argparse.Namespace) -> int:
    from accounts.queries import people_in, projects_of, sizes_of

    actor, group = _group(options)
    people = [_person(user) for user in people_in(actor, group)]
    projects = projects_of(actor, group)
    found = {**_facts(group, sizes_of([group])[group.pk]), "dn": group.dn, "users": people, "roles": projects}
    return console.show(options, found, _page(found))


def rename(options: argparse.Namespace) -> int:
    from accounts.services.groups import rename_group

    actor, group = _group(options)
    renamed = rename_group(actor, group, options.new_name)
    return console.show(options, _facts(renamed), f"group {group.name} is now called {renamed.name}")


def add(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.groups import add_to_group

    actor, group = _group(options)
    user = user_by_name(actor, options.user)
    add_to_group(actor, group, user)
    facts = {"group": group.name, "user": user.username}
    return console.show(options, facts, f"{user.username} is in group {group.name}")


def remove(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.groups import remove_from_group

    actor, group = _group(options)
    user = user_by_name(actor, options.user)
    remove_from_group(actor, group, user)
    facts = {"group": group.name, "user": user.username}
    return console.show(options, facts, f"{user.username} is not in group {group.name} any more")


def delete(options: argparse.Namespace) -> int:
    from accounts.services.groups import delete_group

    actor, group = _group(options)
    delete_group(actor, group)
    return console.show(options, {"name": group.name}, f"group {group.name} deleted")


def _group(options: argparse.Namespace) -> tuple[Principal, Group]:
    from accounts.queries import group_by_name

    actor = console.actor()
    return actor, group_by_name(actor, options.name)


def _facts(group: Group, sizes: Sizes | None = None) -> dict[str, Any]:
    return {
        "name": group.name,
        "source": group.source,
        "people": sizes.people if sizes else 0,
        "active": sizes.active if sizes else 0,
        "projects": sizes.projects if sizes else 0,
        "read": _time(group.synced_at),
        "gone": _time(group.gone_at),
    }


def _person(user: User) -> dict[str, Any]:
    return {"name": user.username, "active": user.is_active}


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _page(found: dict[str, Any]) -> str:
    lines = [f"group {found['name']} ({found['source']})"]
    lines += (
        [f"directory: {found['dn']}, read {found['read'] or 'never: wharf ldap sync'}"] if found["dn"] else []
    )
    lines += [f"the directory has it no more since {found['gone']}"] if found["gone"] else []
    people = ", ".join(user["name"] + ("" if user["active"] else " (disabled)") for user in found["users"])
    lines.append(f"people ({found['people']}): {people or 'none'}")
    roles = ", ".join(f"{role['role']} of {role['project']}" for role in found["roles"])
    lines.append(
        f"roles ({found['projects']}): {roles or 'none: wharf member add PROJECT --group NAME ROLE'}"
    )
    return "\n".join(lines)
