"""What to look for in the audit log, as options of a command: `wharf audit search` and `export` have the same."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import InvalidInput
from wharf.commands.audit.times import day_or_time

if TYPE_CHECKING:
    from audit.reading.filter import Filter

Value = TypeVar("Value")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since",
        type=day_or_time,
        metavar="TIME",
        help="2026-11-21, 2026-11-21T18:00+02:00, 24h, 7d (the default)",
    )
    parser.add_argument(
        "--until", type=day_or_time, metavar="TIME", help="before then; times without a zone are in UTC"
    )
    parser.add_argument("--actor", default="", metavar="NAME", help="who did it, by the name of that time")
    parser.add_argument("--actor-kind", choices=("user", "robot", "anonymous", "system"))
    parser.add_argument(
        "--operation",
        type=_operations,
        action="extend",
        default=[],
        metavar="NAME",
        help="tag.delete, or tag.*; several may be given",
    )
    parser.add_argument(
        "--type", default="", metavar="TYPE", help="of what it was done to: tag, project, user, …"
    )
    parser.add_argument(
        "--resource", default="", metavar="NAME", help="how the name begins of what it was done to"
    )
    parser.add_argument("--project", action="append", default=[], metavar="NAME", help="several may be given")
    parser.add_argument("--result", choices=("ok", "denied", "failed"))
    parser.add_argument(
        "--address", type=_address, metavar="ADDRESS", help="10.1.2.3, or a network: 10.0.0.0/8"
    )
    parser.add_argument(
        "--request", default="", metavar="ID", help="id of the request, as answers and logs tell it"
    )
    parser.add_argument("--only", choices=("events", "pulls"), help="not the other")


def wanted(options: argparse.Namespace) -> Filter:
    """Raises ProjectUnknown and InvalidInput."""
    from access.principal import ActorKind
    from audit.parts import Result
    from audit.reading.filter import Filter
    from audit.streams import Stream

    return Filter(
        streams=frozenset([Stream(options.only)] if options.only else Stream),
        since=options.since,
        until=options.until,
        actor=options.actor,
        actor_kind=ActorKind(options.actor_kind) if options.actor_kind else None,
        operations=tuple(options.operation),
        resource_type=options.type,
        resource=options.resource,
        project_ids=_ids(options.project) if options.project else None,
        result=Result(options.result) if options.result else None,
        address=options.address,
        request_id=options.request,
    )


def _ids(names: list[str]) -> tuple[int, ...]:
    from projects.queries import project_as_typed
    from wharf import console

    return tuple(project_as_typed(console.actor(), name).pk for name in names)


def _usage(parse: Callable[[str], Value], text: str) -> Value:
    """What cannot be read is wrong usage."""
    try:
        return parse(text)
    except InvalidInput as refusal:
        raise argparse.ArgumentTypeError(refusal.message) from None


def _operations(text: str) -> Any:
    from audit.reading.parsing import operations

    return _usage(lambda name: operations([name]), text)


def _address(text: str) -> Any:
    from audit.reading.parsing import address

    return _usage(address, text)
