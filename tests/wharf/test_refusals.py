"""Starts that must not happen: one clear line each, and a status that is not 0."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.instances import Instance

GOOD_SECRET = "q9T2-vLw7Xr4Zb8Ny3Kc6Hd1Jf5Gs0PmQe"
ELSEWHERE = {
    "WHARF_DATABASE_URL": "postgresql://wharf_app@127.0.0.1:1/wharf",
    "WHARF_REDIS_URL": "redis://127.0.0.1:1/0",
}


def lines(output: str) -> list[str]:
    return [line.removeprefix("wharf: ") for line in output.splitlines() if line]


def one_line(instance: Instance) -> str:
    found = lines(instance.refused())
    assert len(found) == 1, found
    return found[0]


@pytest.mark.services
def test_a_second_instance_on_the_same_data_is_refused(make_instance: Callable[..., Instance]) -> None:
    first = make_instance(ready=True)
    first.start()
    line = one_line(make_instance())
    assert line.startswith(f"another instance (process {first.pid}) is running on {first.data}")
    assert first.get("/readyz")[0] == 200


def test_a_port_in_use_is_refused(make_instance: Callable[..., Instance]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = int(other.getsockname()[1])
        line = one_line(make_instance(port=port))
    assert line == f"127.0.0.1:{port} is in use; stop what listens there or set WHARF_PORT (and WHARF_BIND)"


def test_a_file_in_place_of_the_data_folder_is_refused(
    make_instance: Callable[..., Instance], folder: Path
) -> None:
    (folder / "file").write_text("")
    assert "is not a folder" in one_line(make_instance(data=folder / "file"))
    assert "a part of its path is a file" in one_line(make_instance(data=folder / "file" / "data"))


def test_an_unwritable_data_folder_is_refused(make_instance: Callable[..., Instance]) -> None:
    # /proc takes no folder from anyone, root included.
    line = one_line(make_instance(data=Path("/proc/wharf")))
    assert line.startswith("the data folder /proc/wharf cannot be written (")
    assert line.endswith("set WHARF_DATA to a writable folder")


def test_an_unwritable_store_is_refused(make_instance: Callable[..., Instance]) -> None:
    line = one_line(make_instance(environment={"WHARF_STORAGE": "file:///proc/blobs"}))
    assert line.startswith("WHARF_STORAGE: /proc/blobs cannot be written (")


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("changeme", "is an example value"),
        ("django-insecure-" + GOOD_SECRET, "is an example value"),
        ("this-is-an-example-secret-key-of-good-length", "is an example value"),
        ("k" * 64, "is too weak"),
        ("tooShort-1", "is too weak"),
    ],
)
def test_an_example_or_weak_secret_is_refused(
    make_instance: Callable[..., Instance], secret: str, reason: str
) -> None:
    line = one_line(make_instance(environment={"WHARF_SECRET_KEY": secret}))
    assert line.startswith(f"WHARF_SECRET_KEY: {reason}")
    assert secret not in line


def test_an_external_database_needs_a_given_secret(make_instance: Callable[..., Instance]) -> None:
    line = one_line(make_instance(environment=ELSEWHERE))
    assert line.startswith("WHARF_SECRET_KEY is required with WHARF_DATABASE_URL")


def test_an_absent_external_database_is_one_line(make_instance: Callable[..., Instance]) -> None:
    line = one_line(make_instance(environment={**ELSEWHERE, "WHARF_SECRET_KEY": GOOD_SECRET}))
    assert line.startswith("the database could not be prepared: ")
    assert "127.0.0.1" in line


def test_all_mistakes_are_told_at_once(make_instance: Callable[..., Instance]) -> None:
    wrong = {
        "WHARF_PORT": "70000",
        "WHARF_ROLE": "everything",
        "WHARF_EXTERNAL_URLS": "registry.example.org",
        "WHARF_STORAGE": "relative/path",
        "WHARF_DATABASE_URL": "mysql://root:hunter22@db/wharf",
    }
    output = make_instance(environment=wrong).refused()
    assert sorted(line.split(":")[0] for line in lines(output)) == sorted(wrong)
    assert "hunter22" not in output


def test_a_key_file_others_can_read_is_refused(make_instance: Callable[..., Instance]) -> None:
    instance = make_instance()
    instance.data.mkdir(mode=0o711)
    key = instance.data / "secret.key"
    key.write_text(GOOD_SECRET)
    key.chmod(0o644)
    assert one_line(instance) == f"{key} can be read by others; run: chmod 600 {key}"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's folder: run the tests as root")
def test_a_socket_folder_made_by_someone_else_is_refused(make_instance: Callable[..., Instance]) -> None:
    instance = make_instance()
    (instance.data / "run").mkdir(parents=True, mode=0o777)
    instance.data.chmod(0o711)
    os.chown(instance.data / "run", 12345, 12345)
    assert one_line(instance) == f"{instance.data / 'run'} belongs to another user; remove it"
