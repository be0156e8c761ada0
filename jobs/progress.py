"""What a body tells of itself while it works, and how it hears that it should stop.

Figures are kept in memory and written at most once a second, at every change of phase and at the end. Each write renews the
lease and reads whether somebody asked the run to stop; `advance`, `phase`, `items` and `checkpoint` then end the body by
raising an `Interrupted`, which no `except Exception` of the body swallows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Generic, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from audit.detail import clean
from database import sql
from jobs.items import Items
from jobs.leases import HELD, LAZILY, WISHES, Claimed, Lease
from jobs.logbook import MAX_WAITING, Logbook
from jobs.models import MAX_KEY, MAX_NAME
from jobs.redaction import redacted

SECONDS_BETWEEN_WRITES: Final = 1.0

T = TypeVar("T")

log = structlog.get_logger(__name__)

_WRITE = f"""
    UPDATE job_run SET phase = %(phase)s::text, current = %(current)s, done = %(done)s, total = %(total)s,
      bytes_done = %(bytes_done)s, bytes_total = %(bytes_total)s, failed = %(failed)s, log_lines = %(log_lines)s,
      phase_started_at = CASE WHEN phase = %(phase)s::text THEN phase_started_at ELSE now() END,
      heartbeat_at = now(), lease_until = now() + %(lease)s, version = version + 1
    FROM {LAZILY} WHERE {HELD} RETURNING {WISHES}
"""


class Interrupted(BaseException):
    """The body must end now."""


class Stopped(Interrupted):
    """Somebody asked the run to stop."""


class GivenBack(Interrupted):
    """This worker stops; another one will do the run, from its beginning."""


class LeaseLost(Interrupted):
    """The run was given to another worker, or is gone; nothing this process says about it counts any more."""


class TimedOut(Interrupted):
    """The attempt lasts longer than its kind allows."""


@dataclass(slots=True)
class Figures:
    """Where the work stands: `done` of `total` items and `bytes_done` of `bytes_total` within the phase."""

    phase: str = ""
    current: str = ""
    done: int = 0
    total: int | None = None
    bytes_done: int = 0
    bytes_total: int | None = None


@dataclass(slots=True)
class Flags:
    """Set by a write or by the process's keeper (jobs.keeper), raised at the next checkpoint."""

    stop: bool = False
    back: bool = False
    lost: bool = False
    late: bool = False

    def check(self) -> None:
        if self.lost:
            raise LeaseLost
        if self.stop:
            raise Stopped
        if self.back:
            raise GivenBack
        if self.late:
            raise TimedOut


@dataclass(slots=True)
class Progress:
    """Given to every body. `run`: what is being done and for whom; when only failed items are done again, `items` passes
    over the others."""

    run: Claimed
    lease: Lease
    log: Logbook
    figures: Figures = field(default_factory=Figures)
    flags: Flags = field(default_factory=Flags)
    tracked: Items = field(init=False)
    tried_at: float = field(default_factory=time.monotonic)
    written_at: float = field(default_factory=time.monotonic)  # each write that succeeds renews the lease

    def __post_init__(self) -> None:
        self.tracked = Items(self.lease.run_id)

    @classmethod
    def of(cls, run: Claimed, lease: Lease) -> Progress:
        return cls(run, lease, Logbook(run.id, run.log_lines))

    @property
    def run_id(self) -> int:
        return self.lease.run_id

    @property
    def attempt(self) -> int:
        """1 for the first."""
        return self.lease.attempt

    def phase(self, name: str, *, total: int | None = None, bytes_total: int | None = None) -> None:
        """Begin the next part of the work, counted from zero. Raises Interrupted."""
        self.figures = Figures(redacted(name, MAX_NAME), total=total, bytes_total=bytes_total)
        self._write()
        self.flags.check()

    def advance(self, n: int = 1, *, bytes: int = 0) -> None:  # noqa: A002 - what it counts
        """So many more items and bytes are done. Raises Interrupted."""
        self.figures.done += n
        self.figures.bytes_done += bytes
        self.checkpoint()

    def current(self, text: str) -> None:
        """What is being worked on, for people."""
        self.figures.current = redacted(text, MAX_KEY)

    def checkpoint(self) -> None:
        """A place where the body may end. Raises Interrupted."""
        if time.monotonic() - self.tried_at >= SECONDS_BETWEEN_WRITES or len(self.log.waiting) >= MAX_WAITING:
            self._write()
        self.flags.check()

    def items(self, values: Iterable[T], key: Callable[[T], str] = str) -> Iterator[Item[T]]:
        """Every value in turn: `for item in progress.items(values): with item: …`, `item.value` being the value.

        What the `with` block raises is that item's failure: named by `key`, kept as a row, and the run ends `partial`.
        Raises Interrupted.
        """
        if self.run.only_failed:
            earlier = self.tracked.earlier()
            values = [value for value in values if _key(key, value) in earlier]
        if isinstance(values, Collection) and self.figures.total is None:
            self.figures.total = len(values)
        for value in values:
            item = Item(self, value, _key(key, value))
            self.current(item.key)
            self.checkpoint()
            yield item
            self.advance()

    def end(self) -> None:
        """Write what is left: lines and items. The figures go with the end of the run. Raises DatabaseError."""
        self.figures.current = ""
        if self.log.waiting or self.tracked.outcomes:
            self._write_now()

    def _write(self) -> None:
        """Best effort: without the database the work goes on, and the figures are written the next time."""
        if connection.in_atomic_block:
            return  # the body's transaction would hold the row and hide the figures
        self.tried_at = time.monotonic()
        try:
            self._write_now()
            self.written_at = time.monotonic()
        except (DatabaseError, InterfaceError) as error:
            with suppress(DatabaseError, InterfaceError):
                connection.close_if_unusable_or_obsolete()
            log.warning("progress not written", run=self.run_id, error=str(error).strip())

    def _write_now(self) -> None:
        lines = len(self.log.waiting)
        if not lines and not self.tracked.outcomes:
            self._write_figures()
            return
        with transaction.atomic():
            self._write_figures()
            if self.flags.lost:
                return
            if lines:
                self.log.write()
            if self.tracked.outcomes:
                self.tracked.write()
        self.log.wrote(lines)
        self.tracked.wrote()

    def _write_figures(self) -> None:
        figures = self.figures
        found = sql.row(
            _WRITE,
            {
                **self.lease.facts,
                "phase": figures.phase,
                "current": figures.current,
                "done": figures.done,
                "total": figures.total,
                "bytes_done": figures.bytes_done,
                "bytes_total": figures.bytes_total,
                "failed": self.tracked.failed,
                "log_lines": self.log.lines,
            },
        )
        self.flags.lost = found is None
        if found is not None:
            self.flags.stop, self.flags.back = found


def _key(key: Callable[[T], str], value: T) -> str:
    return clean(key(value), MAX_KEY)


@dataclass(slots=True)
class Item(Generic[T]):
    """One item; what is raised inside its `with` block fails it alone, except the loss of the database and Interrupted."""

    progress: Progress
    value: T
    key: str

    def __enter__(self) -> Item[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            self.progress.tracked.succeeded(self.key)
            return False
        if not isinstance(error, Exception) or isinstance(error, OperationalError | InterfaceError):
            return False
        text = str(error) or type(error).__name__
        self.progress.log.error(text, item=self.key)
        self.progress.tracked.went_wrong(self.key, text)
        return True
