"""Kinds of runs that exist for tests.

Bodies leave one line in a file for each time they really ran, so that a test can count effects.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from jobs import kinds, outputs
from jobs.kinds import Kind, Lane, Queue, Single, Subscription
from jobs.progress import Progress

SHORT = Queue("demo", limit=8, lane=Lane.SHORT)
BULK = Queue("bulk", limit=256, lane=Lane.SHORT)
SCANS = Queue("scans", limit=1)
COPIES = Queue("copies", limit=2)
ONE_AT_A_TIME = Queue("single-file", limit=1, lane=Lane.SHORT)


def note(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, f"{text}\n".encode())
    finally:
        os.close(descriptor)


def noop(progress: Progress) -> None:
    """Nothing."""


def mark(path: str, progress: Progress, name: str = "") -> dict[str, Any]:
    note(path, name or str(progress.run_id))
    return {"marked": name or progress.run_id}


def items(count: int, progress: Progress, healed: str = "", path: str = "") -> None:
    """Every hundredth item fails until the file `healed` exists."""
    progress.phase("working", total=None)
    for item in progress.items(range(count), key=lambda number: f"item-{number:05}"):
        with item:
            if path:
                note(path, item.key)
            if item.value % 100 == 99 and not (healed and Path(healed).exists()):
                raise ValueError(f"item {item.value} is broken, password=hunter2")


def slow(seconds: float, progress: Progress, path: str = "") -> None:
    """Looks up every 20 ms; notes its beginning and its end."""
    if path:
        note(path, f"begin {progress.run_id}")
    progress.phase("waiting", total=int(seconds * 50))
    for _ in range(int(seconds * 50)):
        time.sleep(0.02)
        progress.advance()
    if path:
        note(path, f"end {progress.run_id}")


def deaf(seconds: float, progress: Progress, path: str) -> None:
    """Says nothing and hears nothing."""
    note(path, f"begin {progress.attempt}")
    time.sleep(seconds)
    note(path, f"end {progress.attempt}")


def failing(progress: Progress, until: int = 99, hopeless: bool = False) -> None:
    progress.log.info("trying", attempt=progress.attempt, api_key="s3cr3t-value")
    if hopeless:
        raise InvalidInput("this can never succeed")
    if progress.attempt <= until:
        raise RuntimeError("no luck with https://me:hunter2@example.test/")


def talkative(lines: int, progress: Progress) -> None:
    for number in range(lines):
        progress.log.info("a line", number=number)
        progress.checkpoint()


def output(
    pieces: int, progress: Progress, path: str = "", seconds: float = 0.0, keep: float = 3600
) -> dict[str, Any]:
    """A file of so many lines of 1000 bytes, written over so many seconds; notes each attempt."""
    if path:
        note(path, f"begin {progress.attempt}")

    def lines() -> Iterator[bytes]:
        for number in range(pieces):
            time.sleep(seconds / pieces)
            progress.advance(bytes=1000)
            yield f"{number:0999}\n".encode()

    made = outputs.write(progress, "numbers.txt", "text/plain", lines(), keep=timedelta(seconds=keep))
    return {"sha256": made.sha256}


def install() -> None:
    """In this process; workers of tests do it in tests.jobs.worker."""
    kinds.register(KINDS, QUEUES, SUBSCRIPTIONS)


QUICK = timedelta(seconds=0.2)
QUEUES = (SHORT, BULK, SCANS, COPIES, ONE_AT_A_TIME)
KINDS = (
    Kind("demo.noop", noop, "Nothing", BULK.name, keep=10),
    Kind("demo.mark", mark, "Leave a mark", SHORT.name, backoff=QUICK),
    Kind("demo.ordered", mark, "Leave a mark in turn", ONE_AT_A_TIME.name),
    Kind("demo.items", items, "Many items", SHORT.name, backoff=QUICK),
    Kind("demo.slow", slow, "Take a while", SHORT.name, backoff=QUICK),
    Kind("demo.once", slow, "One at a time", SHORT.name, single_active=Single.ONE),
    Kind("demo.each", slow, "One of each", SHORT.name, single_active=Single.ONE_PER_SUBJECT),
    Kind("demo.deaf", deaf, "Not listening", SHORT.name, backoff=QUICK),
    Kind(
        "demo.late", deaf, "Too long", SHORT.name, backoff=QUICK, max_attempts=1, timeout=timedelta(seconds=1)
    ),
    Kind(
        "demo.endless",
        slow,
        "Too long, but listening",
        SHORT.name,
        max_attempts=1,
        timeout=timedelta(seconds=1),
    ),
    Kind("demo.failing", failing, "Fail", SHORT.name, backoff=QUICK),
    Kind("demo.talkative", talkative, "Talk", SHORT.name),
    Kind("demo.scan", slow, "A long scan", SCANS.name),
    Kind("demo.copy", slow, "A replication", COPIES.name),
    Kind("demo.output", output, "Write a file", SHORT.name, backoff=QUICK),
)
SUBSCRIPTIONS = {
    "demo.happened": (
        Subscription("demo.mark", lambda payload: {"path": payload["path"], "name": "heard"}),
        Subscription("demo.mark", lambda _payload: None),
    ),
    "demo.changed": (
        Subscription("demo.each", lambda payload: {"seconds": payload["seconds"], "path": payload["path"]}),
    ),
}
