"""`q` and `sort` of every list of the audit log: Harbor's names and words for it, and ours, as one audit.reading Filter.

Harbor's clients say what was done by two words (`resource_type=artifact,operation=delete`), ours by one name
(`operation=artifact.delete`, `artifact.*`). A word that nothing is called by finds nothing, as with Harbor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import QueryDict

from access.principal import ActorKind, Principal
from audit.operations import OPERATIONS
from audit.parts import Result
from audit.reading import parsing
from audit.reading.filter import Filter
from audit.streams import Stream
from core.errors import InvalidInput
from core.oci.names import ProjectName
from projects.queries import visible_projects
from registry_api.rest import filters
from registry_api.rest.filters import Match, Term

Narrowing = dict[str, Any]
"""Fields of the Filter that a term stands for."""
INSTANT: Final = timedelta(microseconds=1)
SORTS: Final = {"-op_time": False, "op_time": True, "-time": False, "time": True}
"""What `sort` may say, and whether the oldest comes first."""


def wanted(actor: Principal, query: QueryDict) -> Filter:
    """All of `q`. Raises InvalidInput, which names the fields that are allowed."""
    found: Narrowing = {}
    for term in filters.parse(query.get("q", "")):
        read = FIELDS.get(term.name)
        if read is None:
            raise InvalidInput(f"q: allowed are {', '.join(sorted(FIELDS))}")
        for name, value in read(actor, term).items():
            found[name] = _both(term, name, found[name], value) if name in found else value
    if found.get("operations") == ():  # words that nothing is called by: no names would mean all of them
        found["project_ids"] = ()
    if "operations" in found:
        found["operations"] = tuple(name for name in OPERATIONS if name in found["operations"])
    return Filter(**found)


def is_oldest_first(query: QueryDict) -> bool:
    """What `sort` says. Raises InvalidInput."""
    given = query.get("sort") or "-op_time"
    if given not in SORTS:
        raise InvalidInput("sort: allowed is op_time, with - for the newest first")
    return SORTS[given]


def _both(term: Term, name: str, one: Any, other: Any) -> Any:
    """Where two terms speak of the same."""
    match name:
        case "operations" | "project_ids":
            return tuple(each for each in one if each in other)
        case "since":
            return max(one, other)
        case "until":
            return min(one, other)
    if one != other:
        raise InvalidInput(f"q: {term.name} is named twice, and cannot be both")
    return one


def _actor(_caller: Principal, term: Term) -> Narrowing:
    return _text(term, exact="actor", part="actor_contains")


def _resource(_caller: Principal, term: Term) -> Narrowing:
    return _text(term, exact="resource_exact", part="resource_contains")


def _text(term: Term, *, exact: str, part: str) -> Narrowing:
    return {part if term.match is Match.FUZZY else exact: _one(term, fuzzy=True)}


def _resource_prefix(_caller: Principal, term: Term) -> Narrowing:
    return {"resource": _one(term)}


def _resource_type(_caller: Principal, term: Term) -> Narrowing:
    return {"operations": _called(term, lambda operation: operation.in_harbors_words.resource_type)}


def _operation(_caller: Principal, term: Term) -> Narrowing:
    if any("." in value for value in term.values):
        if term.match not in (Match.EXACT, Match.ANY):
            raise filters.incomparable(term)
        return {"operations": parsing.operations(term.values)}
    return {"operations": _called(term, lambda operation: operation.in_harbors_words.operation)}


def _called(term: Term, word: Callable[[Any], str]) -> tuple[str, ...]:
    """Names of what has one of these words."""
    if term.match not in (Match.EXACT, Match.ANY, Match.FUZZY):
        raise filters.incomparable(term)
    meant = [value.lower() for value in term.values]
    is_part = term.match is Match.FUZZY
    return tuple(
        each.name
        for each in OPERATIONS.values()
        if (any(part in word(each) for part in meant) if is_part else word(each) in meant)
    )


def _time(_caller: Principal, term: Term) -> Narrowing:
    moments = [filters.moment(term, value) for value in term.values]
    match term.match:
        case Match.RANGE:
            first, last = moments
            bounds = {"since": first, "until": None if last is None else _after(last)}
            return {name: value for name, value in bounds.items() if value is not None}
        case Match.EXACT:
            (at,) = moments
            assert at is not None
            return {"since": at, "until": _after(at)}
    raise filters.incomparable(term)


def _after(moment: datetime) -> datetime:
    """Harbor's ranges hold both their ends, ours end before."""
    try:
        return moment + INSTANT
    except OverflowError:
        return moment


def _succeeded(_caller: Principal, term: Term) -> Narrowing:
    match _one(term):
        case "true":
            return {"result": Result.OK}
        case "false":
            return {"not_ok": True}
    raise InvalidInput(f"q: {term.name} is true or false")


def _result(_caller: Principal, term: Term) -> Narrowing:
    return {"result": _choice(term, Result)}


def _actor_kind(_caller: Principal, term: Term) -> Narrowing:
    return {"actor_kind": _choice(term, ActorKind)}


def _stream(_caller: Principal, term: Term) -> Narrowing:
    return {"streams": frozenset({_choice(term, Stream)})}


def _choice(term: Term, choices: Any) -> Any:
    try:
        return choices(_one(term))
    except ValueError:
        raise InvalidInput(f"q: {term.name} is one of {', '.join(choices)}") from None


def _actor_id(_caller: Principal, term: Term) -> Narrowing:
    return {"actor_id": filters.number(term, _one(term))}


def _project_id(_caller: Principal, term: Term) -> Narrowing:
    if term.match not in (Match.EXACT, Match.ANY):
        raise filters.incomparable(term)
    return {"project_ids": tuple(sorted({filters.number(term, value) or 0 for value in term.values}))}


def _project(caller: Principal, term: Term) -> Narrowing:
    """One that is not there, or that the caller may not see, finds nothing."""
    name = str(ProjectName.parse(_one(term)))
    return {"project_ids": tuple(visible_projects(caller).filter(name=name).values_list("pk", flat=True))}


def _address(_caller: Principal, term: Term) -> Narrowing:
    return {"address": parsing.address(_one(term))}


def _request_id(_caller: Principal, term: Term) -> Narrowing:
    return {"request_id": _one(term)}


def _one(term: Term, *, fuzzy: bool = False) -> str:
    """The only value. Raises InvalidInput for what compares otherwise than by being equal (or, if `fuzzy`, by holding it)."""
    if term.match is Match.RANGE or len(term.values) != 1 or (term.match is Match.FUZZY and not fuzzy):
        raise filters.incomparable(term)
    if not term.values[0]:
        raise InvalidInput(f"q: {term.name} is empty")
    return term.values[0]


FIELDS: Final[Mapping[str, Callable[[Principal, Term], Narrowing]]] = {
    # Harbor's.
    "username": _actor,
    "resource": _resource,
    "resource_type": _resource_type,
    "operation": _operation,
    "op_time": _time,
    "operation_result": _succeeded,
    "project_id": _project_id,
    # Ours.
    "actor_id": _actor_id,
    "actor_kind": _actor_kind,
    "ip": _address,
    "project": _project,
    "request_id": _request_id,
    "resource_prefix": _resource_prefix,
    "result": _result,
    "stream": _stream,
}
"""What `q` may name."""
