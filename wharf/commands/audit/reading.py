"""`wharf audit search|show`: the audit log is read."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from core.errors import InvalidInput
from wharf import console
from wharf.commands.audit import filters

if TYPE_CHECKING:
    from audit.reading.cursor import Cursor
    from audit.reading.entry import Entry
    from audit.reading.filter import Filter

WRONG_USAGE: Final = 2
FOLLOW_SECONDS: Final = 1.0


def register(verbs: console.SubParsers) -> None:
    search_ = console.verb(
        verbs, "search", "list what was done, newest first: of the last 7 days unless --since says otherwise"
    )
    filters.add_options(search_)
    search_.add_argument(
        "--limit", type=_at_least_one, default=50, metavar="N", help="at most so many (default: 50)"
    )
    search_.add_argument("--after", type=_cursor, metavar="CURSOR", help="go on where a search ended")
    search_.add_argument(
        "--follow", action="store_true", help="go on showing what is done, as it is done, until Ctrl-C"
    )
    search_.set_defaults(run=search)
    show_ = console.verb(verbs, "show", "one entry: all of it, what it changed, and what belongs to it")
    show_.add_argument("id", type=int, metavar="ID")
    show_.set_defaults(run=show)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return int(text)


def _cursor(text: str) -> Any:
    from audit.reading.cursor import Cursor

    try:
        return Cursor.parse(text)
    except InvalidInput as refusal:
        raise argparse.ArgumentTypeError(refusal.message) from None


def search(options: argparse.Namespace) -> int:
    if options.follow and (options.until or options.after):
        print("wharf: --follow shows what comes: leave out --until and --after", file=sys.stderr)
        return WRONG_USAGE
    wanted = filters.wanted(options)
    return _follow(options, wanted) if options.follow else _pages(options, wanted)


def _pages(options: argparse.Namespace, wanted: Filter) -> int:
    found, following = _first(wanted, options.limit, options.after)
    if options.json:
        facts = [as_json(each) for each in found]
        print(json.dumps({"entries": facts, "next": following and str(following)}, ensure_ascii=False))
        return 0
    if not found:
        print("nothing was found", file=sys.stderr)
    console.show(options, [_line(each) for each in found])
    if following is not None:
        print(f"there is more: repeat the search with --after {following}", file=sys.stderr)
    return 0


def _first(wanted: Filter, limit: int, after: Cursor | None) -> tuple[list[Entry], Cursor | None]:
    from audit.reading import search as reading
    from audit.reading.scope import scope_of

    scope = scope_of(console.actor())
    found: list[Entry] = []
    while True:
        page = reading.search(scope, wanted, after=after, size=min(limit - len(found), reading.MOST))
        found += page.entries
        after = page.next
        if after is None or len(found) == limit:
            return found, after


def _follow(options: argparse.Namespace, wanted: Filter) -> int:
    """A line each, at once: columns as wide as a table's of another page would be."""
    for each in _coming(wanted, options.limit):
        if options.json:
            print(json.dumps(as_json(each), ensure_ascii=False), flush=True)
        else:
            print(
                "  ".join(console.printable(str(value or "")) for value in _line(each).values()), flush=True
            )
    return 0


def _coming(wanted: Filter, limit: int) -> Iterator[Entry]:
    from audit.reading.scope import scope_of
    from audit.reading.tail import Tail

    tail = Tail(scope_of(console.actor()), wanted, limit)
    while True:
        yield from tail.new()
        time.sleep(FOLLOW_SECONDS)


def _line(each: Entry) -> dict[str, Any]:
    n = each.detail.get("n", 1) if each.stream == "pulls" else 1
    return {
        "id": each.id,
        "time": _time(each),
        "actor": console.by_whom(each.actor_kind, each.actor_name),
        "operation": each.operation if n == 1 else f"{each.operation} x{n}",
        "resource": each.resource_name,
        "result": each.result,
        "address": each.ip,
    }


def _time(each: Entry) -> str:
    return each.ts.strftime("%Y-%m-%d %H:%M:%SZ")


def as_json(each: Entry) -> dict[str, Any]:
    """Every field by its name, the time in ISO 8601."""
    return {name: getattr(each, name) for name in each.__slots__} | {"ts": each.ts.isoformat()}


def show(options: argparse.Namespace) -> int:
    from audit.reading import single
    from audit.reading.scope import scope_of

    scope = scope_of(console.actor())
    one = single.entry(scope, options.id)
    related = single.related(scope, one)
    if options.json:
        print(json.dumps(as_json(one) | {"related": [as_json(each) for each in related]}, ensure_ascii=False))
        return 0
    console.show(options, as_json(one), "\n".join(_told(one)))
    if related:
        print("\nwith the same request, or done to the same within 5 minutes:")
        console.show(options, [_line(each) for each in related])
    return 0


def _told(one: Entry) -> Iterator[str]:
    facts = as_json(one)
    rest = dict(facts.pop("detail"))
    for name, value in facts.items():
        if value not in ("", None):
            yield f"{name.replace('_', ' ')}: {value}"
    changes = list(_changes(rest.pop("before", None), rest.pop("after", None)))
    for name, value in rest.items():
        yield f"{name}: {_value(value)}"
    if changes:
        yield from ("changed:", *changes)


def _changes(before: Any, after: Any) -> Iterator[str]:
    """What went and what came, a line each; what stayed is not told."""
    old, new = ({} if state is None else state for state in (before, after))
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        old, new = {"": before}, {"": after}
    for name in dict.fromkeys((*old, *new)):
        if name in old and name in new and old[name] == new[name]:
            continue
        for sign, state in (("-", old), ("+", new)):
            if name in state:
                yield f"  {sign} {name}: {_value(state[name])}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
