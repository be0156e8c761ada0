"""A whole `wharf up` of its own for a test: own data folder, own port, stopped or ended by its own pid."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests import ready
from wharf.layout import DataLayout

CHECKOUT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 90.0
STOP_TIMEOUT = 60.0
READY = "Wharf is up:"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Instance:
    """`environment` adds to an environment that holds no other WHARF_* variable; `prefix` runs it as another user.

    With `ready` its data folder is there before its first start: what a first start makes is in it, at a fraction of the time.
    """

    data: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    python: str = sys.executable
    ready: bool = False
    password: str = ""
    process: subprocess.Popen[bytes] | None = None
    output_file: Path | None = None

    @property
    def output(self) -> str:
        return self.output_file.read_text() if self.output_file else ""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def variables(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("WHARF_", "DJANGO_"))
        }
        own = {"WHARF_DATA": str(self.data), "WHARF_PORT": str(self.port), "WHARF_WORKERS": "1"}
        return {**kept, **own, **self.environment}

    @property
    def admin_password(self) -> str:
        """Of the administrator its first start printed, or the first start of what it is a copy of."""
        found = ready.ADMINISTRATOR.search(self.output)
        assert found or self.password, self.output
        return found[1] if found else self.password

    def launch(self) -> None:
        if self.ready and self.process is None and not self.data.exists():
            self.password = ready.fill(self.data)
        if self.output_file is None:
            descriptor, name = tempfile.mkstemp(prefix="wharf-output-")
            os.close(descriptor)
            self.output_file = Path(name)
        with self.output_file.open("wb") as output:
            self.process = subprocess.Popen(
                [*self.prefix, self.python, str(CHECKOUT / "manage.py"), "up"],
                cwd=CHECKOUT,
                env=self.variables(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self) -> float:
        """Seconds until it serves. Raises AssertionError with its output when it ends instead."""
        begun = time.monotonic()
        self.launch()
        assert self.process is not None
        while READY not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() - begun < START_TIMEOUT, self.output
            time.sleep(0.02)
        return time.monotonic() - begun

    def refused(self) -> str:
        """Start, expect it to refuse, and give what it printed."""
        self.launch()
        assert self.process is not None
        assert self.process.wait(START_TIMEOUT) not in (0, None), self.output
        return self.output

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_TIMEOUT)

    def end(self) -> None:
        """Of a test that is over: everything of it is killed, and what it printed removed."""
        if self.process is not None:
            end(self.process, self.data)
        if self.output_file is not None:
            self.output_file.unlink()

    def get(self, path: str, host: str | None = None) -> tuple[int, str]:
        """Status and body; (0, '') when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path, headers={"Host": host} if host else {})
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException):
                return 0, ""

    def wait_for(self, path: str, status: int, timeout: float = 30.0) -> float:
        """Seconds until `path` answers `status`."""
        begun = time.monotonic()
        while (found := self.get(path)[0]) != status:
            assert time.monotonic() - begun < timeout, f"{path} gives {found}, not {status}\n{self.output}"
            time.sleep(0.1)
        return time.monotonic() - begun

    def child(self, *words: str) -> int:
        """The pid of the child of the supervisor whose command line holds all `words`."""
        for pid in children(self.pid):
            if has(pid, words):
                return pid
        raise AssertionError(f"no child with {words}\n{self.output}")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`wharf <arguments>` beside the running instance."""
        return subprocess.run(
            [*self.prefix, self.python, str(CHECKOUT / "manage.py"), *arguments],
            cwd=CHECKOUT,
            env=self.variables(),
            capture_output=True,
            text=True,
            check=False,
        )


def joined(data: Path, role: str) -> dict[str, str]:
    """The environment of another instance, which serves one role on services and store of the one that runs on `data`."""
    layout = DataLayout(data)
    return {
        "WHARF_ROLE": role,
        "WHARF_DATABASE_URL": layout.database_url("wharf_app"),
        "WHARF_REDIS_URL": layout.redis_url,
        "WHARF_SECRET_KEY": layout.read_secret() or "",
        "WHARF_STORAGE": f"file://{layout.storage}",
    }


def children(pid: int) -> list[int]:
    """None of a process that has ended meanwhile."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def has(pid: int, words: tuple[str, ...]) -> bool:
    """Whether its command line holds all `words`; False when it has ended meanwhile."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return False
    return all(word in line for word in words)


def descendants(pid: int) -> list[int]:
    """All below `pid`, deepest last."""
    return [found for child in children(pid) for found in (child, *descendants(child))]


def alive(pid: int) -> bool:
    """Running, not gone and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def end(process: subprocess.Popen[bytes], data: Path) -> None:
    """Kill a supervisor whose data nobody needs any more, and all below it: quicker than a stop, which other tests ask for."""
    below = descendants(process.pid) if process.poll() is None else []
    process.kill()
    process.wait()
    for pid in below:
        # PostgreSQL alone must clean up behind itself: the kernel keeps its shared memory.
        _signal(pid, signal.SIGQUIT if has(pid, ("postgres",)) else signal.SIGKILL)
    deadline = time.monotonic() + STOP_TIMEOUT
    while left := [pid for pid in below if alive(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)
    sockets = DataLayout(data).run
    if sockets.parent != data:
        shutil.rmtree(sockets, ignore_errors=True)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
