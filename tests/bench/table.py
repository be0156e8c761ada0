"""The report as people read it: one Markdown table, aligned, and the facts that belong to it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.plan import Floor, Metric
from tests.bench.report import Line, Summary


def number(value: float) -> str:
    """Three significant digits, as more would be noise."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def spread(figure: Summary | None) -> str:
    """Median with the lowest and highest round."""
    if figure is None:
        return "-"
    return f"{number(figure.median)} ({number(figure.low)}–{number(figure.high)})"


def median(figure: Summary | None) -> str:
    return "-" if figure is None else number(figure.median)


def floor_text(floor: Floor) -> str:
    parts = (
        ("≥ ", floor.ratio, "x"),
        ("CPU ≤ ", floor.cpu, "x"),
        ("≥ ", floor.at_least, ""),
        ("≤ ", floor.at_most, ""),
    )
    return ", ".join(f"{sign}{bound:g}{unit}" for sign, bound, unit in parts if bound is not None)


def table(lines: Sequence[Line], *, subject: str, baseline: str | None, peers: Sequence[str]) -> str:
    """Columns: the subject, the baseline, ratio and CPU with the floor beside, then a figure for each further peer."""
    sides = [subject, *([baseline] if baseline else [])]
    compared = ["ratio", "CPU ratio"] if baseline else []
    head = ["operation", "unit", *sides, *compared, "floor", "", f"CPU {' / '.join(sides)}", *peers, "failed"]
    rows = [_cells(line, sides=sides, compared=bool(baseline), peers=peers) for line in lines]
    return aligned([head, *rows])


def _cells(line: Line, *, sides: Sequence[str], compared: bool, peers: Sequence[str]) -> list[str]:
    unit = "s/GiB" if line.row.metric is Metric.RATE else "µs"
    cpu = [line.cpu[name] for name in sides]
    return [
        line.row.title,
        line.row.metric,
        *(spread(line.figures[name]) for name in sides),
        *([spread(line.ratio), median(line.cpu_ratio)] if compared else []),
        floor_text(line.row.floor),
        line.verdict,
        f"{' / '.join(median(figure) for figure in cpu)} {unit}" if any(cpu) else "-",
        *(spread(line.figures[name]) for name in peers),
        str(line.failed) if line.failed else "",
    ]


def aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"
