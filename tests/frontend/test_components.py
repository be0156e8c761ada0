"""How values are written, and that no name from outside becomes a part of the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from accounts.preferences import Preferences
from frontend import gallery, preferences
from frontend.components import charts, chips, commands, figures, icons, navigation, notices, states
from tests.frontend.visitor import Page

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
NOON = datetime(2025, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield
    preferences.end()


@pytest.mark.parametrize(
    ("size", "binary", "decimal"),
    [
        (0, "0 B", "0 B"),
        (1023, "1023 B", "1.02 kB"),
        (1024, "1.00 KiB", "1.02 kB"),
        (85_354_086, "81.4 MiB", "85.4 MB"),
        (1024**3 - 1, "1.00 GiB", "1.07 GB"),
        (405 * 1024**3, "405 GiB", "435 GB"),
        (2**63 - 1, "8.00 EiB", "9.22 EB"),
    ],
)
def test_sizes_are_written_in_the_units_somebody_likes(size: int, binary: str, decimal: str):
    assert figures.size_text(size) == binary
    preferences.use(Preferences(sizes="decimal"))
    assert figures.size_text(size) == decimal


def test_the_exact_number_of_bytes_is_there_for_who_points():
    assert 'title="1,536 bytes"' in figures.size(1536)
    assert 'title="1 byte"' in figures.size(1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "just now"),
        (65, "1 min ago"),
        (3_700, "1 h ago"),
        (200_000, "2 d ago"),
        (-800_000, "in 9 d"),
        (-7_775_990, "in 90 d"),
    ],
)
def test_times_say_how_long_ago(seconds: int, words: str):
    assert figures.ago(timedelta(seconds=seconds)) == words


def test_an_exact_time_is_in_the_zone_of_who_reads_it():
    preferences.use(Preferences(times="absolute", time_zone="Asia/Shanghai"))
    shown = figures.when(NOON)
    assert 'datetime="2025-11-20T12:00:00Z"' in shown
    assert Page(shown).text == "2025-11-20 20:00"
    assert 'title="2025-11-20 20:00:00 +08:00"' in shown
    assert "data-relative" not in shown
    assert Page(figures.when(NOON, absolute=True)).text == "2025-11-20 20:00:00 +08:00"


@pytest.mark.parametrize(
    ("count", "text"), [(7, "7"), (9_999, "9,999"), (12_345, "12.3k"), (2_000_000, "2M")]
)
def test_large_counts_are_rounded_and_exact_on_request(count: int, text: str):
    shown = figures.count(count)
    assert Page(shown).text == text
    assert (f'title="{count:,}"' in shown) == (count >= figures.ROUNDED_FROM)


def test_a_long_name_loses_its_middle_and_keeps_both_ends():
    name = "1.10.0-hotfix-of-the-night-20251103"
    short = figures.short(name, 20)
    assert (len(short), short[:6], short[-8:]) == (20, "1.10.0", "20251103")
    assert f'title="{name}"' in figures.name(name, 20)


@pytest.mark.parametrize(
    ("used", "kind"), [(84, "fill"), (85, "fill-warn"), (90, "fill-danger"), (200, "fill-danger")]
)
def test_a_quota_warns_before_it_is_full(used: int, kind: str):
    assert f'class="{kind}"' in charts.meter(used, 100)


def test_severities_are_letter_word_and_number_and_zero_is_grey():
    shown = states.severities(c=2, h=0)
    assert Page(shown).text == "C 2 Critical H 0 High"
    assert "sev-c" in shown
    assert "sev-z" in shown


def test_names_from_outside_stay_text():
    made = (
        figures.name(HOSTILE, 200),
        figures.digest(HOSTILE),
        chips.labels([(HOSTILE, HOSTILE)]),
        chips.platforms([HOSTILE] * 4),
        chips.aliases([HOSTILE] * 3),
        chips.filter_chip(HOSTILE, HOSTILE, HOSTILE),
        commands.command(HOSTILE, tool=HOSTILE),
        commands.lines(HOSTILE, HOSTILE),
        navigation.crumbs(HOSTILE, [(HOSTILE, HOSTILE)], is_name=True),
        navigation.tabs([navigation.Tab(HOSTILE, HOSTILE)], HOSTILE),
        notices.notice("info", HOSTILE),
        notices.empty(HOSTILE, HOSTILE, to=HOSTILE, label=HOSTILE),
        notices.toast("danger", HOSTILE),
    )
    for each in made:
        tags = Page(each).tags
        assert not {"script", "img"} & {tag for tag, _ in tags}, each
        assert not [name for _, found in tags for name in found if name.startswith("on")], each


def test_an_icon_that_nobody_fetched_is_a_mistake_of_who_names_it():
    with pytest.raises(KeyError, match=r"frontend/icons\.py"):
        icons.icon("no-such-icon")


def test_the_gallery_shows_every_state_there_is():
    shown = {each.state for section in gallery.shown().sections for each in section.shown}
    assert states.STATES.keys() <= shown


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ("#1D5100", "green"),
        ("#0065AB", "blue"),
        ("#f52f22", "red"),
        ("#FF8C00", "orange"),
        ("#808080", "grey"),
        ("#ffffff", "grey"),
        ("teal", "teal"),
        ("", "grey"),
        ("#12345", "grey"),
        ("#٠٠٠٠٠٠", "grey"),
    ],
)
def test_a_label_has_the_nearest_of_the_colours_that_can_be_read(colour: str, name: str):
    assert f"tagged-{name}" in chips.labels([("release", colour)])
