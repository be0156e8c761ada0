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

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.pool is not None:
            renew_if_dead(self.pool)
        return super().get_new_connection(conn_params)


def renew_if_dead(pool: ConnectionPool[Any]) -> None:
    """When the next connection is dead, so are most: look at all now.

    Left to itself the pool throws away one after the other and waits a second and more after each, so that requests fail
    for many seconds after a restart of the server.
    """
    try:
        head = pool._pool[0]  # noqa: SLF001 - the pool tells nothing of what lies in it
    except IndexError:
        return
    if is_suspect(head):
        pool.check()


def check(connection: Connection[Any]) -> None:
    """Raises psycopg.OperationalError when the server is gone; an idle socket that is silent is alive."""
    if is_suspect(connection):
        ConnectionPool.check_connection(connection)


def is_suspect(connection: Connection[Any]) -> bool:
    """Whether the kernel has something to read: a last message, the end of the stream, or a mere notice."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
