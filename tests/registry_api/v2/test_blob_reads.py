"""GET and HEAD of blobs: ranges, conditions, encodings, and the lease that a HEAD of a pushing client renews."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from artifacts.models import Blob, Repository, RepositoryBlob
from core.oci.digest import Digest
from database import sql
from tests.registry_api.answers import refused
from tests.registry_api.client import Repository as Pushed
from tests.registry_api.client import World

CONTENT = b"0123456789"
SIZE = len(CONTENT)


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=-0", 416, b""),
        ("bytes=0-0", 206, b"0"),
        ("bytes=5-5", 206, b"5"),
        (f"bytes={SIZE}-", 416, b""),
        ("bytes=18446744073709551616-", 416, b""),
        ("bytes=1-2,4-5", 200, CONTENT),
        ("items=0-1", 200, CONTENT),
        ("bytes=2-", 206, b"23456789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=-99", 206, CONTENT),
        ("bytes=7-99", 206, b"789"),
        ("bytes=5-2", 416, b""),
        ("bytes=abc", 200, CONTENT),
    ],
)
def test_a_range_is_served_refused_or_ignored(world: World, asked: str, status: int, content: bytes) -> None:
    """Case 37."""
    repository = world.repository("developer")
    digest = repository.push_blob(CONTENT)
    answer = repository.call("GET", f"blobs/{digest}", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers["Content-Length"] == str(len(content))
    if status == 206:
        first = CONTENT.index(content)
        assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(content) - 1}/{SIZE}"
    elif status == 416:
        assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    else:
        assert "Content-Range" not in answer.headers


def test_no_range_of_an_empty_blob_can_be_had(world: World) -> None:
    """Case 37."""
    repository = world.repository("developer")
    digest = repository.push_blob(b"")
    answer = repository.call("GET", f"blobs/{digest}")
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")
    for asked in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        answer = repository.call("GET", f"blobs/{digest}", headers={"Range": asked})
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */0")


def test_a_head_ignores_ranges_and_tells_the_whole_length(world: World) -> None:
    """Case 37."""
    repository = world.repository("developer")
    digest = repository.push_blob(CONTENT)
    answer = repository.call("HEAD", f"blobs/{digest}", headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", str(SIZE))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Docker-Content-Digest"] == digest
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "private" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_client_that_has_the_bytes_gets_none_even_with_a_range(world: World, method: str) -> None:
    """Case 37."""
    repository = world.repository("developer")
    digest = repository.push_blob(CONTENT)
    for condition in (f'"{digest}"', digest, f'W/"{digest}"', f'"x", "{digest}"'):
        headers = {"If-None-Match": condition, "Range": "bytes=0-1"}
        answer = repository.call(method, f"blobs/{digest}", headers=headers)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == f'"{digest}"'


def test_a_range_of_something_else_is_answered_with_the_whole(world: World) -> None:
    """Case 37."""
    repository = world.repository("developer")
    digest = repository.push_blob(CONTENT)
    headers = {"Range": "bytes=0-1", "If-Range": f'"{Digest.of(b"older")}"'}
    answer = repository.call("GET", f"blobs/{digest}", headers=headers)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    headers = {"Range": "bytes=0-1", "If-Range": f'"{digest}"'}
    answer = repository.call("GET", f"blobs/{digest}", headers=headers)
    assert (answer.status_code, answer.content) == (206, b"01")


def test_nothing_is_ever_compressed_on_the_way(world: World) -> None:
    """Case 38."""
    repository = world.repository("developer")
    layer = b"a" * 100_000
    digest = repository.push_image("latest", layers=[layer])
    accepts = {"Accept-Encoding": "zstd, gzip, deflate"}
    blob = repository.call("GET", f"blobs/{Digest.of(layer)}", headers=accepts)
    manifest = repository.call("GET", f"manifests/{digest}", headers=accepts)
    for answer in (blob, manifest):
        assert "Content-Encoding" not in answer.headers
        assert answer.headers["Content-Length"] == str(len(answer.content))
    assert blob.content == layer
    assert str(Digest.of(manifest.content)) == digest


def pinned(repository: Pushed, digest: str) -> bool:
    """Whether most of the link's lease lies ahead."""
    found: bool = sql.value(
        """
        SELECT link.pinned_until > now() + wharf_lease() / 2 FROM repository_blob link
        JOIN repository r ON r.id = link.repository_id JOIN blob b ON b.id = link.blob_id WHERE r.name = %s AND b.digest = %s
        """,
        [repository.name, Digest.parse(digest).raw],
    )
    return found


def let_lease_run(repository: Pushed, digest: str) -> None:
    blob_id = Blob.objects.get(digest=Digest.parse(digest).raw).pk
    row = Repository.objects.get(name=repository.name)
    links = RepositoryBlob.objects.filter(repository_id=row.pk, blob_id=blob_id)
    assert links.update(pinned_until=row.created_at) == 1


def test_a_head_of_a_client_that_may_push_keeps_the_blob_for_a_lease(world: World) -> None:
    repository = world.repository("developer")
    digest = repository.push_blob(CONTENT + repository.name.encode())
    let_lease_run(repository, digest)
    guest = world.guest.repository(repository.name)
    assert guest.call("HEAD", f"blobs/{digest}").status_code == 200
    assert not pinned(repository, digest)
    assert repository.call("HEAD", f"blobs/{digest}").status_code == 200
    assert pinned(repository, digest)


def test_a_head_with_a_password_instead_of_a_token_keeps_the_blob_too(world: World) -> None:
    repository = world.repository("developer")
    digest = repository.push_blob(CONTENT + repository.name.encode())
    let_lease_run(repository, digest)
    for kind, kept in (("guest", False), ("developer", True)):
        client = getattr(world, kind)
        headers = {"Authorization": client.basic}
        path = f"/v2/{repository.name}/blobs/{digest}"
        assert client.registry.request("HEAD", path, headers=headers).status_code == 200
        assert pinned(repository, digest) is kept


def test_a_head_of_a_blob_that_is_safe_anyway_writes_nothing(world: World) -> None:
    repository = world.repository("developer")
    fresh = repository.push_blob(CONTENT + repository.name.encode())
    used = CONTENT + b"used" + repository.name.encode()
    repository.push_image("latest", layers=[used])
    let_lease_run(repository, str(Digest.of(used)))
    for digest in (fresh, str(Digest.of(used))):
        with CaptureQueriesContext(connection) as queries:
            assert repository.call("HEAD", f"blobs/{digest}").status_code == 200
        assert not [query for query in queries if "UPDATE" in query["sql"]]


def test_a_damaged_blob_is_not_served_and_a_pusher_is_told_to_push_it_again(world: World) -> None:
    repository = world.repository("developer")
    content = CONTENT + repository.name.encode()
    digest = repository.push_blob(content)
    Blob.objects.filter(digest=Digest.parse(digest).raw).update(health="suspect")
    answer = repository.call("GET", f"blobs/{digest}")
    assert refused(answer) == (503, "UNAVAILABLE")
    assert "Retry-After" in answer.headers
    assert repository.call("HEAD", f"blobs/{digest}").status_code == 404
    repository.push_blob(content)
    assert repository.call("GET", f"blobs/{digest}").content == content
