"""Buffers and senders for tests of forwarding."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from audit.forward import status
from audit.forward.buffer import Buffer, Position, packed
from audit.forward.messages import Form, Record
from audit.forward.sending import Sender
from audit.forward.target import Endpoint, Target
from tests.audit.syslog import Message, Rsyslog


def target_of(server: Rsyslog, **more: Any) -> Target:
    return Target(Endpoint.parse(server.endpoint), **{"authorities": server.authority, **more})


def held(folder: Path, **more: int) -> Buffer:
    buffer = Buffer(folder, **more)
    assert buffer.hold()
    return buffer


def message(number: int, target: Target, text: str = "") -> bytes:
    facts = {"id": number, "operation": "tag.create", "result": "ok", "resource_name": text}
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(now))
    record = Record(int(now * 1_000_000), stamp, facts)
    return packed(int(now * 1_000_000), Form(target).message(record))


def collected(buffer: Buffer) -> list[Message]:
    """All messages of a buffer, sent or not."""
    found: list[bytes] = []
    position = Position()
    while (batch := buffer.read(position, 1_000_000)).messages:
        found += batch.messages
        position = batch.end
    return [Message.of(each.decode()) for each in found]


@contextlib.contextmanager
def sending(buffer: Buffer, target: Target | None) -> Iterator[Sender]:
    sender = Sender(buffer, target)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop()
        sender.join(35)


def wait(true: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it has not happened in time"
        time.sleep(0.05)


def wait_confirmed(folder: Path, seconds: float = 30.0) -> status.Status:
    """Until nothing waits."""
    wait(lambda: status.of(folder).waiting_bytes == 0, seconds)
    return status.of(folder)
