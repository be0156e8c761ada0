"""When something happens again: cron expressions on the clocks of a time zone, and plain intervals. No input, no output.

Grammar: five fields "minute hour day month weekday" with `*`, `a`, `a-b`, `*/n`, `a-b/n`, lists of these, and the English
three-letter names of months and weekdays (0 and 7 are Sunday); `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`;
`@every 30s|10m|6h|1d`. A sixth field in front is Harbor's second, which must be 0. As in cron, a day counts when it fits the
day *or* the weekday where both are restricted.

Where a zone moves its clocks: a time that the clocks skip is taken at the moment they have skipped it, a time that comes
twice is taken the first time; expressions for every hour (`*`) follow real time instead and miss and double nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from core.errors import InvalidInput

LONGEST: Final = 200
SHORTEST_EVERY, LONGEST_EVERY = timedelta(seconds=10), timedelta(days=366)
# 29 February comes after eight years at the latest (2096, 2104).
HORIZON: Final = 8 * 366
ALIASES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_EVERY: Final = re.compile(r"@every ([0-9]{1,8})([smhd])", re.ASCII)
_PART: Final = re.compile(r"(\*|[0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?(?:/([0-9]{1,3}))?", re.ASCII)
_MONTHS: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_WEEKDAYS: Final = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}


@dataclass(frozen=True, slots=True)
class _Field:
    """`longest`: characters there is room for where schedules are kept."""

    name: str
    first: int
    last: int
    longest: int
    names: Mapping[str, int]


_FIELDS: Final = (
    _Field("minute", 0, 59, 200, {}),
    _Field("hour", 0, 23, 96, {}),
    _Field("day of the month", 1, 31, 124, {}),
    _Field("month", 1, 12, 64, _MONTHS),
    _Field("weekday", 0, 7, 64, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed period of real time; a time zone changes nothing."""

    period: timedelta

    @property
    def text(self) -> str:
        seconds = int(self.period.total_seconds())
        unit = next(unit for unit in "dhms" if seconds % _UNITS[unit] == 0)
        return f"@every {seconds // _UNITS[unit]}{unit}"

    def after(self, moment: datetime, _zone: ZoneInfo, *, last: datetime | None = None) -> datetime:
        """The first tick after `moment` on the grid that `last` (a tick, default `moment` itself) belongs to."""
        if last is None or last > moment:
            return moment + self.period
        return last + ((moment - last) // self.period + 1) * self.period


@dataclass(frozen=True, slots=True)
class Cron:
    """Wall-clock times. `text` is the expression in five fields."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def after(self, moment: datetime, zone: ZoneInfo, *, last: datetime | None = None) -> datetime:
        """The first time after `moment` (aware), in UTC. `last` is not looked at: clocks need no anchor.

        Raises InvalidInput when there is none within eight years ("0 0 30 2 *").
        """
        del last
        # A day earlier, because a zone may skip a whole day and its times are then taken after it.
        first = moment.astimezone(zone).date() - timedelta(days=1)
        for day in (first + timedelta(days=n) for n in range(HORIZON)):
            if self._on(day):
                found = [at for at in self._times(day, zone) if at > moment]
                if found:
                    return min(found)
        raise InvalidInput(f"'{self.text}' never happens: no such day within eight years")

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        either = len(self.days) < 31 and len(self.weekdays) < 7
        return by_day or by_weekday if either else by_day and by_weekday

    def _times(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        every_hour = len(self.hours) == 24
        for hour in self.hours:
            for minute in self.minutes:
                yield from _instants(datetime.combine(day, time(hour, minute)), zone, real_time=every_hour)


When = Cron | Every


def parse(text: str) -> When:
    """The expression `text`. Raises InvalidInput, saying which field is wrong and what it may be."""
    words = text.split() if len(text) <= LONGEST else []
    if not words:
        raise InvalidInput(
            'write a cron expression of five fields, as in "30 2 * * *", or an interval, as in "@every 10m"'
        )
    plain = " ".join(words)
    if plain.startswith("@every"):
        return _every(plain)
    if plain.startswith("@"):
        if (alias := ALIASES.get(plain.lower())) is None:
            raise InvalidInput(f"'{plain}' is unknown: write one of {', '.join(ALIASES)} or \"@every 10m\"")
        words = alias.split()
    return _cron(_without_seconds(words))


@cache
def zone_named(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises InvalidInput."""
    if name not in _zones():
        raise InvalidInput(
            f"'{name}' is no time zone: write an IANA name such as Europe/Berlin, America/New_York or UTC"
        )
    return ZoneInfo(name)


def next_runs(text: str, time_zone: str, n: int, *, after: datetime) -> list[datetime]:
    """The next `n` times after `after` (aware), in UTC. Raises InvalidInput."""
    when, where, found = parse(text), zone_named(time_zone), [after]
    for _ in range(n):
        found.append(when.after(found[-1], where, last=found[-1]))
    return [at.astimezone(UTC) for at in found[1:]]


@cache
def _zones() -> frozenset[str]:
    # Names of this kind follow the machine or the leap seconds, not a place.
    return frozenset(name for name in available_timezones() if name not in ("localtime", "Factory"))


def _every(text: str) -> Every:
    match = _EVERY.fullmatch(text)
    if match is None:
        raise InvalidInput(
            f"'{text}' is no interval: write @every with a number and s, m, h or d, as in \"@every 10m\""
        )
    period = timedelta(seconds=min(int(match[1]) * _UNITS[match[2]], 10**9))
    if not SHORTEST_EVERY <= period <= LONGEST_EVERY:
        raise InvalidInput(f"'{text}': an interval is at least 10s and at most 366d")
    return Every(period)


def _without_seconds(words: list[str]) -> list[str]:
    if len(words) == len(_FIELDS) + 1:
        if words[0].strip("0") != "":
            raise InvalidInput(
                "the first of six fields is the second, which must be 0: schedules begin with a minute"
            )
        return words[1:]
    if len(words) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        raise InvalidInput(f"a cron expression has five fields ({names}); this one has {len(words)}")
    return words


def _cron(words: list[str]) -> Cron:
    minutes, hours, days, months, weekdays = (
        _values(word, field) for word, field in zip(words, _FIELDS, strict=True)
    )
    cron = Cron(
        " ".join(words),
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        days,
        months,
        frozenset(number % 7 for number in weekdays),
    )
    cron.after(datetime(2026, 1, 1, tzinfo=UTC), zone_named("UTC"))
    return cron


def _values(word: str, field: _Field) -> frozenset[int]:
    if len(word) > field.longest:
        raise InvalidInput(f"{field.name}: more than {field.longest} characters; write ranges and steps")
    return frozenset(number for part in word.split(",") for number in _range(part, field))


def _range(part: str, field: _Field) -> range:
    match = _PART.fullmatch(part)
    if match is None or (match[1] == "*" and match[2]):
        raise _wrong(part, field)
    step = int(match[3]) if match[3] else 1
    if not 1 <= step <= field.last:
        raise InvalidInput(f"{field.name} '{part}': a step is at least 1 and at most {field.last}")
    if match[1] == "*":
        # 7 is Sunday once more, not an eighth day.
        return range(field.first, min(field.last, 6 if field.names is _WEEKDAYS else field.last) + 1, step)
    if match[3] and not match[2]:
        raise InvalidInput(
            f"{field.name} '{part}': a step needs a range, as in {match[1]}-{field.last}/{step}"
        )
    first = _number(match[1], part, field)
    last = _number(match[2], part, field) if match[2] else first
    if field.names is _WEEKDAYS and last == 0 < first:
        last = 7  # "fri-sun"
    if last < first:
        raise InvalidInput(
            f"{field.name} '{part}': the range runs backwards; write it as two, joined by a comma"
        )
    return range(first, last + 1, step)


def _number(word: str, part: str, field: _Field) -> int:
    number = int(word) if word.isdigit() else field.names.get(word.lower(), -1)
    if not field.first <= number <= field.last:
        raise _wrong(part, field)
    return number


def _wrong(part: str, field: _Field) -> InvalidInput:
    names = f" or {'/'.join(field.names)}" if field.names else ""
    return InvalidInput(
        f"{field.name} '{part}' is not understood: numbers are {field.first} to {field.last}{names}"
    )


def _instants(wall: datetime, zone: ZoneInfo, *, real_time: bool) -> Iterator[datetime]:
    """The moments (UTC) at which the clocks of `zone` show `wall`; what stands for them where they never do."""
    early, late = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        yield early.astimezone(UTC)
    elif early.astimezone(UTC) < late.astimezone(UTC):
        yield early.astimezone(UTC)
        if real_time:
            yield late.astimezone(UTC)
    elif not real_time:
        yield _end_of_gap(late.astimezone(UTC), early.astimezone(UTC), zone)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second in (before, after] at which the clocks jump."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before).total_seconds() // 2)
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return after
