"""Django's PostgreSQL backend whose pool never hands out a connection that the server has closed.

Without a check every pooled connection fails one request after PostgreSQL restarted; Django's own
(CONN_HEALTH_CHECKS)
costs a round trip per request. Asking the kernel whether the idle socket has something to read costs a
microsecond.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def pool(self) -> Any:
        pool = super().pool
        # Django passes its own check to the constructor, so ours is set afterwards; test_front_door.py
        # sees to it.
        if pool is not None and pool._check is None:  # noqa: SLF001
            pool._check = check  # noqa: SLF001
        return pool


def check(connection: Connection[Any]) -> None:
    """Raises psycopg.OperationalError when the server is gone; an idle socket that is silent is alive."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        # A last message or the end of the stream (or a notice): the full check finds out which.
        ConnectionPool.check_connection(connection)
