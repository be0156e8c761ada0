"""The process that does the background work of the audit log on a host with a spool: `python -m wharf.shipper`.

It ships pulls into the database and calls what else is due now and then. It may be killed at any instruction, and lives through
an absence of PostgreSQL; at SIGTERM it ships what is there and ends. Django is set up with the one app it needs, because it
runs beside every registry and its memory is paid on every host.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 15.0
SHIP_SECONDS: Final = 2.0
LAST_SECONDS: Final = 0.6
COMPLAIN_SECONDS: Final = 60.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Step:
    """Something that is due every so many seconds, and at once while it says True.

    It may raise: then it is tried again, after growing pauses.
    """

    name: str
    run: Callable[[], Any]
    seconds: float
    due: float = 0.0
    pause: float = 0.0
    complained: float = float("-inf")

    def take(self) -> None:
        """Run, and plan the next time."""
        try:
            at_once = self.run() is True
        except Exception as failure:  # noqa: BLE001 - whatever one step meets, the others go on
            self._plan_again(failure)
            return
        if self.pause:
            log.info("goes on", step=self.name)
        self.pause, self.due, self.complained = (
            0.0,
            time.monotonic() + (0.0 if at_once else self.seconds),
            float("-inf"),
        )

    def _plan_again(self, failure: Exception) -> None:
        now = time.monotonic()
        self.pause = min(max(self.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self.due = now + self.pause
        if now - self.complained >= COMPLAIN_SECONDS:
            self.complained = now
            log.error(
                "tried again later", step=self.name, error=f"{type(failure).__name__}: {failure}".strip()
            )


def run(steps: Sequence[Step], stopping: threading.Event) -> None:
    """Take what is due until `stopping` is set."""
    while not stopping.wait(max(0.0, min(step.due for step in steps) - time.monotonic())):
        for step in steps:
            if step.due <= time.monotonic() and not stopping.is_set():
                step.take()


def set_up() -> None:
    """Django with the settings of all processes and one app; no pool, because one thread needs one connection."""
    import django
    from django.conf import settings

    from wharf import settings as ours

    named = {name: getattr(ours, name) for name in dir(ours) if name.isupper()}
    database = named["DATABASES"]["default"]
    options = {**database["OPTIONS"], "application_name": "wharf-shipper"}
    del options["pool"]
    # CONN_MAX_AGE counts only between requests, and there are none: the connection stays.
    named |= {
        "INSTALLED_APPS": ["audit"],
        "MIDDLEWARE": [],
        "DATABASES": {"default": {**database, "OPTIONS": options}},
    }
    settings.configure(**named)
    django.setup()


def main() -> int:
    """Until a signal: exit status 0."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    set_up()
    from pathlib import Path

    from django.conf import settings

    from audit.forward import forwarder
    from audit.seal import sealer
    from audit.spool.shipper import Shipper
    from wharf import forwarding

    folder = Path(settings.WHARF_SPOOL) / "pulls"
    log.info("shipping pulls", folder=str(folder))
    forward = forwarder.Forwarder(
        Path(settings.WHARF_AUDIT_FORWARD), forwarding.target, Path(settings.WHARF_AUDIT_HEADS)
    )
    shipper = Shipper(folder, forward=forward.pulls)
    steps = [
        # First, so that no pull is shipped before it is known whether somebody else is to have it.
        Step("forward", forward.step, forwarder.INTERVAL),
        Step("ship", lambda: not forward.ships_elsewhere and shipper.step().more, SHIP_SECONDS),
        Step("seal", sealer.step, sealer.INTERVAL),
    ]
    run(steps, stopping)
    if not forward.ships_elsewhere:
        Step("ship", lambda: shipper.step(LAST_SECONDS), 0.0).take()
    forward.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
