"""How far forwarding has come on this host, told from its files: true also when nobody forwards."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from audit.forward import buffer as buffers
from audit.forward.buffer import HEAD, Position


@dataclass(frozen=True, slots=True)
class Status:
    """`waiting_bytes`: collected and not known to have arrived; `oldest_seconds`: the age of the first of them, 0 without one.

    `sent`: messages known to have arrived, of all time. `error`: why the last try failed, "" after one that did not.
    """

    waiting_bytes: int
    oldest_seconds: float
    sent: int
    failures: int
    confirmed_at: str
    failed_at: str
    error: str


def of(folder: Path) -> Status:
    """Raises OSError."""
    state = buffers.state_of(folder)
    position = buffers.position_in(state)
    waiting, oldest = 0, None
    for segment in buffers.segments(folder):
        start = position.offset if segment == position.segment else 0
        with contextlib.suppress(FileNotFoundError):  # sent meanwhile
            size = buffers.path_of(folder, segment).stat().st_size - start
            if segment >= position.segment and size > 0:
                waiting += size
                oldest = oldest or _moment(folder, Position(segment, start))
    return Status(
        waiting,
        max(0.0, time.time() - oldest / 1_000_000) if oldest else 0.0,
        int(state.get("sent", 0)),
        int(state.get("failures", 0)),
        str(state.get("confirmed_at", "")),
        str(state.get("failed_at", "")),
        str(state.get("error", "")),
    )


def _moment(folder: Path, position: Position) -> int:
    descriptor = os.open(buffers.path_of(folder, position.segment), os.O_RDONLY | os.O_CLOEXEC)
    try:
        head = os.pread(descriptor, HEAD.size, position.offset)
    finally:
        os.close(descriptor)
    return int(HEAD.unpack(head)[2]) if len(head) == HEAD.size else 0
