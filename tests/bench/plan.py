"""The words of a benchmark: what is measured, in which unit, and which floor the product has to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.bench.target import Target


class Metric(StrEnum):
    """What a figure counts; the value is its unit as printed."""

    REQUESTS = "requests/s"
    PUSHES = "pushes/s"
    RATE = "GB/s"
    KEPT = "% kept"
    GROWTH = "MiB more"
    MEMORY = "MiB"


LESS_IS_BETTER = frozenset({Metric.GROWTH, Metric.MEMORY})
# Figures beside a metric: CPU of the server per request in microseconds or per GiB in seconds, latencies in milliseconds,
# failed requests, the fraction of the machine that third parties took.
CPU, P50, P99, FAILED, OTHERS = "cpu", "p50_ms", "p99_ms", "failed", "others"
Measures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Floor:
    """What Wharf must reach. `ratio`: at least so many times the baseline; `cpu`: at most so many times its CPU;
    `at_least`, `at_most`: bounds of Wharf's own figure."""

    ratio: float | None = None
    cpu: float | None = None
    at_least: float | None = None
    at_most: float | None = None


NO_FLOOR = Floor()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    title: str
    metric: Metric
    floor: Floor = NO_FLOOR


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is done: seconds per measurement, bytes of a large blob, tags of the long list (and repositories of the
    catalog), slow clients."""

    seconds: int
    large: int
    names: int
    clients: int


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller of bin/bench asked for."""

    sizes: Sizes
    rounds: int
    operations: tuple[str, ...]
    quick: bool
    peers: tuple[str, ...]
    pids: Mapping[str, int]
    settings: Mapping[str, str]
    json: Path | None
    data: Path | None


Measure = Callable[[Target, Sizes], Measures]


def no_warm_up(target: Target, sizes: Sizes) -> None:
    """Nothing is remembered between two measurements."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Measured once per target and round; each measurement gives the metric of every row.

    `warm_up` runs once per target before the first round, untimed. `quick`: part of `--quick`.
    """

    name: str
    rows: tuple[Row, ...]
    measure: Measure
    warm_up: Callable[[Target, Sizes], None] = field(default=no_warm_up)
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement, or why there is none."""

    measures: Measures = field(default_factory=dict)
    error: str = ""
