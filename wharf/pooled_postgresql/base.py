"""Django's PostgreSQL backend whose pool never hands out a connection that the server has closed, and few of them in turn.

Without a check every pooled connection fails one request after PostgreSQL restarted; Django's own (CONN_HEALTH_CHECKS)
costs a round trip per request. Asking the kernel whether the idle socket has something to read costs a microsecond.

A server that is away is waited for once, a second and a half; from then on requests are refused at once, until it is back.
"""

from __future__ import annotations

import select
import threading
import time
from typing import Any, ClassVar, Final

import structlog
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from psycopg import Connection, OperationalError
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout
from psycopg_pool.base import AttemptWithBackoff
from psycopg_pool.pool import WaitingClient

from wharf.pooled_postgresql.answering import address, answers, is_answer

# Of the two seconds within which every request is answered. A restart of the server that is quicker fails none.
PATIENCE_SECONDS: Final = 1.2
# With somebody waiting and none coming back for so long, it is looked whether the server still answers.
DOUBT_SECONDS: Final = 0.3
# Between two tries to reach a server that refuses them.
PAUSE_SECONDS: Final = 0.2
# So long after the last request it is still looked whether a server that was away is back.
KNOWN_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


class Attempt(AttemptWithBackoff):
    """Five tries a second. The pauses of the pool's own tries grow to minutes, all of them after the server is back."""

    INITIAL_DELAY = PAUSE_SECONDS
    DELAY_BACKOFF = 1.0


class Pool(ConnectionPool[Connection[Any]]):
    """Hands out the connection that came back last: its server process has its plans and its memory at hand.

    The pool's own way, the oldest first, keeps all of them in turn, and as many processes cold.

    Whoever waits does so once, for the whole `timeout`, as long as the server answers anybody: slow is not away. While
    somebody waits and nothing is heard, a thread asks the server by connections of its own. One that leaves it without an
    answer for PATIENCE_SECONDS is away: all who wait are refused, and those who come later at once, until it answers.
    """

    def __init__(self, **options: Any) -> None:
        self._heard_at = self._asked_at = float("-inf")
        self._is_away = self._is_watched = False
        super().__init__(**options)

    def _get_ready_connection(self, timeout: float | None) -> Connection[Any] | None:
        """With the lock held. Raises PoolTimeout where the server is known to be away and no connection is left."""
        if not self._pool:
            self._asked_at = time.monotonic()
            if not self._is_watched:
                self._is_watched = True
                # Not one of the pool's threads: all of them may be at connections that nobody answers.
                threading.Thread(target=self._watch, name=f"{self.name}-watch", daemon=True).start()
            if self._is_away:
                raise PoolTimeout("the database is away")
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)

    def _watch(self) -> None:
        begun = time.monotonic()
        while self._is_watch_needed():
            quiet = time.monotonic() - max(begun, self._heard_at)
            if self._is_away or quiet >= DOUBT_SECONDS:
                self._look()
            else:
                time.sleep(DOUBT_SECONDS - quiet)

    def _is_watch_needed(self) -> bool:
        """Whether somebody waits, or may soon ask for a server that is away. When nobody does, nothing is known any more."""
        with self._lock:
            is_waited_for = any(client.conn is None and client.error is None for client in self._waiting)
            is_asked_for = self._is_away and time.monotonic() - self._asked_at < KNOWN_SECONDS
            self._is_watched = not self._closed and (is_waited_for or is_asked_for)
            self._is_away &= self._is_watched
            return self._is_watched

    def _look(self) -> None:
        """Ask the server until something is heard of it, here or elsewhere, or PATIENCE_SECONDS are over."""
        begun, why = time.monotonic(), "it says nothing"

        def is_wanted() -> bool:
            return self._heard_at < begun and time.monotonic() - begun < PATIENCE_SECONDS

        where = address(self._resolve_conninfo(), self._resolve_kwargs())
        while is_wanted():
            try:
                if answers(where, is_wanted):
                    self._hear()
            except OperationalError as failure:
                why = str(failure).strip()
                time.sleep(PAUSE_SECONDS)
        self._conclude(begun, why)

    def _conclude(self, begun: float, why: str) -> None:
        """Away, if nothing was heard since `begun`: nobody need wait. If something was, connections may be had again."""
        refused: list[WaitingClient[Connection[Any]]] = []
        with self._lock:
            is_news = not self._is_away
            if is_silent := self._heard_at < begun:
                self._is_away = True
                refused.extend(self._waiting)
                self._waiting.clear()
            elif self._waiting:
                self._maybe_grow_pool()
        for client in refused:
            client.fail(PoolTimeout("the database is away"))
        if is_silent and is_news:
            log.warning("the database does not answer", error=why)

    def _hear(self) -> None:
        with self._lock:
            self._heard_at, self._is_away = time.monotonic(), False

    def putconn(self, conn: Connection[Any]) -> None:
        if conn.pgconn.transaction_status != TransactionStatus.UNKNOWN:
            self._hear()
        super().putconn(conn)

    def _connect(self, timeout: float | None = None) -> Connection[Any]:
        try:
            connection = super()._connect(timeout)
        except OperationalError as failure:
            if is_answer(failure):
                self._hear()
            raise
        self._hear()
        return connection

    def _add_connection(self, attempt: AttemptWithBackoff | None, growing: bool = False) -> None:
        super()._add_connection(attempt or Attempt(timeout=PATIENCE_SECONDS), growing)


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
