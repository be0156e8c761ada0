"""`wharf up` on one machine: first start, second start, stop, and what it prints."""

from __future__ import annotations

import json
import re
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.instances import Instance, alive, descendants
from tests.wharf.running import running

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def first() -> Iterator[Instance]:
    """After its first start."""
    with running(ready=False) as instance:
        yield instance


def test_first_start_serves_and_tells_how_to_push(first: Instance) -> None:
    assert re.search(r"Administrator:  admin  /  [A-Za-z0-9]{24}\n", first.output)
    assert f"docker login 127.0.0.1:{first.port}" in first.output
    assert str(first.data) in first.output
    assert first.get("/livez")[0] == 200
    assert first.get("/readyz") == (200, '{"ok": true, "database": true, "storage": true}\n')
    assert first.get("/v2/")[0] == 401
    status, page = first.get("/")
    assert status == 200
    assert f"docker push 127.0.0.1:{first.port}/library/alpine" in page


def test_second_start_is_quick_and_prints_no_password(
    make_instance: Callable[..., Instance], capsys: pytest.CaptureFixture[str]
) -> None:
    instance = make_instance()
    first = instance.start()
    password = re.findall(r"admin  /  (\S+)", instance.output)
    assert instance.stop() == 0
    second = instance.start()
    with capsys.disabled():
        print(f"\nfirst start {first:.1f} s, second start {second:.1f} s", end=" ")
    assert len(password) == 1
    assert "Administrator" not in instance.output
    assert password[0] not in instance.output
    for log in (instance.data / "logs").iterdir():
        assert password[0] not in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_every_process(instance: Instance, number: signal.Signals) -> None:
    instance.start()
    started = descendants(instance.pid)
    assert len(started) >= 6
    assert instance.stop(number) == 0
    assert instance.output.endswith("wharf: stopped\n")
    assert [pid for pid in started if alive(pid)] == []
    assert not (instance.data / "postgres" / "postmaster.pid").exists()


def test_nobody_else_can_read_the_data(first: Instance) -> None:
    assert stat.S_IMODE((first.data / "secret.key").stat().st_mode) == 0o600
    for name in ("postgres", "valkey", "run"):
        assert stat.S_IMODE((first.data / name).stat().st_mode) == 0o700
    assert stat.S_IMODE((first.data / "storage").stat().st_mode) & 0o007 == 0


def test_library_and_admin_are_made_once(make_instance: Callable[..., Instance]) -> None:
    instance = make_instance()
    instance.start()
    listed = json.loads(instance.command("project", "list", "--json").stdout)
    users = json.loads(instance.command("user", "list", "--json").stdout)
    assert [row["name"] for row in listed] == ["library"]
    assert [row["name"] for row in users] == ["admin"]
    removed = instance.command("project", "remove", "library")
    assert removed.returncode == 0, removed.stderr
    instance.stop()
    instance.start()
    # Removed on purpose: it does not come back.
    assert json.loads(instance.command("project", "list", "--json").stdout) == []


def test_a_long_data_path_gets_its_sockets_elsewhere(
    make_instance: Callable[..., Instance], folder: Path
) -> None:
    data = folder / ("long-" * 12) / ("longer-" * 12) / "data"
    data.parent.mkdir(parents=True)
    instance = make_instance(data=data)
    instance.start()
    assert instance.get("/readyz")[0] == 200
    assert not list(data.glob("run/*"))
