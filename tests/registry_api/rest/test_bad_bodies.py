"""Bodies that are wrong in one member, or are none at all, to every operation that reads one: refused, and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.registry_api.rest.api import World
from tests.registry_api.rest.described import OPERATIONS, Operation, encoded, members, told, with_member
from tests.registry_api.rest.undone import Changes, effect

READING = [each for each in OPERATIONS if each.body is not None]
JSON = {"Content-Type": "application/json"}
OTHER_TYPES = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
LARGE = 10**30
DEEP: Any = json.loads("[" * 60 + "]" * 60)
# What no member of that type takes, however lenient.
WRONG: dict[str, list[Any]] = {
    "string": [["a"], {"a": "b"}, DEEP, "a\0b", "\ud800"],
    "integer": ["x", "", "\0", "%", [1], {"a": 1}, 1.5, LARGE, -LARGE, "9" * 5000],
    "boolean": ["perhaps", "\0", [True], {"a": True}, 17],
    "array": ["x", 1, True, {"a": 1}, [DEEP], ["a\0b"], [{"a": 1}]],
    "object": ["x", 1, True, [1], DEEP],
}
# What may be meant, somewhere.
ODD: list[Any] = [
    *(
        None,
        "",
        " ",
        "%",
        "_",
        "%00",
        "\\",
        "'; --",
        "../..",
        "\u202e",
        "\ufeff",
        "🦊",
        "a\r\nb: c",
        "ﬀ" * 10_000,
    ),
    *(-1, 0, 2**31, 2**63, True, [], {}),
]
# Each member meets some of the odd values, in turn; settings, which are many, fewer.
MANY_MEMBERS = 20
BROKEN = {
    "half": b'{"name": ',
    "a list": b"[]",
    "nothing": b"null",
    "twice": b'{"name": "a", "name": "b"}',
    "no number": b'{"name": NaN}',
    "infinite": b'{"name": 1e999}',
    "deep": b'{"a":' * 100_000,
    "no UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "two": b"{}{}",
}

Ask = Callable[..., tuple[httpx2.Response, Changes]]


@pytest.fixture
def ask(passing: World) -> Ask:
    """Asks as who may do everything; the answer, and what it changed."""

    def asked(operation: Operation, parts: dict[str, str], content: bytes, **headers: str) -> Any:
        path = operation.path.format(**parts)
        return effect(
            lambda: passing.admin.call(operation.method, path, content=content, headers=JSON | headers)
        )

    return asked


@pytest.mark.parametrize("operation", READING, ids=str)
def test_a_member_of_a_wrong_type_is_refused_and_nothing_changes(
    passing: World, ask: Ask, operation: Operation
) -> None:
    parts, body = operation.parts(passing), operation.example(passing)
    for names, kind in members(operation, parts):
        for value in WRONG[kind]:
            answer, changed = ask(operation, parts, encoded(with_member(body, names, value)))
            assert answer.status_code == 400, told(answer)
            assert not changed, (told(answer), changed)


@pytest.mark.parametrize("operation", READING, ids=str)
def test_an_odd_member_is_no_fault_and_what_is_refused_changes_nothing(
    passing: World, ask: Ask, operation: Operation
) -> None:
    parts, body = operation.parts(passing), operation.example(passing)
    found = members(operation, parts)
    step = 6 if len(found) > MANY_MEMBERS else 2
    for number, (names, _kind) in enumerate(found):
        for value in ODD[number % step :: step]:
            answer, changed = ask(operation, parts, encoded(with_member(body, names, value)))
            assert answer.status_code < 500, told(answer)
            assert answer.status_code < 400 or not changed, (told(answer), changed)


@pytest.mark.parametrize("operation", READING, ids=str)
def test_what_is_no_body_is_refused_and_nothing_changes(
    passing: World, ask: Ask, operation: Operation
) -> None:
    parts, body = operation.parts(passing), operation.example(passing)
    for content in BROKEN.values():
        answer, changed = ask(operation, parts, content)
        assert answer.status_code == 400, told(answer)
        assert not changed, (told(answer), changed)
    for content_type in OTHER_TYPES:
        answer, changed = ask(operation, parts, encoded(body or {"a": 1}), **{"Content-Type": content_type})
        assert answer.status_code == 415, told(answer)
        assert not changed, (told(answer), changed)
    answer, changed = ask(operation, parts, encoded({"name": "x" * 1024 * 1024}))
    assert answer.status_code == 413, told(answer)
    assert not changed, (told(answer), changed)
