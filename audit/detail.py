"""Text and JSON made fit for the audit log: printable, without secrets, bounded. Pure functions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from core.addresses import plain_address

MAX_DETAIL_BYTES = 8 * 1024
MAX_AGENT = 256
MAX_NAME = 1024
MAX_REQUEST_ID = 128
MASK = "***"
MANY = 64

_REPLACEMENT = "\ufffd"
_SECRET_KEY = re.compile(
    r"passw|secret|token|credential|authorization|private_?key|api_?key", re.ASCII | re.IGNORECASE
)


def clean(text: str, limit: int = MAX_NAME) -> str:
    """`text` on one line: what cannot be printed becomes U+FFFD, what exceeds `limit` characters is cut.

    Control characters forge log lines, direction marks disguise names, and PostgreSQL refuses NUL and lone
    surrogates.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(character if character.isprintable() else _REPLACEMENT for character in cut)


def address(ip: str | None) -> str | None:
    """An address PostgreSQL's inet accepts (an IPv4 address mapped into IPv6 is shown as IPv4), or None."""
    parsed = plain_address(ip)
    return None if parsed is None else str(parsed)


def encode(detail: Mapping[str, Any]) -> str:
    """`detail` as JSON text of at most 8 KiB: secrets masked, the largest values cut short or dropped, and named."""
    safe = _safe(detail)
    text = _dump(safe)
    while _size(text) > MAX_DETAIL_BYTES:
        rest = {key: value for key, value in safe.items() if key != "truncated"}
        if not rest:
            return _dump({"truncated": ["everything"]})
        named = _shorten(rest)
        told = [name for name in safe.get("truncated", []) if name != named]
        safe = rest | {"truncated": [*told, named][-20:]}
        text = _dump(safe)
    return text


def _shorten(values: dict[str, Any]) -> str:
    """Takes away from the largest value, a part where it has parts; what that was: "before.tags". Of many the later half."""
    if len(values) > MANY:
        for key in list(values)[len(values) // 2 :]:
            values.pop(key)
        return "others"
    key = max(values, key=lambda each: _size(_dump(values[each])))
    value = values[key]
    if isinstance(value, dict) and value:
        return f"{key[:64]}.{_shorten(value)}"[:128]
    if isinstance(value, list) and len(value) > 1:
        values[key] = value[: len(value) * 3 // 4]
    else:
        values.pop(key)
    return key[:64]


def _safe(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {clean(str(key), 128): _masked(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return clean(str(value), MAX_DETAIL_BYTES)


def _masked(key: str, value: Any) -> Any:
    if _SECRET_KEY.search(key) and not (value is None or isinstance(value, bool | int | float)):
        return MASK
    return _safe(value)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _size(text: str) -> int:
    return len(text.encode())
