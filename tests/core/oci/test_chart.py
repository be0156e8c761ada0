"""Texts of a packed chart: read where they are what they say, bounded by whoever reads, whatever the archive claims."""

from __future__ import annotations

import gzip
import random

import pytest

from core.oci import chart
from tests.images import tar

README, VALUES = b"# Hello\n\nInstall me.\n", b"replicas: 3\n"


def packed(files: dict[str, bytes]) -> bytes:
    return gzip.compress(tar(files))


def test_the_readme_and_the_values_of_the_chart_itself_are_read() -> None:
    files = {
        "c/Chart.yaml": b"name: c",
        "c/README.md": README,
        "c/values.yaml": VALUES,
        "c/templates/x.yaml": b"x" * 9_000,
    }
    files |= {
        "c/charts/sub/README.md": b"of a part",
        "c/charts/sub/values.yaml": b"of a part",
        "README.md": b"no folder",
    }
    assert chart.documents(packed(files)) == {"readme.md": README.decode(), "values.yaml": VALUES.decode()}
    assert chart.documents(packed({"./c/readme.MD": README})) == {"readme.md": README.decode()}


def test_what_is_too_long_or_no_text_is_left_out_or_made_fit() -> None:
    files = {"c/README.md": b"x" * (chart.LONGEST + 1), "c/values.yaml": b"\xff\xfe: 1"}
    assert chart.documents(packed(files)) == {"values.yaml": "\ufffd\ufffd: 1"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        gzip.compress(b""),
        gzip.compress(b"x" * 511),
        gzip.compress(b"x" * 5_000),
        b"\x1f\x8b\x08",
    ],
    ids=["empty", "no archive", "nothing packed", "less than a block", "no header", "cut off"],
)
def test_what_is_no_chart_has_nothing(data: bytes) -> None:
    assert chart.documents(data) == {}


def test_an_archive_that_grows_without_end_costs_no_more_than_its_bound() -> None:
    bomb = packed({"c/aaa": b"\0" * (3 * chart.MOST_UNPACKED), "c/values.yaml": VALUES})
    assert chart.documents(bomb) == {}


def test_whatever_the_bytes_are_there_is_an_answer() -> None:
    whole = tar({"c/README.md": README, "c/values.yaml": VALUES})
    dice = random.Random(7)
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 40)):
            broken[dice.randrange(min(len(broken), 2_048))] = dice.randrange(256)
        found = chart.documents(gzip.compress(bytes(broken[: dice.randint(1, len(broken))])))
        assert set(found) <= set(chart.NAMES)
