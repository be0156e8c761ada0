"""A filter and a scope as conditions on the rows `r` of one table.

There are one or two branches: what happened in projects, and what the caller did himself. The conditions of a branch must all
hold; lists (of operations, of projects) are kept apart, so that a search can look for each of their values by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from access.reach import CONDITION
from audit.operations import PULL
from audit.parts import Result
from audit.reading import pulls
from audit.reading.filter import Filter
from audit.reading.limits import Span, Times, span_of
from audit.reading.parameters import Parameters, like
from audit.reading.scope import Own, Scope
from audit.streams import Stream

CUT = 200
"""As in the indexes on names (migration 0004): they hold the beginning of a longer one."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for, by somebody who may see so much, at a time."""

    scope: Scope
    wanted: Filter
    times: Times

    @property
    def span(self) -> Span:
        return span_of(self.wanted, self.times.now)

    def within(self, stream: Stream) -> Span:
        """What of the span the partitions of the stream cover."""
        return self.span.within(self.times.covered.get(stream))


@dataclass(frozen=True, slots=True)
class OneOf:
    """`column` has one of the values, of which there is at least one."""

    column: str
    type: str
    values: Sequence[Any]

    def condition(self, parameters: Parameters) -> str:
        if len(self.values) == 1:
            return f"r.{self.column} = {parameters.add(self.values[0])}::{self.type}"
        return f"r.{self.column} = ANY({parameters.add(list(self.values))}::{self.type}[])"


@dataclass(frozen=True, slots=True)
class Branch:
    conditions: tuple[str, ...]
    lists: tuple[OneOf, ...] = ()

    def text(self, parameters: Parameters) -> str:
        """All of it as one condition."""
        return " AND ".join((*self.conditions, *(each.condition(parameters) for each in self.lists)))

    def apart(self, one: OneOf) -> list[Branch]:
        """A branch for each value of one of the lists."""
        others = tuple(each for each in self.lists if each is not one)
        return [replace(self, lists=(*others, replace(one, values=(value,)))) for value in one.values]


def branches(stream: Stream, question: Question, parameters: Parameters) -> list[Branch]:
    """Those that can find anything in the stream; a row may be found by two of them."""
    scope, wanted, span = question.scope, question.wanted, question.within(stream)
    if span.is_empty or stream not in wanted.streams:
        return []
    about = _about_events(wanted, parameters) if stream is Stream.EVENTS else pulls.about(wanted, parameters)
    operations = _operations(stream, wanted)
    if about is None or operations is None:
        return []
    fixed = (*_when(span, parameters), *_who(wanted, parameters), *about)
    return [
        Branch((*fixed, *own), (*projects, *operations))
        for own, projects in _where(stream, scope, wanted, parameters)
    ]


def together(found: Sequence[Branch], parameters: Parameters) -> str:
    """Branches as one condition, for what reads all that is found anyway."""
    return f"({' OR '.join(f'({each.text(parameters)})' for each in found)})"


def _when(span: Span, parameters: Parameters) -> list[str]:
    return [f"r.ts >= {parameters.add(span.since)}", f"r.ts < {parameters.add(span.until)}"]


def _who(wanted: Filter, parameters: Parameters) -> Iterator[str]:
    if wanted.actor:
        yield f"lower(left(r.actor_name, {CUT})) = lower({parameters.add(wanted.actor[:CUT])}::text)"
        if len(wanted.actor) >= CUT:
            yield f"lower(r.actor_name) = lower({parameters.add(wanted.actor)}::text)"
    if wanted.actor_contains:
        yield f"r.actor_name ILIKE {parameters.add(f'%{like(wanted.actor_contains)}%')}"
    if wanted.actor_kind is not None:
        yield f"r.actor_kind = {parameters.add(str(wanted.actor_kind))}"
    if wanted.actor_id is not None:
        yield f"r.actor_id = {parameters.add(wanted.actor_id)}::bigint"
    if (net := wanted.address) is not None:
        operator = "=" if net.prefixlen == net.max_prefixlen else "<<="
        yield f"r.ip {operator} {parameters.add(str(net))}::inet"


