"""JSON read strictly: what two readers could understand differently is refused (RFC 8259, I-JSON RFC 7493).

The parser is the standard library's because it keeps lone surrogates in strings, which annotations may hold
and orjson and msgspec refuse; the checks around it bound its work and close its gaps.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NoReturn

from core.errors import ManifestInvalid
from core.oci.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH = 64
# Far above any real document of 4 MiB (an index of 1000 children has some 20 000 values), low enough that a
# hostile one costs tens of megabytes and a fraction of a second.
MAX_CONTAINERS = 100_000
MAX_VALUES = 400_000
_MAX_NUMBER_LENGTH = 400

# The tail takes an unterminated string to the end of the data, so that a run of quotes costs linear time.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_KINDS = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def refuse(path: str, problem: str) -> NoReturn:
    """Raise ManifestInvalid for the value at `path` ("" is the whole document)."""
    raise ManifestInvalid(f"{path}: {problem}" if path else problem, path=path)


def kind_of(value: object) -> str:
    """What a JSON value is, for messages: "null", "an array", ..."""
    return _KINDS[type(value)]


def member_path(path: str, key: str | int) -> str:
    """The path of a member or an element: `layers[3].digest`, `annotations["a.b"]`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{quoted(key)}]"
    return f"{path}.{key}" if path else key


def ascii_json(value: Mapping[str, str]) -> str:
    """JSON text of `value` in ASCII alone, so that a text column holds what PostgreSQL would refuse as text.

    NUL, lone surrogates and all else become escapes, keys keep their order, `json.loads` gives it all back.
    """
    return json.dumps(dict(value), ensure_ascii=True, separators=(",", ":"))


def parse_json(data: bytes) -> Any:
    """The value of a JSON text: dict, list, str, int, float, bool or None.

    Raises ManifestInvalid for anything but UTF-8 without a byte order mark, syntax errors, duplicate keys,
    NaN, Infinity, numbers beyond a 64-bit float, depth above 64 and more values than any real document has.
    """
    text = _decoded(data)
    _check_bounds(data)
    faults = _Faults()
    decoder = json.JSONDecoder(
        object_pairs_hook=faults.members,
        parse_constant=faults.constant,
        parse_float=faults.number,
        parse_int=faults.number,
    )
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        refuse("", f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})")
    except RecursionError:
        refuse("", f"nested more than {MAX_DEPTH} levels deep")
    faults.raise_in(value)
    return value


class _Faults:
    """Hooks of the decoder, which does not say where it is: a fault is noted, its path is looked up later."""

    def __init__(self) -> None:
        self._noted: list[tuple[object, str]] = []

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            count = Counter(key for key, _ in pairs)
            self._noted.append((members, f"key {quoted(count.most_common(1)[0][0])} appears more than once"))
        return members

    def constant(self, name: str) -> object:
        return self._note(f"{name} is not a JSON number")

    def number(self, text: str) -> object:
        if len(text) > _MAX_NUMBER_LENGTH or math.isinf(real := float(text)):
            return self._note(f"number {quoted(text)} does not fit a 64-bit float")
        return real if set(text) & set(".eE") else int(text)

    def _note(self, problem: str) -> object:
        place = object()
        self._noted.append((place, problem))
        return place

    def raise_in(self, value: object) -> None:
        """Raise for the last fault: it is in the tree, as whatever could drop it would be a later one."""
        if self._noted:
            place, problem = self._noted[-1]
            refuse(next(path for path, found in _walk(value) if found is place), problem)


def _walk(value: object) -> Iterator[tuple[str, object]]:
    waiting = [("", value)]
    while waiting:
        path, found = waiting.pop()
        yield path, found
        if isinstance(found, dict):
            waiting.extend((member_path(path, key), member) for key, member in found.items())
        elif isinstance(found, list):
            waiting.extend((member_path(path, index), member) for index, member in enumerate(found))


def _decoded(data: bytes) -> str:
    if not data:
        refuse("", "the body is empty")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        refuse("", "the body is UTF-16 or UTF-32: send UTF-8")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse("", f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start} ({error.reason})")
    if text.startswith("\ufeff"):
        refuse("", "the body starts with a byte order mark: send UTF-8 without one")
    return text


def _check_bounds(data: bytes) -> None:
    """Depth and counts, before the recursive parser sees the data; what stands in strings does not count."""
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH and data.count(b",") <= MAX_VALUES:
        return
    skeleton = _STRING.sub(b"", data)
    if skeleton.count(b"[") + skeleton.count(b"{") > MAX_CONTAINERS:
        refuse("", f"more than {MAX_CONTAINERS} arrays and objects")
    if skeleton.count(b",") > MAX_VALUES:
        refuse("", f"more than {MAX_VALUES} values")
    depth = 0
    for bracket in _BRACKET.finditer(skeleton):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            refuse("", f"nested more than {MAX_DEPTH} levels deep")
