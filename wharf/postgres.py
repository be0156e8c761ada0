"""The embedded PostgreSQL: made once, healed after a crash, started on a unix socket only, never trusted
blindly."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from wharf.layout import passable
from wharf.processes import Child, Command, Identity, own_name, run_as
from wharf.programs import Programs

PORT = 5432  # only names the socket file
SUPERUSER = "postgres"
OWNER_ROLE = "wharf_owner"
APP_ROLE = "wharf_app"
DATABASE = "wharf"
# Crash recovery replays up to max_wal_size; on a slow disk that is minutes, and killing it half-way helps
# no one.
RECOVERY_TIMEOUT = 600.0


class PostgresFailed(Exception):
    """The embedded server did not start or cannot be made; the message is for people."""


@dataclass(frozen=True, slots=True)
class Postgres:
    programs: Programs
    identity: Identity
    cluster: Path
    run: Path
    log: Path | None = None
    max_connections: int = 100
    durable: bool = True  # False only in tests: fsync off

    def command(self) -> Command:
        settings = {
            "unix_socket_permissions": "0770" if not self.identity.switches else "0777",
            "max_connections": str(self.max_connections),
            "shared_buffers": "128MB",
            "listen_addresses": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(
                {}
                if self.durable
                else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            ),
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            "postgres",
            (
                str(self.programs.postgres / "postgres"),
                "-D",
                self._named(),
                "-k",
                str(self.run),
                "-p",
                str(PORT),
                *flags,
            ),
            stop=signal.SIGINT,  # fast shutdown: aborts transactions, writes a checkpoint
            orphaned=signal.SIGINT,
            grace=60.0,
            directory=self.cluster,
            identity=self.identity,
            environment={"LC_ALL": "C.UTF-8"},
            log=self.log,
        )

    def _named(self) -> str:
        """The cluster as the service user can name it: a folder below /root is reachable only as the
        current one."""
        hidden = self.identity.switches and not passable(self.cluster.parent)
        return "/proc/self/cwd" if hidden else str(self.cluster)

    def prepare(self) -> None:
        """Make the cluster when there is none, say who may connect, and heal what a crash left. Needs our
        lock."""
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        self._write("pg_hba.conf", "local all all peer map=wharf\n")
        self._write("pg_ident.conf", self._identities())
        self._heal()

    def _initialise(self) -> None:
        """initdb into a folder beside, renamed when whole: a killed initdb leaves no half-made cluster."""
        for left in self.cluster.parent.glob(f"{self.cluster.name}.new-*"):
            shutil.rmtree(left, ignore_errors=True)
        # Never the name of an earlier try: its initdb may need a moment more to notice that it was orphaned.
        draft = self.cluster.with_name(f"{self.cluster.name}.new-{os.getpid()}-{time.time_ns()}")
        with contextlib.suppress(FileNotFoundError):
            self.cluster.rmdir()  # an empty folder left by hand is no cluster
        draft.mkdir(mode=0o700)
        if self.identity.uid is not None and self.identity.gid is not None:
            os.chown(draft, self.identity.uid, self.identity.gid)
        flags = (
            "-U",
            SUPERUSER,
            "-E",
            "UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        )
        checks = ("--auth-local=peer", "--auth-host=reject", "--no-instructions", "--data-checksums")
        fast = () if self.durable else ("--no-sync",)
        program = str(self.programs.postgres / "initdb")
        named = "/proc/self/cwd" if self._named() != str(self.cluster) else str(draft)
        done = run_as(self.identity, [program, "-D", named, *flags, *checks, *fast], directory=draft)
        if done.returncode != 0:
            raise PostgresFailed(f"initdb failed: {_last_line(done.stderr)}")
        draft.rename(self.cluster)

    def _check_version(self) -> None:
        version = (self.cluster / "PG_VERSION").read_text().strip()
        if version != "18":
            raise PostgresFailed(f"{self.cluster} was made by PostgreSQL {version}; the bundled one is 18")

    def _identities(self) -> str:
        """Who connects (by kernel-checked uid) as which role: the user of the server and ourselves."""
        names = dict.fromkeys((own_name(), self.identity.name))
        roles = (SUPERUSER, OWNER_ROLE, APP_ROLE)
        return "".join(f'wharf "{name}" {role}\n' for name in names for role in roles)

    def _write(self, name: str, text: str) -> None:
        # As the service user: it owns the folder, and root must not follow a link planted there.
        done = run_as(
            self.identity, ["/bin/sh", "-c", f"umask 077; cat > {name}"], directory=self.cluster, text=text
        )
        if done.returncode != 0:
            raise PostgresFailed(f"cannot write {self.cluster / name}: {_last_line(done.stderr)}")

    def _heal(self) -> None:
        """Remove a dead server's postmaster.pid and sockets.

        PostgreSQL refuses to start while the pid in that file exists, and after a kill -9 in a container
        without an
        init it exists for ever, as a zombie; or a new process has been given the number. We hold the lock
        that every
        child inherits, so only a server started by hand can be alive here.
        """
        pid_file = self.cluster / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().splitlines()[0])
            if _is_postgres(pid, self.cluster):
                raise PostgresFailed(
                    f"another PostgreSQL (process {pid}) runs on {self.cluster}; stop it first"
                )
        pid_file.unlink(missing_ok=True)
        for socket in self.run.glob(f".s.PGSQL.{PORT}*"):
            socket.unlink(missing_ok=True)

    def dsn(self, user: str = SUPERUSER, database: str = "postgres") -> str:
        return f"host={self.run} port={PORT} user={user} dbname={database} connect_timeout=5"

    def wait_ready(self, child: Child) -> None:
        """Until OUR child answers. Raises PostgresFailed with the end of its log."""
        deadline = time.monotonic() + RECOVERY_TIMEOUT
        while time.monotonic() < deadline:
            if not child.alive:
                raise PostgresFailed(f"PostgreSQL did not start: {child.last_words()}")
            if self._answers(child):
                return
            time.sleep(0.03)
        raise PostgresFailed(f"PostgreSQL gave no answer for {RECOVERY_TIMEOUT:.0f} s: {child.last_words()}")

    def _answers(self, child: Child) -> bool:
        try:
            with psycopg.connect(self.dsn()):
                # Another server may be answering on a socket of that name: the pid file must name our child.
                first = (self.cluster / "postmaster.pid").read_text().splitlines()[0]
                return int(first) == child.process.pid and child.alive
        except (psycopg.OperationalError, OSError, ValueError, IndexError):
            return False

    def provision(self) -> None:
        """The two roles and the database; does nothing when they exist."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role in (OWNER_ROLE, APP_ROLE):
                if role not in known:
                    connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            made = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if made is None:
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)))


def _is_postgres(pid: int, cluster: Path) -> bool:
    """Whether `pid` is a live (no zombie) postgres whose folder is `cluster`."""
    process = Path("/proc") / str(pid)
    try:
        return process.joinpath("comm").read_text().strip() == "postgres" and process.joinpath(
            "cwd"
        ).samefile(cluster)
    except OSError:
        return False  # gone, or a zombie: it has no working directory any more


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
