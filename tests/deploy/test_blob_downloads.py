"""Blobs that nginx sends for the registry: every range and condition is answered as the registry itself answers it."""

from __future__ import annotations

import random
import re
from functools import partial

import pytest

from tests.deploy import wire
from tests.deploy.conftest import Front
from tests.e2e.registry import Registry
from tests.images import sha256

SIZE = 600_000
DATA = random.Random(3).randbytes(SIZE)
DIGEST = sha256(DATA)
# Range header, status, first and last byte (None: no such bytes)
RANGES = [
    ("bytes=0-0", 206, 0, 0),
    ("bytes=5-5", 206, 5, 5),
    ("bytes=300000-", 206, 300_000, SIZE - 1),
    (f"bytes=0-{SIZE * 9}", 206, 0, SIZE - 1),
    ("bytes=-5", 206, SIZE - 5, SIZE - 1),
    (f"bytes=-{SIZE * 2}", 206, 0, SIZE - 1),
    ("bytes=-0", 416, None, None),
    ("bytes=5-2", 416, None, None),
    (f"bytes={SIZE}-", 416, None, None),
    ("bytes=18446744073709551616-", 416, None, None),
    ("bytes=1-2,4-5", 200, 0, SIZE - 1),
    ("items=0-1", 200, 0, SIZE - 1),
    ("bytes=zz", 200, 0, SIZE - 1),
]
SAME = (
    "docker-content-digest",
    "etag",
    "accept-ranges",
    "cache-control",
    "content-type",
    "x-content-type-options",
)


@pytest.fixture
def blob(registry: Registry, project: str) -> str:
    """The path of an uploaded blob of SIZE bytes."""
    answer = registry.push_blob(f"{project}/app", DATA)
    assert answer.status_code == 201, answer.text
    return f"/v2/{project}/app/blobs/{DIGEST}"


def scope(path: str) -> str:
    return f"repository:{path.split('/blobs/', maxsplit=1)[0].removeprefix('/v2/')}:pull"


def test_a_large_blob_is_sent_by_nginx_with_the_registrys_headers(
    registry: Registry, blob: str, front: Front
) -> None:
    answer = registry.request("GET", blob, scope=scope(blob))
    assert answer.status_code == 200
    assert answer.content == DATA
    head = registry.request("HEAD", blob, scope=scope(blob))
    assert {name: answer.headers[name] for name in SAME} == {name: head.headers[name] for name in SAME}
    assert head.headers["content-length"] == str(SIZE)
    assert "x-accel-redirect" not in answer.headers


def test_the_registry_only_names_the_file_to_nginx(registry: Registry, blob: str, front: Front) -> None:
    lines = (
        f"GET {blob} HTTP/1.1",
        f"Host: {front.host}",
        f"Authorization: {registry.authorization(scope(blob))}",
    )
    head = "\r\n".join((*lines, "X-Forwarded-Proto: https", "Connection: close", "", "")).encode()
    said = wire.exchange(partial(wire.by_unix, front.roles.sockets / "registry.sock"), head)
    named = re.search(rb"X-Accel-Redirect: /_blobs/(\S+)\r\n", said.raw)
    assert named is not None
    assert (front.nginx.blobs / named[1].decode()).read_bytes() == DATA
    assert said.raw.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(("header", "status", "first", "last"), RANGES)
def test_each_range_is_answered_by_the_rules_of_the_registry(
    registry: Registry, blob: str, header: str, status: int, first: int | None, last: int | None
) -> None:
    answer = registry.request("GET", blob, scope=scope(blob), headers={"Range": header})
    assert answer.status_code == status
    if first is None or last is None:
        assert answer.headers["content-range"] == f"bytes */{SIZE}"
        return
    assert answer.content == DATA[first : last + 1]
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.headers["etag"] == f'"{DIGEST}"'
    wanted = f"bytes {first}-{last}/{SIZE}" if status == 206 else None
    assert answer.headers.get("content-range") == wanted


@pytest.mark.parametrize(
    ("condition", "status", "length"),
    [
        ({"If-Range": f'"{DIGEST}"'}, 206, 3),
        ({"If-Range": '"something else"'}, 200, SIZE),
        ({"If-None-Match": f'"{DIGEST}"'}, 304, 0),
        ({"If-None-Match": '"something else"'}, 206, 3),
        ({"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 206, 3),
        ({"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 206, 3),
    ],
)
def test_conditions_look_at_the_digest_and_at_no_date(
    registry: Registry, blob: str, condition: dict[str, str], status: int, length: int
) -> None:
    answer = registry.request("GET", blob, scope=scope(blob), headers={"Range": "bytes=1-3", **condition})
    assert answer.status_code == status
    assert len(answer.content) == length


def test_a_head_with_a_range_describes_the_whole_blob(registry: Registry, blob: str) -> None:
    answer = registry.request("HEAD", blob, scope=scope(blob), headers={"Range": "bytes=0-5"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(SIZE))


def test_the_files_are_not_reachable_by_their_internal_address(
    registry: Registry, blob: str, front: Front
) -> None:
    key = next(front.nginx.blobs.rglob(DIGEST.partition(":")[2] + ".*")).relative_to(front.nginx.blobs)
    assert registry.request("GET", f"/_blobs/{key}").status_code == 404
    assert registry.request("GET", f"/v2/../_blobs/{key}").status_code == 404


def test_a_caller_without_nginx_gets_the_bytes_themselves(
    registry: Registry, blob: str, front: Front
) -> None:
    with Registry(f"http://{front.bare}", registry.who) as direct:
        answer = direct.request("GET", blob, scope=scope(blob))
    assert answer.content == DATA
    assert "x-accel-redirect" not in answer.headers


def test_a_blob_whose_file_is_lost_is_told_as_the_registrys_fault(
    registry: Registry, project: str, front: Front
) -> None:
    lost = random.Random(4).randbytes(SIZE)
    assert (
        registry.push_blob(f"{project}/app", lost).status_code == 201
    )  # bytes nobody pushed before: one file
    (file,) = front.nginx.blobs.rglob(sha256(lost).partition(":")[2] + ".*")
    file.unlink()
    path = f"/v2/{project}/app/blobs/{sha256(lost)}"
    answer = registry.request("GET", path, scope=scope(path))
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["code"] == "UNAVAILABLE"
