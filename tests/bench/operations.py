"""All that is measured, in order, with the floors Wharf has to reach against docker-registry in the same run."""

from __future__ import annotations

from tests.bench import bulk, memory, slow, streams
from tests.bench import requests as small
from tests.bench.plan import NO_FLOOR, Floor, Metric, Operation, Row, Sizes
from tests.bench.requests import Maker, closed_loop, warm_up

CACHED, UNCACHED = Floor(ratio=3.0), Floor(ratio=0.8)
QUICK = frozenset(
    {
        "manifest-tag-c16", "manifest-digest-c16", "manifest-head-c16", "manifest-uncached-c16", "blob-head-c16",
        "blob-64k-c16", "download-c4", "push-put", "push-chunked", "blobs-10k-c4", "manifest-put-c4",
    }
)  # fmt: skip


def operations(sizes: Sizes) -> list[Operation]:
    """Slow clients and memory come last: they start the servers anew."""
    return [
        *_manifests(), *_blobs(), *_downloads(sizes), *_pushes(sizes), *_small_pushes(), *_lists(sizes),
        *_slow(sizes), *_memory(),
    ]  # fmt: skip


def _loop(
    name: str,
    title: str,
    make: Maker,
    connections: int,
    *,
    floor: Floor = NO_FLOOR,
    metric: Metric = Metric.REQUESTS,
) -> Operation:
    return Operation(
        name,
        (Row(title, metric, floor),),
        closed_loop(make, connections, metric),
        warm_up(make, connections),
        quick=name in QUICK,
    )


def _manifests() -> list[Operation]:
    found = []
    for connections in (1, 16, 64):
        floor = CACHED if connections > 1 else NO_FLOOR
        for name, title, make in (
            ("tag", "manifest GET by tag", small.by_tag("GET")),
            ("digest", "manifest GET by digest", small.by_digest),
            ("head", "manifest HEAD by tag", small.by_tag("HEAD")),
        ):
            full_title = (
                f"{title}, {connections} connections" if connections > 1 else f"{title}, 1 connection"
            )
            found.append(_loop(f"manifest-{name}-c{connections}", full_title, make, connections, floor=floor))
    uncached = small.by_tag("GET", distinct=True)
    found.append(
        _loop("manifest-uncached-c16", "manifest GET by tag, not cached, 16", uncached, 16, floor=UNCACHED)
    )
    return found


def _blobs() -> list[Operation]:
    asked_by_pusher = small.layer("HEAD", pushing_caller=True)
    return [
        _loop("blob-head-c16", "blob HEAD, 16", small.layer("HEAD"), 16, floor=Floor(ratio=2.5)),
        _loop(
            "blob-head-push-c16", "blob HEAD by who may push, 16", asked_by_pusher, 16, floor=Floor(ratio=2.5)
        ),
        _loop("blob-64k-c16", "blob GET 64 KiB, 16", small.layer("GET"), 16, floor=Floor(ratio=4.0)),
    ]


def _size(sizes: Sizes) -> str:
    return f"{sizes.large >> 20} MiB"


def _downloads(sizes: Sizes) -> list[Operation]:
    return [
        Operation(
            f"download-c{connections}",
            (Row(f"blob GET {_size(sizes)}, {connections}", Metric.RATE, floor),),
            bulk.download(connections),
            bulk.prepare_download,
            quick=f"download-c{connections}" in QUICK,
        )
        for connections, floor in ((1, NO_FLOOR), (4, Floor(1.0, cpu=0.6)), (16, Floor(1.0, cpu=0.6)))
    ]


def _pushes(sizes: Sizes) -> list[Operation]:
    return [
        Operation(
            name, (Row(f"push {_size(sizes)}, {title}", Metric.RATE, floor),), measure, quick=name in QUICK
        )
        for name, title, floor, measure in (
            ("push-put", "one PUT", Floor(1.8, cpu=0.6), bulk.push(streams.whole)),
            ("push-chunked", "docker's chunked PATCH", Floor(1.7, cpu=0.6), bulk.push(streams.in_chunks)),
            ("push-patches", "PATCHes of 64 MiB", Floor(1.0, cpu=0.8), bulk.push(streams.in_patches)),
            ("push-put-x4", "4 PUTs at once", Floor(1.3, cpu=0.6), bulk.push(streams.whole, 4)),
            ("push-chunked-x4", "4 chunked at once", Floor(1.3, cpu=0.6), bulk.push(streams.in_chunks, 4)),
        )
    ]


def _small_pushes() -> list[Operation]:
    return [
        *(
            _loop(
                f"blobs-10k-c{connections}",
                f"push blobs of 10 KiB, {connections}",
                small.small_blobs,
                connections,
                floor=Floor(ratio=1.5),
                metric=Metric.PUSHES,
            )
            for connections in (4, 16)
        ),
        _loop(
            "manifest-put-c4",
            "manifest PUT, 4",
            small.manifests,
            4,
            floor=Floor(ratio=1.0),
            metric=Metric.PUSHES,
        ),
        _loop("tag-put-c1", "tag PUT, 1", small.new_tags, 1, metric=Metric.PUSHES),
    ]


def _lists(sizes: Sizes) -> list[Operation]:
    most = f"{sizes.names:,}"
    return [
        _loop("tags-1k-c4", "tags/list of 1,000, 4", small.tags(1000), 4),
        _loop("tags-10k-c4", f"tags/list of {most}, 4", small.tags(), 4, floor=Floor(ratio=10.0)),
        _loop("tags-10k-n100-c4", f"tags/list of {most}, n=100, 4", small.tags(page=100), 4),
        _loop(
            "catalog-n100-c1", f"_catalog of {most}, n=100", small.catalog(100), 1, floor=Floor(ratio=10.0)
        ),
        _loop("catalog-n1000-c1", f"_catalog of {most}, n=1000", small.catalog(1000), 1),
    ]


def _slow(sizes: Sizes) -> list[Operation]:
    return [
        Operation(
            f"slow-{what}",
            (
                Row(f"{sizes.clients} slow {what}: memory", Metric.GROWTH, Floor(at_most=most)),
                Row(f"{sizes.clients} slow {what}: manifest GETs", Metric.KEPT, Floor(at_least=80.0)),
            ),
            slow.slow_clients(requests, move),
        )
        for what, requests, move, most in (
            ("downloads", slow.downloads, slow.read_some, 64.0),
            ("uploads", slow.uploads, slow.write_some, 160.0),
        )
    ]


def _memory() -> list[Operation]:
    return [
        Operation(
            "memory-idle",
            (Row("memory of all processes, idle", Metric.MEMORY, Floor(at_most=700.0)),),
            memory.idle,
        ),
        Operation(
            "memory-c64", (Row("memory of all processes, 64 connections", Metric.MEMORY),), memory.loaded
        ),
    ]
