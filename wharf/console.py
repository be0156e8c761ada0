"""What the commands share: who acts, how results are shown, how passwords and sizes are read."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from core.errors import InvalidInput

if TYPE_CHECKING:
    from access.principal import Principal
    from access.table import Role

    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names no other type

GENERATED_BYTES = 18
# What people type as well.
TWINS: Final = {"remove": ("delete",)}
ROBOT_MARK: Final = "$"  # accounts.keys.robots.MARK, which needs Django
_UNITS = {"": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_SIZE = re.compile(rf"([0-9]{{1,15}})({'|'.join(_UNITS)})", re.ASCII)


def actor() -> Principal:
    """The person at the machine, by the name of the operating system's account."""
    from access.principal import Principal

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a uid without a name, as in many containers
        name = f"uid {os.getuid()}"
    return Principal.system(name)


def verb(
    verbs: SubParsers, name: str, help_: str, *, aliases: Sequence[str] | None = None
) -> argparse.ArgumentParser:
    """A verb's parser, with --json. Without `aliases` it has those of TWINS."""
    others = TWINS.get(name, ()) if aliases is None else aliases
    parser = verbs.add_parser(name, help=help_, description=help_, aliases=list(others))
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    return parser


def show(
    options: argparse.Namespace, found: Mapping[str, Any] | Sequence[Mapping[str, Any]], text: str = ""
) -> int:
    """Print one thing (as `text`) or a list (as a table), or either as JSON. Returns exit status 0."""
    if options.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, default=str) + "\n")
    elif isinstance(found, Mapping):
        sys.stdout.write(printable(text, keep="\n") + "\n")
    else:
        _table(found)
    return 0


def _table(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    lines = [
        [name.replace("_", " ") for name in rows[0]],
        *([_cell(value) for value in row.values()] for row in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else printable(str(value))


def printable(text: str, keep: str = "") -> str:
    """Whatever would move the cursor, turn the text around or end the line is shown as U+FFFD: others chose some of it."""
    return "".join(
        each if each.isprintable() or each in keep else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def no_robot(name: str, instead: str) -> str:
    """`name`, where only people are meant. Raises InvalidInput for a robot's, with what to do instead."""
    if ROBOT_MARK in name:
        raise InvalidInput(f"'{name}' is a robot: {instead}", robot=name)
    return name


def by_whom(kind: str, name: str) -> str:
    """A name as lists have it. Who works at the machine has no account, and somebody's may have the same name."""
    return f"{name} (wharf command)" if kind == "system" else name


def add_password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--generate",
        action="store_true",
        help="make a random password and print it once; else it is asked for, or read from standard input",
    )


def read_password(options: argparse.Namespace) -> str:
    """A password: random, typed twice, or the first line of standard input. Arguments would show in `ps`."""
    if options.generate:
        return secrets.token_urlsafe(GENERATED_BYTES)
    if not sys.stdin.isatty():
        if password := sys.stdin.readline().rstrip("\r\n"):
            return password
        raise InvalidInput(
            "no password on standard input: type it at a terminal, pipe it in, or use --generate"
        )
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise InvalidInput("the two passwords differ")
    return first


def size(text: str) -> int:
    """Bytes from "1073741824", "10GiB" or "unlimited" (-1). Raises ArgumentTypeError."""
    if text in ("unlimited", "-1"):
        return -1
    match = _SIZE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size: write bytes, 500MiB, 10GiB, 2TiB or 'unlimited'"
        )
    return int(match[1]) * _UNITS[match[2]]


def size_text(count: int) -> str:
    """Bytes for people: "unlimited", "512 B", "1.5 GiB"."""
    if count < 0:
        return "unlimited"
    for unit, factor in reversed(_UNITS.items()):
        if unit and count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def role(text: str) -> Role:
    """A role by its name ("project-admin", "Project admin"). Raises ArgumentTypeError."""
    from access.table import Role

    names = {item.label.replace(" ", "-"): item for item in Role}
    found = names.get(text.strip().lower().replace(" ", "-").replace("_", "-"))
    if found is None:
        raise argparse.ArgumentTypeError(f"no role {text!r}: choose from {', '.join(names)}")
    return found
