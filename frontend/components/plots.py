"""Charts as wide as their place: x in percent, y in pixels, so that they stretch without a script. A table says the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

HEIGHT: Final = 180
TOP, FLOOR = 22, 156
AXIS: Final = HEIGHT - 8
# So much of a bar's place is the bar.
FULL: Final = 0.72
Words = Callable[[int], str]


def bars(entries: Sequence[tuple[str, int]], label: str, *, said: Words = str, marks: int = 6) -> SafeString:
    """One bar for each (name, number). `label`: what the chart tells as a whole; `said`: a number in words, "1,204 pulls"."""
    most = max((number for _name, number in entries), default=0)
    step = 100 / max(len(entries), 1)
    drawn = format_html_join(
        "",
        '<rect class="b-ok" x="{}%" y="{}" width="{}%" height="{}" rx="1"><title>{}: {}</title></rect>',
        (
            (
                _percent(at * step + step * (1 - FULL) / 2),
                _y(number, most),
                _percent(step * FULL),
                FLOOR - _y(number, most),
                name,
                said(number),
            )
            for at, (name, number) in enumerate(entries)
            if number
        ),
    )
    names = [(at * step, name) for at, (name, _number) in enumerate(entries)]
    return _chart(label, _grid(most, said), drawn, _ticks(names, marks))


def step_line(points: Sequence[tuple[datetime, int]], label: str, *, said: Words = str) -> SafeString:
    """A number that stays until the next one comes: (since when, number), the oldest first; it goes on to the right edge."""
    most = max((number for _at, number in points), default=0)
    places = _places([at for at, _number in points])
    ends = [*places[1:], 100.0]
    parts = []
    for at, (place, end, (moment, number)) in enumerate(zip(places, ends, points, strict=True)):
        y = _y(number, most)
        if at:
            parts.append(_line((place, _y(points[at - 1][1], most)), (place, y)))
        parts.append(_line((place, y), (end, y), f"{moment:%Y-%m-%d %H:%M} UTC: {said(number)}"))
    edges = [(0.0, f"{points[0][0]:%Y-%m-%d}"), (100.0, f"{points[-1][0]:%Y-%m-%d}")] if points else []
    drawn = format_html_join("", "{}", ((each,) for each in parts))
    return _chart(label, _grid(most, said), drawn, _edges(edges))


def _places(moments: Sequence[datetime]) -> list[float]:
    """Where each stands from left to right, in percent; the last one leaves some room to see what it came to."""
    if len(moments) < 2 or moments[0] == moments[-1]:
        return [100 * at / max(len(moments), 1) for at in range(len(moments))]
    whole = (moments[-1] - moments[0]).total_seconds() * 1.06
    return [100 * (each - moments[0]).total_seconds() / whole for each in moments]


def _grid(most: int, said: Words) -> SafeString:
    return format_html_join(
        "",
        '<line class="grid" x1="0" x2="100%" y1="{0}" y2="{0}"/><text class="ax" x="-8" y="{1}" text-anchor="end">{2}</text>',
        ((_y(value, most), _y(value, most) + 4, said(value)) for value in _levels(most)),
    )


def _chart(label: str, grid: SafeString, drawn: SafeString, axis: SafeString) -> SafeString:
    return format_html(
        '<div class="chart"><svg role="img" aria-label="{}">{}<line class="grid" x1="0" x2="100%" y1="{}" y2="{}"/>{}{}'
        "</svg></div>",
        label,
        grid,
        FLOOR,
        FLOOR,
        drawn,
        axis,
    )


def _levels(most: int) -> list[int]:
    """Where lines are drawn across: at the most, and at half of it."""
    return sorted({most, most // 2} - {0}) if most > 1 else [most] * bool(most)


def _ticks(names: Sequence[tuple[float, str]], marks: int) -> SafeString:
    every = max(1, len(names) // max(marks, 1))
    shown = ((_percent(place), AXIS, name) for place, name in names[::every] if place < 92)
    return format_html_join("", '<text class="ax ax-x" x="{}%" y="{}">{}</text>', shown)


def _edges(names: Sequence[tuple[float, str]]) -> SafeString:
    shown = (
        (_percent(place), AXIS, SafeString(' text-anchor="end"') if place else "", name)
        for place, name in names
    )
    return format_html_join("", '<text class="ax" x="{}%" y="{}"{}>{}</text>', shown)


def _line(start: tuple[float, int], end: tuple[float, int], title: str = "") -> SafeString:
    told = format_html("<title>{}</title>", title) if title else ""
    return format_html(
        '<line class="trace" x1="{}%" y1="{}" x2="{}%" y2="{}">{}</line>',
        _percent(start[0]),
        start[1],
        _percent(end[0]),
        end[1],
        told,
    )


def _y(number: int, most: int) -> int:
    if not most or not number:
        return FLOOR
    return min(FLOOR - 1, FLOOR - round((FLOOR - TOP) * number / most))


def _percent(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
