"""Limits of requests hold for pages too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.gate import rates
from frontend.assets import assets
from tests.frontend.visitor import Page, Visitor

Limit = Callable[..., None]
ADDRESS = "198.51.100.77"


@pytest.fixture
def limit(setting: Any) -> Iterator[Limit]:
    """`limit(requests_per_minute=3)`: in force at once here."""

    def set_(**wanted: int) -> None:
        setting(**wanted)
        rates.forget()

    yield set_
    setting(requests_per_minute=0, requests_per_minute_of_address=0)
    rates.forget()


@pytest.mark.parametrize("path", ["/", "/auth/login", "/no-such-page", "/api/docs", "/api/openapi.yaml"])
def test_an_address_opens_so_many_pages_and_no_more(visitor: Visitor, limit: Limit, path: str):
    limit(requests_per_minute_of_address=3)
    over = [visitor.get(path) for _ in range(9)][-1]
    assert over.status_code == 429
    assert 1 <= int(over.headers["Retry-After"]) <= 60
    assert f"ry again in {over.headers['Retry-After']} seconds" in over.text


def test_forms_count_before_anything_is_looked_at(visitor: Visitor, limit: Limit):
    limit(requests_per_minute_of_address=2)
    statuses = [visitor.http.post("/auth/login", data={}).status_code for _ in range(4)]
    assert statuses[-1] == 429
    assert set(statuses) <= {403, 429}


def test_who_is_signed_in_counts_wherever_he_comes_from(ann: Visitor, limit: Limit):
    limit(requests_per_minute=3)
    statuses = [ann.get("/").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    ann.http.cookies.clear()
    assert ann.get("/").status_code == 200


@pytest.mark.parametrize("name", ["/static", "/api/docs"])
def test_the_files_of_pages_are_not_counted(visitor: Visitor, limit: Limit, name: str):
    limit(requests_per_minute_of_address=1)
    visitor.get("/")
    path = f"/static/{assets()['wharf.css'].name}" if name == "/static" else "/api/docs/none.css"
    assert {visitor.get(path).status_code for _ in range(5)} <= {200, 404}


def test_the_page_says_it_in_words(visitor: Visitor, limit: Limit):
    limit(requests_per_minute_of_address=1)
    for _ in range(3):
        answer = visitor.get("/auth/login")
    assert "Too many requests: one address may make 1 a minute" in Page(answer.text).text
