"""How refused input is shown in an error: ASCII, escaped and cut, so that it is safe in any log or header."""

from __future__ import annotations

_SHOWN = 80


def quoted(text: str) -> str:
    """`text` as an ASCII literal of at most about 80 characters; what was cut is counted."""
    if len(text) <= _SHOWN:
        return ascii(text)
    return f"{text[:_SHOWN]!a} (and {len(text) - _SHOWN} more characters)"
