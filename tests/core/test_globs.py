"""Globs: against a slow reading of the same rules, against PostgreSQL, and against patterns made to cost time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.globs import MAX_ALTERNATIVES, MAX_CHARACTERS, MAX_PATH, Alternative, Glob

PIECES = ["a", "b", "ab", "-", ".", "/", "*", "**", "?", "**/", "/**", "{a,b}", "{,a}", "{a/*,?}", "{**,b}"]
PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)
PATHS = st.text(alphabet="ab/.-", max_size=9)


def choices(pattern: str) -> list[str]:
    """Every way to write the pattern without braces."""
    parts = [
        part[1:-1].split(",") if part.startswith("{") else [part]
        for part in re.split(r"(\{[^}]*\})", pattern)
    ]
    return ["".join(choice) for choice in product(*parts)]


def slowly(pattern: str, path: str) -> bool:
    """By trying everything: what the rules say, and nothing else."""
    return any(
        _one(each, path) or (each.startswith("**/") and each != "**/" and _one(each[3:], path))
        for each in choices(pattern)
    )


def _one(pattern: str, path: str) -> bool:
    if not pattern:
        return not path
    if pattern.startswith("**"):
        return any(_one(pattern[2:], path[end:]) for end in range(len(path) + 1))
    if pattern[0] == "*":
        run = len(path.partition("/")[0])
        return any(_one(pattern[1:], path[end:]) for end in range(run + 1))
    if not path or (pattern[0] == "?" and path[0] == "/"):
        return False
    return (pattern[0] == "?" or pattern[0] == path[0]) and _one(pattern[1:], path[1:])


def parsed(pattern: str) -> Glob:
    try:
        return Glob.parse(pattern)
    except InvalidInput:
        assume(False)
        raise


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("team/*", ["team/web", "team/"], ["team", "team/web/a", "teamx/web"]),
        ("team/**", ["team/web", "team/web/a"], ["team", "xteam/web"]),
        ("**", ["", "a", "a/b/c"], []),
        ("*", ["", "web"], ["team/web"]),
        ("**/web", ["web", "a/web", "a/b/web"], ["aweb", "web/a"]),
        ("a?c", ["abc", "a-c"], ["ac", "a/c", "abbc"]),
        ("{web,api}/v?", ["web/v1", "api/v2"], ["web", "other/v1"]),
        ("{a{b,c},d}", ["ab", "ac", "d"], ["a", "b"]),
        ("a.b", ["a.b"], ["axb"]),
        ("a_b", ["a_b"], ["axb", "a-b"]),
    ],
)
def test_what_is_meant_is_matched_and_nothing_else(pattern: str, yes: list[str], no: list[str]):
    glob = Glob.parse(pattern)
    assert [each for each in yes if not glob.matches(each)] == []
    assert [each for each in no if glob.matches(each)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        *"A%$[]|()",
        "",
        "a b",
        "a\\b",
        "ä",
        "а",
        "{a",
        "a}",
        "a,b",
        "{a,b",
        "a\n",
        "\0",
        "a" * 257,
        "{a,b}" * 7,
        "*a" * 17,
        "?" * 17,
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str):
    with pytest.raises(InvalidInput):
        Glob.parse(pattern)


@settings(max_examples=1000, deadline=None)
@given(pattern=PATTERNS, path=PATHS)
@example(pattern="**/", path="")
@example(pattern="{**,b}/a", path="a")
@example(pattern="***", path="a/b")
def test_matching_is_what_the_rules_say(pattern: str, path: str):
    assert parsed(pattern).matches(path) is slowly(pattern, path)


@settings(max_examples=1500, deadline=None)
@given(wide=PATTERNS, narrow=PATTERNS, path=PATHS)
@example(wide="x", narrow="**/x", path="a/x")
@example(wide="*", narrow="**", path="a/b")
@example(wide="?", narrow="*", path="")
@example(wide="a*", narrow="a?", path="a/")
def test_what_a_covered_pattern_matches_the_covering_one_matches(wide: str, narrow: str, path: str):
    one, other = parsed(wide), parsed(narrow)
    if one.covers(other) and other.matches(path):
        assert one.matches(path)


@settings(max_examples=300, deadline=None)
@given(pattern=PATTERNS)
def test_every_pattern_covers_itself_and_is_covered_by_all(pattern: str):
    glob = parsed(pattern)
    assert glob.covers(glob)
    assert Glob.parse("**").covers(glob)


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("x", "**/x", False),
        ("**/x", "x", True),
        ("**/x", "a/**/x", True),
        ("a/*", "a/{b,c}", True),
        ("{a,b}", "a", True),
        ("{a,b}", "{a,b,c}", False),
        ("{a,b}/*", "?/x", False),
        ("team/**", "team/web/*", True),
        ("team/*", "team/**", False),
        ("team-*/**", "team/**", False),
    ],
)
def test_a_wider_pattern_is_never_covered(wide: str, narrow: str, covers: bool):
    assert Glob.parse(wide).covers(Glob.parse(narrow)) is covers


class Counting:
    """A path that tells how many of its characters were asked for."""

    def __init__(self, text: str) -> None:
        self.text, self.asked = text, 0

    def __iter__(self) -> Iterator[str]:
        for each in self.text:
            self.asked += 1
            yield each


EVIL = ["*a" * 16, "**a" * 16, "?*" * 8, "*" * 256, "**/" * 16, "{a*,*a}" * 6, "*a*b?c*" * 4, "*" + "a" * 255]


@pytest.mark.parametrize("pattern", EVIL)
def test_each_character_is_one_step_whatever_the_pattern(pattern: str):
    """A step is a few operations on numbers of as many bits as the pattern has tokens: nothing goes back."""
    for alternative in Glob.parse(pattern).alternatives:
        path = Counting("a" * 65_536)
        alternative.accepts(path)
        assert path.asked <= 65_536
        assert len(alternative.tokens) <= MAX_CHARACTERS
    assert len(Glob.parse(pattern).alternatives) <= MAX_ALTERNATIVES


def test_nothing_longer_than_a_name_is_looked_at():
    assert Glob.parse("a*").matches("a" * MAX_PATH)
    assert not Glob.parse("**").matches("a" * (MAX_PATH + 1))
    assert not Glob.parse("**").matches("a" * 65_536)


def test_runs_side_by_side_are_one():
    assert Alternative.of("****").tokens == ("**",)
    assert Alternative.of("a" + "*" * 3 + "b").tokens == ("a", "**", "b")
