"""kill -9 of shippers and writers at any moment, and a database that is away: each pull is counted once."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from audit.models import DamagedLine
from audit.spool.shipper import Shipper
from core.failpoints import REGISTERED
from tests.audit.spools import (
    CHECKOUT,
    Writer,
    counted,
    environment,
    events,
    leave,
    line,
    logged,
    ship_once,
    shipper,
    text,
)

pytestmark = pytest.mark.django_db(transaction=True)

# Where mounts are this process's alone.
OWN_MOUNTS = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--mount")
SHIPPED = sorted(name for name in REGISTERED if name.startswith("ship."))


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool" / "pulls"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipper_killed_anywhere_has_shipped_each_line_once(spool: Path, tmp_path: Path, name: str):
    for number in range(3):
        leave(spool, text(line(str(n), actor_id=n) for n in range(300)), f"host.{number}.{number}")
    log = tmp_path / "hits"
    killed = ship_once(tmp_path, WHARF_FAILPOINTS=f"{name}:kill9", WHARF_FAILPOINTS_LOG=str(log))
    assert killed == -signal.SIGKILL
    assert name in log.read_text().split()
    assert logged() in range(900)
    assert ship_once(tmp_path) == 0
    assert (logged(), *counted()) == (900, 900, 900)
    assert list(spool.iterdir()) == []


def storm(tmp_path: Path, spool: Path, *, lines: int, burst: int, seconds: float) -> tuple[int, int]:
    """Writers and shippers killed at random until `lines` are noted; how many were, and how many writers were killed."""
    dice, killed, noted = random.Random(7), 0, 0
    writers: list[Writer] = []
    shipping = shipper(tmp_path)
    ends = time.monotonic() + dice.uniform(1, 2)
    deadline = time.monotonic() + seconds
    try:
        while noted + sum(writer.noted for writer in writers) < lines:
            assert time.monotonic() < deadline, "the writers are too slow"
            while len(writers) < 3:
                told = tmp_path / f"told{killed + len(writers)}"
                writers.append(Writer(spool, told, most=10**9, burst=burst))
            time.sleep(dice.uniform(0.3, 0.8))
            victim = writers.pop(0) if writers[0].noted > lines / 20 else None
            if victim is not None:
                victim.kill()
                killed += 1
                noted += victim.noted
            if time.monotonic() > ends:
                shipping.kill()
                shipping.wait()
                shipping, ends = shipper(tmp_path), time.monotonic() + dice.uniform(1, 4)
    finally:
        for writer in writers:
            writer.kill()
            noted, killed = noted + writer.noted, killed + 1
        shipping.kill()
        shipping.wait()
    return noted, killed


def assert_each_once(spool: Path, noted: int, killed: int) -> None:
    """All that was told, and at most the line that each killed writer had in hand."""
    end = Shipper(spool)
    while end.step().more:
        pass
    assert noted <= logged() <= noted + killed
    assert counted() == (logged(), logged())
    assert DamagedLine.objects.count() == 0
    assert list(spool.iterdir()) == []


def test_50_000_pulls_through_random_kills_are_counted_once(spool: Path, tmp_path: Path):
    noted, killed = storm(tmp_path, spool, lines=50_000, burst=10, seconds=120)
    assert killed > 3
    assert_each_once(spool, noted, killed)


@pytest.mark.stress
def test_a_million_pulls_through_random_kills_are_counted_once(spool: Path, tmp_path: Path):
    noted, killed = storm(tmp_path, spool, lines=1_000_000, burst=50, seconds=900)
    assert killed > 10
    assert_each_once(spool, noted, killed)


def wait_logged(wanted: int, seconds: float = 30.0) -> float:
    begun = time.monotonic()
    while logged() < wanted:
        assert time.monotonic() - begun < seconds, f"{logged()} of {wanted}"
        time.sleep(0.05)
    return time.monotonic() - begun


@contextlib.contextmanager
def running(tmp_path: Path, **environment: str) -> Iterator[None]:
    process = shipper(tmp_path, **environment)
    try:
        yield
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_the_shipper_ships_within_seconds_and_at_its_end(spool: Path, tmp_path: Path):
    with running(tmp_path):
        leave(spool, text([line("1")]), "host.1.1")
        wait_logged(1)
        leave(spool, text([line("2")]), "host.1.2")
        assert wait_logged(2) < 10
        time.sleep(0.1)  # the next turn is not due yet
        leave(spool, text([line("3")]), "host.1.3")
    assert logged() == 3


def test_the_shipper_goes_on_when_the_database_is_back(
    spool: Path, tmp_path: Path, services: Path, superuser: psycopg.Connection
):
    way = tmp_path / "way"  # to the socket of the server
    way.symlink_to(services / "run")
    url = os.environ["WHARF_DATABASE_URL"].replace(str(services / "run"), str(way))
    with running(tmp_path, WHARF_DATABASE_URL=url):
        leave(spool, text([line("1")]), "host.1.1")
        wait_logged(1)
        way.unlink()
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wharf-shipper'"
        )
        leave(spool, text(line(str(n), actor_id=n) for n in range(500)), "host.1.2")
        time.sleep(4)
        assert logged() == 1
        way.symlink_to(services / "run")
        wait_logged(501)
    assert "tried again later" in (tmp_path / "shipper.log").read_text()
    assert counted() == (501, 501)


def test_two_shippers_of_one_folder_ship_each_line_once(spool: Path, tmp_path: Path):
    for number in range(20):
        leave(spool, text(line(str(n), actor_id=n) for n in range(200)), f"host.{number}.{number}")
    with running(tmp_path), running(tmp_path):
        wait_logged(4000)
        time.sleep(2.5)
    assert (logged(), *counted()) == (4000, 4000, 4000)
    assert list(spool.iterdir()) == []


def test_files_on_a_read_only_disk_are_shipped_once(spool: Path, tmp_path: Path):
    for number in (1, 2):
        leave(spool, text([line(str(number))]), f"host.1.{number}")
    read_only = (*OWN_MOUNTS, "sh", "-c", 'mount --bind -o ro "$0" "$0" && exec "$@"')
    for _ in range(2):
        assert ship_once(tmp_path, prefix=(*read_only, str(spool))) == 0
    assert (logged(), len(list(spool.iterdir()))) == (2, 2)
    assert ship_once(tmp_path) == 0
    assert (logged(), list(spool.iterdir())) == (2, [])


FULL_DISK = """
import subprocess, sys
from pathlib import Path
from wharf import shipper
shipper.set_up()
from audit.pulls import PullSpool
from audit.spool.shipper import Shipper
from tests.audit.spools import line
folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], check=True)
spool = PullSpool(folder)
for number in range(500):
    spool.note(line(str(number)))
subprocess.run(["mount", "-o", "remount,size=1m", folder], check=True)
spool.note(line("there is room again"))
spool.close()
Shipper(folder).step()
"""


def test_pulls_of_a_full_disk_are_logged_or_told_as_a_gap(spool: Path, tmp_path: Path):
    command = [*OWN_MOUNTS, sys.executable, "-c", FULL_DISK, str(spool)]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment(tmp_path), check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    (gap,) = events("audit.gap")
    assert 0 < logged() < 500
    assert logged() + int(str(gap["lost"])) == 501
    assert DamagedLine.objects.count() <= 1  # the piece of a line for which there was room
