"""Pages of a list: every row once, whichever way one walks, by an index; and cursors that are none."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from artifacts.models import Tag
from frontend.lists import keyset
from frontend.lists.counts import BOUND, known
from frontend.lists.keyset import BadCursor, Cursor, Kind, Order
from tests.frontend.shelf import rows
from tests.people import make_project

SIZE = Order("size", Kind.NUMBER, descending=True)
NAME = Order("name", Kind.TEXT, descending=False)
PUSHED = Order("pushed_at", Kind.TIME, descending=True)
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def encoded(found: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(found).encode()).decode().rstrip("=")


@pytest.mark.parametrize(("order", "value"), [(SIZE, 2**40), (NAME, "1.10.0-rc1"), (PUSHED, MOMENT)])
def test_a_cursor_is_read_as_it_was_written(order: Order, value: str | int | datetime) -> None:
    cursor = Cursor(value, 7)
    assert keyset.decoded(cursor.encoded(order), order) == cursor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "=" * 8,
        "A" * 3000,
        encoded("size"),
        encoded(["size", 1]),
        encoded(["name", 1, 1]),
        encoded(["size", "1", 1]),
        encoded(["size", True, 1]),
        encoded(["size", 1, None]),
        encoded(["size", 2**63, 1]),
        encoded(["size", 1.5, 1]),
    ],
)
def test_what_is_no_cursor_of_this_order_is_none(text: str) -> None:
    with pytest.raises(BadCursor):
        keyset.decoded(text, SIZE)


@pytest.mark.parametrize("value", ["\0", "a\nb", 1, None, []])
def test_a_text_that_no_row_has_is_no_place(value: object) -> None:
    with pytest.raises(BadCursor):
        keyset.decoded(encoded(["name", value, 1]), NAME)


@pytest.mark.parametrize("value", ["yesterday", "2026-01-02", "2026-01-02T03:04:05", 1])
def test_a_time_without_a_zone_is_no_place(value: object) -> None:
    with pytest.raises(BadCursor):
        keyset.decoded(encoded(["pushed_at", value, 1]), PUSHED)


@pytest.mark.parametrize("order", [SIZE, NAME, PUSHED, SIZE.reversed, NAME.reversed])
def test_every_row_is_met_once_there_and_back(order: Order) -> None:
    name = rows(make_project("walked"), tags=23)
    tags = Tag.objects.filter(repository__name=name)
    # Rows that are alike are told apart by their ids.
    tags.filter(name__gte="v0010").update(size=5000, pushed_at=MOMENT)
    pages = [keyset.page(tags, order, 5)]
    while pages[-1].older:
        pages.append(keyset.page(tags, order, 5, after=pages[-1].older))
    met = [tag.pk for page in pages for tag in page.rows]
    assert met == [tag.pk for tag in tags.order_by(*order.terms)]
    assert (pages[0].newer, len(pages)) == ("", 5)
    for before, page in pairwise(pages):
        back = keyset.page(tags, order, 5, before=page.newer)
        assert list(back.rows) == list(before.rows)
        assert bool(back.newer) is (before is not pages[0])


def test_a_page_beyond_the_last_row_is_empty() -> None:
    name = rows(make_project("walked"), tags=3)
    tags = Tag.objects.filter(repository__name=name)
    last = keyset.page(tags, NAME, 5)
    assert last.older == ""
    tags.delete()
    assert keyset.page(tags, NAME, 5, after=Cursor("v0001", 1).encoded(NAME)).rows == ()


def test_counts_are_exact_as_far_as_anybody_reads() -> None:
    assert known(BOUND).text == "10,000"
    assert known(BOUND + 1).text == "10,000+"
    assert known(0).text == "0"
