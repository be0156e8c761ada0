"""Exports: exactly what a search finds, as a file. Small ones are streamed, large ones made by a job. Each is an event.

A stream is read while it is sent: constant memory, and it ends with the client. What it holds is fixed when it begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from threading import Lock, RLock
from time import monotonic
from typing import Any, Final

from access.check import system_permissions_of
from access.principal import Principal
from access.table import P
from audit.actions import action
from audit.export import stored
from audit.export.formats import Format, pieces
from audit.reading.filter import Filter
from audit.reading.scope import Scope, scope_of
from audit.reading.search import Count, count
from audit.reading.stream import entries
from core.errors import InvalidInput, SearchTooLong, Unavailable
from database.transactions import release_connection

LARGEST_STREAM: Final = 100_000
"""Entries that are streamed to a client; what is larger is a job's."""
AT_ONCE: Final = 4
"""Streams of one process, one for each person: each has a connection to the database for as long as its reader takes."""
LONGEST: Final = 600.0
"""Seconds a client may take to read one."""

NAME: Final = "audit.export"


class TooLarge(InvalidInput):
    """Too many entries to be streamed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to export. `own`: the caller's acts alone; otherwise all that the caller may see."""

    wanted: Filter
    form: Format = Format.CSV
    own: bool = False

    @property
    def fixed(self) -> Wish:
        """With both ends of its time (database's clock): read again, it finds the same."""
        return replace(self, wanted=stored.fixed(self.wanted))

    @property
    def facts(self) -> dict[str, Any]:
        """Plain JSON, for events."""
        facts: dict[str, Any] = {"format": str(self.form), "filter": stored.written(self.wanted)}
        return facts | ({"own": True} if self.own else {})

    @property
    def file_name(self) -> str:
        """`audit-20261114T000000Z-20261121T000000Z.csv`, by the time it is fixed to."""
        ends = (self.wanted.since, self.wanted.until)
        since, until = (f"{end:%Y%m%dT%H%M%SZ}" if end else "now" for end in ends)
        return f"audit-{since}-{until}.{self.form}"


@dataclass(eq=False, slots=True)
class Place:
    """Somebody's, until `deadline` (monotonic seconds)."""

    person: tuple[str, int]
    deadline: float
    stream: Stream | None = None

    @property
    def is_over(self) -> bool:
        return monotonic() > self.deadline


class Places:
    """Those of this process. A reader who holds his for too long loses it when another needs one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken: list[Place] = []

    def take(self, actor: Principal, seconds: float) -> Place:
        """Raises Unavailable."""
        self._close_late()
        place = Place((str(actor.kind), actor.id), monotonic() + seconds)
        with self._lock:
            if place.person in [each.person for each in self._taken]:
                raise Unavailable("an export of yours is under way: wait for it, or end it", retry_after=60)
            if len(self._taken) >= AT_ONCE:
                raise Unavailable("enough exports are under way here: try again in a minute", retry_after=60)
            self._taken.append(place)
        return place

    def give_back(self, place: Place) -> None:
        """Twice is once."""
        with self._lock, suppress(ValueError):
            self._taken.remove(place)

    def taken(self) -> int:
        with self._lock:
            return len(self._taken)

    def _close_late(self) -> None:
        """Outside the lock, which closing takes itself."""
        with self._lock:
            late = [each.stream for each in self._taken if each.is_over and each.stream is not None]
        for stream in late:
            stream.close_if_idle()


_places = Places()


class Stream:
    """The bytes of an export, read while they are asked for. To be closed, whether it was read to its end or not at all.

    One that nobody has read to its end in time is closed by who needs its place, from another thread.
    """

    def __init__(self, wish: Wish, scope: Scope, place: Place) -> None:
        self.name = wish.file_name
        self.media_type = wish.form.media_type
        self._found = content(scope, wish)
        self._place = place
        self._lock = RLock()
        place.stream = self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with self._lock:
            try:
                if self._place.is_over:
                    raise Unavailable(
                        "an export ends after ten minutes: have the file made in the background"
                    )
                return next(self._found)[1]
            except BaseException:  # its end, too
                self.close()
                raise

    def close(self) -> None:
        """Ends the query."""
        with self._lock:
            self._found.close()
        _places.give_back(self._place)

    def close_if_idle(self) -> None:
        """Where nobody waits for a piece right now: who does will see himself that his time is over."""
        if self._lock.acquire(blocking=False):
            try:
                self.close()
            finally:
                self._lock.release()


def stream(actor: Principal, wish: Wish, *, most: int | None = LARGEST_STREAM) -> Stream:
    """Export now. `most`: None for an operator at the machine, who has the time.

    Raises Denied, InvalidInput, TooLarge, Unavailable.
    """
    place = _places.take(actor, inf if most is None else LONGEST)
    try:
        return _begun(actor, wish.fixed, most, place)
    except BaseException:
        _places.give_back(place)
        raise


def _begun(actor: Principal, wish: Wish, most: int | None, place: Place) -> Stream:
    needed = authority(actor, wish)
    with action(actor, needed.permission, name=NAME, anyone=needed.anyone) as draft:
        scope = seen(actor, wish)
        found = _counted(scope, wish.wanted)
        if most is not None and (not found.exact or found.n > most):
            raise TooLarge(
                f"these are more than {most:,} entries: shorten the time, add a filter, or have the file made in the "
                "background (POST /api/v2.0/export/audit-logs, or wharf audit export --job)"
            )
        draft.resource("audit-log", None, wish.file_name)
        draft.after(wish.facts | {"rows_found": found.n if found.exact else f"more than {found.n}"})
    return Stream(wish, scope, place)


def content(scope: Scope, wish: Wish) -> Generator[tuple[int, bytes], None, None]:
    """The file, as `formats.pieces`; the search begins with the first of them. The caller has seen to rights and event."""
    release_connection()  # a slow reader keeps the search's own connection, not a second one as well
    with entries(scope, wish.wanted) as found:
        yield from pieces(found, wish.form)


@dataclass(frozen=True, slots=True)
class Authority:
    """What an act of exporting needs. `anyone`: nothing, as everybody has acts of his own; scope_of refuses who is nobody."""

    permission: P
    anyone: bool


def authority(actor: Principal, wish: Wish) -> Authority:
    """The right to the whole log where the actor holds it, or none."""
    everything = not wish.own and P.AUDIT_LOG_LIST in system_permissions_of(actor)
    permission = P.AUDIT_LOG_LIST if everything else P.LOG_LIST
    return Authority(permission, anyone=not everything)


def seen(actor: Principal, wish: Wish) -> Scope:
    """What the actor may see of it. Raises Denied: inside the act, so that a refusal is recorded."""
    return scope_of(actor, own=wish.own)


def mark_of(scope: Scope) -> str:
    """The same for what shows the same: tells whether somebody's rights have changed since."""
    sorted_ = replace(scope, project_ids=tuple(sorted(scope.project_ids)))
    return hashlib.sha256(repr(sorted_).encode()).hexdigest()[:32]


def _counted(scope: Scope, wanted: Filter) -> Count:
    """Counted to the most that is streamed; what takes too long to count is more."""
    try:
        return count(scope, wanted, bound=LARGEST_STREAM)
    except SearchTooLong:
        return Count(LARGEST_STREAM, exact=False)
