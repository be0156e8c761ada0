"""A PostgreSQL, a Valkey and Celery workers of a test's own, which it may stop, kill, flush and fill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
from django.db import connection

from access.principal import Principal
from jobs import services
from jobs.models import FINISHED, Run, State
from tests import ready
from tests.instances import CHECKOUT, descendants
from wharf import embedded
from wharf.celery import app
from wharf.database_settings import database_settings
from wharf.environment import load
from wharf.layout import DataLayout
from wharf.processes import Child, spawn

SYSTEM = Principal.system("tests")
TABLES = ("job_run", "job_task", "job_log", "job_outbox", "job_queue", "job_worker")
OUTAGE_SECONDS = float(os.environ.get("WHARF_TEST_OUTAGE_SECONDS", "20"))


def wait(condition: Callable[[], Any], *, seconds: float = 30.0, why: Callable[[], str] = str) -> float:
    """Until it is true; how long that took. Raises AssertionError."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, why() or "it never came true"
        time.sleep(0.05)
    return time.monotonic() - begun


@dataclass
class World:
    folder: Path
    durable: bool = False
    services: list[Child] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def database(self) -> str:
        return f"postgresql://wharf_app@/wharf?host={self.layout.run}"

    @property
    def layout(self) -> DataLayout:
        return DataLayout(self.folder)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WHARF_")}
        return kept | {
            "WHARF_DATA": str(self.folder),
            "WHARF_DATABASE_URL": self.database,
            "WHARF_MIGRATE_DATABASE_URL": self.database.replace("wharf_app", "wharf_owner"),
            "WHARF_REDIS_URL": f"unix://{self.layout.run / 'valkey.sock'}",
            "WHARF_SECRET_KEY": os.environ["WHARF_SECRET_KEY"],
            "WHARF_LOG_LEVEL": os.environ.get("WHARF_LOG_LEVEL", "INFO"),
            "DJANGO_SETTINGS_MODULE": "wharf.settings",
        }

    def begin(self) -> None:
        """From a cluster that is there already, with the tables and without a row."""
        (self.folder / "storage").mkdir()
        ready.copy(ready.made_once("migrated", _migrated) / "postgres", self.layout.postgres)
        self.services = embedded.plan(self.layout, durable=self.durable).start()

    def add_worker(self, *, processes: int = 4) -> subprocess.Popen[bytes]:
        """A real worker that knows the kinds of tests.jobs.demonstration."""
        log_level = self.environment()["WHARF_LOG_LEVEL"]
        flags = ["--pool", "prefork", "--concurrency", str(processes), "-Q", "wharf", "--loglevel", log_level]
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "tests.jobs.worker",
            "--skip-checks",
            "worker",
            *flags,
        ]
        with (self.folder / f"worker-{len(self.workers)}.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, "--without-gossip", "--without-mingle"],
                cwd=CHECKOUT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.workers.append(process)
        return process

    def worker_ready(self, count: int = 1) -> None:
        """So many workers have said that they live."""
        wait(lambda: self.one("SELECT count(*) FROM job_worker") >= count, why=self.logs)

    def kill_worker(self, process: subprocess.Popen[bytes]) -> None:
        """As the kernel does when memory is short: no goodbye, for the children neither."""
        for pid in [*descendants(process.pid), process.pid]:
            os.kill(pid, signal.SIGKILL)
        process.wait(10)

    def revive(self) -> None:
        """A worker that has given up is started again, as the supervisor does."""
        for process in [each for each in self.workers if each.poll() is not None and each.returncode >= 0]:
            self.workers.remove(process)
            self.add_worker()

    def logs(self) -> str:
        return "\n".join(path.read_text()[-6000:] for path in sorted(self.folder.glob("worker-*.log")))

    def one(self, query: str) -> Any:
        """The first column of a query, on a connection of its own; 0 while the database is away."""
        try:
            with psycopg.connect(self.database, autocommit=True, connect_timeout=3) as asked:
                row = asked.execute(query).fetchone()
                return row[0] if row else None
        except psycopg.OperationalError:
            return 0

    @property
    def valkey(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.layout.run / "valkey.sock"), socket_timeout=5)

    def service(self, name: str) -> Child:
        return next(child for child in self.services if child.command.name == name)

    def stop_service(self, name: str, number: signal.Signals) -> None:
        child = self.service(name)
        child.process.send_signal(number)
        child.process.wait(20)

    def start_service(self, name: str) -> None:
        """Again, as the supervisor would."""
        plan = embedded.plan(self.layout, durable=self.durable)
        part = plan.postgres if name == "postgres" else plan.valkey
        assert part is not None
        part.prepare()
        child = spawn(part.command())
        self.services = [child if old.command.name == name else old for old in self.services]
        part.wait_ready(child)

    def broker(self) -> Any:
        """A connection of Celery's to this world's Valkey, for messages of a test's own."""
        return app.connection_for_write(f"redis+socket://{self.layout.run / 'valkey.sock'}?virtual_host=0")

    def start(self, kind: str, **arguments: Any) -> Run:
        return services.start(kind, actor=SYSTEM, arguments=arguments)

    def state(self, run: Run) -> State:
        return State(Run.objects.values_list("state", flat=True).get(pk=run.pk))

    def wait_state(self, run: Run, *states: State, seconds: float = 30.0) -> Run:
        wanted = states or FINISHED
        wait(
            lambda: self.state(run) in wanted,
            seconds=seconds,
            why=lambda: f"{self.state(run)}\n{self.logs()}",
        )
        return Run.objects.get(pk=run.pk)

    def reconnect(self) -> None:
        """This process's connection is that of a server which is gone."""
        connection.close()

    def clean(self) -> None:
        """Nothing of the last test is left, neither rows nor messages; workers stay."""
        with psycopg.connect(self.database.replace("wharf_app", "wharf_owner"), autocommit=True) as owner:
            owner.execute("UPDATE job_run SET state = 'stopped', finished_at = now()")
            owner.execute("DELETE FROM job_run")
            owner.execute("DELETE FROM job_outbox")
            owner.execute("DELETE FROM job_queue")
            owner.execute("DELETE FROM job_output")

    def end(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.workers:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill_worker(process)
        embedded.stop(self.services)
        shutil.rmtree(self.folder, ignore_errors=True)


def _migrated(folder: Path) -> None:
    world = World(folder)
    try:
        world.services = embedded.plan(world.layout, durable=False).start()
        command = [sys.executable, "manage.py", "migrate", "--quiet"]
        subprocess.run(command, cwd=CHECKOUT, env=world.environment(), check=True)
    finally:
        embedded.stop(world.services)


@contextmanager
def own_world(*, durable: bool = False) -> Iterator[World]:
    """Started, with Django's connection of this process turned to its database; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="wharf-jobs-"))
    folder.chmod(0o755)  # the servers' own user passes through
    world = World(folder, durable)
    try:
        world.begin()
        with _connected(world.database):
            yield world
    finally:
        world.end()


@contextmanager
def _connected(url: str) -> Iterator[None]:
    before = connection.settings_dict
    connection.close()
    settings = database_settings(url, lease=load().lease)
    del settings["OPTIONS"]["pool"]
    connection.settings_dict = {**before, **settings}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = before
