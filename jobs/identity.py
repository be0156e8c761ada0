"""Who holds a lease: a process, named so that others on its machine can tell whether it still lives.

`<host>/<space>/<pid>-<start>` names a worker, one more `/<pid>-<start>` its child. `space` is the machine's boot and its
process namespace: only where both are ours do process numbers mean anything to us. `start` is the kernel's start time of the
process, so that a number given again does not pass for the one who had it.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path

_GONE = "ZX"
_STATE, _START = 0, 19  # of the fields that follow the command's name in /proc/<pid>/stat, see proc(5)


@cache
def space() -> str:
    """This boot of this machine (or container); '' where the kernel does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot[:13]}-{Path('/proc/self/ns/pid').stat().st_ino:x}"
    except OSError:
        return ""


def worker(pid: int) -> str:
    """The name of the worker whose main process is `pid`."""
    host = socket.gethostname().replace("/", "-")[:100]
    return f"{host}/{space()}/{pid}-{_started(pid)}"


def own() -> str:
    """The name this process takes leases by. Its worker is its parent, or itself where it is nobody's child (a command)."""
    return _own(os.getpid())  # asked anew after a fork


@cache
def _own(pid: int) -> str:
    return f"{worker(_main or pid)}/{pid}-{_started(pid)}"


_main = 0


def belongs_to(main: int) -> None:
    """From now on (and after every fork) this process works for the worker whose main process is `main`."""
    global _main
    _main = main


def is_dead(owner: str) -> bool:
    """Whether the process that took a lease as `owner` is surely gone. False for a process we cannot know of."""
    parts = owner.split("/")
    if len(parts) != 4 or not parts[1] or parts[1] != space():
        return False
    pid, _, start = parts[3].partition("-")
    return not pid.isdigit() or _started(int(pid)) != start


def _started(pid: int) -> str:
    """The kernel's start time of the process, '' when there is none (or only its remains)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[_STATE] in _GONE else fields[_START]
