"""A real Wharf started the way people start it, `wharf up`, on a free port and a data folder of its own."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from tests import ports, ready
from tests.e2e import background
from tests.e2e.clients import Login
from tests.instances import end
from wharf.layout import DataLayout

CHECKOUT = Path(__file__).resolve().parents[2]
# Below the ephemeral range: no outgoing connection takes the port between our look and the server's bind.
PORTS = ports.own(range(5300, 5400))
START_SECONDS = 90.0


class StartError(AssertionError):
    """`wharf up` ended, or was not ready in time; the message holds what it printed."""


def free_port() -> int:
    """A TCP port of loopback that nobody listens on. Raises OSError when the whole range is taken."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port in {PORTS}")


def reachable(url: str) -> bool:
    """Whether a GET of `url` answers 200 within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False


class Wharf:
    """One `wharf up` with its data folder: start, stop, kill and start again on the same data.

    That data has been started before, as an Instance's with `ready`; a given `root` has its first start here.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._ready = root is None
        # Socket paths end at 107 bytes and PostgreSQL's user must pass: a short folder, open to walk.
        self.root = root or Path(tempfile.mkdtemp(prefix="wharf-", dir="/tmp"))
        self.root.chmod(0o755)
        self.data = self.root / "data"
        self.log = self.root / "up.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.admin = Login("admin", "")

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def store(self) -> Path:
        """The root of the blob store: blobs/ and uploads/ lie in it."""
        return self.data / "storage"

    def database(self) -> psycopg.Connection[Any]:
        """A connection to its PostgreSQL as the role servers use; each statement is its own transaction."""
        return psycopg.connect(DataLayout(self.data).database_url("wharf_app"), autocommit=True)

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The caller's environment without its own WHARF_* and Django settings, plus this server's."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WHARF_", "DJANGO_", "PYTEST_", "COV_"))
        }
        own = {"WHARF_DATA": str(self.data), "WHARF_PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        return inherited | own | dict(extra or {})

    def command(self, *arguments: str) -> list[str]:
        """`wharf …` as this interpreter runs it: the installed script, else the checkout's manage.py."""
        script = Path(sys.executable).parent / "wharf"
        program = [str(script)] if script.exists() else [sys.executable, str(CHECKOUT / "manage.py")]
        return [*program, *arguments]

    def start(self, extra: Mapping[str, str] | None = None) -> None:
        """Start and wait until /readyz says 200; keeps a printed admin password. Raises StartError."""
        if self._ready and not self.data.exists():
            self.admin = Login("admin", ready.fill(self.data))
        start = self.log.stat().st_size if self.log.exists() else 0
        self.process = background.start(
            self.command("up"), environment=self.environment(extra), log=self.log, folder=CHECKOUT
        )
        self._wait_ready(start)
        if not self.admin.password:
            self.admin = Login("admin", self._printed_password(start))

    def output(self, start: int = 0) -> str:
        """What the server printed from byte `start` on."""
        return self.log.read_bytes()[start:].decode(errors="replace")

    def last_words(self, characters: int = 3000) -> str:
        """The end of what the supervisor and gunicorn wrote."""
        logs = [self.log, self.data / "logs" / "gunicorn.log"]
        return "\n".join(path.read_text(errors="replace")[-characters:] for path in logs if path.exists())

    def _wait_ready(self, start: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not reachable(f"{self.url}/readyz"):
            if self.process is None or self.process.poll() is not None:
                raise StartError(f"wharf up ended\n{self.output(start)}")
            if time.monotonic() > deadline:
                said = self.output(start)
                self.stop()
                raise StartError(f"wharf up was not ready after {START_SECONDS:.0f} s\n{said}")
            time.sleep(0.1)

    def _printed_password(self, start: int) -> str:
        # The line is printed after the server answers: give it a moment to arrive in the file.
        deadline = time.monotonic() + 5
        while not (found := ready.ADMINISTRATOR.search(self.output(start))):
            if time.monotonic() > deadline:
                raise StartError(f"wharf up printed no admin password\n{self.output(start)}")
            time.sleep(0.05)
        return found.group(1)

    def stop(self) -> None:
        """Ask the supervisor to stop, then make sure that it did. Safe to call twice."""
        if self.process is not None:
            background.stop(self.process)
            self.process = None

    def kill(self) -> None:
        """kill -9 of the supervisor, with no chance to say goodbye; its children end by themselves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def remove(self) -> None:
        """End it at once and delete the data folder."""
        if self.process is not None:
            end(self.process, self.data)
            self.process = None
        shutil.rmtree(self.root, ignore_errors=True)

    def try_run(
        self, *arguments: str, stdin: str = "", extra: Mapping[str, str] | None = None, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """One `wharf` command against this server's data, whatever it ends with."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(extra),
            cwd=CHECKOUT,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0) -> str:
        """Output of a `wharf` command that must succeed; AssertionError with all it said if it does not."""
        done = self.try_run(*arguments, stdin=stdin, timeout=timeout)
        assert done.returncode == 0, f"wharf {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout
