"""What the kernel says of processes: CPU seconds and memory of whole trees, and who listens on a port."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
TICKS = os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count() or 1
CALM_WITHIN, CALM_LOOK, CALM_SHARE = 20.0, 1.0, 0.05
LISTEN = "0A"  # proc(5), /proc/net/tcp: state TCP_LISTEN


def _fields(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the command's name; none when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def tree(roots: Iterable[int]) -> set[int]:
    """The given processes with all below them."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        if fields := _fields(pid):
            children.setdefault(int(fields[1]), []).append(pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes and of the children they have waited for: workers that ended count on."""
    ticks = sum(sum(map(int, fields[11:15])) for pid in pids if (fields := _fields(pid)))
    return ticks / TICKS


def settle(roots: Iterable[int]) -> None:
    """Wait until a server that was just started has loaded all it loads in the background; at most CALM_WITHIN seconds."""
    pids, deadline = tuple(roots), time.monotonic() + CALM_WITHIN
    before = cpu_seconds(tree(pids))
    while time.monotonic() < deadline:
        time.sleep(CALM_LOOK)
        now = cpu_seconds(tree(pids))
        if now - before < CALM_SHARE * CALM_LOOK:
            return
        before = now


def memory_mib(pids: Iterable[int]) -> float:
    """Sum of the proportional set sizes: a page shared by n processes counts 1/n in each."""
    return sum(_pss_kib(pid) for pid in pids) / 1024


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def listeners(port: int) -> list[int]:
    """Processes that hold a listening TCP socket of `port` and whose parent does not: the roots of the server there."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    holders = {pid for pid in _pids() if sockets & _open_files(pid)}
    return sorted(pid for pid in holders if (fields := _fields(pid)) and int(fields[1]) not in holders)


def _listening_inodes(port: int) -> set[str]:
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def _open_files(pid: int) -> set[str]:
    found: set[str] = set()
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            found.add(str(entry.readlink()))
    except OSError:
        pass  # ended meanwhile, or another user's: what was read so far is all there is to know
    return found


def _machine_busy() -> float:
    """CPU seconds the whole machine has worked since boot (proc(5), /proc/stat: no idle, iowait, steal)."""
    user, nice, system, _idle, _iowait, irq, softirq, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / TICKS


@dataclass(slots=True)
class Meter:
    """CPU of a server's tree between start and `read()`, and the share of the machine that third parties took meanwhile."""

    pids: tuple[int, ...]
    begun: float = 0.0
    _server: float = 0.0
    _own: float = 0.0
    _busy: float = 0.0

    @classmethod
    def start(cls, roots: Iterable[int]) -> Meter:
        meter = cls(tuple(roots))
        meter._server, meter._own, meter._busy = cpu_seconds(tree(meter.pids)), _own(), _machine_busy()
        meter.begun = time.perf_counter()
        return meter

    def read(self) -> Reading:
        seconds = time.perf_counter() - self.begun
        busy, own = _machine_busy() - self._busy, _own() - self._own
        server = cpu_seconds(tree(self.pids)) - self._server
        others = max(0.0, busy - own - server) / (seconds * CPUS)
        return Reading(seconds, server, others)


def _own() -> float:
    """CPU seconds of this process and of the load generators it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@dataclass(frozen=True, slots=True)
class Reading:
    """`seconds` of wall time, CPU seconds of the `server`, `others` as a fraction of all CPUs."""

    seconds: float
    server: float
    others: float
