"""kill -9 of anything, then go on or start again on the same data."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.instances import Instance, alive, children, descendants, has
from tests.wharf.running import running

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def shared() -> Iterator[Instance]:
    """Its children die one after the other; the project `kept` exists in it."""
    with running() as instance:
        assert instance.command("project", "create", "kept").returncode == 0
        yield instance


def names(instance: Instance) -> list[str]:
    return [row["name"] for row in json.loads(instance.command("project", "list", "--json").stdout)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("postgres", ("bin/postgres",)),
        ("valkey", ("valkey-server",)),
        ("gunicorn", ("-m gunicorn",)),
        ("worker", ("-m celery", " worker ")),
        ("beat", ("-m celery", " beat ")),
        ("shipper", ("-m wharf.shipper",)),
    ],
)
def test_a_killed_child_is_started_again(shared: Instance, name: str, words: tuple[str, ...]) -> None:
    [victim] = wait_for(shared, words)
    os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while f"{name} ended by signal 9; starting it again" not in shared.output:
        assert time.monotonic() < deadline, shared.output
        time.sleep(0.05)
    shared.wait_for("/readyz", 200)
    # Not one more request may fail: connections that died with the server are not handed out.
    assert [shared.get("/readyz")[0] for _ in range(20)] == [200] * 20
    assert names(shared) == ["kept", "library"]
    assert len(wait_for(shared, words, but=victim)) == 1


def wait_for(instance: Instance, words: tuple[str, ...], but: int = 0) -> list[int]:
    """The children with `words` in their command lines, as soon as there is one."""
    deadline = time.monotonic() + 60
    while not (found := [pid for pid in children(instance.pid) if pid != but and has(pid, words)]):
        assert time.monotonic() < deadline, instance.output
        time.sleep(0.05)
    return found


def test_without_valkey_the_registry_still_answers(make_instance: Callable[..., Instance]) -> None:
    instance = make_instance(environment={"WHARF_REDIS_URL": "unix:///nonexistent/valkey.sock"}, ready=True)
    instance.start()
    assert instance.get("/readyz")[0] == 200
    assert instance.get("/v2/")[0] == 401
    assert instance.stop() == 0


def test_a_killed_supervisor_takes_all_along_and_starts_again(
    instance: Instance, make_instance: Callable[..., Instance]
) -> None:
    instance.start()
    assert instance.command("project", "create", "kept").returncode == 0
    orphans = descendants(instance.pid)
    os.kill(instance.pid, signal.SIGKILL)
    assert instance.process is not None
    instance.process.wait()
    again = make_instance(port=instance.port)
    again.start()
    assert [pid for pid in orphans if alive(pid)] == []
    assert names(again) == ["kept", "library"]


def test_everything_killed_at_once_starts_again(
    instance: Instance, make_instance: Callable[..., Instance]
) -> None:
    instance.start()
    assert instance.command("project", "create", "kept").returncode == 0
    for pid in [instance.pid, *descendants(instance.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert (instance.data / "postgres" / "postmaster.pid").exists()
    again = make_instance(port=instance.port)
    again.start()
    assert names(again) == ["kept", "library"]


def test_a_pid_file_that_names_a_living_stranger_does_not_stop_the_start(instance: Instance) -> None:
    # After a container restart the pid in the file often belongs to another program.
    instance.start()
    instance.stop()
    pid_file = instance.data / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{instance.data / 'postgres'}\n")
    instance.start()
    assert instance.get("/readyz")[0] == 200


def test_a_start_killed_while_it_makes_the_database_begins_again(
    make_instance: Callable[..., Instance],
) -> None:
    instance = make_instance()
    instance.launch()
    deadline = time.monotonic() + 30
    while not list(instance.data.glob("postgres.new-*")):
        assert time.monotonic() < deadline, instance.output
        time.sleep(0.005)
    os.kill(instance.pid, signal.SIGKILL)
    assert instance.process is not None
    instance.process.wait()
    again = make_instance()
    again.start()
    assert "Administrator:  admin" in again.output
