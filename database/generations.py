"""Generations: how every process of a host learns at once that what it remembers of a repository or project is stale.

A table of 64 Ki numbers in a file that all processes of the host map; a name's slot is its CRC. Who changes something writes
a fresh number into the slot after COMMIT and before it answers; who remembers something notes the number before it reads.
Equal numbers mean that nothing changed in between; two names in one slot only cost a needless read.

Source: performance design, caching correctness. NOTIFY, sent in the transaction, carries the change to other hosts.
"""

from __future__ import annotations

import mmap
import os
import secrets
import zlib
from functools import cache
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction

from database import sql

SLOTS: Final = 65_536
WIDTH: Final = 8
CHANNEL: Final = "wharf_generation"
NOTIFY: Final = "SELECT pg_notify(%s, %s)"

log = structlog.get_logger(__name__)


@cache
def _table() -> mmap.mmap:
    path = Path(settings.WHARF_DATA) / "generations"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        if os.fstat(descriptor).st_size != SLOTS * WIDTH:
            os.ftruncate(descriptor, SLOTS * WIDTH)
        return mmap.mmap(descriptor, SLOTS * WIDTH)
    finally:
        os.close(descriptor)


def current(repository: str) -> bytes:
    """The generations of a repository and of its project, as one value to compare."""
    table = _table()
    return table[_slot(repository)] + table[_slot(repository.partition("/")[0])]


def _slot(name: str) -> slice:
    start = zlib.crc32(name.encode()) % SLOTS * WIDTH
    return slice(start, start + WIDTH)


def bump(name: str) -> None:
    """What is remembered of this repository or project is stale, in every process of this host.

    A command that may not write the table leaves it to the servers, which hear of the change by NOTIFY.
    """
    try:
        table = _table()
    except OSError as error:
        log.info("generations not written here", name=name, error=str(error))
        return
    # A fresh random number: an increment by two processes at once could end where it began.
    table[_slot(name)] = secrets.token_bytes(WIDTH)


def bump_all() -> None:
    """Everything remembered is stale: changes on other hosts may have been missed."""
    _table()[:] = secrets.token_bytes(SLOTS * WIDTH)


def bump_on_commit(name: str) -> None:
    """As `bump`, once the transaction has committed and before the request is answered; other hosts hear of it too."""
    sql.execute(NOTIFY, [CHANNEL, name])
    bump_after_commit(name)


def bump_after_commit(name: str) -> None:
    """The half of `bump_on_commit` for this host; the caller's statement has sent `NOTIFY` with the channel and the name."""
    transaction.on_commit(lambda: bump(name))
