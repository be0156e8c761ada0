"""Records refusals outside the transaction that was refused, and keeps floods of them from filling the disk.

Of one (address, actor, operation, permission) and one of 32 groups of what was tried and why, the first ten a minute are
written; the rest are counted and written as one event when the minute is over and the next refusal comes by. Counts are per
process.

Groups, not names: with a count for each name whoever makes names up would be written without end. Which names share one is for
this process to know: ten made-up names hide nobody whom somebody guesses at.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from dataclasses import replace

import structlog
from django.db import transaction

from access.principal import Principal, ProjectRef
from audit import recorder
from audit.flood import Flood
from audit.parts import NO_RESOURCE, Resource, Result
from audit.recorder import Event

PER_MINUTE = 10
ALL_PER_MINUTE = 600
MINUTE = 60.0
GROUPS = 32

log = structlog.get_logger(__name__)
_lock = threading.Lock()
_secret = secrets.token_bytes(16)
_flood: Flood[Event] = Flood(per_key=PER_MINUTE, in_all=ALL_PER_MINUTE, seconds=MINUTE)


def record(
    actor: Principal,
    operation: str,
    *,
    permission: str = "",
    project: ProjectRef | None = None,
    resource: Resource = NO_RESOURCE,
    reason: str = "",
) -> None:
    """Write (or count) one refusal. Never raises: the answer to the client does not depend on it."""
    event = Event(
        actor=actor,
        operation=operation,
        permission=permission,
        result=Result.DENIED,
        project=project,
        resource=resource,
        detail={"reason": reason},
    )
    now = time.monotonic()
    key = (actor.origin.ip, actor.kind, actor.id, operation, permission, _group(resource, reason))
    with _lock:
        admitted = _flood.admit(key, event, now)
    flush(now)
    if admitted:
        _write(event)


def _group(resource: Resource, reason: str) -> int:
    what = f"{resource.type}\0{resource.id}\0{resource.name}\0{reason}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(what, key=_secret, digest_size=1).digest()[0] % GROUPS


def flush(now: float | None = None) -> int:
    """Write one event for each finished minute with suppressed refusals; how many refusals they stand for."""
    with _lock:
        windows = _flood.take_expired(time.monotonic() if now is None else now)
    for window in windows:
        _write(replace(window.last, detail={**window.last.detail, "repeated": window.suppressed}))
    return sum(window.suppressed for window in windows)


def _write(event: Event) -> None:
    try:
        with transaction.atomic():
            recorder.record(event)
    except Exception as failure:  # noqa: BLE001 - the refusal must reach the client
        log.error("refusal not recorded", operation=event.operation, error=repr(failure))


def _after_fork() -> None:
    global _lock, _flood
    _lock = threading.Lock()
    _flood = Flood(per_key=PER_MINUTE, in_all=ALL_PER_MINUTE, seconds=MINUTE)


# A child must neither wait for a lock held by a thread it does not have nor report what its parent will
# report.
os.register_at_fork(after_in_child=_after_fork)
