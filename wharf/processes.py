"""Child processes that cannot outlive us, run under another user when asked, and stop in a known way."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
SERVICE_USERS = ("wharf", "nobody")


class ServiceUserMissing(Exception):
    """There is no user the servers can run as; the message is one line."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The user a child runs as; `uid` None means: as ourselves."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def switches(self) -> bool:
        return self.uid is not None


def own_name() -> str:
    """Our user name. Raises ServiceUserMissing with one clear line when the uid has no passwd entry (initdb needs
    one)."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise ServiceUserMissing(
            f"user id {os.geteuid()} has no entry in /etc/passwd, which PostgreSQL needs; "
            "add one, or set WHARF_DATABASE_URL to an external server"
        ) from None


def service_identity(cluster: Path) -> Identity:
    """Who runs PostgreSQL and Valkey: ourselves, or for root the owner of the cluster, else `wharf`, else
    `nobody`."""
    if os.geteuid() != 0:
        return Identity(own_name())
    with contextlib.suppress(OSError, KeyError):
        owner = cluster.stat()
        if owner.st_uid != 0:
            return Identity(pwd.getpwuid(owner.st_uid).pw_name, owner.st_uid, owner.st_gid)
    for name in SERVICE_USERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Identity(name, entry.pw_uid, entry.pw_gid)
    raise ServiceUserMissing(
        "PostgreSQL refuses to run as root and neither the user wharf nor nobody exists; add one"
    )


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `stop` asks it to end; `orphaned` is sent by the kernel when we die without a word."""

    name: str
    arguments: tuple[str, ...]
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    directory: Path | None = None
    identity: Identity = field(default_factory=lambda: Identity(""))
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


@dataclass(slots=True)
class Child:
    command: Command
    process: subprocess.Popen[bytes]

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.alive:
            self.process.send_signal(self.command.stop)

    def wait_stopped(self) -> None:
        """Wait out the grace, then SIGKILL what is left of the group, so that nothing keeps a port or a
        lock."""
        try:
            self.process.wait(self.command.grace)
        except subprocess.TimeoutExpired:
            self.kill_group()
            self.process.wait()
        self.kill_group()

    def kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self, lines: int = 5) -> str:
        """The end of its log, for the line that says why it did not start."""
        if self.command.log is None:
            return ""
        with contextlib.suppress(OSError):
            return "\n".join(self.command.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


def spawn(command: Command, *, keep: Sequence[int] = ()) -> Child:
    """Start `command` in its own process group, with the descriptors `keep` (the data folder's lock)
    inherited."""
    identity = command.identity
    output = _open_log(command.log)
    try:
        process = subprocess.Popen(
            command.arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            cwd=command.directory,
            env={**os.environ, **command.environment},
            user=identity.uid,
            group=identity.gid,
            extra_groups=[] if identity.switches else None,
            pass_fds=tuple(keep),
            process_group=0,
            preexec_fn=_die_with_parent(command.orphaned),  # noqa: PLW1509 - we are single threaded here
        )
    finally:
        if output:
            os.close(output)
    return Child(command, process)


def run_as(
    identity: Identity,
    arguments: Sequence[str],
    *,
    directory: Path | None = None,
    text: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a short program as `identity` with `text` on its standard input; the caller looks at returncode."""
    return subprocess.run(
        arguments,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd=directory,
        user=identity.uid,
        group=identity.gid,
        extra_groups=[] if identity.switches else None,
        preexec_fn=_die_with_parent(signal.SIGKILL),
    )


def _open_log(path: Path | None) -> int | None:
    if path is None:
        return None
    # O_APPEND: the supervisor may truncate the file under a running child.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def _die_with_parent(death: signal.Signals) -> Callable[[], None] | None:
    """Runs in the child after the user switch (which would clear it): our death by kill -9 stops it too."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0)
        if os.getppid() != parent:  # we died between fork and prctl
            os._exit(1)

    return arm
