"""Servers that are dead, slow, not who they say, or do not say all: known in five seconds, and for no wrong password."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from accounts.ldap import Directory
from accounts.ldap.settings import Search
from config.directory import GroupMode
from core.errors import DirectoryUnavailable
from tests.accounts.ldap.conftest import Ask, settings_of
from tests.instances import free_port
from tests.ldap.certificates import issue
from tests.ldap.slapd import BASE, PEOPLE, Slapd, slapd

PASSWORD = "a password of ann"
PROMISED_SECONDS = 5.5
pytestmark = pytest.mark.services


@pytest.fixture(scope="module", autouse=True)
def ann(server: Slapd) -> str:
    return server.add_person("ann", PASSWORD)


def ways(server: Slapd) -> dict[str, dict[str, Any]]:
    authorities = server.certificates.authority_pem
    return {
        "plain": {},
        "StartTLS": {"start_tls": True, "authorities": authorities},
        "ldaps": {"urls": (server.tls_url,), "authorities": authorities},
    }


def refused(question: Callable[[], object]) -> tuple[DirectoryUnavailable, float]:
    begun = time.monotonic()
    with pytest.raises(DirectoryUnavailable) as caught:
        question()
    return caught.value, time.monotonic() - begun


@pytest.mark.parametrize("way", ["plain", "StartTLS", "ldaps"])
def test_people_sign_in_over_every_kind_of_connection(ask: Ask, server: Slapd, way: str) -> None:
    assert ask(**ways(server)[way]).prove("ann", PASSWORD) is not None
    assert ask(**ways(server)[way]).prove("ann", "wrong") is None


@pytest.mark.parametrize("way", ["plain", "StartTLS", "ldaps"])
def test_a_server_that_stops_answering_costs_five_seconds_once(ask: Ask, paused: Slapd, way: str) -> None:
    directory = ask(**ways(paused)[way])
    _, seconds = refused(lambda: directory.prove("ann", PASSWORD))
    assert seconds < PROMISED_SECONDS
    _, again = refused(lambda: directory.prove("ann", PASSWORD))
    assert again < 2


def test_the_time_is_five_seconds_whatever_the_settings_say(ask: Ask, paused: Slapd) -> None:
    _, seconds = refused(lambda: ask(timeout=120, connect_timeout=60).prove("ann", PASSWORD))
    assert seconds < PROMISED_SECONDS


def test_the_next_server_is_asked_when_one_is_dead_or_slow(ask: Ask, server: Slapd, tmp_path: Path) -> None:
    with slapd(tmp_path) as other:
        other.pause()
        directory = ask(urls=("ldap://127.0.0.1:1", other.url, server.url))
        begun = time.monotonic()
        assert directory.prove("ann", PASSWORD) is not None
        assert 1 < time.monotonic() - begun < PROMISED_SECONDS
        begun = time.monotonic()
        assert directory.prove("ann", PASSWORD) is not None
        assert time.monotonic() - begun < 1


@contextmanager
def trickling(piece: bytes = b"\x30") -> Iterator[int]:
    """The port of a server that sends a byte ten times a second and never comes to an end."""
    stopped = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            while not stopped.wait(0.1):
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while not stopped.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield int(listener.getsockname()[1])
        stopped.set()


@pytest.mark.parametrize("way", ["ldap", "StartTLS", "ldaps"])
def test_a_server_that_trickles_is_given_up_in_time(ask: Ask, way: str) -> None:
    with trickling(b"\x84" if way == "ldap" else b"\x16") as port:
        scheme = "ldaps" if way == "ldaps" else "ldap"
        directory = ask(urls=(f"{scheme}://127.0.0.1:{port}",), start_tls=way == "StartTLS")
        assert refused(lambda: directory.prove("ann", PASSWORD))[1] < PROMISED_SECONDS


def test_a_mended_directory_is_asked_again(ask: Ask, server: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.ldap.limits.OPEN_SECONDS", 0.3)
    server.stop()
    directory = ask()
    refused(lambda: directory.prove("ann", PASSWORD))
    server.start()
    refused(lambda: directory.prove("ann", PASSWORD))
    time.sleep(0.4)
    assert directory.prove("ann", PASSWORD) is not None


BAD: dict[str, tuple[tuple[str, ...], bool, str, str]] = {
    "expired": (("127.0.0.1",), True, "expired", "renew"),
    "another host's": (
        ("ldap.example.org", "192.0.2.1"),
        False,
        "mismatch",
        "host that the certificate is for",
    ),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("way", ["StartTLS", "ldaps"])
def test_a_bad_certificate_is_refused_with_the_reason(tmp_path: Path, kind: str, way: str) -> None:
    names, expired, reason, hint = BAD[kind]
    certificates = issue(tmp_path / "tls", *names, expired=expired)
    with slapd(tmp_path / "slapd", certificates=certificates) as bad:
        bad.add_person("ann", PASSWORD)
        error, _ = refused(lambda: _asked(bad, **ways(bad)[way]).prove("ann", PASSWORD))
        assert reason in error.reason
        assert hint in error.hint
        assert _asked(bad, **{**ways(bad)[way], "verify": False}).prove("ann", PASSWORD) is not None


def _asked(server: Slapd, **changes: Any) -> Directory:
    return Directory.of(replace(settings_of(server), **changes))


@pytest.mark.parametrize("way", ["StartTLS", "ldaps"])
def test_an_unknown_authority_is_refused(ask: Ask, server: Slapd, tmp_path: Path, way: str) -> None:
    other = issue(tmp_path, "127.0.0.1").authority_pem
    for authorities in ("", other):
        strangers = ask(**{**ways(server)[way], "authorities": authorities})
        error, _ = refused(partial(strangers.prove, "ann", PASSWORD))
        assert "certificate of 127.0.0.1 is not accepted" in error.reason
        assert "set ldap_ca_certificates" in error.hint
    both = other + server.certificates.authority_pem
    assert ask(**{**ways(server)[way], "authorities": both}).prove("ann", PASSWORD) is not None


def test_a_port_without_tls_is_told_apart(ask: Ask, server: Slapd) -> None:
    error, _ = refused(lambda: ask(urls=(server.url.replace("ldap:", "ldaps:"),)).prove("ann", PASSWORD))
    assert "TLS" in error.reason


def test_what_is_elsewhere_is_not_followed(tmp_path: Path) -> None:
    """A referral names any host; the search account's password would be sent there."""
    with socket.create_server(("127.0.0.1", free_port())) as elsewhere:
        address = f"ldap://127.0.0.1:{elsewhere.getsockname()[1]}"
        with slapd(tmp_path, referral=address) as server:
            server.add_person("ann", PASSWORD)
            error, _ = refused(
                lambda: _asked(server, people=Search("dc=other,dc=org")).prove("ann", PASSWORD)
            )
            assert "refers to another server" in error.reason
            server.add(
                f"ou=far,{PEOPLE}",
                {
                    "objectClass": ["referral", "extensibleObject"],
                    "ou": "far",
                    "ref": f"{address}/ou=far,{BASE}",
                },
            )
            assert _asked(server).prove("ann", PASSWORD) is not None
            assert len(_asked(server).search_people("")) == 1
        elsewhere.settimeout(0.2)
        with pytest.raises(TimeoutError):
            elsewhere.accept()


def test_a_part_of_the_answer_is_no_answer(tmp_path: Path) -> None:
    with slapd(tmp_path, size_limit="5", paged_limit="5") as server:
        dns = server.add_people(f"p{number}" for number in range(8))
        directory = _asked(server)
        group = directory.group(server.add_group("all", dns))
        assert group is not None
        by_person = _asked(server, group_mode=GroupMode.MEMBEROF)
        error, _ = refused(lambda: _asked(server, group_mode=GroupMode.MEMBEROF).members_of(group))
        assert "only a part" in error.reason
        assert len(directory.members_of(group)) == 9
        assert by_person.person("p7") is not None
        subjects = [server.uuid(dn) for dn in dns]
        refused(lambda: directory.people(subjects))
