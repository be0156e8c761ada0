from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RangeInvalid
from core.oci.ranges import (
    ContentRange,
    Part,
    RequestedRange,
    Unsatisfiable,
    Whole,
    parse_content_range,
    parse_range,
)

offsets = st.integers(0, 2**63 - 1)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Whole()),
        ("", Whole()),
        ("bytes=0-0", Part(0, 0)),
        ("bytes=5-5", Part(5, 5)),
        ("bytes=500-1499", Part(500, 1499)),
        ("bytes=500-", Part(500, 1999)),
        ("bytes=-500", Part(1500, 1999)),
        ("bytes=-5000", Part(0, 1999)),
        ("bytes=1000-5000", Part(1000, 1999)),
        ("bytes=0-99999999999999999999999999", Part(0, 1999)),
        ("bytes=00000000000000000000000001-2", Part(1, 2)),
        ("Bytes= 1-2 ", Part(1, 2)),
        ("bytes=-0", Unsatisfiable()),
        ("bytes=-00", Unsatisfiable()),
        ("bytes=2000-", Unsatisfiable()),
        ("bytes=2000-3000", Unsatisfiable()),
        ("bytes=5000-10000", Unsatisfiable()),
        ("bytes=500-0", Unsatisfiable()),
        ("bytes=18446744073709551616-", Unsatisfiable()),
        ("bytes=" + "9" * 100_000 + "-", Unsatisfiable()),
        ("bytes=1-2,4-5", Whole()),
        ("items=0-1", Whole()),
        ("bytes", Whole()),
        ("bytes=", Whole()),
        ("bytes=-", Whole()),
        ("bytes=abc", Whole()),
        ("bytes=1", Whole()),
        ("bytes=1-2-3", Whole()),
        ("bytes=--1", Whole()),
        ("bytes=+1-2", Whole()),
        ("bytes=1_0-20", Whole()),
        ("bytes=\uff11-\uff12", Whole()),
        ("bytes=0-1\n", Whole()),
    ],
)
def test_a_range_of_a_blob_of_2000_bytes(header: str | None, expected: RequestedRange) -> None:
    assert parse_range(header, 2000) == expected


@pytest.mark.parametrize("header", ["bytes=0-0", "bytes=0-", "bytes=-1", "bytes=-0"])
def test_no_range_of_an_empty_blob_can_be_satisfied(header: str) -> None:
    assert parse_range(header, 0) == Unsatisfiable()


@given(st.one_of(st.text(), st.from_regex(r"bytes=[0-9]{0,25}-[0-9]{0,25}", fullmatch=True)), offsets)
def test_any_header_is_one_of_the_three_answers(header: str, size: int) -> None:
    answer = parse_range(header, size)
    if isinstance(answer, Part):
        assert 0 <= answer.first <= answer.last < size
        assert answer.length == answer.last - answer.first + 1


@given(st.binary(min_size=1, max_size=50), st.integers(0, 60), st.integers(0, 60))
def test_a_part_is_the_slice_python_would_take(data: bytes, first: int, last: int) -> None:
    answer = parse_range(f"bytes={first}-{last}", len(data))
    if first <= last and first < len(data):
        assert isinstance(answer, Part)
        assert data[answer.first : answer.last + 1] == data[first : last + 1]
    else:
        assert answer == Unsatisfiable()


def test_the_content_range_of_an_answer_names_the_whole_size() -> None:
    assert Part(5, 9).content_range(10) == "bytes 5-9/10"


@given(offsets, offsets)
def test_an_upload_range_reads_back_as_itself(first: int, last: int) -> None:
    parsed = parse_content_range(f"{first}-{last}")
    assert parsed == ContentRange(first, last)
    assert parse_content_range(str(parsed)) == parsed


@given(st.one_of(st.text(), st.text("0123456789- bytes*/", max_size=45)))
def test_any_upload_range_parses_or_is_invalid(header: str) -> None:
    said = ""
    try:
        assert parse_content_range(header).first >= 0
    except RangeInvalid as error:
        said = error.message
    assert said.isascii()


def test_a_backward_upload_range_parses_so_that_it_can_be_answered_with_416() -> None:
    assert parse_content_range("5-4") == ContentRange(5, 4)
    assert parse_content_range("5-4").length == 0
    assert parse_content_range("9-4").length < 0
    assert parse_content_range("0-99").length == 100


@pytest.mark.parametrize(
    "header",
    [
        "",
        "abc",
        "-5",
        "5-",
        "-",
        "0-99\n",
        " 0-99",
        "0 - 99",
        "+0-99",
        "0--99",
        "bytes 0-99/*",
        "bytes=0-99",
        "1_0-20",
        "1.0-2",
        "\uff10-\uff11",
        "0-99999999999999999999999",
        "0-9999999999999999999",
        "0-9223372036854775808",
        "0" * 20 + "-1",
        "0-" + "9" * 100_000,
    ],
)
def test_a_malformed_upload_range_is_refused(header: str) -> None:
    with pytest.raises(RangeInvalid, match="Content-Range"):
        parse_content_range(header)
