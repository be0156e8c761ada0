"""The arithmetic of the benchmark's report; nothing here is timed."""

from __future__ import annotations

import pytest

from tests.bench.plan import CPU, FAILED, Floor, Metric, Row, Sample
from tests.bench.report import Summary, Verdict, bottom_line, line, ratio, summary, verdict
from tests.bench.table import floor_text, number, spread, table

pytestmark = pytest.mark.unit


def rounds(*values: float, cpu: float = 10.0) -> list[Sample]:
    return [Sample({Metric.REQUESTS: value, CPU: cpu}) for value in values]


def figure(value: float) -> Summary:
    return Summary(value, value, value)


def test_a_summary_is_the_median_and_both_ends() -> None:
    assert summary([5.0, 1.0, 3.0, 100.0, 4.0]) == Summary(4.0, 1.0, 100.0)
    assert summary([1.0, 2.0]) == Summary(1.5, 1.0, 2.0)
    assert summary([]) is None


def test_a_ratio_is_of_medians_and_its_spread_of_single_rounds() -> None:
    found = ratio(rounds(30.0, 40.0, 20.0), rounds(10.0, 20.0, 5.0), Metric.REQUESTS)
    assert found == Summary(3.0, 2.0, 4.0)


def test_a_failed_round_is_left_out_of_both_medians_but_not_of_the_other_side() -> None:
    failed = [Sample(error="refused"), *rounds(30.0, 50.0)]
    found = ratio(failed, rounds(10.0, 10.0, 20.0), Metric.REQUESTS)
    assert found == Summary(4.0, 2.5, 3.0)


@pytest.mark.parametrize("theirs", [[], [Sample(error="refused")] * 3, rounds(0.0, 0.0, 0.0)])
def test_there_is_no_ratio_to_nothing(theirs: list[Sample]) -> None:
    assert ratio(rounds(1.0, 2.0, 3.0), theirs, Metric.REQUESTS) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3.0, Verdict.MET), (2.99, Verdict.BELOW), (2.1, Verdict.BELOW), (2.0, Verdict.FAR_BELOW)],
)
def test_a_ratio_is_judged_by_the_part_of_its_floor_it_reaches(value: float, expected: Verdict) -> None:
    assert verdict(Floor(ratio=3.0), figure(1.0), figure(value), None) is expected


@pytest.mark.parametrize(
    ("cpu", "expected"), [(0.6, Verdict.MET), (0.7, Verdict.BELOW), (0.9, Verdict.FAR_BELOW)]
)
def test_the_worse_of_rate_and_cpu_counts(cpu: float, expected: Verdict) -> None:
    assert verdict(Floor(1.0, cpu=0.6), figure(1.0), figure(5.0), figure(cpu)) is expected


def test_bounds_of_the_figure_itself_need_no_baseline() -> None:
    assert verdict(Floor(at_most=64.0), figure(-3.0), None, None) is Verdict.MET
    assert verdict(Floor(at_most=64.0), figure(65.0), None, None) is Verdict.BELOW
    assert verdict(Floor(at_least=80.0), figure(50.0), None, None) is Verdict.FAR_BELOW


def test_a_missing_figure_is_never_a_floor_met() -> None:
    assert verdict(Floor(ratio=3.0), figure(1.0), None, None) is Verdict.NO_FIGURE
    assert verdict(Floor(at_most=64.0), None, None, None) is Verdict.NO_FIGURE
    assert verdict(Floor(), None, None, None) is Verdict.NO_FLOOR


def test_a_line_shows_both_sides_their_cpu_and_the_mark() -> None:
    found = line(
        Row("reads", Metric.REQUESTS, Floor(ratio=3.0)),
        {"wharf": rounds(20.0, 22.0, 24.0, cpu=5.0), "docker-registry": rounds(10.0, 11.0, 12.0)},
        subject="wharf",
        baseline="docker-registry",
    )
    assert found.ratio == Summary(2.0, 2.0, 2.0)
    assert found.cpu_ratio == Summary(0.5, 0.5, 0.5)
    said = table([found], subject="wharf", baseline="docker-registry", peers=[])
    assert "| reads " in said
    assert "| 22.0 (20.0–24.0) |" in said
    assert "≥ 3x" in said
    assert "FAR BELOW" in said
    assert len({len(row) for row in said.splitlines()}) == 1


def test_failed_requests_of_the_subject_are_shown() -> None:
    mine = [Sample({Metric.REQUESTS: 9.0, CPU: 1.0, FAILED: 7})]
    found = line(
        Row("reads", Metric.REQUESTS), {"wharf": mine, "dr": rounds(1.0)}, subject="wharf", baseline="dr"
    )
    assert found.failed == 7
    assert "| 7 " in table([found], subject="wharf", baseline="dr", peers=[])


def test_memory_growth_has_no_ratio() -> None:
    mine = [Sample({Metric.GROWTH: 10.0})]
    row = Row("slow", Metric.GROWTH, Floor(at_most=64.0))
    found = line(row, {"wharf": mine, "dr": mine}, subject="wharf", baseline="dr")
    assert (found.ratio, found.cpu_ratio, found.verdict) == (None, None, Verdict.MET)


def test_the_bottom_line_names_what_is_missed() -> None:
    lines = [
        line(
            Row(title, Metric.REQUESTS, Floor(ratio=floor)),
            {"w": rounds(2.0), "d": rounds(1.0)},
            subject="w",
            baseline="d",
        )
        for title, floor in (("good", 2.0), ("bad", 4.0))
    ]
    assert bottom_line(lines) == "1 of 2 floors met; missed: bad (FAR BELOW)"
    assert bottom_line(lines[:1]) == "1 of 1 floors met"


def test_numbers_are_rounded_to_what_can_be_known() -> None:
    assert [number(value) for value in (12345.6, 56.78, 0.1234, -150.2)] == ["12,346", "56.8", "0.12", "-150"]
    assert spread(None) == "-"
    assert floor_text(Floor(1.8, cpu=0.6)) == "≥ 1.8x, CPU ≤ 0.6x"
    assert floor_text(Floor(at_most=64.0)) == "≤ 64"
