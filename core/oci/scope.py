"""Scopes of the token service: `type[(class)]:name:actions` (distribution's token scope grammar)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from core.errors import NameInvalid
from core.oci.names import RepositoryName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Self

MAX_SCOPES = 100
MAX_ACTIONS = 16
# Bounds the work for one request: a POST body may hold far more words than the scopes we keep.
_MAX_WORDS = 1000
_TYPE = re.compile(r"([a-z0-9]{1,64})(?:\(([a-z0-9]{0,64})\))?", re.ASCII)
_ACTION = re.compile(r"[a-z]{1,32}|\*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scope:
    """One thing asked for. `name` is unchecked text, it may hold `host:port`: look up `repository` instead.

    `actions` keeps the order asked, without repeats; `*` stands for everything the caller has.
    `resource_class` is what stood in parentheses after the type (`repository(plugin)`); it decides nothing.
    """

    type: str
    resource_class: str
    name: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        of_class = f"({self.resource_class})" if self.resource_class else ""
        return f"{self.type}{of_class}:{self.name}:{','.join(self.actions)}"

    @property
    def repository(self) -> RepositoryName | None:
        """The repository named; None (grant nothing) for another type or a name outside the grammar."""
        if self.type != "repository":
            return None
        try:
            return RepositoryName.parse(self.name)
        except NameInvalid:
            return None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The scope, split at the first and last colon; None without a type, a name or two colons."""
        kind, first, rest = text.partition(":")
        name, last, actions = rest.rpartition(":")
        matched = _TYPE.fullmatch(kind)
        if not (first and last and name and matched):
            return None
        return cls(matched[1], matched[2] or "", name, _actions(actions))


def parse_scopes(values: Iterable[str]) -> list[Scope]:
    """The scopes asked for by all `scope` parameters, each of which may hold several, separated by spaces.

    Never an error: what is malformed is left out, what is unknown is kept (it earns an entry without
    actions). Scopes of equal type and name are merged where the first stood; at most 100 are kept.
    """
    merged: dict[tuple[str, str], Scope] = {}
    for word in islice(_words(values), _MAX_WORDS):
        scope = Scope.parse(word)
        if scope is None:
            continue
        key = (scope.type, scope.name)
        if key in merged:
            merged[key] = _merged(merged[key], scope)
        elif len(merged) < MAX_SCOPES:
            merged[key] = scope
    return list(merged.values())


def _words(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from filter(None, value.split(" ", _MAX_WORDS))


def _actions(text: str) -> tuple[str, ...]:
    known = (action for action in text.split(",") if _ACTION.fullmatch(action))
    return tuple(islice(dict.fromkeys(known), MAX_ACTIONS))


def _merged(first: Scope, second: Scope) -> Scope:
    actions = tuple(islice(dict.fromkeys(first.actions + second.actions), MAX_ACTIONS))
    return Scope(first.type, first.resource_class, first.name, actions)
