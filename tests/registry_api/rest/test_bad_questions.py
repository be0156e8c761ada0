"""Pages, filters and orders no list has, names nothing has, conditions that are none: refused, and nothing changed."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.registry_api.rest.api import World
from tests.registry_api.rest.described import OPERATIONS, Operation, encoded, told
from tests.registry_api.rest.undone import Changes, effect

LISTS = [each for each in OPERATIONS if "page_size" in each.parameters]
FILTERED = [each for each in LISTS if "q" in each.parameters]
NAMING = [each for each in OPERATIONS if "<str:" in each.route or "<repository:" in each.route]
PAGES = [
    *(
        f"{name}={value}"
        for name in ("page", "page_size")
        for value in ("-1", "x", "1.5", "1e3", "%00", "+1", "0x1", "٣")
    ),
    *("page_size=101", "page_size=1000000000", "page=1000000000", "page=99999999999999999999"),
]
FIELDS = (
    "password",
    "pk",
    "secret_digest",
    "project__name",
    "created_at__lt",
    "__class__",
    "user.password",
    "%00",
    "*",
    "a%20b",
)
FILTERS = [
    *(f"q={name}{comparison}a" for name in FIELDS for comparison in ("%3D", "%3D~")),
    *("q=%3D", "q=a", "q=%3Da", "q=%00", "q=id%3D[1", "q=id%3D{}", "q=" + "a%3D1," * 30, "q=" + "x" * 5000),
    *(f"sort={name}" for name in (*FIELDS, "-", "--id", "id;DROP", "-" * 1000)),
]
# The transport of these tests hands %C3%A9 on as one byte, which is no UTF-8.
NAMES = (
    "%00",
    "a%00b",
    "%25",
    "_",
    "..%2F..",
    "%C3%A9",
    "'%20OR%201=1",
    "-1",
    "9" * 40,
    "%0A",
    "sha256:0",
    "x" * 9000,
)


def _url(operation: Operation, parts: dict[str, str], asked: str = "") -> str:
    return operation.path.format(**parts) + (f"?{asked}" if asked else "")


def _asked(world: World, operation: Operation, url: str, **headers: str) -> tuple[httpx2.Response, Changes]:
    """The matrix's request at that URL, and what it changed."""
    body, beside = operation.example(world), operation.beside(world)
    how: dict[str, Any] = {} if body is None else {"content": encoded(body)}
    sent = {"Content-Type": "application/json"} | headers
    return effect(lambda: world.admin.call(operation.method, url + beside, headers=sent, **how))


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_a_page_no_list_has_is_refused(passing: World, operation: Operation) -> None:
    parts = operation.parts(passing)
    for asked in PAGES:
        answer = passing.admin.call("GET", _url(operation, parts, asked))
        assert answer.status_code == 400, told(answer)


@pytest.mark.parametrize("operation", FILTERED, ids=str)
def test_a_list_is_filtered_and_sorted_by_nothing_it_does_not_name(
    passing: World, operation: Operation
) -> None:
    parts = operation.parts(passing)
    for asked in FILTERS:
        answer = passing.admin.call("GET", _url(operation, parts, asked))
        assert answer.status_code == 400, told(answer)


@pytest.mark.parametrize("operation", NAMING, ids=str)
def test_a_name_nothing_has_is_refused_and_nothing_changes(passing: World, operation: Operation) -> None:
    parts = operation.parts(passing)
    # A copy makes the repository it is put into.
    is_copy = operation.method == "POST" and operation.path.endswith("/artifacts")
    for part in parts.keys() - ({"repository"} if is_copy else set()):
        for name in NAMES:
            answer, changed = _asked(passing, operation, _url(operation, parts | {part: name}))
            assert 400 <= answer.status_code < 500, told(answer)
            assert not changed, (told(answer), changed)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_conditions_that_are_none_are_no_fault(passing: World, operation: Operation) -> None:
    url = _url(operation, operation.parts(passing))
    for value in ("", "*", '"', "W/", '"\\"', "," * 1000, "x" * 4000):
        headers = {"If-Match": value, "If-None-Match": value, "Range": f"bytes={value}", "Date": value}
        answer, _ = _asked(passing, operation, url, **headers)
        assert answer.status_code in (operation.status("admin"), 400, 412, 304), told(answer)
