"""What a syslog server gets: everything, though it is killed, slow, or somebody else. With Debian's rsyslogd."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.forward import sending as pace
from audit.forward import status
from audit.forward.buffer import Buffer, Position
from audit.forward.target import Endpoint, Target, Transport
from tests.audit.forwarding import held, message, sending, target_of, wait, wait_confirmed
from tests.audit.syslog import Rsyslog, make_certificates

pytestmark = pytest.mark.services


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "ROTATE_SECONDS", 0.3)
    monkeypatch.setattr(pace, "SETTLE_SECONDS", 0.3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "forward"


@pytest.fixture
def buffer(folder: Path) -> Buffer:
    return held(folder)


@pytest.fixture(params=[True, False], ids=["tls", "tcp"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rsyslog]:
    found = Rsyslog(tmp_path / "rsyslog", is_secure=request.param)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Rsyslog]:
    found = Rsyslog(tmp_path / "rsyslog")
    found.start()
    yield found
    found.stop()


def test_messages_arrive_once_and_are_known_to_have(server: Rsyslog, buffer: Buffer, folder: Path):
    target = target_of(server)
    with sending(buffer, target):
        buffer.append(message(number, target, "x" * 1000) for number in range(2000))
        told = wait_confirmed(folder)
    assert [each.facts["id"] for each in server.messages()] == list(range(2000))
    assert (told.sent, told.failures, told.error) == (2000, 0, "")


def test_messages_arrive_over_udp(secure: Rsyslog, buffer: Buffer, folder: Path):
    target = target_of(secure)
    target = replace(target, endpoint=replace(target.endpoint, transport=Transport.UDP, host="127.0.0.1"))
    with sending(buffer, target):
        buffer.append(message(number, target) for number in range(20))
        wait_confirmed(folder)
    secure.wait_for(range(20))


def test_everything_arrives_though_the_server_is_killed_again_and_again(
    server: Rsyslog, buffer: Buffer, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pace, "SETTLE_SECONDS", 2.0)  # as it is at work
    target, dice, written = target_of(server), random.Random(7), 0
    with sending(buffer, target):
        for turn in range(45):
            wanted = dice.randrange(200)
            buffer.append(message(written + n, target) for n in range(wanted))
            written += wanted
            time.sleep(0.1)
            if turn % 12 == 9:
                server.kill()
                time.sleep(dice.random())
                server.start()
        told = wait_confirmed(folder, 60)
    assert told.failures > 0
    assert server.ids() == set(range(written))


def test_what_waits_while_there_is_no_server_arrives_when_there_is_one(
    server: Rsyslog, buffer: Buffer, folder: Path
):
    server.stop()
    target = target_of(server)
    with sending(buffer, target):
        buffer.append(message(number, target) for number in range(50))
        wait(lambda: status.of(folder).error)
        assert "cannot be reached" in status.of(folder).error
        server.start()
        assert wait_confirmed(folder).error == ""
    assert server.ids() == set(range(50))


def test_the_next_process_sends_what_is_not_known_to_have_arrived(secure: Rsyslog, folder: Path):
    first, target = held(folder), target_of(secure)
    first.append(message(number, target) for number in range(10))
    with sending(first, target):
        secure.wait_for(range(10))
    os.close(first._lock)
    assert status.of(folder).waiting_bytes > 0
    with sending(held(folder), target):
        wait_confirmed(folder)
    assert [each.facts["id"] for each in secure.messages()] == [*range(10), *range(10)]


def refused(buffer: Buffer, target: Target) -> str:
    """Why nothing is sent."""
    with sending(buffer, target):
        buffer.append([message(1, target)])
        wait(lambda: status.of(buffer.folder).error)
    return status.of(buffer.folder).error


def test_a_server_of_another_authority_gets_nothing(secure: Rsyslog, buffer: Buffer, tmp_path: Path):
    (tmp_path / "other").mkdir()
    other = target_of(secure, authorities=make_certificates(tmp_path / "other"))
    assert "certificate of localhost is not accepted" in refused(buffer, other)
    assert secure.messages() == []


def test_a_server_of_no_known_authority_gets_nothing(secure: Rsyslog, buffer: Buffer):
    assert "is not accepted" in refused(buffer, target_of(secure, authorities=""))
    assert secure.messages() == []


def test_a_server_of_another_name_gets_nothing(secure: Rsyslog, buffer: Buffer):
    assert "is not accepted" in refused(buffer, target_of(secure, server_name="logs.example.com"))
    assert secure.messages() == []


def test_a_server_is_known_by_the_name_that_was_set(secure: Rsyslog, buffer: Buffer, folder: Path):
    target = target_of(secure, server_name="localhost")
    target = replace(target, endpoint=replace(target.endpoint, host="127.0.0.1"))
    with sending(buffer, target):
        buffer.append([message(1, target)])
        wait_confirmed(folder)
    assert secure.ids() == {1}


def test_a_server_without_tls_is_told_from_one_with(tmp_path: Path, buffer: Buffer):
    plain = Rsyslog(tmp_path / "rsyslog", is_secure=False)
    plain.start()
    try:
        target = target_of(plain)
        target = replace(target, endpoint=replace(target.endpoint, transport=Transport.TLS))
        assert "TLS" in refused(buffer, target)
    finally:
        plain.stop()


class Rude:
    """Takes connections and does with them what it is told."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]

    def target(self, **more: Any) -> Target:
        return Target(Endpoint.parse(f"tcp://127.0.0.1:{self.port}"), **more)


@pytest.fixture
def rude() -> Iterator[Rude]:
    found = Rude()
    yield found
    found.listening.close()


def test_what_a_server_did_not_read_is_not_known_to_have_arrived(rude: Rude, buffer: Buffer, folder: Path):
    with sending(buffer, rude.target()):
        buffer.append([message(1, rude.target())])
        taken, _ = rude.listening.accept()
        time.sleep(0.5)
        taken.close()  # with bytes unread
        wait(lambda: status.of(folder).failures)
    assert status.of(folder).waiting_bytes > 0


def test_a_server_that_ends_before_us_has_perhaps_not_kept_what_it_read(
    rude: Rude, buffer: Buffer, folder: Path
):
    with sending(buffer, rude.target()):
        buffer.append([message(1, rude.target())])
        taken, _ = rude.listening.accept()
        assert taken.recv(10_000)
        taken.close()
        wait(lambda: status.of(folder).failures)
    assert status.of(folder).waiting_bytes > 0
    assert "before everything was known to have arrived" in status.of(folder).error


def test_a_server_that_reads_nothing_holds_up_nobody_who_collects(rude: Rude, buffer: Buffer):
    with sending(buffer, rude.target()) as sender:
        begun = time.monotonic()
        for number in range(20):
            buffer.append(message(number * 100 + n, rude.target(), "x" * 1000) for n in range(100))
        sender.tell(rude.target(app_name="other"))
        assert time.monotonic() - begun < 10
        assert len(buffer.read(Position(), 10**7).messages) == 2000
        rude.listening.close()
