"""The grammar of `q`, term by term."""

from __future__ import annotations

import time

import pytest
from django.db.models import Q
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from registry_api.rest import filters
from registry_api.rest.filters import Choice, Field, Flag, Match, Number, Term, Text, Time

pytestmark = pytest.mark.unit

FIELDS: dict[str, Field] = {
    "name": Text("name"),
    "state": Choice("state", ("on", "off")),
    "size": Number("size"),
    "at": Time("created_at"),
    "open": Flag("is_open"),
}


def condition(q: str) -> Q:
    query = QueryDict(mutable=True)
    query["q"] = q
    return filters.condition(query, FIELDS)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("a=b", [Term("a", Match.EXACT, ("b",))]),
        ("a=~b", [Term("a", Match.FUZZY, ("b",))]),
        ("a=[1~2]", [Term("a", Match.RANGE, ("1", "2"))]),
        ("a=[1~]", [Term("a", Match.RANGE, ("1", ""))]),
        ("a=[~2]", [Term("a", Match.RANGE, ("", "2"))]),
        ("a={b c}", [Term("a", Match.ANY, ("b", "c"))]),
        ("a=(b c)", [Term("a", Match.ALL, ("b", "c"))]),
        ("a={'b c' \"d\"}", [Term("a", Match.ANY, ("b c", "d"))]),
        ("a='b,c',d=e", [Term("a", Match.EXACT, ("b,c",)), Term("d", Match.EXACT, ("e",))]),
        ("a={b,c d}", [Term("a", Match.ANY, ("b,c", "d"))]),
        ("a=b=c", [Term("a", Match.EXACT, ("b=c",))]),
        ("a=\\~b", [Term("a", Match.EXACT, ("~b",))]),
        ("a=it's", [Term("a", Match.EXACT, ("it's",))]),
        ("a%3Db", [Term("a", Match.EXACT, ("b",))]),
        (
            "at=[2020-04-09 02:36:00~2020-04-10 00:00:00]",
            [Term("at", Match.RANGE, ("2020-04-09 02:36:00", "2020-04-10 00:00:00"))],
        ),
    ],
)
def test_a_text_becomes_its_terms(text: str, terms: list[Term]) -> None:
    assert filters.parse(text) == terms


@pytest.mark.parametrize(
    "text",
    ["a", "=b", "a=", "a=~", "a=[", "a=[1]", "a=[1~2~3]", "a=[~]", "a={", "a={}", "a=(", "a=()", "a=b,,=", "a=\0",
     "a=" + "x" * 3000, ",".join(["a=b"] * 30), "a={" + " ".join(["x"] * 60) + "}"],
)  # fmt: skip
def test_what_is_no_term_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="q: "):
        filters.parse(text)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("name=x", Q(name="x")),
        ("name=~x", Q(name__icontains="x")),
        ("name={x y}", Q(name__in=["x", "y"])),
        ("state=on", Q(state="on")),
        ("size=[1~5]", Q(size__gte=1, size__lte=5)),
        ("size=[~5]", Q(size__lte=5)),
        ("open=true", Q(is_open=True)),
    ],
)
def test_a_term_filters_by_the_column_of_its_field(q: str, expected: Q) -> None:
    assert condition(q) == expected


def test_times_are_utc_where_they_do_not_say() -> None:
    assert condition("at=[2020-04-09 02:36:00~]") == condition("at=[2020-04-09T04:36:00+02:00~]")


@pytest.mark.parametrize(
    "q",
    ["password=x", "name__regex=x", "_connector=OR", "name__startswith=x", "id=1", "size=abc", "size=1e3", "size=~1",
     "size=99999999999999999999", "size=[a~b]", "size=''", "at=yesterday", "at=2020-13-01", "state=maybe", "state=~o",
     "open=1", "name=[a~b]", "open={true false}"],
)  # fmt: skip
def test_what_a_field_is_not_made_for_is_refused_and_the_allowed_is_named(q: str) -> None:
    with pytest.raises(
        InvalidInput, match=r"^q: .*(allowed are at, name, open, size, state|is |are |compared by)"
    ):
        condition(q)


@given(st.text(max_size=200))
def test_any_text_is_terms_or_refused(text: str) -> None:
    query = QueryDict(mutable=True)
    query["q"] = text
    try:
        filters.condition(query, FIELDS)
    except InvalidInput:
        return


@pytest.mark.parametrize(
    "text", ['"' * 2000, "[" * 2000, "a=" + "{'" * 990, "(" * 1000 + ")" * 1000, "'\"" * 1000]
)
def test_hostile_texts_cost_little(text: str) -> None:
    begun = time.thread_time()
    with pytest.raises(InvalidInput):
        filters.parse(text)
    assert time.thread_time() - begun < 0.3


def test_a_sort_ends_with_the_key_so_that_pages_do_not_overlap() -> None:
    allowed = {"name": "lower_name", "size": "size"}
    assert filters.ordering(QueryDict(), allowed, default="-name") == ("-lower_name", "-pk")
    assert filters.ordering(QueryDict("sort=size,-name"), allowed, default="name") == (
        "size",
        "-lower_name",
        "pk",
    )


@pytest.mark.parametrize("sort", ["user__password", "-", ",", "name,,", "--name", "?", "name desc", "pk"])
def test_a_sort_by_anything_else_is_refused(sort: str) -> None:
    with pytest.raises(InvalidInput, match=r"^sort: allowed are name, size"):
        filters.ordering(QueryDict(f"sort={sort}"), {"name": "name", "size": "size"}, default="name")
