"""Bodies: JSON objects of a bounded size, read by explicitly writable fields."""

from __future__ import annotations

import pytest

from tests.registry_api.rest.api import World

PATH = "/jobservice/queues/all"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"null",
        b'"stop"',
        b"{}{}",
        b'{"action": "resume", "action": "stop"}',
        b'{"action": NaN}',
        b'{"action": 1e999}',
        b"\xff\xfe{\x00}\x00",
        b'\xef\xbb\xbf{"action": "resume"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"action": "\xff"}',
        b'{"action": "\\ud800"}',
    ],
    ids=lambda content: repr(content[:24]),
)
def test_what_is_no_json_object_is_refused(world: World, content: bytes) -> None:
    status, message = world.admin.refused("PUT", PATH, content=content, headers=JSON)
    assert status == 400
    assert message.startswith(("the body is no JSON object", "action: "))


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_that_does_not_say_it_is_json_is_refused(world: World, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    assert world.admin.refused("PUT", PATH, content=b'{"action": "resume"}', headers=headers)[0] == 415


def test_a_body_may_name_its_charset_and_hold_more_than_is_read(world: World) -> None:
    answer = world.admin.call(
        "PUT",
        PATH,
        content=b'{"action": "resume", "is_admin": true, "id": 1}',
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert answer.status_code == 200


def test_a_body_is_bounded_whether_or_not_it_tells_its_length(world: World) -> None:
    large = b'{"action": "resume", "x": "' + b"x" * 1024 * 1024 + b'"}'
    assert world.admin.refused("PUT", PATH, content=large, headers=JSON)[0] == 413


def test_a_body_shorter_than_it_says_is_refused(world: World) -> None:
    headers = {**JSON, "Content-Length": "500"}
    assert world.admin.refused("PUT", PATH, content=b'{"action": "resume"}', headers=headers)[0] == 400


def test_credentials_are_asked_for_before_the_body_is_read(world: World) -> None:
    assert world.anonymous.refused("PUT", PATH, content=b"{", headers=JSON)[0] == 401
