"""The shipper of one folder of spool files: again and again what is new in all of them, oldest file first.

Pulls of all processes of the host meet in one batch, so that those that are alike become one row whichever process answered
them. Nothing is held back for it: a batch is what is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from django.db import DatabaseError, connection

from audit.spool import files, shipping
from audit.spool.files import SpoolFile, Stretch
from audit.spool.shipping import Overtaken, Shipped, Shipping
from core.failpoints import SHIP_AFTER_READ, SHIP_AFTER_UNLINK, SHIP_BEFORE_UNLINK, fp

if TYPE_CHECKING:
    from audit.forward.pulls import PullForward

BATCH_BYTES: Final = 2 * 1024 * 1024
# Far above the longest line there can be.
LEAST_READ: Final = 64 * 1024
TURN_SECONDS: Final = 5.0
# A file that cannot be read or removed is tried again after so long.
SHY_SECONDS: Final = 60.0
FORGET_SECONDS: Final = 3600.0

log = structlog.get_logger(__name__)


class Shipper:
    """What is remembered between two turns can be lost at any time: the database knows the positions."""

    def __init__(
        self,
        folder: Path,
        *,
        batch_bytes: int = BATCH_BYTES,
        forward: Callable[[], PullForward | None] = lambda: None,
    ) -> None:
        """`forward`: asked before each batch who is to have the pulls besides the database."""
        self._folder = folder
        self._forward = forward
        self._batch_bytes = batch_bytes
        self._shipping = Shipping()
        self._positions: dict[str, int] = {}
        self._shy_until: dict[str, float] = {}
        self._forget_at = time.monotonic()

    def step(self, seconds: float = TURN_SECONDS) -> Shipped:
        """Ship what is there, for at most about so many seconds. Raises DatabaseError, and OSError for the folder itself."""
        if not self._folder.is_dir():
            return Shipped()
        with files.alone(self._folder) as ours:
            return self._turn(time.monotonic() + seconds) if ours else Shipped()

    def _turn(self, deadline: float) -> Shipped:
        total = Shipped()
        try:
            while (shipped := self._pass()) is not None:
                total += shipped
                if time.monotonic() >= deadline:
                    return total + Shipped(more=True)
        except DatabaseError:
            # What became of the last transaction is not known here.
            self._positions.clear()
            connection.close()
            raise
        return total

    def _pass(self) -> Shipped | None:
        """One batch; None when there is nothing to ship."""
        listed = files.names(self._folder)
        self._know(listed)
        stretches: list[Stretch] = []
        room = self._batch_bytes
        for name in listed:
            if room <= 0:
                break
            stretch = self._visit(name, max(room, LEAST_READ))
            if stretch is not None:
                stretches.append(stretch)
                room -= len(stretch.data)
        if not stretches:
            return None
        fp(SHIP_AFTER_READ)
        try:
            shipped = self._shipping.deliver(stretches, self._forward())
        except Overtaken:
            self._positions.clear()
            return Shipped()
        self._positions.update({stretch.name: stretch.end for stretch in stretches})
        return shipped

    def _know(self, listed: list[str]) -> None:
        self._positions |= shipping.positions(name for name in listed if name not in self._positions)
        if time.monotonic() >= self._forget_at:
            shipping.forget(listed)
            self._forget_at = time.monotonic() + FORGET_SECONDS

    def _visit(self, name: str, limit: int) -> Stretch | None:
        """What is new in the file; a file that holds nothing new and will not grow is removed."""
        if self._shy_until.get(name, 0.0) > time.monotonic():
            return None
        try:
            with files.opened(self._folder / name) as spool:
                stretch = spool.read(self._positions[name], limit)
                if stretch is None and spool.whole:
                    self._remove(spool)
                return stretch
        except OSError as failure:
            log.error("a file of the pull spool cannot be shipped or removed", file=name, error=str(failure))
            self._shy_until[name] = time.monotonic() + SHY_SECONDS
            return None

    def _remove(self, spool: SpoolFile) -> None:
        """Under its lock. It may be shorter than its position: a power failure takes what the disk had not yet."""
        if self._positions[spool.name]:
            shipping.mark_removed(spool.name)
        fp(SHIP_BEFORE_UNLINK)
        spool.path.unlink(missing_ok=True)
        fp(SHIP_AFTER_UNLINK)
        self._positions.pop(spool.name)
        self._shy_until.pop(spool.name, None)
