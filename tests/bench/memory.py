"""What the whole server keeps in memory: at rest after a start, and under load."""

from __future__ import annotations

import time

from tests.bench.generators import generate
from tests.bench.plan import OTHERS, Measures, Metric, Sizes
from tests.bench.requests import by_tag
from tests.bench.target import Target

REST_SECONDS = 5.0
CONNECTIONS = 64


def idle(target: Target, _sizes: Sizes) -> Measures:
    """Started, asked one question, left alone."""
    target.restart()
    target.request("GET", "/v2/", headers=target.authorization(), expect=200)
    time.sleep(REST_SECONDS)
    return {Metric.MEMORY: target.memory()}


def loaded(target: Target, sizes: Sizes) -> Measures:
    """While 64 connections read a manifest (measured at the end of the load)."""
    target.restart()
    meter = target.meter()
    generate(
        by_tag("GET")(target, sizes), target.port, connections=CONNECTIONS, seconds=max(2, sizes.seconds)
    )
    return {Metric.MEMORY: target.memory(), OTHERS: meter.read().others}
