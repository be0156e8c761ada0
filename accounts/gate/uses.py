"""When keys were last used and who has signed in: noted once in a while, not at every pull.

Of the same actor with the same key from the same address by the same method the first proof in five minutes is noted, by each
process for itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from django.db import DatabaseError, transaction

from access.principal import ActorKind, Principal
from audit import sign_ins
from audit.detail import address
from core.errors import Unavailable
from database import sql
from database.transactions import TRY_AGAIN

SECONDS: Final = 300.0
MAXIMUM: Final = 50_000

# Nobody waits for a row that is being changed: the next use is noted as well as this one.
_KEY_USED = """
    UPDATE access_token SET last_used_at = now(), last_used_ip = %s::inet
    WHERE id = (SELECT id FROM access_token WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED)
"""
_ROBOT_USED = """
    UPDATE robot SET last_used_at = now(), last_used_ip = %s::inet
    WHERE id = (SELECT id FROM robot WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED)
"""


class Noted:
    """What was noted a short while ago; bounded, the oldest out first."""

    def __init__(self, *, seconds: float = SECONDS, maximum: int = MAXIMUM) -> None:
        self._seconds = seconds
        self._maximum = maximum
        self._until: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = threading.Lock()

    def is_due(self, key: Hashable, now: float) -> bool:
        """Whether it is to be noted now: also for the second of two at once, as nobody knows yet whether the first could be."""
        return self._until.get(key, 0.0) <= now

    def done(self, key: Hashable, now: float) -> None:
        """It was noted."""
        with self._lock:
            self._until[key] = now + self._seconds
            self._until.move_to_end(key)
            while len(self._until) > self._maximum:
                self._until.popitem(last=False)


_noted = Noted()


def _after_fork() -> None:
    global _noted
    _noted = Noted()


os.register_at_fork(after_in_child=_after_fork)  # the lock may be held by a thread the child does not have


def note(principal: Principal) -> None:
    """Note that the principal has proved himself. Raises Unavailable when it cannot be written: nobody signs in unrecorded."""
    key = (principal.kind, principal.id, principal.key_id, principal.origin.ip, principal.auth)
    if not _noted.is_due(key, time.monotonic()):
        return
    try:
        _write(principal)
    except (DatabaseError, *TRY_AGAIN) as error:
        raise Unavailable("the registry's database is not available: try again") from error
    _noted.done(key, time.monotonic())


def _write(principal: Principal) -> None:
    ip = address(principal.origin.ip)
    with transaction.atomic():
        if principal.kind is ActorKind.ROBOT:
            sql.execute(_ROBOT_USED, (ip, principal.id))
        elif principal.key_id:
            sql.execute(_KEY_USED, (ip, principal.key_id))
        sign_ins.record(principal, principal.auth)
