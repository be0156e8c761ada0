"""The thread that sends what lies in the buffer: it needs no database, and nobody waits for it.

Delivered is what a connection carried that was then ended in order (audit.forward.wire), while another one to the same server,
opened before, stays whole for two seconds more: a server that is killed with messages in its memory breaks both. All else is
sent again, from the last byte that is known to have arrived.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from audit.forward import wire
from audit.forward.buffer import Batch, Buffer, Position, position_in, state_of
from audit.forward.target import Target
from audit.forward.wire import Wire
from core.errors import WharfError
from core.failpoints import FORWARD_AFTER_CONFIRM, FORWARD_AFTER_SEND, FORWARD_BEFORE_CONFIRM, fp

READ_BYTES: Final = 256 * 1024
ROTATE_SECONDS: Final = 3.0
ROTATE_BYTES: Final = 32 * 1024 * 1024
SETTLE_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 0.5
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
COMPLAIN_SECONDS: Final = 60.0
_TOO_EARLY: Final = "the server ended the connection before everything was known to have arrived"
# In the state: the endpoint that has ended TLS in order, so that an end without that is not its own.
_GOODBYE: Final = "goodbye"

log = structlog.get_logger(__name__)


class Broken(Exception):
    """The server has ended a connection whose messages it may not have read."""


@dataclass(slots=True)
class Carried:
    """What one connection has carried and nobody knows to have arrived."""

    end: Position
    count: int = 0
    size: int = 0
    since: float = 0.0


class Sender(threading.Thread):
    """Sends to `target`; None: nowhere."""

    def __init__(self, buffer: Buffer, target: Target | None) -> None:
        super().__init__(name="audit forward", daemon=True)
        self._buffer = buffer
        self._wanted = target
        self._target: Target | None = None
        self._stopping = False
        self._state = state_of(buffer.folder)
        self._confirmed = position_in(self._state)
        self._carried = Carried(self._confirmed)
        self._ended: deque[tuple[float, Carried]] = deque()
        self._wire: Wire | None = None
        self._pause = 0.0
        self._complained = float("-inf")
        self._is_kept = True

    def tell(self, target: Target | None) -> None:
        """Send there from now on."""
        with self._buffer.changed:
            self._wanted = target
            self._buffer.changed.notify_all()

    def stop(self) -> None:
        """What is not known to have arrived is sent again by the next one."""
        with self._buffer.changed:
            self._stopping = True
            self._buffer.changed.notify_all()

    @property
    def failing(self) -> bool:
        return self._pause > 0

    def run(self) -> None:
        while not self._stopping:
            try:
                self._turn()
            except Exception as failure:  # noqa: BLE001 - a thread that is gone would be missed by nobody
                self._failed(failure)
        self._begin_again()

    def _turn(self) -> None:
        """Do what is due: one batch, or an end, or a wait."""
        if not self._is_kept:
            self._keep()
        if self._wanted is not self._target:
            self._head_for(self._wanted)
        if self._target is None:
            self._wait(IDLE_SECONDS)
            return
        self._look_after_ended()
        batch = self._buffer.read(self._carried.end, READ_BYTES)
        if batch.messages:
            self._send(self._target, batch)
        if self._carried.count and self._is_due():
            self._end_in_order(self._target)
        elif not batch.messages:
            self._rest()

    def _head_for(self, target: Target | None) -> None:
        if target is None or self._target is None or not target.same_way(self._target):
            self._begin_again()
            self._pause = 0.0
        if target is None or (self._target is not None and not target.same_way(self._target)):
            self._state.pop(_GOODBYE, None)
            self._is_kept = False
        self._target = target

    def _begin_again(self) -> None:
        """From the last byte that is known to have arrived."""
        if self._wire is not None:
            self._wire.cut()
        self._wire = None
        self._ended.clear()
        self._carried = Carried(self._confirmed)

    def _send(self, target: Target, batch: Batch) -> None:
        if self._wire is not None and not self._wire.is_open():
            self._lost()
        if self._wire is None:
            self._wire = wire.opened(target)
        if not self._carried.count:
            self._carried.since = time.monotonic()
        self._wire.send(batch.messages)
        fp(FORWARD_AFTER_SEND)
        self._carried.end = batch.end
        self._carried.count += len(batch.messages)
        self._carried.size += sum(map(len, batch.messages))

    def _lost(self) -> None:
        """The server has hung up: it may, while nothing is on its way. Raises Broken otherwise."""
        if self._carried.count or self._ended:
            raise Broken(_TOO_EARLY)
        if self._wire is not None:
            self._wire.cut()
        self._wire = None

    def _is_due(self) -> bool:
        carried = self._carried
        return carried.size >= ROTATE_BYTES or time.monotonic() - carried.since >= ROTATE_SECONDS

    def _end_in_order(self, target: Target) -> None:
        """The next connection is opened first: it tells whether the server lives on."""
        if self._wire is None or not self._wire.is_open():
            raise Broken(_TOO_EARLY)
        following = wire.opened(target)
        try:
            if self._wire.end(insisting=self._state.get(_GOODBYE) == str(target.endpoint)):
                self._state[_GOODBYE] = str(target.endpoint)
        except BaseException:
            following.cut()
            raise
        self._ended.append((time.monotonic(), self._carried))
        self._wire, self._carried = following, Carried(self._carried.end)

    def _look_after_ended(self) -> None:
        """Confirm what was ended in order long enough ago."""
        if not self._ended:
            return
        if self._wire is None or not self._wire.is_open():
            self._lost()
        while self._ended and time.monotonic() - self._ended[0][0] >= SETTLE_SECONDS:
            fp(FORWARD_BEFORE_CONFIRM)
            _, carried = self._ended[0]
            self._confirm(carried)
            self._ended.popleft()
            fp(FORWARD_AFTER_CONFIRM)

    def _confirm(self, carried: Carried) -> None:
        if self._pause:
            log.info("the audit log is being forwarded again")
        self._pause, self._complained = 0.0, float("-inf")
        self._state |= {
            "sent": int(self._state.get("sent", 0)) + carried.count,
            "confirmed_at": _now(),
            "error": "",
        }
        self._confirmed = carried.end
        self._keep()

    def _keep(self) -> None:
        """Tried again at the next turn: a full disk does not hold up what is sent."""
        try:
            self._buffer.confirm(self._confirmed, self._state)
        except OSError as failure:
            if self._is_kept:
                log.error(
                    "what the syslog server has got cannot be noted; it may be sent again", error=str(failure)
                )
            self._is_kept = False
        else:
            self._is_kept = True

    def _rest(self) -> None:
        if self._wire is not None and not self._wire.is_open():
            self._lost()
        self._wait(IDLE_SECONDS)

    def _wait(self, seconds: float) -> None:
        with self._buffer.changed:
            if not self._stopping and self._wanted is self._target:
                self._buffer.changed.wait(seconds)

    def _failed(self, failure: Exception) -> None:
        self._begin_again()
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        reason = told(failure)
        self._state |= {
            "failures": int(self._state.get("failures", 0)) + 1,
            "failed_at": _now(),
            "error": reason,
        }
        self._keep()
        if time.monotonic() - self._complained >= COMPLAIN_SECONDS:
            self._complained = time.monotonic()
            log.error("the audit log is not being forwarded", reason=reason)
        self._sit_out()

    def _sit_out(self) -> None:
        ends = time.monotonic() + self._pause
        while not self._stopping and self._wanted is self._target and time.monotonic() < ends:
            self._wait(max(0.01, ends - time.monotonic()))


def told(failure: Exception) -> str:
    """What went wrong, for people."""
    if isinstance(failure, WharfError | Broken | wire.Unsaid | ValueError):
        return str(failure)
    if isinstance(failure, TimeoutError):
        return "the server stopped reading"
    if isinstance(failure, ConnectionError):
        return "the server broke the connection off"
    return f"{type(failure).__name__}: {failure}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
