"""Harbor's `q` and `sort` parameters: a grammar of five patterns against fields a noun allows, and nothing else.

    q=k=v        equal               q=k=~v       contains (whatever the case)
    q=k=[a~b]    from a to b, either may be missing
    q=k={a b}    any of them         q=k=(a b)    all of them

Terms are separated by commas and hold together. A value with a comma or a space stands in quotes. Source: Harbor's
api/v2.0 description of the parameter and its parser. The names are ours to choose: no part of a request ever becomes the
name of a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import reduce
from operator import and_
from typing import Protocol
from urllib.parse import unquote_plus

from django.db.models import Q
from django.http import QueryDict

from core.errors import InvalidInput

MAX_LENGTH = 2048
MAX_TERMS = 20
MAX_VALUES = 50

_QUOTED = r'"[^"]*"|\'[^\']*\''
# A comma inside brackets or quotes separates nothing; an unbalanced quote is an ordinary character.
_TERM = re.compile(rf"(?:{_QUOTED}|\[[^\]]*\]|\{{[^}}]*\}}|\([^)]*\)|[^,])+")
_VALUE = re.compile(rf"{_QUOTED}|[^\s]+")
_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)

Scalar = str | int | datetime


class Match(StrEnum):
    """How a term compares."""

    EXACT = "k=v"
    FUZZY = "k=~v"
    RANGE = "k=[a~b]"
    ANY = "k={a b}"
    ALL = "k=(a b)"


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a `q`: `values` are texts as sent, without quotes; a range has two, '' where it is open."""

    name: str
    match: Match
    values: tuple[str, ...]


class Field(Protocol):
    """A name that clients may filter by."""

    def condition(self, term: Term) -> Q:
        """The term as a filter. Raises InvalidInput for a value or a way to compare the field does not have."""


