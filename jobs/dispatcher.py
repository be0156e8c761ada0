"""The thread of a worker's main process that keeps jobs moving: hands out, finds what is lost, and says that the worker lives.

It never ends by a failure: without PostgreSQL or the broker it says so, waits a little longer each time, and goes on.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from typing import Final

import structlog
from django.db import DatabaseError, connection

from database import sql
from jobs import identity, kinds, leases, relay
from jobs.reaper import Backlog, Reaper
from jobs.relay import Send
from jobs.wake import CHANNEL

POLL_SECONDS: Final = 1.0
# Ends that come in quick succession free places that are filled together.
GATHER_SECONDS: Final = 0.02
LOOK_SECONDS: Final = 2.0
BEAT_SECONDS: Final = 5.0
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0

log = structlog.get_logger(__name__)

_BEAT = """
    INSERT INTO job_worker (name, host, pid, queues, slots) VALUES (%(name)s, %(host)s, %(pid)s, %(queues)s, %(slots)s)
    ON CONFLICT (name) DO UPDATE SET heartbeat_at = now(), slots = %(slots)s, queues = %(queues)s
"""


@dataclass(slots=True)
class Dispatcher:
    """`send` and `backlog` speak to the broker; `slots`: runs this worker works on at once."""

    send: Send
    backlog: Backlog
    slots: int
    stopping: threading.Event = field(default_factory=threading.Event)
    reaper: Reaper = field(default_factory=Reaper)
    _thread: threading.Thread | None = None
    _looked: float = 0.0
    _beaten: float = 0.0
    _pause: float = 0.0

    def start(self) -> None:
        self._thread = threading.Thread(target=self.run, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def run(self) -> None:
        """Until `stopping` is set."""
        listening = False
        while not self.stopping.is_set():
            try:
                if not listening:
                    sql.execute(f"LISTEN {CHANNEL}")
                    listening = True
                self._round()
                self._pause = 0.0
                self._hear()
            except Exception as error:  # noqa: BLE001 - whatever it is, jobs must go on moving afterwards
                listening = self._after(error) and listening
        self._leave()

    def _round(self) -> None:
        now = time.monotonic()
        if now - self._beaten >= BEAT_SECONDS:
            self._beaten = now
            self._beat()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self.reaper.tick(self.backlog)
        relay.tick(self.send)

    def _beat(self) -> None:
        name = identity.worker(os.getpid())
        queues = [queue.name for queue in kinds.queues()]
        facts = {
            "name": name,
            "host": name.partition("/")[0],
            "pid": os.getpid(),
            "queues": queues,
            "slots": self.slots,
        }
        sql.execute(_BEAT, facts)

    def _hear(self) -> None:
        """Wait until there may be something to do, at most a second."""
        if self.stopping.wait(GATHER_SECONDS):
            return
        for _heard in connection.connection.notifies(timeout=POLL_SECONDS, stop_after=1):
            pass

    def _after(self, error: Exception) -> bool:
        """Say it, and wait; whether the database connection is still good."""
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        log.warning("jobs are not being handed out", error=str(error).strip(), again_in=self._pause)
        good = self._still_connected()
        self.stopping.wait(self._pause)
        return good

    def _still_connected(self) -> bool:
        try:
            sql.value("SELECT 1")
        except (DatabaseError, OSError):
            connection.close()
            return False
        return True

    def _leave(self) -> None:
        """A worker that stops well gives its runs back, and is not waited for."""
        try:
            sql.execute(leases.GIVE_BACK, [f"{identity.worker(os.getpid())}/"])
            sql.execute("DELETE FROM job_worker WHERE name = %s", [identity.worker(os.getpid())])
            connection.close()
        except DatabaseError as error:
            log.info("worker not signed off", error=str(error).strip())
