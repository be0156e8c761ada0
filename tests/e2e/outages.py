"""Parts of a running Wharf killed or held down, and what is in its log of pulls afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from tests.e2e.server import Wharf
from tests.instances import children, has

SUPERVISED = {
    "gunicorn": ("-m gunicorn",),
    "shipper": ("-m wharf.shipper",),
    "postgres": ("bin/postgres",),
}
# A shipper that was killed often is started again after up to half a minute.
SHIP_SECONDS = 120.0


def supervised(server: Wharf, name: str) -> int | None:
    assert server.process is not None
    return next((pid for pid in children(server.process.pid) if has(pid, SUPERVISED[name])), None)


def victim(server: Wharf, name: str) -> int | None:
    """The process itself, or one of gunicorn's workers."""
    pid = supervised(server, name)
    if name != "gunicorn" or pid is None:
        return pid
    return next(iter(children(pid)), None)


def kill(server: Wharf, name: str) -> int:
    """kill -9; how many were killed."""
    with suppress(ProcessLookupError, FileNotFoundError):
        if (pid := victim(server, name)) is not None:
            os.kill(pid, signal.SIGKILL)
            return 1
    return 0


@contextmanager
def away(server: Wharf) -> Iterator[None]:
    """PostgreSQL killed, and kept from starting again for as long as this lasts."""
    configuration = server.data / "postgres" / "postgresql.conf"
    hidden = configuration.with_suffix(".away")
    configuration.rename(hidden)
    try:
        kill(server, "postgres")
        yield
    finally:
        hidden.rename(configuration)


def wait_back(server: Wharf, seconds: float = 60.0) -> None:
    """Until PostgreSQL takes connections. Its supervisor tries again after up to half a minute."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            server.database().close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, server.last_words()
            time.sleep(0.05)


def logged(server: Wharf) -> tuple[int, int, int]:
    """Pulls in the log, in the daily counts and, after a fold, in the statistics of the repository."""
    server.run("shell", "--command", "from artifacts import statistics; statistics.fold()")
    with server.database() as connection:
        found = connection.execute(
            """
            SELECT (SELECT coalesce(sum(n), 0)::bigint FROM audit_pull),
              (SELECT coalesce(sum(pulls), 0)::bigint FROM audit_usage),
              (SELECT coalesce(sum(pulls_total), 0)::bigint FROM repository_stats)
            """
        ).fetchone()
    assert found is not None
    return found[0], found[1], found[2]


def wait_shipped(server: Wharf) -> None:
    """Until nothing of the spool waits."""
    deadline = time.monotonic() + SHIP_SECONDS
    folder = server.data / "spool" / "pulls"
    while True:
        sizes = {path.name: path.stat().st_size for path in folder.glob("*.jsonl")}
        with suppress(Exception), server.database() as connection:
            rows = connection.execute("SELECT name, position FROM audit_spool").fetchall()
            if all(dict(rows).get(name, 0) == size for name, size in sizes.items()):
                return
        assert time.monotonic() < deadline, "the spool is not shipped"
        time.sleep(0.2)
