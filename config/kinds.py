"""The kinds of values settings have: how one is read from JSON or text, checked, written back and described.

`Kind.read` takes what JSON knows (REST, the table); `Kind.text` turns what a person types (a variable of the environment, a
command line) into that. A value is stored and shown in the shape `Kind.write` gives. Pure functions, no Django.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_network
from typing import Any, Final, Generic, TypeVar

from pydantic import SecretStr

from net.addresses import SPECIAL, Network, openable

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

MAX_TEXT: Final = 1024
MAX_NETWORKS: Final = 256
MAX_PORTS: Final = 64
HIGHEST_PORT: Final = 65_535
_WORDS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


# What neither the database nor UTF-8 has: NUL, and half a character.
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


class Unacceptable(ValueError):
    """A value a setting cannot have; the text says what it can, and never repeats the value."""


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """`takes` describes the values for people. `read` and `text` raise Unacceptable."""

    name: str
    takes: str
    read: Callable[[Any], T]
    write: Callable[[T], Any] = _same
    text: Callable[[str], Any] = _same
    secret: bool = False


def boolean() -> Kind[bool]:
    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise Unacceptable("must be true or false")
        return value

    def text(typed: str) -> bool:
        found = _WORDS.get(typed.strip().lower())
        if found is None:
            raise Unacceptable("must be true or false")
        return found

    return Kind("boolean", "true or false", read, text=text)


def whole(lowest: int, highest: int, unit: str) -> Kind[int]:
    """A whole number of `unit`s within the bounds, both included."""
    takes = f"{lowest} to {highest} {unit}"

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise Unacceptable(f"must be a whole number, {takes}")
        return value

    def text(typed: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", typed.strip(), re.ASCII):
            raise Unacceptable(f"must be a whole number, {takes}")
        return int(typed)

    return Kind("whole number", takes, read, text=text)


def choice(options: type[E]) -> Kind[E]:
    """One of an enumeration: its value, or its name in lower case."""
    names = {option.name.lower(): option for option in options}
    takes = ", ".join(_choice_text(option) for option in options)

    def read(value: Any) -> E:
        # Terraform's provider sends the numbers of a scope as text.
        same = [option for option in options if str(option.value) == str(value)]
        found = same[0] if same and not isinstance(value, bool) else names.get(str(value).lower())
        if found is None:
            raise Unacceptable(f"must be one of {takes}")
        return found

    return Kind("choice", takes, read, lambda option: option.value)


def _choice_text(option: Enum) -> str:
    name = option.name.lower()
    return name if str(option.value) == name else f"{option.value} ({name})"


def line(
    takes: str, check: Callable[[str], str], *, limit: int = MAX_TEXT, required: bool = False
) -> Kind[str]:
    """One line of text, "" for none unless `required`. `check` gives the form it is kept in, or raises Unacceptable."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Unacceptable("must be text")
        if len(value) > limit or not value.isprintable():
            raise Unacceptable(f"must be one line of at most {limit} characters")
        if required and not value.strip():
            raise Unacceptable("must not be empty: reset it to get its default")
        return check(value.strip()) if value.strip() else ""

    return Kind("text", takes, read)


def block(takes: str, check: Callable[[str], str], *, limit: int) -> Kind[str]:
    """Text of several lines, "" for none."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) > limit or _UNSTORABLE.search(value):
            raise Unacceptable(f"must be text of at most {limit} characters")
        return check(value.strip() + "\n") if value.strip() else ""

    return Kind("text block", takes, read)


def secret(*, limit: int = MAX_TEXT) -> Kind[SecretStr]:
    """Text that is stored sealed and shown to nobody, "" for none."""

    def read(value: Any) -> SecretStr:
        if not isinstance(value, str) or len(value) > limit or _UNSTORABLE.search(value):
            raise Unacceptable(f"must be text of at most {limit} characters")
        return SecretStr(value)

    return Kind(
        "secret", f"text of at most {limit} characters", read, SecretStr.get_secret_value, secret=True
    )


def urls(takes: str, check: Callable[[str], str], *, limit: int) -> Kind[tuple[str, ...]]:
    """Addresses in order of preference, with spaces between, the form in which other registries' clients send one."""

    def read(value: Any) -> tuple[str, ...]:
        if not isinstance(value, str):
            raise Unacceptable("must be text")
        found = tuple(dict.fromkeys(check(part) for part in re.split(r"[\s,]+", value.strip()) if part))
        if len(found) > limit:
            raise Unacceptable(f"must be at most {limit} addresses")
        return found

    return Kind("addresses", takes, read, " ".join)


def networks() -> Kind[tuple[Network, ...]]:
    """Networks that are not public and may be connected to nevertheless."""

    def read(value: Any) -> tuple[Network, ...]:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise Unacceptable("must be a list of networks")
        if len(value) > MAX_NETWORKS:
            raise Unacceptable(f"must be at most {MAX_NETWORKS} networks")
        return tuple(dict.fromkeys(_network(each) for each in value))

    return Kind(
        "networks", "networks such as 10.1.0.0/16", read, lambda found: [str(each) for each in found], _listed
    )


def _network(text: str) -> Network:
    try:
        network = ip_network(text.strip())
    except ValueError:
        raise Unacceptable(
            "must be networks such as 10.1.0.0/16 or fd12:3456::/32, without host bits"
        ) from None
    if not openable(network):
        ranges = ", ".join(str(each.network) for each in SPECIAL if each.can_open)
        raise Unacceptable(f"each network must lie in one of {ranges}; public addresses need no entry")
    return network


def ports() -> Kind[tuple[int, ...]]:
    """TCP ports, at least one."""

    def read(value: Any) -> tuple[int, ...]:
        if not isinstance(value, list) or not all(type(each) is int for each in value):
            raise Unacceptable("must be a list of port numbers")
        if not 1 <= len(value) <= MAX_PORTS or not all(1 <= each <= HIGHEST_PORT for each in value):
            raise Unacceptable(f"must be 1 to {MAX_PORTS} ports from 1 to {HIGHEST_PORT}")
        return tuple(sorted(set(value)))

    def text(typed: str) -> list[int]:
        if not all(re.fullmatch(r"[0-9]{1,5}", each, re.ASCII) for each in _listed(typed)):
            raise Unacceptable("must be port numbers with commas between")
        return [int(each) for each in _listed(typed)]

    return Kind("ports", f"ports from 1 to {HIGHEST_PORT}", read, list, text)


def _listed(typed: str) -> list[str]:
    return [part for part in re.split(r"[\s,]+", typed.strip()) if part]
