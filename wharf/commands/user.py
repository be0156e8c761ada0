"""`wharf user create|list|show|keys|change|link|unlink|migrate|remove`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from wharf import console

if TYPE_CHECKING:
    from access.principal import Principal
    from accounts.models import Identity, User

YES_NO = {"yes": True, "no": False}


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("user", help="people who sign in").add_subparsers(required=True, metavar="VERB")
    _register_create(verbs)
    console.verb(verbs, "list", "list all users").set_defaults(run=list_)
    show_ = console.verb(verbs, "show", "all about a user")
    show_.add_argument("name")
    show_.set_defaults(run=show)
    keys_ = console.verb(verbs, "keys", "all that lets a user in: password, other systems, tokens, sessions")
    keys_.add_argument("name")
    keys_.set_defaults(run=keys)
    _register_change(verbs)
    _register_sources(verbs)
    remove_ = console.verb(
        verbs, "remove", "delete a user with his keys and memberships; only the audit log keeps his name"
    )
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
    parser.add_argument("--rename", metavar="NAME", help="another name to sign in with; rights stay")
    parser.add_argument("--email")
    parser.add_argument("--full-name")
    parser.add_argument("--admin", choices=YES_NO)
    parser.add_argument("--auditor", choices=YES_NO)
    parser.add_argument("--active", choices=YES_NO, help="'no' disables the user and ends all sessions")
    parser.set_defaults(run=change)


def _register_sources(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "link", "let a person of the directory sign in to an account")
    parser.add_argument("name")
    parser.add_argument("--ldap-name", help="what the person signs in to the directory with, if not NAME")
    parser.set_defaults(run=link)
    parser = console.verb(verbs, "unlink", "let the account's own password alone sign in again")
    parser.add_argument("name")
    parser.set_defaults(run=unlink)
    parser = console.verb(verbs, "migrate", "make an account a local one, or one of the directory")
    parser.add_argument("name")
    parser.add_argument("--to", choices=("local", "ldap"), required=True)
    parser.add_argument("--ldap-name", help="what the person signs in to the directory with, if not NAME")
    console.add_password_option(parser)
    parser.set_defaults(run=migrate)


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

    wanted = (
        options.rename,
        options.email,
        options.full_name,
        options.admin,
        options.auditor,
        options.active,
    )
    if all(value is None for value in wanted):
        raise InvalidInput(
            "nothing to change: give --rename, --email, --full-name, --admin, --auditor or --active"
        )
    actor = console.actor()
    user = user_by_name(actor, options.name)
    if options.rename is not None:
        user = users.rename_user(actor, user, options.rename)
    if options.email is not None or options.full_name is not None:
        user = users.change_user(actor, user, email=options.email, full_name=options.full_name)
    if options.admin is not None:
        user = users.set_admin(actor, user, YES_NO[options.admin])
    if options.auditor is not None:
        user = users.set_auditor(actor, user, YES_NO[options.auditor])
    if options.active is not None:
        user = users.enable_user(actor, user) if YES_NO[options.active] else users.disable_user(actor, user)
    return console.show(options, _facts(user), f"user {user.username} changed")


def show(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name

    user = user_by_name(console.actor(), options.name)
    facts = _facts(user) | {
        "disabled_by": user.disabled_by,
        "password": user.has_usable_password(),
        "identities": [_identity(each) for each in user.identities.order_by("source", "issuer")],
        "groups": [group.group.name for group in user.groups.select_related("group").order_by("group__name")],
    }
    lines = [
        f"{user.username}  {user.full_name}  {user.email}".rstrip(),
        f"account:   {user.source}, {_state(user)}",
        f"rights:    {_rights(user)}",
        f"password:  {'its own' if facts['password'] else 'none of its own'}",
        *(
            f"identity:  {each['source']} {each['name']} ({each['dn']}){', gone from there' if each['gone'] else ''}"
            for each in facts["identities"]
        ),
        *([f"groups:    {', '.join(facts['groups'])}"] if facts["groups"] else []),
    ]
    return console.show(options, facts, "\n".join(lines))


def keys(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.access_tokens import access_tokens_of
    from accounts.services.sessions import sessions_of
    from wharf.commands.token import facts

    actor = console.actor()
    robots = "wharf robot show NAME says all about its secret"
    user = user_by_name(actor, console.no_robot(options.name, robots))
    found = [_way_in("password", "its own")] if user.has_usable_password() else []
    found += [_way_in(each.source, each.name) for each in user.identities.order_by("source", "issuer")]
    found += [_way_in("token", token.name, facts(token)) for token in access_tokens_of(actor, user)]
    for session in sessions_of(actor, user):
        seen = {"last_used": session.seen_at.isoformat(timespec="seconds"), "from": session.ip}
        found += [_way_in("session", str(session.id), seen)]
    return console.show(options, found)


def link(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.identities import link_identity
    from accounts.sync.people import find_person, the_directory

    actor = console.actor()
    user = user_by_name(actor, options.name)
    person = find_person(the_directory(), options.ldap_name or user.username)
    identity = link_identity(actor, user, person)
    return console.show(options, _identity(identity), f"{user.username} is linked to {identity.dn}")


def unlink(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.identities import unlink_identity

    actor = console.actor()
    user = unlink_identity(actor, user_by_name(actor, options.name))
    return console.show(options, _facts(user), f"{user.username} signs in with his own password alone")


def migrate(options: argparse.Namespace) -> int:
    return _to_local(options) if options.to == "local" else _to_directory(options)


def _to_local(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.identities import migrate_to_local

    actor = console.actor()
    user = user_by_name(actor, options.name)
    password = console.read_password(options)
    user = migrate_to_local(actor, user, password)
    found, text = _facts(user), f"{user.username} is a local account now"
    if options.generate:
        found, text = {**found, "password": password}, f"{text}; password: {password}"
    return console.show(options, found, text)


def _to_directory(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.identities import migrate_to_directory
    from accounts.sync.people import find_person, the_directory

    actor = console.actor()
    user = user_by_name(actor, options.name)
    person = find_person(the_directory(), options.ldap_name or user.username)
    user = migrate_to_directory(actor, user, person)
    text = f"{user.username} signs in with the password of the directory now ({person.dn})"
    return console.show(options, _facts(user), text)


def remove(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.users import remove_user

    actor = console.actor()
    user = user_by_name(actor, options.name)
    is_in_directory = user.identities.filter(gone_at__isnull=True).exists()
    gone = _counts(actor, user)
    remove_user(actor, user)
    told = [f"{number} {what}{'' if number == 1 else 's'}" for what, number in gone.items() if number]
    text = f"user {user.username} removed" + (f", and with him {', '.join(told)}" if told else "")
    if is_in_directory:
        text += "\nthe directory still knows him: signing in makes a new account (to keep him out, disable instead)"
    return console.show(options, {"name": user.username, "removed": gone}, text)


def _counts(actor: Principal, user: User) -> dict[str, int]:
    """What goes with the account, by what it is called."""
    from accounts.services.sessions import sessions_of

    return {
        "role": user.memberships.count(),
        "key": user.access_tokens.count(),
        "session": len(sessions_of(actor, user)),
    }


def _way_in(kind: str, name: str, facts: dict[str, Any] | None = None) -> dict[str, Any]:
    known = facts or {}
    return {"kind": kind, "name": name, **{key: known.get(key) for key in ("expires", "last_used", "from")}}


def _facts(user: User) -> dict[str, Any]:
    return {
        "name": user.username,
        "email": user.email,
        "full_name": user.full_name,
        "admin": user.is_admin,
        "auditor": user.is_auditor,
        "active": user.is_active,
        "source": user.source,
    }


def _identity(identity: Identity) -> dict[str, Any]:
    gone = identity.gone_at
    return {
        "source": identity.source,
        "name": identity.name,
        "dn": identity.dn,
        "subject": identity.subject,
        "linked": identity.linked_at.isoformat(timespec="seconds"),
        "gone": gone.isoformat(timespec="seconds") if gone else None,
        "state": ", gone from the directory" if gone else "",
    }


def _state(user: User) -> str:
    by = f" by {'the directory' if user.disabled_by == 'directory' else 'an administrator'}"
    return "active" if user.is_active else f"disabled{by}"


def _rights(user: User) -> str:
    held = {
        "system administrator": (user.is_admin, user.admin_from_directory),
        "auditor": (user.is_auditor, user.auditor_from_directory),
    }
    words = [
        f"{name}{' by a group of the directory' if given else ''}"
        for name, (has, given) in held.items()
        if has
    ]
    return ", ".join(words) or "none system-wide"
