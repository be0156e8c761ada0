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
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput

if TYPE_CHECKING:
    from access.principal import Principal
    from access.table import Role

    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names no other type

GENERATED_BYTES = 18
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


def verb(verbs: SubParsers, name: str, help_: str, *, aliases: Sequence[str] = ()) -> argparse.ArgumentParser:
    """A verb's parser, with --json."""
    parser = verbs.add_parser(name, help=help_, description=help_, aliases=list(aliases))
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    return parser


def show(
    options: argparse.Namespace, found: Mapping[str, Any] | Sequence[Mapping[str, Any]], text: str = ""
) -> int:
    """Print one thing (as `text`) or a list (as a table), or either as JSON. Returns exit status 0."""
    if options.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, default=str) + "\n")
    elif isinstance(found, Mapping):
        sys.stdout.write(text + "\n")
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
    return "" if value is None else str(value)


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
        return sys.stdin.readline().rstrip("\r\n")
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
