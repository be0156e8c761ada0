"""bin/bench audit: pulls with their noting and shipping beside pulls without, in turn; how fast a full spool is shipped; then
how the log is read at 10,000,000 events (tests/bench/audit_reading.py).

Both servers are `bin/up`. The one without has no note of a pull at all (tests/bench/unaudited), and nothing to ship.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.bench import audit_reading, processes, pushing, rounds
from tests.bench.operations import operations
from tests.bench.options import EVERYTHING
from tests.bench.plan import Floor, Operation
from tests.bench.report import line as line_of
from tests.bench.servers import OwnWharf, free_port
from tests.bench.table import table
from tests.instances import children, has

AUDITED, UNAUDITED = "auditing", "without"
FLOOR = Floor(ratio=0.9)
MEASURED = ("manifest-tag-c16", "manifest-digest-c16", "manifest-uncached-c16")
PER_FILE = 20_000
MANIFESTS = 1_000


def main(arguments: Sequence[str]) -> int:
    """Prints a table, the rate of the shipper, and how the log is read. 1 when reading does not reach what it must."""
    asked = _asked(arguments)
    if asked.part != "reading":
        _measure_pulls(asked)
    if asked.part == "pulls":
        return 0
    if asked.keep is not None:
        return 0 if audit_reading.run(asked.keep, asked.events, asked.days) else 1
    with tempfile.TemporaryDirectory(prefix="wharf-bench-audit-", dir=asked.data) as folder:
        Path(folder).chmod(0o755)
        return 0 if audit_reading.run(Path(folder), asked.events, asked.days) else 1


def _measure_pulls(asked: argparse.Namespace) -> None:
    sizes = replace(EVERYTHING, seconds=asked.secs)
    chosen = [one for one in operations(sizes) if one.name in MEASURED]
    samples: rounds.Samples = {}
    with _running(asked.data) as targets:
        rounds.run(chosen, targets, samples, sizes=sizes, rounds=asked.rounds)
        _print(chosen, samples)
        for target in targets:
            sys.stdout.write(f"{target.name}: {_settled(target)} pulls in the log\n")
        _ship(targets[0], asked.lines)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench audit", description=__doc__)
    parser.add_argument("--part", choices=("pulls", "reading"), help="that one alone")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--secs", type=int, default=2, help="seconds of each measurement (default 2)")
    parser.add_argument(
        "--lines", type=int, default=500_000, help="of the spool that is shipped (default 500000)"
    )
    parser.add_argument(
        "--events", type=int, default=10_000_000, help="of the log that is read (default 10000000: 12 GB)"
    )
    parser.add_argument("--days", type=int, default=30, help="of them that are exported (default 30)")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the events for the next time")
    parser.add_argument("--data", type=Path, default=Path("/tmp"), help="where the data lies (default /tmp)")
    return parser.parse_args(arguments)


@contextlib.contextmanager
def _running(data: Path) -> Iterator[list[OwnWharf]]:
    with tempfile.TemporaryDirectory(prefix="wharf-bench-audit-", dir=data) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's user must pass
        first = free_port(set())
        audited = OwnWharf(Path(folder) / "on", first, {})
        switched_off = {"PYTHONPATH": str(Path(__file__).with_name("unaudited"))}
        unaudited = OwnWharf(Path(folder) / "off", free_port({first}), switched_off)
        audited.name, unaudited.name = AUDITED, UNAUDITED
        try:
            for target in (audited, unaudited):
                target.start()
                target.pushed = pushing.push_image(target, "run")
            yield [audited, unaudited]
        finally:
            audited.remove()
            unaudited.remove()


def _print(chosen: list[Operation], samples: rounds.Samples) -> None:
    lines = [
        line_of(replace(row, floor=FLOOR), samples[one.name], subject=AUDITED, baseline=UNAUDITED)
        for one in chosen
        for row in one.rows
    ]
    sys.stdout.write(table(lines, subject=AUDITED, baseline=UNAUDITED, peers=[]) + "\n")


def _logged(target: OwnWharf) -> tuple[int, int]:
    """Pulls in the log, and lines shipped."""
    with target.server.database() as connection:
        found = connection.execute(
            "SELECT (SELECT coalesce(sum(n), 0) FROM audit_pull)::bigint, "
            "(SELECT coalesce(sum(lines), 0) FROM audit_spool)::bigint"
        ).fetchone()
    assert found is not None
    return found[0], found[1]


def _settled(target: OwnWharf) -> int:
    """Pulls in the log once nothing more arrives."""
    before = -1
    while (now := _logged(target)[0]) != before:
        before = now
        time.sleep(5)
    return before


def _ship(target: OwnWharf, lines: int) -> None:
    """Put files of a gone writer into the spool, and watch the process that ships them."""
    folder = target.server.data / "spool" / "pulls"
    assert target.server.process is not None
    (shipper,) = (pid for pid in children(target.server.process.pid) if has(pid, ("-m wharf.shipper",)))
    idle = processes.memory_mib((shipper,))
    _, begun_with = _logged(target)
    for number in range(0, lines, PER_FILE):
        draft = folder / f"bench.1.{number}.draft"
        draft.write_bytes(_synthetic(number, min(PER_FILE, lines - number)))
        draft.rename(folder / f"bench.1.{number}.jsonl.waiting")
    waiting = sorted(folder.glob("*.waiting"))
    begun, most = time.monotonic(), idle
    for path in waiting:
        path.rename(path.with_suffix(""))
    while _logged(target)[1] - begun_with < lines:
        most = max(most, processes.memory_mib((shipper,)))
        time.sleep(0.05)
    seconds = time.monotonic() - begun
    sys.stdout.write(
        f"shipped {lines} lines in {seconds:.1f} s: {lines / seconds:.0f}/s; the process holds {idle:.0f} MiB "
        f"before, {most:.0f} MiB at most\n"
    )


def _synthetic(first: int, count: int) -> bytes:
    """Lines that are hardly ever alike: a thousand manifests, two hundred people, each from an address of his own."""
    from tests.audit.spools import line, text

    made = line()
    return text(
        replace(
            made,
            repository_id=number % 97,
            actor_id=number % 211,
            actor_name=f"person{number % 211}",
            ip=f"10.0.{number % 211}.7",
            digest=f"sha256:{number * 7919 % MANIFESTS:064x}",
            tag=str(number % 13),
        )
        for number in range(first, first + count)
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wharf.settings")
    sys.exit(main(sys.argv[1:]))
