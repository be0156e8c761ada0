"""Generations of other hosts: one thread a process listens to NOTIFY and writes what it hears into this host's table.

While it cannot listen, changes made elsewhere would be missed, so nothing remembered may be used: `is_listening` says so.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import psycopg
import structlog
from django.db import connection

from database import generations

RETRY_SECONDS: Final = 1.0
# A connection that a firewall dropped silently is found out by this.
SILENCE_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)
_listening = threading.Event()


def is_listening() -> bool:
    """Whether changes made on other hosts reach this process."""
    return _listening.is_set()


def start() -> threading.Thread:
    """Listen until the process ends. Call it after the fork."""
    thread = threading.Thread(target=_listen_for_ever, name="generations", daemon=True)
    thread.start()
    return thread


def _listen_for_ever() -> None:
    while True:
        try:
            _listen()
        except psycopg.Error as error:
            log.warning("not hearing of other hosts' changes", error=str(error).strip())
        finally:
            _listening.clear()
        time.sleep(RETRY_SECONDS)


def _listen() -> None:
    with psycopg.connect(**_parameters(), autocommit=True) as listening:
        listening.execute(f"LISTEN {generations.CHANNEL}")
        # What changed while nobody listened is not known: begin anew.
        generations.bump_all()
        _listening.set()
        while True:
            for heard in listening.notifies(timeout=SILENCE_SECONDS):
                generations.bump(heard.payload)
            listening.execute("SELECT 1")


def _parameters() -> dict[str, Any]:
    """Those of Django's connection, without its pool and cursors."""
    wanted = connection.get_connection_params()
    ours = ("pool", "cursor_factory", "context", "prepare_threshold")
    return {name: value for name, value in wanted.items() if name not in ours}
