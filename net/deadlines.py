"""The time a call has, known to whatever resolves, connects, reads and writes for it in this thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from core.errors import OutgoingTimeout, Stage


@dataclass(frozen=True, slots=True)
class Deadline:
    """Seconds for a connection and for the next byte either way; `at`: when all must be over (monotonic, None: never)."""

    host: str
    at: float | None
    connect_seconds: float
    idle_seconds: float

    @classmethod
    def of(
        cls, host: str, *, total_seconds: float | None, connect_seconds: float, idle_seconds: float
    ) -> Deadline:
        """The deadline of a call that begins now."""
        at = None if total_seconds is None else time.monotonic() + total_seconds
        return cls(host, at, connect_seconds, idle_seconds)

    def to_connect(self, stage: Stage) -> float:
        """Seconds one step of connecting may take. Raises OutgoingTimeout when the call's time is over."""
        return self._left(self.connect_seconds, stage)

    def to_move(self, stage: Stage) -> float:
        """Seconds to wait for the next byte. Raises OutgoingTimeout when the call's time is over."""
        return self._left(self.idle_seconds, stage)

    def _left(self, at_most: float, stage: Stage) -> float:
        if self.at is None:
            return at_most
        remaining = self.at - time.monotonic()
        if remaining <= 0:
            raise OutgoingTimeout(f"{self.host} did not finish in time", stage=stage)
        return min(at_most, remaining)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within the block, this is the deadline of this thread's call. Calls nest: one may upload what another downloads."""
        token = _running.set(self)
        try:
            yield
        finally:
            _running.reset(token)


_running: ContextVar[Deadline] = ContextVar("outgoing deadline")


def running() -> Deadline:
    """The deadline of the call under way in this thread. Raises LookupError when there is none."""
    return _running.get()
