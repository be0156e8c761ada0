"""What Prometheus reads at /metrics. Labels are route names, methods and statuses: never a project, a repository or a user."""

from __future__ import annotations

import contextlib
import os
import platform
import struct
import threading
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import django
from django.conf import settings
from django.db import connections
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from access.origin import origin_from
from core import request_facts
from core.addresses import plain_address
from wharf import metrics_folder
from wharf.exchange import Exchange
from wharf.metrics_audit import AUDIT
from wharf.metrics_jobs import JOBS

Environ = dict[str, Any]
Start = Callable[..., Any]

# Milliseconds for what the lane and one query answer, minutes for layers on a slow line.
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# A proxy adds one of them. From an untrusted peer they prove that the request comes from farther away than its address says.
FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
SAMPLE_SECONDS: Final = 5.0

REQUESTS: Final = Counter("wharf_http_requests", "Requests answered.", ["route", "method", "status"])
SECONDS: Final = Histogram(
    "wharf_http_request_duration_seconds",
    "From the parsed head of a request to the last byte of its answer.",
    ["route", "method"],
    buckets=BUCKETS,
)
ABORTED: Final = Counter("wharf_http_requests_aborted", "Answers that a client did not take to the end.")
RECEIVED: Final = Counter("wharf_blob_received_bytes", "Bytes of blobs read from clients.")
SENT: Final = Counter("wharf_blob_sent_bytes", "Bytes of blobs sent to clients.")
UPLOADS: Final = Gauge(
    "wharf_uploads_in_progress",
    "Requests that carry bytes of a blob at this moment.",
    multiprocess_mode="livesum",
)
LANE: Final = Counter(
    "wharf_read_lane_requests", "Repeatable reads by whether the lane answered them.", ["outcome"]
)
POOL: Final = Gauge(
    "wharf_database_connections",
    "Connections of the pools, and requests waiting for one.",
    ["state"],
    multiprocess_mode="livesum",
)
BUILD: Final = Gauge(
    "wharf_build_info", "Always 1.", ["version", "python", "django"], multiprocess_mode="livemax"
)

_requests: dict[tuple[str, str, int], Counter] = {}
_seconds: dict[tuple[str, str], Histogram] = {}


def count(exchange: Exchange) -> None:
    """Count one answered request."""
    method = exchange.method if exchange.method in METHODS else "OTHER"
    route, status = exchange.route, exchange.status
    requests = _requests.get((route, method, status))
    if requests is None:
        requests = _requests[route, method, status] = REQUESTS.labels(route, method, str(status))
    seconds = _seconds.get((route, method))
    if seconds is None:
        seconds = _seconds[route, method] = SECONDS.labels(route, method)
    requests.inc()
    seconds.observe(exchange.seconds)
    if exchange.aborted:
        ABORTED.inc()
    if exchange.received and route in ("upload", "uploads"):
        RECEIVED.inc(exchange.received)
    if exchange.sent and route == "blob":
        SENT.inc(exchange.sent)
    if (outcome := exchange.environ.get(request_facts.LANE)) is not None:
        LANE.labels(outcome).inc()


def start() -> None:
    """Once in every serving process, after the fork: what this build is, and a thread that samples the database pool."""
    BUILD.labels(version("wharf"), platform.python_version(), django.get_version()).set(1)
    for outcome in ("hit", "miss"):
        LANE.labels(outcome)
    threading.Thread(target=_sample_for_ever, name="metrics", daemon=True).start()


def _sample_for_ever() -> None:
    while True:
        sample_pool()
        time.sleep(SAMPLE_SECONDS)


def sample_pool() -> None:
    """Connections in use and idle, and requests that wait for one; nothing before the first request has made the pool."""
    # Asked of Django, `pool` would make one; the attribute is shared by all threads.
    pool = connections["default"]._connection_pools.get("default")  # type: ignore[attr-defined]  # noqa: SLF001
    if pool is None:
        return
    facts = pool.get_stats()
    size, idle = facts.get("pool_size", 0), facts.get("pool_available", 0)
    POOL.labels("in_use").set(size - idle)
    POOL.labels("idle").set(idle)
    POOL.labels("waiting_requests").set(facts.get("requests_waiting", 0))


SCRAPE_ATTEMPTS = 10
SCRAPE_PAUSE = 0.02


def expose(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """GET /metrics: all processes of this server together, for clients in WHARF_METRICS_NETWORKS; 403 for all others."""
    if is_allowed(environ):
        encode, content_type = choose_encoder(environ.get("HTTP_ACCEPT", ""))
        status, body = "200 OK", _collected(encode)
    else:
        status, content_type = "403 Forbidden", "text/plain; charset=utf-8"
        body = b"metrics are served to the networks of WHARF_METRICS_NETWORKS\n"
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    start_response(status, headers)
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]


def _collected(encode: Callable[[CollectorRegistry], bytes]) -> bytes:
    folder = os.environ.get(metrics_folder.VARIABLE)
    registry = CollectorRegistry()
    registry.register(JOBS)
    registry.register(AUDIT)
    if folder is None:  # one process, as under a development server
        registry.register(REGISTRY)
        return encode(registry)
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    for _ in range(SCRAPE_ATTEMPTS - 1):
        # A worker that just starts has made its file and not yet its size; one that just ended takes its gauges along.
        with contextlib.suppress(OSError, struct.error), metrics_folder.reading(Path(folder)):
            return encode(registry)
        time.sleep(SCRAPE_PAUSE)
    with metrics_folder.reading(Path(folder)):
        return encode(registry)


def is_allowed(environ: Environ) -> bool:
    """Whether the client's address is in a listed network. What came through a proxy that is not trusted is never local."""
    client = plain_address(origin_from(environ).ip)
    if client is None:
        return False
    if client == plain_address(environ.get("REMOTE_ADDR")) and any(name in environ for name in FORWARDED):
        return False
    return any(client in network for network in settings.WHARF_METRICS_NETWORKS)
