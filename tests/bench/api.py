"""bin/bench api: lists of the REST API beside its ping on the same server, and again with ten times as much of everything.

Each server is `bin/up` with data of its own. Lists and ping are asked for in turn, both with Basic credentials.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.bench import api_lists, api_rows, audit_rows, processes
from tests.bench.api_lists import ADMIN, LISTS, PING, READER, List
from tests.bench.api_rows import ONCE, Amount
from tests.bench.player import Load
from tests.bench.servers import free_port
from tests.bench.table import aligned, number
from tests.e2e.server import Wharf
from wharf.layout import DataLayout

SLOWEST: Final = 25.0
"""The 95th percentile of a list in those of ping."""
MOST_GROWTH: Final = 1.5
"""The median of a list with more of everything, in that with less."""
FILLED: Final = "filled"


@dataclass(slots=True)
class Side:
    """A server with so much in it, and what was measured: loads by title, statements and scans by title."""

    amount: Amount
    server: Wharf
    loads: dict[str, list[Load]]
    statements: Mapping[str, Any]

    def p50(self, asked: List) -> float:
        return statistics.median(each.p50_ms for each in self.loads[asked.title])

    def p95(self, asked: List) -> float:
        return statistics.median(each.p95_ms for each in self.loads[asked.title])

    def failed(self, asked: List) -> int:
        return sum(each.failed for each in self.loads[asked.title])


def main(arguments: Sequence[str]) -> int:
    """Prints a table; 1 when a floor is missed."""
    asked = _asked(arguments)
    with contextlib.ExitStack() as stack:
        folder = asked.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="wharf-bench-api-", dir=asked.data))
        )
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # PostgreSQL's user must pass
        factors = [1] if asked.times == 1 else [1, asked.times]
        begin = ONCE.part(asked.part)
        amounts = [begin.times(each, events=asked.events) for each in factors]
        if asked.fill:
            return _only_fill(folder, amounts)
        sides = [stack.enter_context(running(folder, each)) for each in amounts]
        lists = [each for each in LISTS if asked.only in each.title]
        for side in sides:
            side.statements = _statements(side.server)
        _measure(sides, [PING, *lists], rounds=asked.rounds, seconds=asked.secs)
        return _tell(sides, lists)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench api", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="how many times as much (default 10; 1: once)")
    parser.add_argument("--part", type=int, default=1, help="begin with one part in so many (default 1)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--secs", type=int, default=2, help="seconds of each measurement (default 2)")
    parser.add_argument("--only", default="", help="lists whose title has this in it")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the data for the next time")
    parser.add_argument("--events", type=int, default=10, help="how many times as many events (default 10)")
    parser.add_argument("--fill", action="store_true", help="make the data and end")
    parser.add_argument("--data", type=Path, default=Path("/tmp"), help="where the data lies (default /tmp)")
    return parser.parse_args(arguments)


def _only_fill(folder: Path, amounts: Sequence[Amount]) -> int:
    for each in amounts:
        if not (_root(folder, each) / FILLED).exists():
            with running(folder, each):
                pass
    return 0


def _root(folder: Path, amount: Amount) -> Path:
    return folder / f"{amount.repositories}"


@contextlib.contextmanager
def running(folder: Path, amount: Amount) -> Iterator[Side]:
    """A server that holds so much; one that is in the folder already is used again."""
    root = _root(folder, amount)
    root.mkdir(exist_ok=True)
    server = Wharf(root)
    server.port = free_port(set())
    is_filled = (root / FILLED).exists()
    if is_filled:
        server.admin = ADMIN  # the first password is printed once
    try:
        server.start()
        if not is_filled:
            _fill(server, amount)
            (root / FILLED).touch()
        assert server.process is not None
        processes.settle((server.process.pid,))
        yield Side(amount, server, {}, {})
    finally:
        server.stop()


def _fill(server: Wharf, amount: Amount) -> None:
    begun = time.monotonic()
    server.run("user", "create", ADMIN.username, "--admin", stdin=ADMIN.password + "\n")
    server.run("user", "create", READER.username, stdin=READER.password + "\n")
    with psycopg.connect(DataLayout(server.data).database_url("postgres"), autocommit=True) as database:
        api_rows.fill(database, amount, admin=ADMIN.username, reader=READER.username)
        audit_rows.fill(database, amount.events)
        size = database.execute("SELECT pg_database_size(current_database()) / 1000000").fetchone()
    assert size is not None
    sys.stdout.write(f"{amount}: made in {time.monotonic() - begun:.0f} s, {size[0]:,} MB\n")
    sys.stdout.flush()


def _statements(server: Wharf) -> Mapping[str, Any]:
    """As tests.bench.api_statements prints it."""
    layout = DataLayout(server.data)
    environment = {
        "WHARF_DATABASE_URL": layout.database_url("wharf_app"),
        "WHARF_REDIS_URL": layout.redis_url,
        "WHARF_SECRET_KEY": layout.read_secret() or "",
        "WHARF_EXTERNAL_URLS": "http://testserver",
        "WHARF_LOG_LEVEL": "WARNING",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.api_statements"],
        env=server.environment(environment),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def _measure(sides: Sequence[Side], lists: Sequence[List], *, rounds: int, seconds: int) -> None:
    """Ping before each list of the round: what the machine does meanwhile hits both alike."""
    for side in sides:
        for asked in lists:
            api_lists.warm_up(asked, side.server.port)
    for turn in range(rounds):
        for asked in lists:
            for side in sides if turn % 2 == 0 else sides[::-1]:
                load = api_lists.load(asked, side.server.port, seconds=seconds)
                side.loads.setdefault(asked.title, []).append(load)


def _tell(sides: Sequence[Side], lists: Sequence[List]) -> int:
    for side in sides:
        sys.stdout.write(
            f"\n{side.amount}: ping {number(side.p50(PING))} ms, p95 {number(side.p95(PING))} ms\n"
        )
    head = ["list of 100, 16 connections", "p50 ms", "p95 ms", "p95 / ping", f"≤ {SLOWEST:g}", "statements"]
    if len(sides) > 1:
        head += ["p50 ms, more", "ratio", f"≤ {MOST_GROWTH:g}", "statements, more", "read whole", ""]
    rows = [_row(sides, asked) for asked in lists]
    sys.stdout.write("\n" + aligned([head, *rows]))
    missed = [row[0] for row in rows if any(cell in BAD for cell in row)]
    sys.stdout.write(
        f"{len(rows) - len(missed)} of {len(rows)} lists meet all floors{'; missed: ' if missed else ''}{'; '.join(missed)}\n"
    )
    return 1 if missed else 0


BAD: Final = ("ABOVE", "MORE", "FAILED", "READS")


def _row(sides: Sequence[Side], asked: List) -> list[str]:
    first = sides[0]
    slow = first.p95(asked) / first.p95(PING)
    counted = first.statements[asked.title]["statements"]
    row = [
        asked.title,
        number(first.p50(asked)),
        number(first.p95(asked)),
        number(slow),
        "FAILED" if first.failed(asked) else "ok" if slow <= SLOWEST else "ABOVE",
        str(counted),
    ]
    if len(sides) == 1:
        return row
    more = sides[-1]
    growth = more.p50(asked) / first.p50(asked)
    whole = more.statements[asked.title]["read_whole"]
    return [
        *row,
        number(more.p50(asked)),
        number(growth),
        "FAILED" if more.failed(asked) else "ok" if growth <= MOST_GROWTH else "ABOVE",
        str(more.statements[asked.title]["statements"]),
        ", ".join(whole) or "nothing",
        "READS" if whole else "MORE" if more.statements[asked.title]["statements"] != counted else "ok",
    ]
