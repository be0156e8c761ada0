"""Clients that act at the same time: one thread each, each with a connection of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

from database import sql

T = TypeVar("T")


def at_once(acts: Iterable[Callable[[], T]]) -> list[T]:
    """Run all acts at once and return what they returned, in order; what one raises is raised here."""
    waiting = list(acts)
    start = Barrier(len(waiting))

    def run(act: Callable[[], T]) -> T:
        try:
            start.wait(timeout=30)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(run, waiting))


# Another worker's tests wait for locks of their own, in another database of the same server.
_WAITING = """
    SELECT EXISTS (SELECT FROM pg_locks waiting WHERE NOT granted AND EXISTS (
      SELECT FROM pg_locks held JOIN pg_database d ON d.oid = held.database
      WHERE held.pid = waiting.pid AND d.datname = current_database()))
    """


def begun(pool: ThreadPoolExecutor, act: Callable[[], T]) -> Future[T]:
    """Start an act that this test's open transaction blocks; returns when it waits for a lock."""

    def run() -> T:
        try:
            return act()
        finally:
            connections.close_all()

    future = pool.submit(run)
    deadline = time.monotonic() + 10
    while not sql.value(_WAITING):
        if future.done():
            raise AssertionError("the act waited for nobody")
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return future
