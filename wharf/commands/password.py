"""`wharf password change`."""

from __future__ import annotations

import argparse

from wharf import console


def register(nouns: console.SubParsers) -> None:
    noun = nouns.add_parser("password", help="passwords of local users")
    verbs = noun.add_subparsers(required=True, metavar="VERB")
    parser = console.verb(verbs, "change", "set a new password; ends the user's sessions", aliases=["set"])
    parser.add_argument("name")
    console.add_password_option(parser)
    parser.set_defaults(run=change)


def change(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.users import set_password

    actor = console.actor()
    user = user_by_name(actor, options.name)
    password = console.read_password(options)
    set_password(actor, user, password)
    found, text = {"name": user.username}, f"password of {user.username} changed"
    if options.generate:
        found, text = {**found, "password": password}, f"{text}: {password}"
    return console.show(options, found, text)
