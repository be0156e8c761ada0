"""The arithmetic of the report: medians over rounds, ratios of medians, spreads, and whether a floor is reached."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.bench.plan import CPU, FAILED, LESS_IS_BETTER, Floor, Metric, Row, Sample

# Below this part of a floor something is broken rather than slow.
NEAR = 0.7


class Verdict(StrEnum):
    """The value is the mark in the table."""

    NO_FLOOR = ""
    MET = "ok"
    BELOW = "BELOW"
    FAR_BELOW = "FAR BELOW"
    NO_FIGURE = "NO FIGURE"


@dataclass(frozen=True, slots=True)
class Summary:
    """A figure over all rounds."""

    median: float
    low: float
    high: float


def summary(values: Sequence[float]) -> Summary | None:
    """None without values."""
    return Summary(statistics.median(values), min(values), max(values)) if values else None


def summary_of(samples: Sequence[Sample], key: str) -> Summary | None:
    return summary([sample.measures[key] for sample in samples if key in sample.measures])


def ratio(of: Sequence[Sample], to: Sequence[Sample], key: str) -> Summary | None:
    """The ratio of the medians, with the lowest and highest ratio of a single round: both sides had the same weather.

    None where a side has no figure, or the other side none above 0.
    """
    upper, lower = summary_of(of, key), summary_of(to, key)
    if upper is None or lower is None or lower.median <= 0:
        return None
    pairs = [
        mine.measures[key] / theirs.measures[key]
        for mine, theirs in zip(of, to, strict=True)
        if key in mine.measures and theirs.measures.get(key, 0) > 0
    ]
    spread = summary(pairs)
    assert spread is not None  # the median is above 0, so at least one pair is there
    return Summary(upper.median / lower.median, spread.low, spread.high)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table, computed: `ratio` and `cpu_ratio` are to the baseline."""

    row: Row
    figures: dict[str, Summary | None]
    cpu: dict[str, Summary | None]
    ratio: Summary | None
    cpu_ratio: Summary | None
    failed: int
    verdict: Verdict


def line(row: Row, samples: dict[str, list[Sample]], *, subject: str, baseline: str | None) -> Line:
    """`samples` by target; the subject is judged against the baseline."""
    mine, theirs = samples[subject], samples[baseline] if baseline else []
    # Memory has no CPU of its own, a rate has.
    with_cpu = row.metric not in LESS_IS_BETTER and row.metric is not Metric.KEPT
    compared = ratio(mine, theirs, row.metric) if baseline and row.metric is not Metric.GROWTH else None
    cpu_ratio = ratio(mine, theirs, CPU) if baseline and with_cpu else None
    own = summary_of(mine, row.metric)
    return Line(
        row,
        {name: summary_of(given, row.metric) for name, given in samples.items()},
        {name: summary_of(given, CPU) if with_cpu else None for name, given in samples.items()},
        compared,
        cpu_ratio,
        int(sum(sample.measures.get(FAILED, 0) for sample in mine)),
        verdict(row.floor, own, compared, cpu_ratio),
    )


def verdict(floor: Floor, own: Summary | None, compared: Summary | None, cpu: Summary | None) -> Verdict:
    """The worst of what the floor asks for."""
    reached = [
        *_reached(compared, floor.ratio),
        *_kept_below(cpu, floor.cpu),
        *_reached(own, floor.at_least),
        *_kept_below(own, floor.at_most),
    ]
    if not reached:
        return Verdict.NO_FLOOR
    worst = min(reached)
    if worst < 0:
        return Verdict.NO_FIGURE
    return Verdict.MET if worst >= 1 else Verdict.BELOW if worst >= NEAR else Verdict.FAR_BELOW


NO_FIGURE = -1.0


def _reached(figure: Summary | None, wanted: float | None) -> list[float]:
    """The reached part of a lower bound: 1 or more is enough; nothing where nothing is wanted."""
    if wanted is None:
        return []
    return [figure.median / wanted if figure else NO_FIGURE]


def _kept_below(figure: Summary | None, most: float | None) -> list[float]:
    """The same of an upper bound. A server that even gave memory back, or took no CPU to speak of, is below any."""
    if most is None:
        return []
    if figure is None:
        return [NO_FIGURE]
    return [most / figure.median if figure.median > most else 1.0]


def bottom_line(lines: Sequence[Line]) -> str:
    """How many floors are met, and which are not."""
    judged = [one for one in lines if one.verdict is not Verdict.NO_FLOOR]
    missed = [f"{one.row.title} ({one.verdict})" for one in judged if one.verdict is not Verdict.MET]
    met = f"{len(judged) - len(missed)} of {len(judged)} floors met"
    return f"{met}; missed: {', '.join(missed)}" if missed else met
