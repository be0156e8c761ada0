"""The shipper's process and a real rsyslogd: every event arrives, whichever of them is killed, and whether or not PostgreSQL is
there."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.forward import status
from core.failpoints import REGISTERED
from database import sql
from tests.audit.forwarding import wait, wait_confirmed
from tests.audit.sealing import Log
from tests.audit.spools import leave, line, shipper, text
from tests.audit.syslog import Rsyslog

pytestmark = pytest.mark.services

FORWARDED = sorted(name for name in REGISTERED if name.startswith("forward."))
WITH_PULLS = sorted(name for name in REGISTERED if name.startswith(("ship.", "forward.after_p")))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Rsyslog]:
    found = Rsyslog(tmp_path / "rsyslog")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool" / "pulls"
    folder.mkdir(parents=True)
    return folder


# The same process, which need not survive a killed server: it waits for less.
SOURCE = """
import sys
from audit.forward import forwarder, sending
sending.ROTATE_SECONDS = sending.SETTLE_SECONDS = forwarder.INTERVAL = 0.3
from wharf import shipper
sys.exit(shipper.main())
"""
QUICK = ("-c", SOURCE)


def started(log: Log, server: Rsyslog, *program: str, **more: str) -> subprocess.Popen[bytes]:
    """The shipper's process, which forwards to the server."""
    told = {
        "WHARF_DATABASE_URL": log.url,
        "WHARF_SETTING_AUDIT_LOG_FORWARD_ENDPOINT": server.endpoint,
        "WHARF_SETTING_AUDIT_LOG_FORWARD_CA": server.authority,
    }
    return shipper(log.folder, *(program or QUICK), **(told | more))