@dataclass(frozen=True, slots=True)
class Text:
    """Any text; `path` is the lookup path of a text column."""

    path: str

    def condition(self, term: Term) -> Q:
        if term.match is Match.FUZZY:
            return Q(**{f"{self.path}__icontains": term.values[0]})
        return _compared(self.path, term, list(term.values), ordered=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the fixed words of `words`."""

    path: str
    words: tuple[str, ...]

    def condition(self, term: Term) -> Q:
        for value in term.values:
            if value not in self.words:
                raise InvalidInput(f"q: {term.name} is one of {', '.join(self.words)}")
        return _compared(self.path, term, list(term.values), ordered=False)


@dataclass(frozen=True, slots=True)
class Words:
    """One of the words by which Harbor calls what `meanings` (value of the column -> word) are here."""

    path: str
    meanings: Mapping[str, str]

    def condition(self, term: Term) -> Q:
        if term.match not in (Match.EXACT, Match.ANY):
            raise incomparable(term)
        if unknown := set(term.values) - set(self.meanings.values()):
            words = ", ".join(dict.fromkeys(self.meanings.values()))
            raise InvalidInput(f"q: {term.name} is one of {words}, not {min(unknown)}")
        return Q(**{f"{self.path}__in": [own for own, word in self.meanings.items() if word in term.values]})


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number of at most 18 digits."""

    path: str

    def condition(self, term: Term) -> Q:
        return _compared(self.path, term, [number(term, value) for value in term.values], ordered=True)


@dataclass(frozen=True, slots=True)
class Time:
    """A moment: `2020-04-09 02:36:00` and `2020-04-09` in UTC, or RFC 3339."""

    path: str

    def condition(self, term: Term) -> Q:
        return _compared(self.path, term, [moment(term, value) for value in term.values], ordered=True)


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""

    path: str

    def condition(self, term: Term) -> Q:
        if term.match is not Match.EXACT or term.values[0] not in ("true", "false"):
            raise InvalidInput(f"q: {term.name} is true or false ({term.name}=true)")
        return Q(**{self.path: term.values[0] == "true"})


def condition(query: QueryDict, fields: Mapping[str, Field]) -> Q:
    """All of `q` as one filter. Raises InvalidInput, which names the fields that are allowed."""
    return reduce(and_, (_field(term, fields).condition(term) for term in parse(query.get("q", ""))), Q())


def ordering(query: QueryDict, allowed: Mapping[str, str], *, default: str) -> tuple[str, ...]:
    """`sort` as lookup paths, ending with the key, so that pages do not overlap. Raises InvalidInput."""
    names = [name.strip() for name in (query.get("sort") or default).split(",")][:MAX_TERMS]
    paths = []
    for name in names:
        path = allowed.get(name.removeprefix("-"))
        if path is None:
            raise InvalidInput(f"sort: allowed are {', '.join(sorted(allowed))}, each with - for descending")
        paths.append(f"-{path}" if name.startswith("-") else path)
    return (*paths, "-pk" if paths[0].startswith("-") else "pk")


def parse(text: str) -> list[Term]:
    """The terms of a `q`. Raises InvalidInput for what is none."""
    if "=" not in text and "%3D" in text.upper():
        text = unquote_plus(text)  # some clients escape it twice; Harbor takes that too
    if len(text) > MAX_LENGTH or "\0" in text:
        raise InvalidInput(f"q: at most {MAX_LENGTH} characters, and no NUL character")
    terms = [_term(part.strip()) for part in _TERM.findall(text)]
    if len(terms) > MAX_TERMS:
        raise InvalidInput(f"q: at most {MAX_TERMS} terms")
    return terms


def _term(text: str) -> Term:
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name or not value:
        raise _malformed()
    if value.startswith("~") and len(value) > 1:
        return Term(name, Match.FUZZY, (_unquoted(value[1:]),))
    match (value[0], value[-1]):
        case ("[", "]"):
            return Term(name, Match.RANGE, _range(value[1:-1]))
        case ("{", "}"):
            return Term(name, Match.ANY, _list(value[1:-1]))
        case ("(", ")"):
            return Term(name, Match.ALL, _list(value[1:-1]))
        case ("[" | "{" | "(" | "~", _):
            raise _malformed()
    return Term(name, Match.EXACT, (_unquoted(value.removeprefix("\\")),))


def _range(inside: str) -> tuple[str, str]:
    first, tilde, last = inside.partition("~")
    if not tilde or "~" in last or not (first.strip() or last.strip()):
        raise _malformed()
    return _unquoted(first.strip()), _unquoted(last.strip())


def _list(inside: str) -> tuple[str, ...]:
    values = tuple(_unquoted(value) for value in _VALUE.findall(inside))
    if not 1 <= len(values) <= MAX_VALUES:
        raise InvalidInput(f"q: a list has 1 to {MAX_VALUES} values, separated by spaces")
    return values


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _malformed() -> InvalidInput:
    forms = ", ".join(match.value for match in Match)
    return InvalidInput(f"q: terms are {forms}, separated by commas")


def _field(term: Term, fields: Mapping[str, Field]) -> Field:
    field = fields.get(term.name)
    if field is None:
        raise InvalidInput(f"q: allowed are {', '.join(sorted(fields))}")
    return field


def number(term: Term, text: str) -> int | None:
    """As `Number` reads it; None for the open end of a range. Raises InvalidInput."""
    if not text and term.match is Match.RANGE:
        return None
    if not _NUMBER.fullmatch(text):
        raise InvalidInput(f"q: {term.name} is a whole number")
    return int(text)


def moment(term: Term, text: str) -> datetime | None:
    """As `Time` reads it; None for the open end of a range. Raises InvalidInput."""
    if not text and term.match is Match.RANGE:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(f"q: {term.name} is a time (2020-04-09 02:36:00 in UTC, or RFC 3339)") from None


def _compared(path: str, term: Term, values: Sequence[Scalar | None], *, ordered: bool) -> Q:
    match term.match:
        case Match.EXACT:
            return Q(**{path: values[0]})
        case Match.ANY:
            return Q(**{f"{path}__in": values})
        case Match.ALL:
            return reduce(and_, (Q(**{path: value}) for value in values))
        case Match.RANGE if ordered:
            lowest, highest = values
            bounds = {f"{path}__gte": lowest, f"{path}__lte": highest}
            return Q(**{name: value for name, value in bounds.items() if value is not None})
    raise incomparable(term)


def incomparable(term: Term) -> InvalidInput:
    return InvalidInput(f"q: {term.name} cannot be compared by {term.match.value}")
