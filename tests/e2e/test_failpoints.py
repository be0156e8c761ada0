"""Kill the server at every registered failpoint: the retrying client ends well and the invariants hold."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from core.failpoints import REGISTERED
from tests import invariants
from tests.e2e.clients import Login
from tests.e2e.conftest import make_project
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.images import Image, image, sha256
from tests.instances import Instance, joined

MAINTENANCE = "from artifacts import maintenance; maintenance.{}()"
# Those of the shipper and of forwarding have tests of their own (tests/audit).
UPKEEP = ("reaper.", "purge.", "ship.", "forward.")
PUSHED = sorted(name for name in REGISTERED if not name.startswith(UPKEEP))
REAPED = sorted(name for name in REGISTERED if name.startswith("reaper."))
PURGED = sorted(name for name in REGISTERED if name.startswith("purge."))
AGE_SESSIONS = """UPDATE upload SET updated_at = now() - interval '2 days',
                  expires_at = now() - interval '1 day', lease_until = now() - interval '1 day'"""


@pytest.fixture(scope="module")
def fragile() -> Iterator[Wharf]:
    """A server of this module alone; the project `crash` exists in it."""
    server = Wharf()
    try:
        server.start()
        make_project(server, "crash")
        yield server
    finally:
        server.remove()


@contextmanager
def registry_beside(server: Wharf, **extra: str) -> Iterator[str]:
    """Another registry on what `server` has, which dies where `extra` says; its address."""
    folder = Path(tempfile.mkdtemp(prefix="wharf-beside-"))
    instance = Instance(folder / "data", environment=joined(server.data, "registry") | extra)
    try:
        instance.start()
        yield f"http://127.0.0.1:{instance.port}"
    finally:
        instance.end()
        shutil.rmtree(folder, ignore_errors=True)


def push(server: Wharf, repository: str, made: Image) -> None:
    with Registry(server.url, server.admin) as client:
        client.push(repository, "latest", made)


def push_once(url: str, who: Login, repository: str, made: Image) -> set[str]:
    """Push every blob and the manifest once, whatever becomes of each; the digests of blobs that got a 201."""
    acknowledged = set()
    with Registry(url, who, timeout=30) as client:
        for blob in made.blobs:
            with suppress(httpx2.HTTPError):
                if client.push_blob(repository, blob.data).status_code == 201:
                    acknowledged.add(blob.digest)
        with suppress(httpx2.HTTPError):
            client.put_manifest(repository, "latest", made.manifest)
    return acknowledged


def hits(log: Path) -> set[str]:
    return set(log.read_text().split()) if log.exists() else set()


def broken(server: Wharf) -> list[str]:
    with server.database() as connection:
        return invariants.broken(connection, server.store)


def reap(server: Wharf) -> None:
    """Make every session look old, then run the reaper as the scheduler does."""
    with server.database() as connection:
        connection.execute(AGE_SESSIONS)
    server.run("shell", "--command", MAINTENANCE.format("reap_uploads"))


def leave_sessions_behind(server: Wharf, repository: str) -> None:
    """Two uploads that nobody finishes: one without bytes, one with some."""
    with Registry(server.url, server.admin) as client:
        client.start_upload(repository)
        location = client.start_upload(repository)
        scope = client.push_scope(repository)
        assert client.request("PATCH", location, scope=scope, content=b"left").status_code == 202


@pytest.mark.parametrize("name", PUSHED)
def test_a_worker_killed_while_a_client_pushes(fragile: Wharf, tmp_path: Path, name: str) -> None:
    repository = f"crash/{name}"
    made = image({"failpoint": name.encode()}, {"big": name.encode() * 50_000})
    log = tmp_path / "hits"
    extra = {"WHARF_FAILPOINTS": f"{name}:kill9", "WHARF_FAILPOINTS_LOG": str(log)}
    with registry_beside(fragile, **extra) as url:
        acknowledged = push_once(url, fragile.admin, repository, made)
        assert name in hits(log), f"a push never reached {name}"
    reap(fragile)
    assert broken(fragile) == []
    with Registry(fragile.url, fragile.admin) as client:
        for blob in made.blobs:
            if blob.digest not in acknowledged:
                assert client.push_blob(repository, blob.data).status_code == 201
        # I5: what was acknowledged before the kill is accepted without another upload.
        assert client.put_manifest(repository, "latest", made.manifest).status_code == 201
        assert client.pull_whole(repository, "latest")[0] == made.digest
    assert broken(fragile) == []


@pytest.mark.parametrize("name", REAPED)
def test_a_reaper_that_is_killed_leaves_nothing_unknown(fragile: Wharf, tmp_path: Path, name: str) -> None:
    repository = "crash/reaper"
    push(fragile, repository, image({"reaper": b"1"}))
    leave_sessions_behind(fragile, repository)
    with fragile.database() as connection:
        connection.execute(AGE_SESSIONS)
    log = tmp_path / "hits"
    extra = {"WHARF_FAILPOINTS": f"{name}:kill9", "WHARF_FAILPOINTS_LOG": str(log)}
    killed = fragile.try_run("shell", "--command", MAINTENANCE.format("reap_uploads"), extra=extra)
    assert killed.returncode == -9
    assert name in hits(log)
    assert [line for line in broken(fragile) if not line.startswith("I3")] == []
    reap(fragile)
    assert broken(fragile) == []
    assert list((fragile.store / "uploads").iterdir()) == []


@pytest.mark.parametrize("name", PURGED)
def test_a_purge_that_is_killed_goes_on_where_it_was(fragile: Wharf, tmp_path: Path, name: str) -> None:
    made = image({"purge": b"this"}, {"layer": b"two"})
    push(fragile, "crash/purge", made)
    fragile.run("repository", "remove", "crash/purge")
    log = tmp_path / "hits"
    extra = {"WHARF_FAILPOINTS": f"{name}:kill9", "WHARF_FAILPOINTS_LOG": str(log)}
    killed = fragile.try_run("shell", "--command", MAINTENANCE.format("purge_deleted"), extra=extra)
    assert killed.returncode == -9
    assert name in hits(log)
    assert broken(fragile) == []
    fragile.run("shell", "--command", MAINTENANCE.format("purge_deleted"))
    assert broken(fragile) == []
    with fragile.database() as connection:
        rows = connection.execute("SELECT id FROM repository WHERE name = 'crash/purge'").fetchall()
    assert rows == []


def test_a_killed_and_restarted_server_keeps_what_it_acknowledged(fragile: Wharf) -> None:
    made = image({"kept": b"over a restart"})
    push(fragile, "crash/kept", made)
    fragile.kill()
    fragile.start()
    with Registry(fragile.url, fragile.admin) as client:
        assert client.pull_whole("crash/kept", "latest")[0] == made.digest
        assert client.get_blob("crash/kept", sha256(b"never pushed")).status_code == 404
    assert broken(fragile) == []
