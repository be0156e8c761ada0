"""Django's PostgreSQL backend whose pool never hands out a connection that the server has closed, and few of them in turn.

Without a check every pooled connection fails one request after PostgreSQL restarted; Django's own (CONN_HEALTH_CHECKS)
costs a round trip per request. Asking the kernel whether the idle socket has something to read costs a microsecond.
"""

from __future__ import annotations

import select
from typing import Any, ClassVar

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from psycopg import Connection
from psycopg_pool import ConnectionPool


class Pool(ConnectionPool[Connection[Any]]):
    """Hands out the connection that came back last: its server process has its plans and its memory at hand.

    The pool's own way, the oldest first, keeps all of them in turn, and as many processes cold.
    """

    def _get_ready_connection(self, timeout: float | None) -> Connection[Any] | None:
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)


class DatabaseWrapper(base.DatabaseWrapper):
    _connection_pools: ClassVar[dict[str, Pool]] = {}

    @property
    def pool(self) -> Pool | None:
        """The pool of this process; as Django's, of our own class and with our own check."""
        if self.alias == NO_DB_ALIAS or not self.settings_dict["OPTIONS"].get("pool"):
            return None
        if (found := self._connection_pools.get(self.alias)) is not None:
            return found
        made = Pool(
            kwargs=self.get_connection_params() | {"autocommit": True},
            open=False,  # nothing is opened before a fork
            configure=self._configure_connection,  # type: ignore[attr-defined]
            check=check,
            **self.settings_dict["OPTIONS"]["pool"],
        )
        # Of several threads that come first at once, one pool wins; none of them is open yet.
        return self._connection_pools.setdefault(self.alias, made)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        pool = self.pool
        if pool is None:
            return super().get_new_connection(conn_params)
        self.isolation_level = IsolationLevel.READ_COMMITTED
        pool.open()
        renew_if_dead(pool)
        return pool.getconn()


def renew_if_dead(pool: ConnectionPool[Any]) -> None:
    """When the next connection is dead, so are most: look at all now.

    Left to itself the pool throws away one after the other and waits a second and more after each, so that requests fail
    for many seconds after a restart of the server.
    """
    try:
        head = pool._pool[-1]  # noqa: SLF001 - the pool tells nothing of what lies in it
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
