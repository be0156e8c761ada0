"""Small requests in closed loops: reads, lists, and pushes of small things."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench import content, pushing
from tests.bench.generators import generate
from tests.bench.plan import CPU, FAILED, OTHERS, P50, P99, Measure, Measures, Metric, Sizes
from tests.bench.player import play
from tests.bench.target import Target
from tests.bench.workload import MARK, Caller, PushSmallBlobs, PutManifests, Repeat, Workload

WARM_UP_SECONDS = 0.3
# No server we know takes more in a second on two CPUs; the digests are made before the clock starts.
MOST_PUSHES_PER_SECOND = 8000

Maker = Callable[[Target, Sizes], Workload]


def closed_loop(make: Maker, connections: int, metric: Metric = Metric.REQUESTS) -> Measure:
    """A measurement of what `make` gives, on so many connections."""

    def measure(target: Target, sizes: Sizes) -> Measures:
        workload = make(target, sizes)
        meter = target.meter()
        load = generate(workload, target.port, connections=connections, seconds=sizes.seconds)
        reading = meter.read()
        return {
            metric: load.done / load.seconds,
            CPU: reading.server * 1e6 / max(1, load.done),
            P50: load.p50_ms,
            P99: load.p99_ms,
            FAILED: load.failed,
            OTHERS: reading.others,
        }

    return measure


def warm_up(make: Maker, connections: int) -> Callable[[Target, Sizes], None]:
    """A short run by our own player: data is pushed, caches and threads are there."""

    def run(target: Target, sizes: Sizes) -> None:
        play(make(target, sizes), target.port, connections=connections, seconds=WARM_UP_SECONDS)

    return run


def reader(target: Target, repository: str) -> Caller:
    return Caller(target.host, {"Accept": content.ACCEPT, **target.pull(repository)})


def by_tag(method: str, *, distinct: bool = False) -> Maker:
    """The image's manifest by its tag."""

    def make(target: Target, _sizes: Sizes) -> Workload:
        repository = target.pushed.repository
        return Repeat(reader(target, repository), method, f"/v2/{repository}/manifests/latest", distinct)

    return make


def by_digest(target: Target, _sizes: Sizes) -> Workload:
    repository, digest = target.pushed.repository, target.pushed.digest
    return Repeat(reader(target, repository), "GET", f"/v2/{repository}/manifests/{digest}")


def layer(method: str, *, pushing_caller: bool = False) -> Maker:
    """A layer of 64 KiB; a caller who may push asks as clients do before they upload."""

    def make(target: Target, _sizes: Sizes) -> Workload:
        repository = target.pushed.repository
        caller = reader(target, repository)
        if pushing_caller:
            caller = Caller(target.host, target.push(repository))
        return Repeat(caller, method, f"/v2/{repository}/blobs/{target.pushed.layers[0].digest}")

    return make


def tags(number: int | None = None, *, page: int | None = None) -> Maker:
    """The list of `number` tags (`sizes.names` unless given), whole or its first page."""

    def make(target: Target, sizes: Sizes) -> Workload:
        repository = pushing.tags_repository(target, number or sizes.names)
        query = f"?n={page}" if page else ""
        return Repeat(reader(target, repository), "GET", f"/v2/{repository}/tags/list{query}")

    return make


def catalog(page: int) -> Maker:
    def make(target: Target, sizes: Sizes) -> Workload:
        pushing.catalog(target, sizes.names)
        caller = Caller(target.host, target.authorization("registry:catalog:*"))
        return Repeat(caller, "GET", f"/v2/_catalog?n={page}")

    return make


def small_blobs(target: Target, sizes: Sizes) -> Workload:
    repository = target.pushed.repository
    caller = Caller(target.host, {"Content-Type": "application/octet-stream", **target.push(repository)})
    return PushSmallBlobs(caller, repository, MOST_PUSHES_PER_SECOND * sizes.seconds)


def manifests(target: Target, _sizes: Sizes) -> Workload:
    """A new manifest under a new tag each time."""
    pushed = target.pushed
    return _put(target, content.manifest(pushed.config, pushed.layers, MARK).decode())


def new_tags(target: Target, _sizes: Sizes) -> Workload:
    """The same manifest under a new tag each time."""
    return _put(target, target.pushed.manifest.decode())


def _put(target: Target, template: str) -> Workload:
    repository = f"{target.pushed.repository}-put"
    pushing.mount_image(target, repository)
    caller = Caller(target.host, {"Content-Type": content.MANIFEST, **target.push(repository)})
    return PutManifests(caller, repository, template)
