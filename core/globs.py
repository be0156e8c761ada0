"""Globs over repository paths, as Harbor's rules have them: `*`, `?`, `**` and `{a,b}`. Matched in linear time, never by `re`.

`*` is any run of characters but `/`, `?` one such character, `**` any run at all, and a leading `**/` may also be nothing. The
same text makes a PostgreSQL regular expression, for lists that the database filters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from core.errors import InvalidInput
from core.oci.quoting import quoted

if TYPE_CHECKING:
    from typing import Self

MAX_CHARACTERS: Final = 256
MAX_ALTERNATIVES: Final = 64
_TEXT = re.compile(r"[a-z0-9._/*?{},-]+", re.ASCII)
_TOKEN = re.compile(r"\*\*|.", re.DOTALL)
_GROUP = re.compile(r"\{([^{}]*)\}")
_RUNS: Final = ("*", "**")
_IN_SQL: Final = {"**": ".*", "*": "[^/]*", "?": "[^/]", ".": r"\."}

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Glob:
    """A parsed glob; `text` is as it was written."""

    text: str
    alternatives: tuple[Tokens, ...]

    def __str__(self) -> str:
        return self.text

    @classmethod
    @lru_cache(maxsize=4096)
    def parse(cls, text: str) -> Self:
        """Raises InvalidInput."""
        if len(text) > MAX_CHARACTERS or not _TEXT.fullmatch(text):
            raise InvalidInput(
                f"{quoted(text)} is no pattern: 1 to {MAX_CHARACTERS} characters of a repository's name, *, **, ? and {{a,b}}"
            )
        spelled = _spelled(text)
        if any(set(each) & set("{},") for each in spelled):
            raise InvalidInput(f"the braces of {quoted(text)} do not match, or are nested: write {{a,b}}")
        return cls(text, tuple(tuple(_TOKEN.findall(each)) for each in spelled))

    def matches(self, path: str) -> bool:
        """Whether a path, such as `team/web`, is one of those meant."""
        return any(_accepts(each, path) for each in self.alternatives)

    def covers(self, other: Glob) -> bool:
        """Whether everything `other` matches is matched by this one. It may say no where it could say yes."""
        return all(any(_accepts(ours, theirs) for ours in self.alternatives) for theirs in other.alternatives)

    @property
    def expression(self) -> str:
        """A PostgreSQL regular expression of the same meaning, without anchors."""
        spelled = ("".join(_IN_SQL.get(token, token) for token in each) for each in self.alternatives)
        return f"(?:{'|'.join(spelled)})"


def _spelled(text: str) -> list[str]:
    """The text without braces and without `**/` that may be nothing: one text for each choice. Raises InvalidInput."""
    found, pending = [], [text]
    while pending:
        each = pending.pop()
        group = _GROUP.search(each)
        if group is not None:
            pending += [each[: group.start()] + part + each[group.end() :] for part in group[1].split(",")]
        elif each.startswith("**/"):
            found += [each, each[3:]] if each != "**/" else [each]
        else:
            found.append(each)
        if len(found) + len(pending) > MAX_ALTERNATIVES:
            raise InvalidInput(
                f"{quoted(text)} stands for more than {MAX_ALTERNATIVES} patterns: write several"
            )
    return sorted(set(found))


def _accepts(tokens: Tokens, symbols: Sequence[str]) -> bool:
    """Whether the tokens, read as an automaton, take the symbols: characters, or the tokens of another glob."""
    states = _reachable(tokens, {0})
    for symbol in symbols:
        states = _reachable(tokens, set(_steps(tokens, states, symbol)))
        if not states:
            return False
    return len(tokens) in states


def _steps(tokens: Tokens, states: set[int], symbol: str) -> Iterable[int]:
    for state in states:
        if state < len(tokens) and _takes(tokens[state], symbol):
            yield state if tokens[state] in _RUNS else state + 1


def _takes(mark: str, symbol: str) -> bool:
    if mark == "**":
        return True
    if mark in ("*", "?"):
        return symbol not in (("/", "**") if mark == "*" else ("/", "**", "*"))
    return mark == symbol


def _reachable(tokens: Tokens, states: set[int]) -> set[int]:
    """The states and those behind runs that may be empty."""
    found = set(states)
    for state in states:
        position = state
        while position < len(tokens) and tokens[position] in _RUNS:
            position += 1
            found.add(position)
    return found
