"""Forwarding meets a full disk, settings that cannot be read, and ends that somebody else made."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audit.forward import buffer as buffers
from audit.forward import collecting, heads, status, wire
from audit.forward import sending as pace
from audit.forward.buffer import Buffer, Position, packed
from audit.forward.forwarder import Forwarder
from audit.forward.messages import Form
from audit.forward.sending import Sender
from audit.forward.target import Endpoint, Target
from audit.seal import heads as signed
from audit.seal.heads import Head, HeadKind
from core.errors import SettingUnreadable
from tests.audit.forwarding import collected, held, message, sending, wait
from tests.audit.syslog import make_certificates

pytestmark = pytest.mark.unit

NOWHERE = Target(Endpoint.parse("tcp://127.0.0.1:9"))


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@contextlib.contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For small files, which are written anew."""
    with monkeypatch.context() as patched:
        patched.setattr(buffers, "replace", full)
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "forward"


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that events were to be collected."""
    found: list[int] = []

    def collect(*_: object) -> bool:
        found.append(1)
        return False

    monkeypatch.setattr(collecting, "collect", collect)
    return found


@contextlib.contextmanager
def forwarder(
    folder: Path, target: Callable[[], Target | None], heads_file: Path | None = None
) -> Iterator[Forwarder]:
    found = Forwarder(folder, target, heads_file)
    try:
        yield found
    finally:
        found.stop()


def test_a_disk_that_is_full_at_the_start_stops_neither_sending_nor_collecting(
    folder: Path, monkeypatch: pytest.MonkeyPatch, collections: list[int]
):
    with forwarder(folder, lambda: NOWHERE) as found:
        with full_disk(monkeypatch):
            found.step()
        assert collections
        buffer = found._buffer
        assert buffer is not None
        buffer.append([message(1, NOWHERE)])
        wait(lambda: status.of(folder).error)  # it tries
        found.step()
    assert (folder / "target.json").exists()


def test_a_full_disk_gets_room_from_what_has_arrived(folder: Path, monkeypatch: pytest.MonkeyPatch):
    buffer = held(folder, segment_bytes=1000)
    for _ in range(10):
        buffer.append([packed(1, b"x" * 400)])
    position = Position()
    while (batch := buffer.read(position, 10**6)).messages:
        position = batch.end
    with full_disk(monkeypatch), pytest.raises(OSError, match="No space"):
        buffer.confirm(position, {})
    assert all(number >= position.segment for number in buffers.segments(folder))
    assert buffer.read(position, 10**6).messages == []


def test_what_has_arrived_is_noted_when_the_disk_has_room_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    sender = Sender(held(folder), None)
    with full_disk(monkeypatch):
        sender._confirm(pace.Carried(Position(1, 7), 3))
        assert status.of(folder).sent == 0
    with contextlib.ExitStack() as ended:
        sender.start()
        ended.callback(sender.stop)
        wait(lambda: status.of(folder).sent == 3)


def test_a_setting_that_cannot_be_read_leaves_the_last_answer(folder: Path, collections: list[int]):
    answers = [NOWHERE]

    def ask() -> Target:
        if answers:
            return answers.pop()
        raise SettingUnreadable("outgoing_allowed_networks", "damaged")

    with forwarder(folder, ask) as found:
        for _ in range(3):
            found.step()
    assert len(collections) == 3


def head(block: int, kind: HeadKind = HeadKind.HEAD) -> Head:
    return Head(kind, block, block * 10, "ab", "2026-11-21T18:00:00Z", "key", "signature")


def test_signed_heads_are_forwarded_from_their_file_once(folder: Path, tmp_path: Path):
    path, buffer, form = tmp_path / "heads.jsonl", held(folder), Form(NOWHERE)
    for block in (1, 2):
        signed.append(path, head(block))
    heads.HeadsFile(path, folder).collect(buffer, form)
    following = heads.HeadsFile(path, folder)  # another process
    signed.append(path, head(1, HeadKind.RESTORED))
    following.collect(buffer, form)
    following.collect(buffer, form)
    told = [(each.facts["kind"], each.facts["block"]) for each in collected(buffer)]
    assert told == [("head", 2), ("restored", 1)]


def test_signed_heads_are_not_repeated_while_the_disk_is_full(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path, buffer, form = tmp_path / "heads.jsonl", held(folder), Form(NOWHERE)
    signed.append(path, head(1))
    found = heads.HeadsFile(path, folder)
    for _ in range(3):
        with full_disk(monkeypatch), pytest.raises(OSError, match="No space"):
            found.collect(buffer, form)
    found.collect(buffer, form)
    assert len(collected(buffer)) == 1
    assert (folder / heads.OFFSET).exists()


@pytest.fixture
def polite(tmp_path: Path) -> Iterator[tuple[Target, list[bool]]]:
    """A TLS server that ends in order while the list says so, else as somebody without its key would: with a plain FIN."""
    (tmp_path / "server").mkdir()
    authority = make_certificates(tmp_path / "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server" / "server.pem", tmp_path / "server" / "server.key")
    listening, manners = socket.create_server(("127.0.0.1", 0)), [True]

    def answer(plain: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as found:
            while found.recv(65536):
                pass
            if manners[0]:
                found.unwrap()
            else:
                found.shutdown(socket.SHUT_WR)

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=[listening.accept()[0]], daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    port = listening.getsockname()[1]
    yield Target(Endpoint.parse(f"tls://localhost:{port}"), authorities=authority), manners
    listening.close()


def test_an_end_says_whether_it_was_one_of_tls(polite: tuple[Target, list[bool]]):
    target, manners = polite
    assert wire.opened(target).end(insisting=True)
    manners[0] = False
    assert not wire.opened(target).end()
    with pytest.raises(wire.Unsaid):
        wire.opened(target).end(insisting=True)


def test_a_server_that_has_ended_tls_must_do_so_ever_after(
    polite: tuple[Target, list[bool]], folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pace, "ROTATE_SECONDS", 0.1)
    monkeypatch.setattr(pace, "SETTLE_SECONDS", 0.1)
    target, manners = polite
    buffer: Buffer = held(folder)
    with sending(buffer, target) as sender:
        buffer.append([message(1, target)])
        wait(lambda: status.of(folder).sent == 1)
        manners[0] = False
        buffer.append([message(2, target)])
        wait(lambda: "end of TLS" in status.of(folder).error)
        assert status.of(folder).sent == 1
        sender.tell(None)  # turned off and on again: the server may be another one by now
        wait(lambda: pace._GOODBYE not in buffers.state_of(folder))
        sender.tell(target)
        wait(lambda: status.of(folder).sent == 2)