def _about_events(wanted: Filter, parameters: Parameters) -> list[str] | None:
    return list(_of_an_event(wanted, parameters))


def _of_an_event(wanted: Filter, parameters: Parameters) -> Iterator[str]:
    if wanted.resource_type:
        yield f"r.resource_type = {parameters.add(wanted.resource_type)}"
    if wanted.resource_exact:
        yield f"left(r.resource_name, {CUT}) = {parameters.add(wanted.resource_exact[:CUT])}"
        if len(wanted.resource_exact) >= CUT:
            yield f"r.resource_name = {parameters.add(wanted.resource_exact)}"
    if wanted.resource:
        yield f"left(r.resource_name, {CUT}) LIKE {parameters.add(like(wanted.resource[:CUT]) + '%')}"
        if len(wanted.resource) > CUT:
            yield f"starts_with(r.resource_name, {parameters.add(wanted.resource)})"
    if wanted.resource_contains:
        yield f"r.resource_name ILIKE {parameters.add(f'%{like(wanted.resource_contains)}%')}"
    if wanted.result is not None:
        yield f"r.result = {parameters.add(str(wanted.result))}"
    if wanted.not_ok:
        yield f"r.result <> '{Result.OK}'"
    if wanted.request_id:
        yield f"r.request_id = {parameters.add(wanted.request_id)}"


def _operations(stream: Stream, wanted: Filter) -> tuple[OneOf, ...] | None:
    """None where the stream has none of the operations. A pull that was refused is an event."""
    if not wanted.operations:
        return ()
    if stream is Stream.PULLS:
        return () if PULL.name in wanted.operations else None
    return (OneOf("operation", "text", tuple(dict.fromkeys(wanted.operations))),)


def _where(
    stream: Stream, scope: Scope, wanted: Filter, parameters: Parameters
) -> Iterator[tuple[list[str], tuple[OneOf, ...]]]:
    if scope.everything:
        yield from _in_projects([], wanted.project_ids)
        return
    yield from _in_projects([], _both(scope.project_ids, wanted.project_ids))
    if scope.own is not None:
        given = _both(scope.own.project_ids, wanted.project_ids)
        yield from _in_projects(_done_by(scope.own, stream, parameters), given)


def _in_projects(
    conditions: list[str], project_ids: tuple[int, ...] | None
) -> Iterator[tuple[list[str], tuple[OneOf, ...]]]:
    if project_ids is None:
        yield conditions, ()
    elif project_ids:
        yield conditions, (OneOf("project_id", "bigint", project_ids),)


def _both(one: tuple[int, ...] | None, other: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """The projects that are in both; None stands for all."""
    if one is None or other is None:
        return one if other is None else other
    return tuple(sorted(set(one) & set(other)))


def _done_by(own: Own, stream: Stream, parameters: Parameters) -> list[str]:
    found = [
        f"r.actor_kind = {parameters.add(own.kind)}",
        f"r.actor_id = {parameters.add(own.id)}::bigint",
    ]
    if own.in_a_project:
        found.append("r.project_id IS NOT NULL")
    return found if stream is Stream.PULLS else [*found, *_not_hidden(own, parameters)]


def _not_hidden(own: Own, parameters: Parameters) -> Iterator[str]:
    """Nothing that was refused in a project he does not know of."""
    told = f"r.result <> '{Result.DENIED}' OR r.project_id IS NULL"
    if own.sees is None:
        yield f"({told})"
    elif not own.sees.everywhere or own.sees.bounds is not None:
        parameters.update(own.sees.parameters)
        known = f"SELECT FROM project p WHERE p.id = r.project_id AND p.deleted_at IS NULL AND {CONDITION}"
        yield f"({told} OR EXISTS ({known}))"
