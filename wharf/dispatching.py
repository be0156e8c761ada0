"""The jobs' side of a Celery worker: who hands runs to the broker, and what the worker's processes must know of each other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from celery import Celery, bootsteps
from kombu.exceptions import ChannelError
from kombu.transport import redis

QUEUE = "wharf"
ACQUIRE_SECONDS = 5.0


class Jobs(bootsteps.StartStopStep):
    """Runs jobs.dispatcher in a thread of the worker's main process, from before the first task until after the last."""

    requires = {"celery.worker.components:Pool"}

    def __init__(self, parent: Any, **_: Any) -> None:
        # Made before the pool forks: its processes inherit what is set and loaded here.
        from jobs import identity, kinds, runner

        leave_the_pool()
        identity.belongs_to(os.getpid())
        runner.keeper.kills = True
        kinds.kinds()
        self.dispatcher: Any = None
        super().__init__(parent)

    def start(self, parent: Any) -> None:
        from jobs.dispatcher import Dispatcher

        broker = Broker(parent.app)
        self.dispatcher = Dispatcher(broker.send, broker.backlog, slots=parent.concurrency or 1)
        self.dispatcher.start()

    def stop(self, _parent: Any) -> None:
        if self.dispatcher is not None:
            self.dispatcher.stop()

    # Celery calls this instead of stop() on a hasty end.
    terminate = stop


class Messages(redis.QoS):
    """What a worker owes the broker for the messages it holds. With the connection the debt is gone.

    kombu asks the connection it has just dropped, and that ends the worker: when it gives messages back, and when it
    acknowledges one whose task ended meanwhile. Neither is needed: the relay sends again what was not begun, and a message
    that comes again finds its run taken.
    """

    restore_at_shutdown = False

    def ack(self, delivery_tag: str) -> None:
        if not self.channel.closed:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not self.channel.closed:
            super().reject(delivery_tag, requeue=requeue)


def leave_the_pool() -> None:
    """A worker's threads have a connection each and keep it: a pool would be shared with forked children, and comes back
    late after the database was away."""
    from django.db import connection

    options = connection.settings_dict["OPTIONS"]
    connection.settings_dict["OPTIONS"] = {name: value for name, value in options.items() if name != "pool"}


def renew_connection() -> None:
    """A process keeps its database connection from one task to the next; one that PostgreSQL has left is dropped here."""
    from django.db import connection

    from wharf.pooled_postgresql.base import is_suspect

    if connection.connection is not None and (
        connection.errors_occurred or is_suspect(connection.connection)
    ):
        connection.close()


class Broker:
    """What jobs.relay and jobs.reaper need of Celery."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, run_ids: Sequence[int]) -> None:
        """One message a run, with its id and nothing else. Raises what Celery raises when the broker does not take them."""
        task = self._app.tasks["wharf.run"]
        with self._app.producer_pool.acquire(block=True, timeout=ACQUIRE_SECONDS) as producer:
            for run_id in run_ids:
                task.apply_async((run_id,), producer=producer, retry=False)

    def backlog(self) -> int:
        """Messages nobody has taken yet. Raises what Celery raises when the broker does not answer."""
        with self._app.pool.acquire(block=True, timeout=ACQUIRE_SECONDS) as connection:
            try:
                return int(connection.default_channel.queue_declare(QUEUE, passive=True).message_count)
            except ChannelError:  # an empty queue does not exist
                return 0
