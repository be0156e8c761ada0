"""/metrics of a real server with two workers: counts of all of them, names of nobody."""

from __future__ import annotations

import http.client
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.registry import Registry
from tests.images import image
from tests.instances import Instance, children
from tests.wharf.running import admin, running

pytestmark = pytest.mark.services

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(instance: Instance) -> Samples:
    status, text = instance.get("/metrics")
    assert status == 200, text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(samples: Samples, name: str, **labels: str) -> float:
    """The sum over all samples of that name which carry these labels."""
    return sum(
        value
        for (found, given), value in samples.items()
        if found == name and labels.items() <= dict(given).items()
    )


def ask(instance: Instance, method: str = "GET", path: str = "/metrics", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=10)
    try:
        connection.request(
            method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Instance]:
    with running(WHARF_WORKERS="2") as instance:
        yield instance


def test_requests_of_all_workers_are_counted_by_route_and_never_by_name(served: Instance) -> None:
    pushed = image({"made": b"x" * 100_000})
    with Registry(f"http://127.0.0.1:{served.port}", admin(served)) as client:
        client.push("library/veryprivatename", "v1", pushed)
        for _ in range(20):
            client.pull_whole("library/veryprivatename", "v1")
    for _ in range(20):  # connections of their own: both workers answer some
        assert ask(served, path="/v2/") == 401
    samples = scrape(served)
    count = "wharf_http_requests_total"
    assert total(samples, count, route="manifest", method="PUT", status="201") == 1
    assert total(samples, count, route="manifest", method="GET", status="200") == 20
    assert total(samples, count, route="ping", status="401") >= 20
    assert total(samples, "wharf_http_request_duration_seconds_count", route="blob", method="GET") == 40
    size = sum(len(blob.data) for blob in pushed.blobs)
    assert total(samples, "wharf_blob_received_bytes_total") == size
    assert total(samples, "wharf_blob_sent_bytes_total") == 20 * size
    assert total(samples, "wharf_uploads_in_progress") == 0
    assert total(samples, "wharf_build_info") == 1
    assert "veryprivatename" not in served.get("/metrics")[1]
    assert not any(value == "library" for _, labels in samples for _, value in labels)


def test_what_a_client_makes_up_adds_no_series(served: Instance) -> None:
    before = len(scrape(served))
    for number in range(50):
        assert ask(served, "GET", f"/v2/made/up{number}/nowhere/at/all") == 404
        assert ask(served, "GET", f"/page{number}") == 404
        assert ask(served, f"MADEUP{number}", "/v2/") == 405
    assert len(scrape(served)) - before < 120  # three routes with their buckets, not 150


def test_an_upload_under_way_is_seen(served: Instance) -> None:
    with Registry(f"http://127.0.0.1:{served.port}", admin(served)) as client:
        location = client.start_upload("library/slow")
        token = client.authorization(client.push_scope("library/slow"))
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        connection.putrequest("PATCH", location)
        connection.putheader("Authorization", token)
        connection.putheader("Content-Length", "10")
        connection.endheaders(b"12345")
        wait_for(lambda: total(scrape(served), "wharf_uploads_in_progress") == 1)
        connection.send(b"67890")
        assert connection.getresponse().status == 202
        connection.close()
    wait_for(lambda: total(scrape(served), "wharf_uploads_in_progress") == 0)


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_counts_outlive_a_killed_worker_and_its_files_do_not_pile_up(served: Instance) -> None:
    count = total(scrape(served), "wharf_http_requests_total", route="ping")
    for _ in range(30):
        assert ask(served, path="/v2/") == 401
    # Counted after the answer: a worker killed between the two takes one along.
    wait_for(lambda: total(scrape(served), "wharf_http_requests_total", route="ping") == count + 30)
    [folder] = (served.data / "metrics").glob("server-*")
    for _ in range(2):
        victim = children(served.child("-m gunicorn"))[0]
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: not list(folder.glob(f"*_{victim}.db")))  # noqa: B023 - awaited within the round
        served.wait_for("/livez", 200)
        assert total(scrape(served), "wharf_http_requests_total", route="ping") == count + 30
    assert len(list(folder.glob("counter_*.db"))) <= 3


def test_the_connections_of_the_pool_are_shown(served: Instance) -> None:
    served.wait_for("/readyz", 200)
    wait_for(lambda: total(scrape(served), "wharf_database_connections", state="idle") >= 1)


def test_a_proxy_that_is_not_trusted_makes_nobody_local(served: Instance) -> None:
    assert ask(served) == 200
    for header in ("X_Forwarded_For", "Forwarded", "X_Real_IP", "Via"):
        assert ask(served, **{header: "127.0.0.1"}) == 403


def test_only_listed_networks_are_served(make_instance: Callable[..., Instance]) -> None:
    listed = {"WHARF_METRICS_NETWORKS": "10.0.0.0/8", "WHARF_TRUSTED_PROXIES": "127.0.0.1/32"}
    instance = make_instance(environment=listed, ready=True)
    instance.start()
    assert ask(instance) == 403
    assert ask(instance, X_Forwarded_For="10.1.2.3") == 200
    assert ask(instance, X_Forwarded_For="192.0.2.1") == 403
    assert ask(instance, X_Forwarded_For="10.1.2.3, 192.0.2.1") == 403


def test_folders_of_dead_servers_are_removed_at_the_next_start(
    instance: Instance, make_instance: Callable[..., Instance]
) -> None:
    instance.start()
    [first] = (instance.data / "metrics").glob("server-*")
    os.kill(instance.pid, signal.SIGKILL)
    assert instance.process is not None
    instance.process.wait()
    again = make_instance(port=instance.port)
    again.start()
    [second] = (instance.data / "metrics").glob("server-*")
    assert second != first
