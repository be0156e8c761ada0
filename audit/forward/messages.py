"""Events as syslog messages (RFC 5424). Values in, bytes out.

The text is one JSON object in ASCII, everything else in it escaped: so it needs no byte order mark, which the RFC asks for
before UTF-8 and which parsers of JSON stumble over, and no line can end inside it.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.forward.target import Target

# RFC 5424 §7.2.2 wants a private enterprise number. We have none; this one is for examples (RFC 5612).
SD_ID: Final = "wharf@32473"
NIL: Final = "-"
SEVERITIES: Final = {"ok": 6, "denied": 4, "failed": 3}
NOTICE: Final = 5
MAX_PARAMETER: Final = 100
# What is left of a text where the whole is too long for a message, in bytes.
CLIPPED: Final = 90
_PARAMETERS: Final = (
    ("id", "id"), ("stream", "stream"), ("operation", "operation"), ("result", "result"), ("kind", "actor_kind"),
    ("actor", "actor_name"), ("ip", "ip"), ("request", "request_id"),
)  # fmt: skip
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_NOT_PRINTABLE: Final = re.compile(r"[^!-~]")
_ESCAPED: Final = re.compile(r'["\\\]]')


@dataclass(frozen=True, slots=True)
class Record:
    """`moment`: microseconds since 1970, None where the row has no real time. `facts`: what the JSON tells, in order.

    `detail`: JSON text, put in as it is.
    """

    moment: int | None
    time: str | None
    facts: Mapping[str, Any]
    detail: str = "{}"


class Form:
    """How the messages of this host look."""

    def __init__(self, target: Target) -> None:
        self._facility = target.facility.number
        self._max_bytes = target.max_bytes
        host = header_word(socket.gethostname(), 255)
        self._head = f"{host} {header_word(target.app_name, 48)} {os.getpid()}"

    def message(self, record: Record) -> bytes:
        """The whole message, at most as long as the server takes: what is too long says so under "cut"."""
        for body in (_whole, _without_detail, _clipped):
            message = self._written(record, body(record))
            if len(message) <= self._max_bytes:
                break
        return message

    def _written(self, record: Record, body: str) -> bytes:
        facts = record.facts
        severity = SEVERITIES.get(str(facts.get("result")), NOTICE)
        name = header_word(str(facts.get("operation", "")), 32)
        head = f"<{self._facility * 8 + severity}>1 {record.time or NIL} {self._head} {name}"
        return f"{head} {_structured(facts)} {body}".encode()


def _whole(record: Record) -> str:
    return _joined(json.dumps(record.facts, separators=(",", ":")), _ascii(record.detail))


def _without_detail(record: Record) -> str:
    facts = {**record.facts, "cut": ["detail"]}
    return json.dumps(facts, separators=(",", ":"))


def _clipped(record: Record) -> str:
    """Names and agents of a thousand characters each: what is left still tells which event it is."""
    facts = {name: _clip(value) if isinstance(value, str) else value for name, value in record.facts.items()}
    cut = ["detail", *(name for name, value in facts.items() if value != record.facts[name])]
    return json.dumps({**facts, "cut": cut}, separators=(",", ":"))


def _clip(text: str) -> str:
    while len(written := json.dumps(text)) > CLIPPED:
        text = text[: max(1, min(len(text) - 1, len(text) * CLIPPED // len(written)))]
    return text


def _joined(facts: str, detail: str) -> str:
    return f'{facts[:-1]},"detail":{detail}}}'


def _ascii(text: str) -> str:
    """JSON text with all its characters escaped that are not ASCII; they stand in strings alone."""
    return text if text.isascii() else _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _structured(facts: Mapping[str, Any]) -> str:
    """RFC 5424 §6.3: the values are UTF-8, with a backslash before `"`, `\\` and `]`."""
    told = ((name, facts.get(key)) for name, key in _PARAMETERS)
    found = [f' {name}="{_parameter(str(value))}"' for name, value in told if value not in (None, "")]
    return f"[{SD_ID}{''.join(found)}]"


def _parameter(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"\\{found[0]}", text[:MAX_PARAMETER])


def header_word(text: str, limit: int) -> str:
    """A field of the header: printable ASCII without spaces, "-" for nothing."""
    return _NOT_PRINTABLE.sub("_", text)[:limit] or NIL
