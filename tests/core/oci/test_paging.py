from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PaginationInvalid
from core.oci.paging import parse_page_size


@pytest.mark.parametrize("text", [None, ""])
def test_an_absent_or_empty_page_size_is_the_default(text: str | None) -> None:
    assert parse_page_size(text, default=100, maximum=1000) == 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("5", 5), ("007", 7), ("1000", 1000), ("1001", 1000), ("999999999", 1000)],
)
def test_a_page_size_is_taken_up_to_the_maximum(text: str, expected: int) -> None:
    assert parse_page_size(text, default=100, maximum=1000) == expected


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "abc",
        "1.5",
        "\uff15",
        "1e3",
        "1_0",
        "9" * 30,
        "9999999999",
        " 5",
        "5 ",
        "5\n",
        "+5",
        "0x5",
        "\x00",
    ],
)
def test_anything_but_one_to_nine_ascii_digits_is_refused(text: str) -> None:
    with pytest.raises(PaginationInvalid, match="n="):
        parse_page_size(text, default=100, maximum=1000)


@given(st.one_of(st.text(), st.text("0123456789", max_size=12)))
def test_any_page_size_is_in_bounds_or_invalid(text: str) -> None:
    said = ""
    try:
        assert 0 <= parse_page_size(text, default=3, maximum=7) <= 7
    except PaginationInvalid as error:
        said = error.message
    assert said.isascii()
