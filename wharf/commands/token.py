"""`wharf token create|list|revoke`: personal access tokens and CLI secrets."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from wharf import console, robot_options

if TYPE_CHECKING:
    from access.allowances import Allowances
    from access.principal import Principal
    from accounts.models import AccessToken

KINDS = {"pat": "access token", "cli": "CLI secret"}


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("token", help="people's access tokens").add_subparsers(
        required=True, metavar="VERB"
    )
    _register_create(verbs)
    parser = console.verb(verbs, "list", "list access tokens and CLI secrets")
    parser.add_argument("user", nargs="?", help="whose; everybody's without it")
    parser.set_defaults(run=list_)
    parser = console.verb(
        verbs, "revoke", "end a token, and what was got by it", aliases=["remove", "delete"]
    )
    parser.add_argument("user")
    parser.add_argument("token", nargs="?", help="its name")
    parser.add_argument("--all", action="store_true", help="all of the user's tokens, and his CLI secret")
    parser.set_defaults(run=revoke)


def _register_create(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "create", "make a token of one's own: the owner's password is asked for")
    parser.add_argument("user", help="its owner, whose password is asked for or read from standard input")
    parser.add_argument("token", help="its name")
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="PERMISSION",
        help="pull, push, delete, or permissions of docs/permissions.md such as tag:list, separated by commas; can be repeated",
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--project", action="append", default=[], help="where; can be repeated")
    place.add_argument("--all-projects", action="store_true", help="in every project")
    place.add_argument("--system", action="store_true", help="in the system as a whole")
    place.add_argument("--everything", action="store_true", help="for everything its owner may do")
    parser.add_argument(
        "--repository", action="append", default=[], metavar="GLOB", help="only these, such as 'team/**'"
    )
    parser.add_argument("--days", type=int, help="how long it lives; -1 for ever, where that is possible")
    parser.add_argument(
        "--network", action="append", default=[], metavar="CIDR", help="where it may be used from"
    )
    parser.set_defaults(run=create)


def create(options: argparse.Namespace) -> int:
    from access.principal import Origin
    from accounts import gate
    from accounts.models import User
    from accounts.services.access_tokens import WantedToken, create_access_token

    _check(options)
    # Whoever holds a token acts in its owner's name: so it takes the owner, at this machine too.
    owner = gate.prove_person(options.user, _owners_password(), Origin(agent="wharf command"))
    wanted = WantedToken(options.token, _allowances(owner, options), options.days, options.network)
    token, secret = create_access_token(owner, User.objects.get(pk=owner.id), wanted)
    found = facts(token) | {"secret": secret}
    until = f"until {found['expires']}" if found["expires"] else "for ever"
    return console.show(
        options, found, f"token {token.name} created, good {until}; it is shown this once: {secret}"
    )


def list_(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.access_tokens import access_tokens_of, all_access_tokens

    actor = console.actor()
    if options.user is None:
        return console.show(options, [facts(token) for token in all_access_tokens(actor)])
    user = user_by_name(actor, options.user)
    return console.show(options, [facts(token) for token in access_tokens_of(actor, user)])


def revoke(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from accounts.services.access_tokens import access_token_by_name, revoke_access_token, revoke_all

    if options.all is (options.token is not None):
        raise InvalidInput("say which token: its name, or --all")
    actor = console.actor()
    user = user_by_name(actor, options.user)
    if options.all:
        number = revoke_all(actor, user)
        return console.show(options, {"user": user.username, "revoked": number}, f"{number} revoked")
    token = access_token_by_name(actor, user, options.token)
    revoke_access_token(actor, token)
    return console.show(options, {"user": user.username, "revoked": 1}, f"{token.name} revoked")


def facts(token: AccessToken) -> dict[str, Any]:
    """What is told of a token, without what proves it."""
    return {
        "owner": token.user.username,
        "name": token.name,
        "kind": KINDS[token.kind],
        "allows": _allows(token),
        "networks": ", ".join(token.networks) or "any",
        "created": token.created_at.isoformat(timespec="seconds"),
        "expires": token.expires_at.isoformat(timespec="seconds") if token.expires_at else None,
        "last_used": token.last_used_at.isoformat(timespec="seconds") if token.last_used_at else None,
        "from": token.last_used_ip,
    }


def _allows(token: AccessToken) -> str:
    from access.allowances import from_json
    from accounts.keys.permission_documents import written

    if token.allowances is None:
        return "everything"
    return "; ".join(_sentence(each) for each in written(from_json(token.allowances))) or "nothing any more"


def _sentence(document: dict[str, Any]) -> str:
    what = ", ".join(f"{each['resource']}:{each['action']}" for each in document["access"])
    where = {"/": "the system", "*": "all projects"}.get(document["namespace"], document["namespace"])
    globs = f" ({', '.join(document['repositories'])})" if document.get("repositories") else ""
    return f"{what} in {where}{globs}"


def _check(options: argparse.Namespace) -> None:
    """Before the password is asked for. Raises InvalidInput."""
    if options.everything and (options.allow or options.repository):
        raise InvalidInput("--everything has no bounds: leave --allow and --repository out, or it")
    if not options.everything and not options.allow:
        raise InvalidInput("say what the token is for: --allow pull, push or a permission, or --everything")


def _allowances(owner: Principal, options: argparse.Namespace) -> Allowances | None:
    """Raises InvalidInput, ProjectUnknown."""
    from accounts.keys.permission_documents import parsed

    if options.everything:
        return None
    given = [name.strip() for text in options.allow for name in text.split(",")]
    names = [name for each in given for name in robot_options.SETS.get(each, (each,))]
    access = robot_options.access(names)
    robot_options.check_patterns(options.repository, options.project)
    kind = "system" if options.system else "project"
    places = ["/"] if options.system else ["*"] if options.all_projects else options.project
    return parsed(
        owner,
        [
            {"kind": kind, "namespace": place, "access": access, "repositories": options.repository}
            for place in places
        ],
    )


def _owners_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("The owner's password: ")
    return sys.stdin.readline().rstrip("\r\n")
