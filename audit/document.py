"""The catalogue of events as a page for people: `python -m audit.document > docs/audit-events.md`."""

from __future__ import annotations

import sys
from typing import Final

from audit.operations import SECTIONS, Operation

_INTRODUCTION: Final = """\
# Events of the audit log

Generated from `audit/operations.py` by `python -m audit.document > docs/audit-events.md`. Edit that.

Each of these is one event in the transaction of the act it tells of: no event, no act. Where the act is refused, the event
has the same name and the result `denied`. The names are what searches take (`tag.delete`, or `tag.*` for all that begin so),
here and in the API; what is written is never renamed. How the log is kept honest stands in [audit.md](audit.md), how pulls
are counted in [pulls.md](pulls.md).

| Kind | Means |
|---|---|
| change | somebody did something, or was refused it |
| sign-in | somebody came or went, or could not prove who he is |
| denial | nothing but refusals, counted beyond the first ten a minute |
| system | what Wharf tells of itself |
| pull | a row of the log of pulls, which is a table of its own; one that was refused is an event |

Harbor's name is what its API and its purge call the event; an empty field is something Harbor does not log.
"""


def document() -> str:
    """The whole page as Markdown."""
    sections = (f"## {title}\n\n{_table(operations)}\n" for title, operations in SECTIONS.items())
    return "\n".join([_INTRODUCTION, *sections])


def _table(operations: tuple[Operation, ...]) -> str:
    return "\n".join(
        ["| Operation | What | Kind | Harbor's name |", "|---|---|---|---|", *map(_row, operations)]
    )


def _row(operation: Operation) -> str:
    harbor = f"`{operation.harbor.event_type}`" if operation.harbor else ""
    return f"| `{operation.name}` | {operation.label} | {operation.kind} | {harbor} |"


if __name__ == "__main__":
    sys.stdout.write(document())
