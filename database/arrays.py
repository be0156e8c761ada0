"""Array parameters as text: a push has seventeen, and psycopg takes ten times as long to write one.

Source: PostgreSQL manual, "Array input and output syntax".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

Element = int | str | bytes | datetime | None


def array(values: Iterable[Element]) -> str:
    """The literal of a one-dimensional array, for a parameter with a cast: `%(digests)s::bytea[]`. None is NULL.

    The result is one parameter: what the values hold is never part of a statement.
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Element) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        # Two backslashes: the array's own quoting takes one away.
        return f'"\\\\x{value.hex()}"'
    text = value if isinstance(value, str) else value.isoformat()
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