@contextlib.contextmanager
def running(log: Log, server: Rsyslog, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    process = started(log, server, **more)
    try:
        yield process
        if process.poll() is None:
            process.terminate()
            assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def forward_folder(log: Log) -> Path:
    return log.folder / "audit" / "forward"


def pulls(log: Log) -> dict[int, int]:
    return dict(log.admin.execute("SELECT id, n FROM audit_pull").fetchall())


def test_every_event_arrives_through_kills_of_both(log: Log, server: Rsyslog):
    dice, patient = random.Random(7), ("-m", "wharf.shipper")
    process = started(log, server, *patient)
    try:
        for turn in range(80):
            log.write(dice.randrange(1, 60))
            time.sleep(0.1)
            if turn % 27 == 20:
                server.kill()
                time.sleep(dice.random())
                server.start()
            if turn % 27 == 26:
                process.kill()
                process.wait()
                process = started(log, server, *patient)
    finally:
        process.kill()
        process.wait()
    with running(log, server):
        server.wait_for(log.ids(), 60)


@pytest.mark.parametrize("name", [name for name in FORWARDED if name not in WITH_PULLS])
def test_a_shipper_killed_anywhere_has_lost_no_event(log: Log, server: Rsyslog, name: str):
    log.write(30)
    process = started(log, server, WHARF_FAILPOINTS=f"{name}:kill9")
    assert process.wait(30) == -signal.SIGKILL
    log.write(5)
    with running(log, server):
        server.wait_for(log.ids())
        wait_confirmed(forward_folder(log))


@pytest.mark.parametrize("name", WITH_PULLS)
def test_a_shipper_killed_anywhere_has_told_each_pull_that_is_logged_and_no_other(
    log: Log, server: Rsyslog, spool: Path, name: str
):
    more = {"WHARF_SETTING_AUDIT_LOG_FORWARD_PULLS": "true"}
    leave(spool, text(line(str(n), actor_id=n) for n in range(300)))
    process = started(log, server, WHARF_FAILPOINTS=f"{name}:kill9", **more)
    assert process.wait(30) == -signal.SIGKILL
    leave(spool, text(line("new", actor_id=n) for n in range(5)), "host.1.2")
    with running(log, server, **more):
        wait(lambda: sum(pulls(log).values()) == 305)
        server.wait_for(set(pulls(log)))
    assert told_pulls(server) == pulls(log)


def test_a_pull_that_is_not_in_the_log_is_never_told_also_when_pulls_were_not_forwarded_meanwhile(
    log: Log, server: Rsyslog, spool: Path
):
    more = {"WHARF_SETTING_AUDIT_LOG_FORWARD_PULLS": "true"}
    leave(spool, text(line(str(n), actor_id=n) for n in range(20)))
    process = started(log, server, WHARF_FAILPOINTS="ship.before_commit:kill9", **more)
    assert process.wait(30) == -signal.SIGKILL
    with running(log, server):  # which ships them under other ids
        wait(lambda: sum(pulls(log).values()) == 20)
    leave(spool, text(line("new", actor_id=n) for n in range(5)), "host.1.2")
    with running(log, server, **more):
        wait(lambda: sum(pulls(log).values()) == 25)
        wait(lambda: len(told_pulls(server)) >= 5)
    assert set(told_pulls(server)) <= set(pulls(log))


def test_pulls_of_a_shipper_that_was_killed_are_told_by_one_that_forwards_none(
    log: Log, server: Rsyslog, spool: Path
):
    more = {"WHARF_SETTING_AUDIT_LOG_FORWARD_PULLS": "true"}
    leave(spool, text(line(str(n), actor_id=n) for n in range(20)))
    process = started(log, server, WHARF_FAILPOINTS="ship.after_commit:kill9", **more)
    assert process.wait(30) == -signal.SIGKILL
    with running(log, server):
        server.wait_for(set(pulls(log)))


def told_pulls(server: Rsyslog) -> dict[int, int]:
    return {
        each.facts["id"]: each.facts["detail"]["n"]
        for each in server.messages()
        if each.name == "artifact.pull"
    }


def test_what_is_collected_arrives_while_the_database_is_away_also_by_a_new_process(
    log: Log, server: Rsyslog, services: Path, tmp_path: Path
):
    way = tmp_path / "way"  # to the socket of the database
    way.symlink_to(services / "run")
    url = log.url.replace(str(services / "run"), str(way))
    server.stop()
    log.write(20)
    with running(log, server, WHARF_DATABASE_URL=url) as process:
        wait(lambda: collected_rows() == 20)
        process.kill()
        process.wait()
    way.unlink()
    server.start()
    with running(log, server, WHARF_DATABASE_URL=url):
        server.wait_for(log.ids())
        wait_confirmed(forward_folder(log))


def wait_done(log: Log, *, pulled: int, sealed: int) -> None:
    wait(lambda: len(pulls(log)) == pulled)
    wait(lambda: sql.value("SELECT sum(count)::bigint FROM audit_seal") == sealed)


def collected_rows() -> int:
    """0 before the first."""
    return int(sql.value("SELECT collected FROM audit_forward") or 0)


def test_a_server_that_reads_nothing_delays_neither_pulls_nor_seals(log: Log, server: Rsyslog, spool: Path):
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)  # connections are taken by the kernel, and read by nobody
    try:
        with running(log, server):
            for number in range(3):
                begun = time.monotonic()
                log.write(1000)
                leave(spool, text([line(str(number))]), f"host.1.{number}")
                wait_done(log, pulled=number + 1, sealed=1000 * (number + 1))
                assert time.monotonic() - begun < 10
            wait(lambda: collected_rows() == 3000)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert status.of(forward_folder(log)).sent == 0


def test_signed_heads_arrive_and_prove_a_cut(log: Log, server: Rsyslog, tmp_path: Path):
    with running(log, server):
        wait((forward_folder(log) / "target.json").exists)
        log.write(5)
        wait(lambda: any(each.name == "audit.head" for each in server.messages()), 90)
    told = [each.facts for each in server.messages() if each.name == "audit.head"]
    names = ("at", "block", "head", "key", "kind", "seq", "signature")
    lines = [json.dumps({name: each[name] for name in names}) for each in told]
    (tmp_path / "kept.jsonl").write_text("\n".join(lines))
    assert log.verify(heads=tmp_path / "kept.jsonl").heads == len(told) > 0


def test_of_two_shippers_of_a_folder_one_forwards_and_ships(log: Log, server: Rsyslog, spool: Path):
    more = {"WHARF_SETTING_AUDIT_LOG_FORWARD_PULLS": "true"}
    with running(log, server, **more), running(log, server, **more):
        for number in range(6):
            leave(spool, text(line(str(n), actor_id=n) for n in range(50)), f"host.{number}.{number}")
            log.write(10)
            time.sleep(0.5)
        wait(lambda: sum(pulls(log).values()) == 300)
        server.wait_for({*pulls(log), *log.ids()})
