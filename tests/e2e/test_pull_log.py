"""Pulls through killed workers, shippers and databases: what was answered whole is in the log, once."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.e2e.conftest import make_project
from tests.e2e.outages import away, kill, logged, wait_back, wait_shipped
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf, reachable
from tests.e2e.storm import Killer, Storm
from tests.images import Image, image

# Of the stress lane.
MILLION = int(os.environ.get("STRESS_PULLS", "1000000"))
LINES = 16


@pytest.fixture(scope="module")
def fragile() -> Iterator[Wharf]:
    """A server of this module alone; the project `pulled` exists in it."""
    server = Wharf()
    try:
        server.start({"WHARF_WORKERS": "2"})
        make_project(server, "pulled")
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def pushed(fragile: Wharf) -> Image:
    made = image({"pulled": b"again and again"})
    with Registry(fragile.url, fragile.admin) as client:
        client.push("pulled/app", "1", made)
    return made


@pytest.mark.parametrize(
    ("pulls", "weights"),
    [
        pytest.param(10_000, {"gunicorn": 6, "shipper": 4, "postgres": 1}, id="10000"),
        pytest.param(MILLION, {"gunicorn": 6, "shipper": 4}, id="million", marks=pytest.mark.stress),
    ],
)
def test_pulls_through_kills_are_logged_once(
    fragile: Wharf,
    pushed: Image,
    pulls: int,
    weights: dict[str, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each pull answered whole once, and beside them at most those that were under way at a kill."""
    wait_shipped(fragile)
    before = logged(fragile)[0]
    killer = Killer(lambda name: kill(fragile, name), weights, every=(pulls // 100, pulls // 20))
    storm = Storm(fragile, "pulled/app", pushed.manifest.data, pushed.digest, lines=LINES)
    seconds = storm.run(pulls, killer)
    wait_back(fragile)
    wait_shipped(fragile)
    found, daily, counted = logged(fragile)
    extra = found - before - storm.whole
    with capsys.disabled():
        sys.stdout.write(
            f"{storm.whole} pulls in {seconds:.0f} s, {storm.broken} broken, refused {dict(storm.refused)}, "
            f"killed {killer.kills}, {extra} more in the log\n"
        )
    assert min(killer.kills["gunicorn"], killer.kills["shipper"]) > 1, killer.kills
    assert storm.whole >= pulls
    assert 0 <= extra <= storm.broken <= LINES * sum(killer.kills.values())
    assert found == daily == counted


def hold_down(server: Wharf, client: Registry, seconds: float) -> list[int]:
    """The statuses of pulls while PostgreSQL is away for so long."""
    statuses = []
    with away(server):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            statuses.append(client.get_manifest("pulled/app", "1").status_code)
            time.sleep(0.2)
    return statuses


def pull_times(server: Wharf, client: Registry, reference: str, times: int) -> None:
    """So many pulls that come whole, whatever fails in between."""
    deadline = time.monotonic() + 90
    while times:
        assert time.monotonic() < deadline, server.last_words()
        if (
            reachable(f"{server.url}/readyz")
            and client.get_manifest("pulled/app", reference).status_code == 200
        ):
            times -= 1


@pytest.mark.parametrize(
    "seconds", [pytest.param(8.0), pytest.param(300.0, marks=pytest.mark.stress)], ids=["8s", "5min"]
)
def test_pulls_before_and_after_an_absence_of_postgresql_are_logged_once(
    fragile: Wharf, pushed: Image, seconds: float
) -> None:
    wait_shipped(fragile)
    before = logged(fragile)[0]
    with Registry(fragile.url, fragile.admin) as client:
        pull_times(fragile, client, "1", 50)
        meanwhile = hold_down(fragile, client, seconds)
    assert 503 in meanwhile
    assert set(meanwhile) <= {
        200,
        401,
        503,
    }  # from memory, until it is noticed; a token ends after five minutes
    while not reachable(f"{fragile.url}/readyz"):
        time.sleep(0.2)
    with Registry(fragile.url, fragile.admin) as client:
        pull_times(fragile, client, pushed.digest, 50)
    wait_shipped(fragile)
    assert logged(fragile)[0] - before == 100 + meanwhile.count(200)


def test_heads_and_blobs_are_no_pulls(fragile: Wharf, pushed: Image) -> None:
    wait_shipped(fragile)
    before = logged(fragile)[0]
    scope = "repository:pulled/app:pull"
    with Registry(fragile.url, fragile.admin) as client:
        for path in ("manifests/1", f"manifests/{pushed.digest}"):
            assert client.request("HEAD", f"/v2/pulled/app/{path}", scope=scope).status_code == 200
        for blob in pushed.blobs:
            path = f"/v2/pulled/app/blobs/{blob.digest}"
            assert client.request("GET", path, scope=scope).content == blob.data
        again = {"If-None-Match": f'"{pushed.digest}"'}
        unchanged = client.request("GET", "/v2/pulled/app/manifests/1", scope=scope, headers=again)
        assert unchanged.status_code == 304
        assert client.get_manifest("pulled/app", "1").status_code == 200
    wait_shipped(fragile)
    assert logged(fragile)[0] == before + 1


def test_the_spool_is_seen_in_the_metrics(fragile: Wharf, pushed: Image) -> None:
    wait_shipped(fragile)
    time.sleep(5.5)  # figures of the database are kept for five seconds
    text = httpx2.get(f"{fragile.url}/metrics", trust_env=False).text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("wharf_audit_"))
    assert float(figures["wharf_audit_spool_bytes"]) > 0
    assert float(figures["wharf_audit_spool_lag_seconds"]) == 0
    assert float(figures["wharf_audit_spool_lines_shipped_total"]) > 0
    assert float(figures["wharf_audit_pulls_lost_total"]) == 0
    assert float(figures['wharf_audit_stray_rows{table="audit_pull"}']) == 0
