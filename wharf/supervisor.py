"""Keeps the children alive: restarts what dies, with growing pauses, and stops all in order."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from wharf.processes import Child, Command, spawn

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# A child that lived this long starts with the first pause again.
SETTLED = 60.0
POLL = 0.2
LOG_LIMIT = 64 * 1024 * 1024
LOG_CHECK = 60.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Watched:
    """One child, how to make it ready for a new start, and when that may happen."""

    child: Child
    prepare: Callable[[], None]
    started: float = field(default_factory=time.monotonic)
    pause: float = 0.0
    due: float | None = None


def nothing() -> None:
    """The preparation of a child that needs none."""


@dataclass(slots=True)
class Supervisor:
    """`keep`: descriptors every child inherits (the data lock); `listener`: gunicorn's socket, for it
    alone."""

    say: Say
    keep: tuple[int, ...] = ()
    watched: list[Watched] = field(default_factory=list)
    _logs_checked: float = 0.0

    def adopt(self, child: Child, prepare: Callable[[], None] = nothing) -> None:
        self.watched.append(Watched(child, prepare))

    def start(self, command: Command, *, keep: tuple[int, ...] = ()) -> Child:
        child = spawn(command, keep=(*self.keep, *keep))
        self.adopt(child)
        return child

    def run(self, keep: dict[str, tuple[int, ...]]) -> None:
        """Watch until a signal handler raises. `keep`: further descriptors by the name of the command."""
        while True:
            for item in self.watched:
                self._look_after(item, keep.get(item.child.command.name, ()))
            self._shorten_logs()
            time.sleep(POLL)

    def _look_after(self, item: Watched, keep: tuple[int, ...]) -> None:
        now = time.monotonic()
        if item.due is None:
            if not item.child.alive:
                self._plan_restart(item, now)
        elif now >= item.due:
            self._restart(item, keep)

    def _plan_restart(self, item: Watched, now: float) -> None:
        # What the dead one left (gunicorn's or Celery's own children) must not work beside the new one.
        item.child.kill_group()
        item.pause = _longer(0.0 if now - item.started > SETTLED else item.pause)
        item.due = now + item.pause
        self.say(f"{item.child.command.name} ended {_how(item.child)}; starting it again in {item.pause:g} s")

    def _restart(self, item: Watched, keep: tuple[int, ...]) -> None:
        item.started, item.due = time.monotonic(), None
        try:
            item.prepare()
            item.child = spawn(item.child.command, keep=(*self.keep, *keep))
        except Exception as error:  # noqa: BLE001 - whatever it is (disk full, no memory), the others must live on
            item.pause = _longer(item.pause)
            item.due = time.monotonic() + item.pause
            self.say(f"{item.child.command.name} cannot be started ({error}); next try in {item.pause:g} s")

    def stop(self, last: frozenset[str]) -> None:
        """Stop all: first those that use the services, then the services named in `last`."""
        for group in (False, True):
            children = [item.child for item in self.watched if (item.child.command.name in last) is group]
            for child in children:
                child.ask_to_stop()
            for child in children:
                child.wait_stopped()

    def _shorten_logs(self) -> None:
        now = time.monotonic()
        if now - self._logs_checked < LOG_CHECK:
            return
        self._logs_checked = now
        for item in self.watched:
            if item.child.command.log is not None:
                shorten(item.child.command.log)


def shorten(log: Path) -> None:
    """Keep one older part of a log that grew too long. Copied, not renamed: its writer holds it open."""
    try:
        if log.stat().st_size > LOG_LIMIT:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)
    except OSError:
        # A full disk is said elsewhere; the log is not worth stopping for.
        return


def _longer(pause: float) -> float:
    return min(max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE)


def _how(child: Child) -> str:
    status = child.process.returncode
    return f"by signal {-status}" if status is not None and status < 0 else f"with status {status}"
