"""The embedded Valkey: broker and shared counters. Nothing in it is the only copy of anything."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from wharf.processes import Child, Command, Identity
from wharf.programs import Programs

START_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Valkey:
    programs: Programs
    identity: Identity
    folder: Path
    run: Path
    log: Path | None = None

    @property
    def socket(self) -> Path:
        return self.run / "valkey.sock"

    def command(self) -> Command:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "770",
            # The current folder: the service user may be unable to name it (a data folder below /root).
            "dir": ".",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return Command(
            "valkey",
            (str(self.programs.valkey), *flags, "--save", ""),
            directory=self.folder,
            identity=self.identity,
            log=self.log,
        )

    def prepare(self) -> None:
        """Its folder and a free socket name. Needs our lock: Valkey itself has none, a second server would
        quietly
        take over the socket and write the same files."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if self.identity.uid is not None and self.identity.gid is not None:
            os.chown(self.folder, self.identity.uid, self.identity.gid)
        self.socket.unlink(missing_ok=True)

    def wait_ready(self, child: Child, timeout: float = START_TIMEOUT) -> bool:
        """Whether it answered in time; the registry runs without it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and child.alive:
            if self._answers():
                return True
            time.sleep(0.02)
        return False

    def _answers(self) -> bool:
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2)
        with contextlib.closing(client), contextlib.suppress(redis.RedisError, OSError):
            return bool(client.ping())
        return False
