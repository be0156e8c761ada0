"""Cron expressions: what is understood, what is refused and how, and when they come true where clocks are moved."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import cron
from core.errors import InvalidInput

pytestmark = pytest.mark.unit

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def runs(text: str, after: str, n: int = 3, zone: str = "UTC") -> list[str]:
    """The next runs as the clocks of `zone` show them, with their offset from UTC."""
    found = cron.next_runs(text, zone, n, after=at(after, zone))
    return [time.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M %z") for time in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*/20 * * * *", ["03-10 12:20 +0000", "03-10 12:40 +0000", "03-10 13:00 +0000"]),
        ("5,35 6-8/2 * * *", ["03-11 06:05 +0000", "03-11 06:35 +0000", "03-11 08:05 +0000"]),
        ("0 0 1 jan,JUL *", ["07-01 00:00 +0000", "01-01 00:00 +0000", "07-01 00:00 +0000"]),
        ("0 9 * * mon-fri", ["03-11 09:00 +0000", "03-12 09:00 +0000", "03-13 09:00 +0000"]),
        ("0 9 * * 7", ["03-15 09:00 +0000", "03-22 09:00 +0000", "03-29 09:00 +0000"]),
        ("0 9 * * fri-sun", ["03-13 09:00 +0000", "03-14 09:00 +0000", "03-15 09:00 +0000"]),
        ("0 9 13 * fri", ["03-13 09:00 +0000", "03-20 09:00 +0000", "03-27 09:00 +0000"]),
        ("0 0 29 2 *", ["02-29 00:00 +0000"] * 3),
        ("@daily", ["03-11 00:00 +0000", "03-12 00:00 +0000", "03-13 00:00 +0000"]),
        ("0 30 2 * * *", ["03-11 02:30 +0000", "03-12 02:30 +0000", "03-13 02:30 +0000"]),
        ("@every 90m", ["03-10 13:30 +0000", "03-10 15:00 +0000", "03-10 16:30 +0000"]),
    ],
)
def test_expressions_come_true_as_cron_says(text: str, expected: list[str]) -> None:
    assert runs(text, "2026-03-10 12:00") == expected  # a Tuesday


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "five fields"),
        ("x" * 300, "five fields"),
        ("* * * *", "this one has 4"),
        ("60 * * * *", "minute '60' is not understood: numbers are 0 to 59"),
        ("0 24 * * *", "hour '24'"),
        ("0 0 0 * *", "day of the month '0'"),
        ("0 0 * foo *", "month 'foo' is not understood: numbers are 1 to 12 or jan/feb"),
        ("0 0 * * 8", "weekday '8'"),
        ("0 20-4 * * *", "hour '20-4': the range runs backwards"),
        ("*/0 * * * *", "minute '*/0': a step is at least 1"),
        ("5/10 * * * *", "minute '5/10': a step needs a range, as in 5-59/10"),
        ("*-5 * * * *", "minute '*-5'"),
        ("1,,2 * * * *", "minute ''"),
        ("-1 * * * *", "minute '-1'"),
        ("1٢ * * * *", "minute '1٢'"),
        ("0 0 30 2 *", "never happens"),
        ("30 0 2 * * *", "the second, which must be 0"),
        ("@fortnightly", "'@fortnightly' is unknown"),
        ("@every", "is no interval"),
        ("@every 5", "is no interval"),
        ("@every 9s", "at least 10s"),
        ("@every 99999999d", "at most 366d"),
        ("0 0 * 1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2,1-2 *", "write ranges"),
        ("0 0 * * * ; rm", "this one has 7"),
    ],
)
def test_a_wrong_expression_is_refused_with_the_field_and_the_reason(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        cron.parse(text)
    assert complaint in refusal.value.message


@pytest.mark.parametrize(
    "name", ["", "Berlin", "CET+1", "../../etc/passwd", "localtime", "Factory", "europe/berlin"]
)
def test_a_wrong_time_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="is no time zone"):
        cron.zone_named(name)


def test_a_daily_time_stays_at_its_hour_when_the_clocks_change() -> None:
    assert runs("0 4 * * *", "2026-03-28 12:00", zone=BERLIN)[:2] == [
        "03-29 04:00 +0200",
        "03-30 04:00 +0200",
    ]
    assert runs("0 4 * * *", "2026-10-24 00:00", zone=BERLIN) == [
        "10-24 04:00 +0200", "10-25 04:00 +0100", "10-26 04:00 +0100",
    ]  # fmt: skip


def test_a_time_that_the_clocks_skip_is_taken_once_and_right_after_the_jump() -> None:
    expected = ["03-28 02:30 +0100", "03-29 03:00 +0200", "03-30 02:30 +0200"]
    assert runs("30 2 * * *", "2026-03-28 00:00", zone=BERLIN) == expected
    assert runs("0,20,40 2 * * *", "2026-03-29 00:00", n=2, zone=BERLIN) == [
        "03-29 03:00 +0200",
        "03-30 02:00 +0200",
    ]


def test_a_time_that_comes_twice_is_taken_the_first_time() -> None:
    expected = ["10-25 02:30 +0200", "10-26 02:30 +0100"]
    assert runs("30 2 * * *", "2026-10-25 00:00", n=2, zone=BERLIN) == expected
    between = at("2026-10-25 02:45", BERLIN)
    assert cron.next_runs("30 2 * * *", BERLIN, 1, after=between) == [at("2026-10-26 02:30", BERLIN)]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_expressions_for_every_hour_follow_real_time_over_a_change(day: str) -> None:
    found = cron.next_runs("*/30 * * * *", BERLIN, 12, after=at(f"{day} 00:00", BERLIN))
    assert {later - sooner for sooner, later in itertools.pairwise(found)} == {timedelta(minutes=30)}


def test_a_change_at_midnight_or_of_half_an_hour_or_of_a_whole_day_is_no_trap() -> None:
    # Cairo skips 00:00 to 01:00, Lord Howe moves by half an hour, Apia skipped 30 December 2011.
    assert runs("0 0 * * *", "2026-04-23 12:00", n=2, zone="Africa/Cairo") == [
        "04-24 01:00 +0300",
        "04-25 00:00 +0300",
    ]
    assert runs("15 2 * * *", "2026-10-03 12:00", n=1, zone="Australia/Lord_Howe") == ["10-04 02:30 +1100"]
    assert runs("0 12 * * *", "2011-12-29 12:30", n=2, zone="Pacific/Apia") == [
        "12-31 00:00 +1400",
        "12-31 12:00 +1400",
    ]


def test_an_interval_keeps_its_grid_after_a_pause() -> None:
    every = cron.parse("@every 10m")
    last, now = at("2026-01-01 00:03"), at("2026-01-01 05:00")
    assert every.after(now, cron.zone_named("UTC"), last=last) == at("2026-01-01 05:03")
    assert isinstance(every, cron.Every)
    assert every.text == "@every 10m"


@given(
    st.sampled_from(
        ["30 2 * * *", "*/7 * * * *", "0 */5 * * *", "59 23 * * *", "0 0 1 * *", "1,2 3 * * sun"]
    ),
    st.sampled_from(
        [BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "UTC"]
    ),
    st.datetimes(min_value=datetime(2015, 1, 1), max_value=datetime(2040, 1, 1)),  # noqa: DTZ001
)
def test_runs_always_lie_ahead_in_order_and_on_the_clock_or_right_after_a_gap(
    text: str, zone: str, moment: datetime
) -> None:
    after = moment.replace(tzinfo=UTC)
    found = cron.next_runs(text, zone, 4, after=after)
    assert after < found[0] < found[1] < found[2] < found[3]
    when = cron.parse(text)
    assert isinstance(when, cron.Cron)
    for time in found:
        local = time.astimezone(ZoneInfo(zone))
        jumped = local.utcoffset() != (time - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).utcoffset()
        assert jumped or (local.minute in when.minutes and local.hour in when.hours)
