"""One running instance: the order in which `wharf up` makes everything ready, serves, and stops."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from wharf import datalock, embedded, front, preflight, probe
from wharf.datalock import DataInUse
from wharf.embedded import Embedded
from wharf.environment import Environment, Role
from wharf.layout import CHECKOUT
from wharf.postgres import PostgresFailed
from wharf.preflight import StartRefused
from wharf.processes import Child, ServiceUserMissing
from wharf.programs import ProgramsMissing
from wharf.supervisor import Supervisor

SERVICES = frozenset({"postgres", "valkey"})
SERVE_TIMEOUT = 60.0
# Pools of the gunicorn workers, the task processes, commands, backups, and the superuser's reserve.
SPARE_CONNECTIONS = 40
POOL = 16
# Of each worker, outside its pool: audit.export.exporting.AT_ONCE.
STREAMS = 4

REFUSALS = (StartRefused, DataInUse, ProgramsMissing, PostgresFailed, ServiceUserMissing, OSError)


class StopRequested(BaseException):
    """A signal asked us to stop; BaseException, so that no `except Exception` on the way swallows it."""


@dataclass(slots=True)
class Instance:
    environment: Environment
    started: float = field(default_factory=time.monotonic)
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(say)

    def run(self) -> int:
        """Start all, serve until a signal, stop all. Exit status 0 after a clean stop, 1 when the start is
        refused."""
        with stopping_signals():
            try:
                self._start()
            except StopRequested:
                pass
            except REFUSALS as reason:
                say(str(reason))
                return 1
            finally:
                ignore_signals()
                self.supervisor.stop(SERVICES)
                _leave(self.environment)
        say("stopped")
        return 0

    def _start(self) -> None:
        environment, layout = self.environment, self.environment.layout
        preflight.data_folder(layout)
        if environment.role is Role.ALL:
            self.supervisor.keep = (datalock.acquire(layout.lock),)
        preflight.storage_folder(environment)
        preflight.pages(environment)
        listener = preflight.reserve_port(environment)
        preflight.secret_key(environment)
        password = ""
        if environment.role is Role.ALL:
            self._start_services()
            password = self._prepare_database()
        self._serve(listener.fileno(), password)

    def _start_services(self) -> None:
        environment = self.environment
        parts = embedded.plan(
            environment.layout,
            postgres=environment.embedded_postgres,
            valkey=environment.embedded_valkey,
            max_connections=environment.workers * (POOL + STREAMS) + SPARE_CONNECTIONS,
        )
        if parts.postgres is not None and not (parts.postgres.cluster / "PG_VERSION").exists():
            say(f"making the database in {parts.postgres.cluster} (first start)")
        self._adopt(parts, parts.start(keep=self.supervisor.keep))

    def _adopt(self, parts: Embedded, children: list[Child]) -> None:
        prepare = {
            part.command().name: part.prepare for part in (parts.postgres, parts.valkey) if part is not None
        }
        for child in children:
            self.supervisor.adopt(child, prepare[child.command.name])

    def _prepare_database(self) -> str:
        """Migrations and first rows, in a process of their own so that the supervisor stays small.

        The password of a new first administrator, or ''.
        """
        done = subprocess.run(
            [sys.executable, "-m", "wharf.prepare"],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            log = self.environment.layout.logs / "prepare.log"
            log.write_text(done.stdout + done.stderr)
            last = (done.stderr.strip() or "no reason given").splitlines()[-1]
            raise StartRefused(f"the database could not be prepared: {last} (all of it in {log})")
        return str(json.loads(done.stdout.splitlines()[-1])["admin_password"])

    def _serve(self, listener: int, password: str) -> None:
        for command in front.commands(self.environment, listener=listener):
            keep = (listener,) if command.name == "gunicorn" else ()
            child = self.supervisor.start(command, keep=keep)
            if command.name == "gunicorn":
                self._wait_serving(child)
        say(greeting(self.environment, password=password, seconds=time.monotonic() - self.started))
        self.supervisor.run({"gunicorn": (listener,)})

    def _wait_serving(self, child: Child) -> None:
        deadline = time.monotonic() + SERVE_TIMEOUT
        while time.monotonic() < deadline:
            if not child.alive:
                raise StartRefused(f"the server did not start: {child.last_words()}")
            if probe.answers(self.environment, "/livez"):
                return
            time.sleep(0.05)
        raise StartRefused(f"the server gave no answer for {SERVE_TIMEOUT:.0f} s: {child.last_words()}")


def _leave(environment: Environment) -> None:
    """Remove the sockets' folder where it lies outside the data folder; the next start makes it again."""
    run = environment.layout.run
    if run.parent != environment.data:
        with suppress(OSError):
            run.rmdir()


def say(text: str) -> None:
    """A line for the person (or the journal) watching."""
    sys.stdout.write(f"wharf: {text}\n")
    sys.stdout.flush()


def greeting(environment: Environment, *, password: str, seconds: float) -> str:
    """What a person needs next. `password` is shown here and nowhere else, ever."""
    url = environment.external_urls[0] if environment.external_urls else environment.allowed_origins[0]
    host = url.split("://")[1]
    lines = [f"serving after {seconds:.1f} s", "", f"  Wharf is up:  {url}"]
    if password:
        lines += [
            "",
            f"  Administrator:  admin  /  {password}",
            "  (shown only now; change it with: .venv/bin/wharf password change admin)",
        ]
    lines += [
        "",
        f"    docker login {host} -u admin",
        f"    docker tag alpine {host}/library/alpine",
        f"    docker push {host}/library/alpine",
        "",
        f"  Data: {environment.data}   Logs: {environment.layout.logs}   Stop: Ctrl-C",
        "",
    ]
    return "\n".join(lines)


@contextmanager
def stopping_signals() -> Iterator[None]:
    def stop(signum: int, _frame: FrameType | None) -> None:
        raise StopRequested(signum)

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_signals() -> None:
    """Once stopping, a terminal or a service manager that signals twice must not tear the stop itself
    apart."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
