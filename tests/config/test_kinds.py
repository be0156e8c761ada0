"""What each kind of setting takes, from JSON and from text."""

from __future__ import annotations

from enum import IntEnum
from ipaddress import ip_network
from typing import Any

import pytest

from config import kinds
from config.kinds import Kind, Unacceptable

pytestmark = pytest.mark.unit


class Depth(IntEnum):
    BASE = 0
    SUBTREE = 2


BOOLEAN, MINUTES, DEPTH = kinds.boolean(), kinds.whole(1, 60, "minutes"), kinds.choice(Depth)
LINE, BLOCK, SECRET = (
    kinds.line("text", str, limit=8),
    kinds.block("text", str, limit=8),
    kinds.secret(limit=8),
)
URLS, NETWORKS, PORTS = kinds.urls("addresses", str.lower, limit=2), kinds.networks(), kinds.ports()


@pytest.mark.parametrize(
    ("kind", "given", "value", "written"),
    [
        (BOOLEAN, True, True, True),
        (MINUTES, 60, 60, 60),
        (DEPTH, 2, Depth.SUBTREE, 2),
        (DEPTH, "2", Depth.SUBTREE, 2),
        (DEPTH, "Base", Depth.BASE, 0),
        (LINE, " ab ", "ab", "ab"),
        (LINE, "  ", "", ""),
        (BLOCK, "a\nb", "a\nb\n", "a\nb\n"),
        (URLS, "A, b  a", ("a", "b"), "a b"),
        (NETWORKS, ["10.0.0.0/8", "10.0.0.0/8"], (ip_network("10.0.0.0/8"),), ["10.0.0.0/8"]),
        (NETWORKS, ["fd00::/8"], (ip_network("fd00::/8"),), ["fd00::/8"]),
        (NETWORKS, [], (), []),
        (PORTS, [443, 80, 80], (80, 443), [80, 443]),
    ],
)
def test_a_value_is_read_and_written_back(kind: Kind[Any], given: Any, value: Any, written: Any) -> None:
    assert kind.read(given) == value
    assert kind.write(kind.read(given)) == written


REFUSED: list[tuple[Kind[Any], list[Any]]] = [
    (BOOLEAN, ["true", 1, 0, None, [], ""]),
    (MINUTES, [0, 61, -1, 1.5, "5", True, None, 10**30]),
    (DEPTH, [1, True, False, "none", None, [2], ""]),
    (LINE, [7, None, "123456789", "a\nb", "a\x00", "a\u202eb", ["a"]]),
    (BLOCK, [7, None, "123456789", "a\x00", "\ud800"]),
    (SECRET, [7, None, "123456789", "a\x00", "\ud800", {"sealed": "x"}]),
    (URLS, [7, None, ["a"], "a b c"]),
    (NETWORKS, ["10.0.0.0/8", None, [10], ["10.0.0.1/8"], ["x"], [""], ["8.8.8.0/24"], ["10.0.0.0/8"] * 257]),
    (NETWORKS, [["0.0.0.0/0"], ["::/0"], ["0.0.0.0/8"], ["224.0.0.0/8"], ["10.0.0.0/7"], ["2002::/16"]]),
    (PORTS, [[], [0], [65_536], [True], ["80"], "80", None, [1] * 65]),
]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in REFUSED for value in values])
def test_any_other_value_is_refused(kind: Kind[Any], value: Any) -> None:
    with pytest.raises(Unacceptable):
        kind.read(value)


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (BOOLEAN, " Yes ", True),
        (BOOLEAN, "off", False),
        (MINUTES, "5", 5),
        (DEPTH, "subtree", Depth.SUBTREE),
        (NETWORKS, "10.0.0.0/8, fd00::/8", (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))),
        (PORTS, "443,80", (80, 443)),
        (LINE, "ab", "ab"),
    ],
)
def test_what_a_person_types_means_the_same(kind: Kind[Any], typed: str, value: Any) -> None:
    assert kind.read(kind.text(typed)) == value


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (BOOLEAN, "maybe"),
        (MINUTES, "five"),
        (MINUTES, "٥"),
        (MINUTES, "1_0"),
        (PORTS, "80,http"),
        (PORTS, ""),
        (PORTS, "٨٠"),
        (DEPTH, "all"),
        (NETWORKS, "localhost"),
    ],
)
def test_what_cannot_be_meant_is_refused(kind: Kind[Any], typed: str) -> None:
    with pytest.raises(Unacceptable):
        kind.read(kind.text(typed))


def test_a_secret_does_not_show_itself() -> None:
    secret = SECRET.read("hunter2")
    assert "hunter2" not in f"{secret} {secret!r}"
    assert SECRET.write(secret) == "hunter2"


def test_a_refusal_never_repeats_the_value() -> None:
    with pytest.raises(Unacceptable) as refused:
        SECRET.read("hunter2hunter2")
    assert "hunter2" not in str(refused.value)
