"""The two probes: alive (this process answers) and ready (it can take a push)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from django.db import DatabaseError, close_old_connections, connection

from artifacts.storage import is_writable

log = structlog.get_logger(__name__)

Start = Callable[..., Any]


def livez(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """200 as long as the process can answer at all; asks nothing of anyone."""
    return _answer(start_response, {}, method=environ.get("REQUEST_METHOD", "GET"))


def readyz(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """200 when the database answers and the store takes a write, else 503. Says which failed, never why."""
    checks = {"database": _database(), "storage": _storage()}
    return _answer(start_response, checks, method=environ.get("REQUEST_METHOD", "GET"))


def _answer(start_response: Start, checks: dict[str, bool], *, method: str) -> Iterable[bytes]:
    good = all(checks.values())
    body = json.dumps({"ok": good, **checks}).encode() + b"\n"
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    start_response(
        "200 OK" if good else "503 Service Unavailable", headers if good else [*headers, ("Retry-After", "5")]
    )
    return [] if method == "HEAD" else [body]


def _database() -> bool:
    # Outside Django's request cycle, so the connection is taken from and given back to the pool here.
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        log.warning("not ready: the database does not answer", error=str(error).strip())
        return False
    finally:
        close_old_connections()
    return True


def _storage() -> bool:
    if is_writable():
        return True
    log.warning("not ready: the store takes no write")
    return False
