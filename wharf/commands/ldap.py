"""`wharf ldap test|search|sync|import`: an LDAP directory or Active Directory."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.errors import DirectoryUnavailable, InvalidInput, WharfError
from wharf import console, directory_verbs

if TYPE_CHECKING:
    from accounts.ldap import DirectorySettings, Proven, Step


def register(nouns: console.SubParsers) -> None:
    noun = nouns.add_parser("ldap", help="an LDAP directory or Active Directory")
    verbs = noun.add_subparsers(required=True, metavar="VERB")
    _register_test(verbs)
    parser = console.verb(verbs, "search", "find people or groups in the directory")
    parser.add_argument("kind", choices=("people", "groups"))
    parser.add_argument("text", help="a part of the name or address")
    parser.add_argument("--limit", type=int, default=50)
    parser.set_defaults(run=search)
    directory_verbs.register(verbs)


def _register_test(verbs: console.SubParsers) -> None:
    parser = console.verb(
        verbs, "test", "try the directory step by step, with settings that need not be saved"
    )
    parser.add_argument(
        "--user", default="", metavar="NAME", help="somebody to look for, with groups and roles"
    )
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="try the user's password: asked for, or the first line of input",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="pairs",
        metavar="KEY=VALUE",
        help="instead of what is stored",
    )
    parser.add_argument(
        "--from-file",
        action="append",
        default=[],
        metavar="KEY=PATH",
        help="the value is what the file holds",
    )
    parser.add_argument("--stdin", metavar="KEY", help="the value is asked for, or read from standard input")
    parser.set_defaults(run=test)


def test(options: argparse.Namespace) -> int:
    from accounts.ldap import DirectorySettings, diagnose
    from wharf.commands import config

    if options.stdin and options.password_stdin:
        raise InvalidInput("standard input cannot hold both: give one of the secrets with --from-file")
    if options.password_stdin and not options.user:
        raise InvalidInput("whose password is it? give --user NAME")
    password = _password() if options.password_stdin else ""
    with _told():
        settings = DirectorySettings.proposed(config.given(options))
    steps = diagnose(settings, options.user, password, roles=lambda proven: _roles(settings, proven))
    done = all(step.ok for step in steps)
    if options.json:
        console.show(options, {"ok": done, "steps": [asdict(step) for step in steps]})
    else:
        _print(options, steps, done=done)
    return 0 if done else 1


def search(options: argparse.Namespace) -> int:
    from accounts.ldap import Directory

    with _told():
        directory = Directory.current()
        if options.kind == "people":
            people = directory.search_people(options.text, options.limit)
            rows: list[dict[str, Any]] = [asdict(person) for person in people]
            shown = ["name", "full_name", "email", "is_disabled", "dn"]
        else:
            rows = [asdict(group) for group in directory.search_groups(options.text, options.limit)]
            shown = ["name", "dn"]
    if not options.json:
        if not rows:
            sys.stderr.write(f"no {options.kind} found: wharf ldap test tells what is searched\n")
        rows = [{name: row[name] for name in shown} for row in rows]
    return console.show(options, rows)


def _print(options: argparse.Namespace, steps: list[Step], *, done: bool) -> None:
    rows = [
        {"step": step.name, "ok": step.ok, "ms": step.milliseconds, "found": step.detail} for step in steps
    ]
    console.show(options, rows)
    for step in steps:
        if step.filter:
            sys.stdout.write(f"searched for {step.name}: {step.filter}\n")
        if step.hint:
            sys.stdout.write(f"{step.name}: {step.hint}\n")
    if done and not options.user:
        sys.stdout.write("next: wharf ldap test --user NAME tries somebody, with groups and roles\n")


def _roles(settings: DirectorySettings, proven: Proven) -> str:
    from accounts.ldap.roles import expected_roles

    return expected_roles(settings, proven)


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


@contextmanager
def _told() -> Iterator[None]:
    """The reason, which those who sign in are not told, for the administrator at the machine."""
    try:
        yield
    except DirectoryUnavailable as error:
        raise WharfError(error.told) from None
