"""`wharf user create|list|change|remove`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from wharf import console

if TYPE_CHECKING:
    from accounts.models import User

YES_NO = {"yes": True, "no": False}


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("user", help="people who sign in").add_subparsers(required=True, metavar="VERB")
    _register_create(verbs)
    console.verb(verbs, "list", "list all users").set_defaults(run=list_)
    _register_change(verbs)
    remove_ = console.verb(verbs, "remove", "delete a user and his memberships")
    remove_.add_argument("name")
    remove_.set_defaults(run=remove)


def _register_create(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "create", "create a user")
    parser.add_argument("name")
    parser.add_argument("--email", default="")
    parser.add_argument("--full-name", default="")
    parser.add_argument("--admin", action="store_true", help="make the user a system administrator")
    parser.add_argument("--auditor", action="store_true", help="let the user read the whole audit log")
    console.add_password_option(parser)
    parser.set_defaults(run=create)


def _register_change(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "change", "change a user's details, rights or state")
    parser.add_argument("name")
    parser.add_argument("--email")
    parser.add_argument("--full-name")
    parser.add_argument("--admin", choices=YES_NO)
    parser.add_argument("--auditor", choices=YES_NO)
    parser.add_argument("--active", choices=YES_NO, help="'no' disables the user and ends all sessions")
    parser.set_defaults(run=change)


def create(options: argparse.Namespace) -> int:
    from accounts.services.users import create_user

    password = console.read_password(options)
    user = create_user(
        console.actor(),
        options.name,
        password=password,
        email=options.email,
        full_name=options.full_name,
        is_admin=options.admin,
        is_auditor=options.auditor,
    )
    found, text = _facts(user), f"user {user.username} created"
    if options.generate:
        found, text = {**found, "password": password}, f"{text}; password: {password}"
    return console.show(options, found, text)


def list_(options: argparse.Namespace) -> int:
    from accounts.queries import visible_users

    return console.show(options, [_facts(user) for user in visible_users(console.actor())])


def change(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services import users

    wanted = (options.email, options.full_name, options.admin, options.auditor, options.active)
    if all(value is None for value in wanted):
        raise InvalidInput("nothing to change: give --email, --full-name, --admin, --auditor or --active")
    actor = console.actor()
    user = user_by_name(actor, options.name)
    if options.email is not None or options.full_name is not None:
        user = users.change_user(actor, user, email=options.email, full_name=options.full_name)
    if options.admin is not None:
        user = users.set_admin(actor, user, YES_NO[options.admin])
    if options.auditor is not None:
        user = users.set_auditor(actor, user, YES_NO[options.auditor])
    if options.active is not None:
        user = users.enable_user(actor, user) if YES_NO[options.active] else users.disable_user(actor, user)
    return console.show(options, _facts(user), f"user {user.username} changed")


def remove(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.users import remove_user

    actor = console.actor()
    user = user_by_name(actor, options.name)
    remove_user(actor, user)
    return console.show(options, {"name": user.username}, f"user {user.username} removed")


def _facts(user: User) -> dict[str, Any]:
    return {
        "name": user.username,
        "email": user.email,
        "full_name": user.full_name,
        "admin": user.is_admin,
        "auditor": user.is_auditor,
        "active": user.is_active,
    }
