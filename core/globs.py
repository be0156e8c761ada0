"""Globs over repository paths, as Harbor's rules have them: `*`, `?`, `**` and `{a,b}`. Matched in linear time, never by `re`.

`*` is any run of characters but `/`, `?` one such character, `**` any run at all, and a leading `**/` may also be nothing.
`{a,b}` stands for two globs, spelled with a and with b. The same text makes a PostgreSQL regular expression, for lists that the
database filters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from core.errors import InvalidInput
from core.oci.names import MAX_NAME_LENGTH
from core.oci.quoting import quoted

if TYPE_CHECKING:
    from typing import Self

MAX_CHARACTERS: Final = 256
MAX_ALTERNATIVES: Final = 64
MAX_WILDCARDS: Final = 16
MAX_PATH: Final = MAX_NAME_LENGTH
"""No name is longer, so nothing longer is matched: work is bounded whatever comes in."""

# Few wildcards also bound what PostgreSQL, which does go by states it makes on the way, spends on a name.
_TEXT = re.compile(r"[a-z0-9._/*?{},-]+", re.ASCII)
_TAG_TEXT = re.compile(r"[A-Za-z0-9._*?{},-]+", re.ASCII)
_TOKEN = re.compile(r"\*\*|.", re.DOTALL)
_GROUP = re.compile(r"\{([^{}]*)\}")
_RUNS: Final = ("*", "**")
_IN_SQL: Final = {"**": ".*", "*": "[^/]*", "?": "[^/]", ".": r"\."}
# What takes a symbol besides that symbol itself. Symbols are characters of a path, or the tokens of another glob, of which a
# token must take everything they stand for.
_TAKERS: Final = {"/": ("**",), "**": (), "*": ("**",), "?": ("*", "**")}
_TAKERS_OF_OTHERS: Final = ("?", "*", "**")

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """A glob without braces as an automaton: state n is before token n, a set of states is a number with these bits.

    `takes`: for a symbol, the tokens that take it; `others` for every symbol not in it. `runs`: tokens that take many or none,
    no two of which adjoin.
    """

    tokens: Tokens
    takes: Mapping[str, int]
    others: int
    runs: int

    @classmethod
    def of(cls, text: str) -> Self:
        tokens = tuple(_without_doubled_runs(_TOKEN.findall(text)))
        symbols = set(tokens) | set(_TAKERS)
        return cls(
            tokens,
            {each: _bits(tokens, (each, *_TAKERS.get(each, _TAKERS_OF_OTHERS))) for each in symbols},
            _bits(tokens, _TAKERS_OF_OTHERS),
            _bits(tokens, _RUNS),
        )

    def accepts(self, symbols: Iterable[str]) -> bool:
        """Whether it takes the symbols from first to last: one step of a few operations for each."""
        states = 1 | (self.runs & 1) << 1
        for symbol in symbols:
            moved = states & self.takes.get(symbol, self.others)
            states = moved & self.runs | (moved & ~self.runs) << 1
            states |= (states & self.runs) << 1
            if not states:
                return False
        return bool(states >> len(self.tokens))

    @property
    def wildcards(self) -> int:
        return sum(token in _TAKERS_OF_OTHERS for token in self.tokens)

    @property
    def expression(self) -> str:
        return "".join(_IN_SQL.get(token, token) for token in self.tokens)


@dataclass(frozen=True, slots=True)
class Glob:
    """A parsed glob; `text` is as it was written."""

    text: str
    alternatives: tuple[Alternative, ...] = field(compare=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    @lru_cache(maxsize=4096)
    def parse(cls, text: str) -> Self:
        """A glob over paths of repositories. Raises InvalidInput."""
        return cls._parsed(text, _TEXT, "a repository's name")

    @classmethod
    @lru_cache(maxsize=4096)
    def of_tags(cls, text: str) -> Self:
        """A glob over tags, which have capital letters too and no slash. Raises InvalidInput."""
        return cls._parsed(text, _TAG_TEXT, "a tag")

    @classmethod
    def _parsed(cls, text: str, alphabet: re.Pattern[str], meant: str) -> Self:
        if len(text) > MAX_CHARACTERS or not alphabet.fullmatch(text):
            raise InvalidInput(
                f"{quoted(text)} is no pattern: 1 to {MAX_CHARACTERS} characters of {meant}, *, **, ? and {{a,b}}"
            )
        spelled = _spelled(text)
        if any(set(each) & set("{},") for each in spelled):
            raise InvalidInput(f"the braces of {quoted(text)} do not match: write {{a,b}}")
        found = cls(text, tuple(map(Alternative.of, spelled)))
        if any(each.wildcards > MAX_WILDCARDS for each in found.alternatives):
            raise InvalidInput(
                f"{quoted(text)} has more than {MAX_WILDCARDS} of *, ** and ?: write a simpler one"
            )
        return found

    def matches(self, path: str) -> bool:
        """Whether a path, such as `team/web`, is one of those meant."""
        return len(path) <= MAX_PATH and any(each.accepts(path) for each in self.alternatives)

    def covers(self, other: Glob) -> bool:
        """Whether everything `other` matches is matched by this one. It may say no where it could say yes."""
        return all(
            any(ours.accepts(theirs.tokens) for ours in self.alternatives) for theirs in other.alternatives
        )

    @property
    def expression(self) -> str:
        """A PostgreSQL regular expression of the same meaning, without anchors."""
        return f"(?:{'|'.join(each.expression for each in self.alternatives)})"


def _bits(tokens: Tokens, wanted: tuple[str, ...]) -> int:
    return sum(1 << place for place, token in enumerate(tokens) if token in wanted)


def _without_doubled_runs(tokens: Iterable[str]) -> Iterator[str]:
    """The same glob with one token for several runs side by side."""
    run = ""
    for token in tokens:
        if token in _RUNS:
            run = max(run, token)
            continue
        if run:
            yield run
            run = ""
        yield token
    if run:
        yield run


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
