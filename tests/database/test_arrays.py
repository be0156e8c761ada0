"""Array literals mean to PostgreSQL what the list means to us."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError
from hypothesis import given, settings
from hypothesis import strategies as st

from database import sql
from database.arrays import array

# PostgreSQL has no NUL in texts, and UTF-8 no lone surrogates.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
NASTY = [
    "",
    " ",
    "NULL",
    "null",
    "{}",
    ",",
    '"',
    "\\",
    '\\"',
    "a,b",
    "{a}",
    "'; DROP TABLE tag; --",
    "\n\t",
    "√",
    "%s",
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", [*NASTY, None]),
        ("bytea", [b"", b"\x00\xff", b'"\\', None]),
        ("bigint", [0, -1, 2**63 - 1, None]),
        ("timestamptz", [datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), None]),
        ("text", []),
    ],
)
def test_a_list_comes_back_as_it_was(kind: str, values: list[object]) -> None:
    found = sql.value(f"SELECT %(values)s::{kind}[]", {"values": array(values)})  # type: ignore[arg-type]
    assert found == values


@pytest.mark.django_db(transaction=True)
@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | TEXTS, max_size=8))
def test_any_text_comes_back_as_it_was(values: list[str | None]) -> None:
    assert sql.value("SELECT %s::text[]", [array(values)]) == values


@pytest.mark.django_db
def test_a_nul_is_refused_and_never_cut_off() -> None:
    with pytest.raises(DataError):
        sql.value("SELECT %s::text[]", [array(["a\0b"])])
