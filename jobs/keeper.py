"""One thread a process that keeps the lease of the run in hand while its body says nothing, and ends what lasts too long."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from django.db import DatabaseError, InterfaceError, connection

from jobs import leases
from jobs.progress import Progress

LOOK_SECONDS: Final = 1.0
# Between the request to end and the end of the process.
GRACE_SECONDS: Final = 15.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Watched:
    """`give_up` says in the database that the attempt took too long; after it the process ends."""

    progress: Progress
    deadline: float
    renewed_at: float
    give_up: Callable[[], object]


class Keeper:
    """Watches at most one run. `kills`: this process has no other purpose than the run, so it may be ended with it."""

    def __init__(self) -> None:
        self._watched: Watched | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0
        self.kills = False

    def watch(self, progress: Progress, *, seconds: float, give_up: Callable[[], object]) -> None:
        now = time.monotonic()
        self._watched = Watched(progress, now + seconds, now, give_up)
        if self._pid != os.getpid():  # threads do not survive a fork
            self._pid = os.getpid()
            self._thread = threading.Thread(target=self._run, name="lease keeper", daemon=True)
            self._thread.start()

    def forget(self) -> None:
        self._watched = None

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            watched = self._watched
            if watched is not None:
                self._look(watched)

    def _look(self, watched: Watched) -> None:
        now = time.monotonic()
        if now >= watched.deadline:
            watched.progress.flags.late = True
        if now >= watched.deadline + GRACE_SECONDS and self.kills:
            self._end(watched)
        if now - max(watched.renewed_at, watched.progress.written_at) >= leases.RENEW.total_seconds():
            self._renew(watched)

    def _renew(self, watched: Watched) -> None:
        flags = watched.progress.flags
        try:
            flags.stop, flags.back = leases.renew(watched.progress.lease)
            watched.renewed_at = time.monotonic()  # what failed is tried again at the next look
        except leases.Lost:
            flags.lost = self._watched is watched
        except (DatabaseError, InterfaceError) as error:
            log.warning("lease not renewed", run=watched.progress.run_id, error=str(error).strip())
        finally:
            connection.close()

    def _end(self, watched: Watched) -> None:
        """The body does not listen: say so, and leave with it (Celery starts another process)."""
        log.error("a job that lasted too long is ended with its process", run=watched.progress.run_id)
        try:
            watched.give_up()
        except (DatabaseError, InterfaceError) as error:
            log.warning("not said that a job lasted too long", error=str(error).strip())
        finally:
            if (
                self._watched is watched
            ):  # else it came to its end meanwhile, and the process works on something else
                os.kill(os.getpid(), signal.SIGKILL)
