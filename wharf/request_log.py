"""One JSON line per request on standard output, beside the lines of wharf.logs.

Only fields chosen here are written: no header but the user agent, no body, no query string (a secret may stand in it).
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import orjson
import structlog

from access.origin import origin_from
from core import request_facts
from wharf.exchange import Exchange

# A container's standard output is a pipe: lines of at most 4096 bytes (PIPE_BUF) of several processes never mix.
MAX_PATH: Final = 1024
MAX_AGENT: Final = 256
MAX_ACTOR: Final = 255
# Asked every few seconds by machines; written only when they fail.
QUIET: Final = frozenset({"livez", "readyz", "metrics"})


class RequestLog:
    """Writes to an unbuffered binary stream, one write a line."""

    def __init__(self, stream: BinaryIO) -> None:
        renderer = structlog.processors.JSONRenderer(serializer=orjson.dumps)
        self._log = structlog.wrap_logger(
            structlog.BytesLogger(stream),
            processors=[renderer],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        ).bind()

    def write(self, exchange: Exchange) -> None:
        """The line of one request; none for a probe that went well."""
        if exchange.route in QUIET and exchange.status < 400:
            return
        self._log.info("request", **fields(exchange))


def fields(exchange: Exchange) -> dict[str, Any]:
    """What is told of a request: who, what, how it ended, how many bytes, how long."""
    environ = exchange.environ
    origin = origin_from(environ)
    told: dict[str, Any] = {
        "timestamp": datetime.now(UTC).isoformat(),
        "level": "info",
        "logger": "wharf.requests",
        "request_id": origin.request_id,
        "method": plain(exchange.method, 16),
        "route": exchange.route,
        "path": plain(exchange.path, MAX_PATH),
        "status": exchange.status,
        "received": exchange.received,
        "sent": exchange.sent,
        "ms": round(exchange.seconds * 1000, 3),
        "ip": origin.ip,
        "agent": plain(origin.agent, MAX_AGENT),
    }
    if (actor := environ.get(request_facts.ACTOR)) is not None:
        told["actor"] = plain(actor, MAX_ACTOR)
    if (lane := environ.get(request_facts.LANE)) is not None:
        told["lane"] = lane
    if exchange.aborted:
        told["aborted"] = True
    return told


def plain(text: str, limit: int) -> str:
    """`text` on one line of printable ASCII, escaped as in Python where it is not, at most `limit` characters.

    JSON alone would pass on what a terminal obeys (CSI as U+009B, reversed writing).
    """
    if not (text.isascii() and text.isprintable()):
        text = text[:limit].encode("unicode_escape").decode("ascii")
    return text if len(text) <= limit else text[: limit - 1] + "~"


def standard_output() -> BinaryIO:
    """File descriptor 1 without a buffer: a line is one write, and a killed process owes none."""
    return open(1, "wb", buffering=0, closefd=False)
