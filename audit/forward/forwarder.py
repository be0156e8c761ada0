"""What the shipper's process does of forwarding: it collects now and then, and keeps the thread that sends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from django.db import DatabaseError, Error, connection

from audit.forward import buffer as buffers
from audit.forward import collecting
from audit.forward import pulls as pending
from audit.forward.buffer import Buffer
from audit.forward.heads import HeadsFile
from audit.forward.messages import Form
from audit.forward.pulls import PullForward
from audit.forward.sending import Sender
from audit.forward.target import Target

INTERVAL: Final = 2.0
"""Seconds between steps."""
STEP_SECONDS: Final = 1.0
# While nothing can be sent from here another host, which may reach the server, should come first.
FAILING_SECONDS: Final = 10.0
COMPLAIN_SECONDS: Final = 60.0
STOP_SECONDS: Final = 0.5
REMEMBERED: Final = "target.json"

log = structlog.get_logger(__name__)


class Forwarder:
    """`target`: asked at each step where to forward to, None for nowhere; it may raise, then the last answer holds.

    `heads`: the file of signed heads, whose lines go, too.
    """

    def __init__(self, folder: Path, target: Callable[[], Target | None], heads: Path | None = None) -> None:
        self._folder = folder
        self._heads = HeadsFile(heads, folder) if heads is not None else None
        self._ask = target
        self._buffer: Buffer | None = None
        self._sender: Sender | None = None
        self._target: Target | None = None
        self._form: Form | None = None
        self._pulls: PullForward | None = None
        self._collect_at = 0.0
        self._is_anothers = False
        self._is_remembered = True
        self._complained = float("-inf")

    def step(self) -> bool:
        """Collect what is there, for about a second; whether there may be more. Raises DatabaseError, OSError."""
        try:
            return self._step()
        except DatabaseError:
            connection.close()  # else a lost one would be asked again and again
            raise

    def _step(self) -> bool:
        if self._target is None:
            self._head_for(self._remembered())
        self._head_for(self._asked())
        if not self._is_remembered:
            self._remember()
        if self._buffer is not None:
            pending.settle(self._buffer)
        if self._buffer is None or self._sender is None or self._form is None:
            return False
        if self._heads is not None:
            self._heads.collect(self._buffer, self._form)
        now = time.monotonic()
        if self._sender.failing and now < self._collect_at:
            return False
        self._collect_at, ends = now + FAILING_SECONDS, now + STEP_SECONDS
        while more := collecting.collect(self._buffer, self._form):
            if time.monotonic() >= ends:
                break
        return more

    def _asked(self) -> Target | None:
        """The last answer where there is none: one setting that cannot be read must not stop what needs it not."""
        try:
            return self._ask()
        except Error:
            raise
        except Exception as failure:  # noqa: BLE001 - whatever a setting says
            if time.monotonic() - self._complained >= COMPLAIN_SECONDS:
                self._complained = time.monotonic()
                log.error("where to forward to cannot be read: the last answer holds", error=str(failure))
            return self._target

    def pulls(self) -> PullForward | None:
        """Who is to have the pulls that are shipped here; None where they are not forwarded."""
        return self._pulls

    @property
    def ships_elsewhere(self) -> bool:
        """Whether pulls are forwarded by another shipper of this host, which has the buffer: then it must ship them all."""
        return self._is_anothers

    def stop(self) -> None:
        """Let go of the server. What it may not have got is sent by the next process."""
        if self._sender is not None:
            self._sender.stop()
            self._sender.join(STOP_SECONDS)

    def _head_for(self, target: Target | None) -> None:
        if target == self._target:
            return
        self._is_anothers = target is not None and not self._hold() and target.pulls
        if target is not None and self._buffer is None:
            return
        self._form = None if target is None else Form(target)
        self._pulls = None
        if target is not None and target.pulls and self._buffer is not None and self._form is not None:
            self._pulls = PullForward(self._buffer, self._form)
        if self._sender is not None:
            self._sender.tell(target)
        elif self._buffer is not None:
            sender = Sender(self._buffer, target)
            sender.start()
            self._sender = sender
        # Only now: whatever failed above is done anew at the next step.
        self._target, self._is_remembered = target, False

    def _hold(self) -> bool:
        """Whether the folder is ours: another shipper of this host may have it."""
        if self._buffer is None:
            found = Buffer(self._folder)
            if found.hold():
                self._buffer = found
        return self._buffer is not None

    def _remember(self) -> None:
        """While the database is away, what is in the buffer is sent all the same, also by a process that starts then."""
        path = self._folder / REMEMBERED
        try:
            if self._target is None:
                path.unlink(missing_ok=True)
            else:
                buffers.replace(path, json.dumps(self._target.as_json()).encode())
        except OSError as failure:  # a full disk: tried again at each step
            log.warning("where to forward to cannot be remembered", error=str(failure))
        else:
            self._is_remembered = True

    def _remembered(self) -> Target | None:
        try:
            return Target.from_json(json.loads((self._folder / REMEMBERED).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as failure:
            log.warning("where to forward to is not remembered", error=str(failure))
            return None
