"""Upload sessions as clients use them: chunks, ranges, order, digests, and what a repeated request gets."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.oci.digest import Algorithm, Digest
from tests.registry_api.answers import refused
from tests.registry_api.client import Repository, World
from tests.registry_api.files import files_of, staged, upload
from tests.registry_api.wire import CHUNKED, bearer, send

EMPTY = Digest.of(b"")


def content_range(first: int, last: int) -> dict[str, str]:
    return {"Content-Range": f"{first}-{last}"}


def fresh(size: int = 100) -> bytes:
    """Bytes nobody pushed before."""
    return (uuid4().bytes * (size // 16 + 1))[:size]


def is_pulled_back(repository: Repository, content: bytes, algorithm: Algorithm = Algorithm.SHA256) -> bool:
    answer = repository.call("GET", f"blobs/{Digest.of(content, algorithm)}")
    return (answer.status_code, answer.content) == (200, content)


@pytest.mark.parametrize("way", ["post chunked", "post", "post and put", "patch of nothing and put"])
def test_an_empty_blob_is_a_blob(world: World, way: str) -> None:
    """Case 17."""
    repository = world.repository()
    if way.startswith("post") and "put" not in way:
        answer = send(
            world.registry,
            "POST",
            f"/v2/{repository.name}/blobs/uploads/?digest={EMPTY}",
            length=CHUNKED if "chunked" in way else 0,
            headers=bearer(repository),
        )
    else:
        location = repository.start()
        if "patch" in way:
            assert repository.call("PATCH", location).headers["Range"] == "0-0"
        answer = repository.call("PUT", f"{location}?digest={EMPTY}")
    assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (201, str(EMPTY))
    answer = repository.call("GET", f"blobs/{EMPTY}")
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "0", b"")


def test_no_byte_and_one_byte_read_the_same_in_range_and_are_told_apart(world: World) -> None:
    """Case 18. Clients need `0-0` in both; the next chunk's offset shows the difference."""
    repository = world.repository()
    none, one = repository.start(), repository.start()
    for location, content in ((none, b""), (one, b"x")):
        answer = repository.call("PATCH", location, content=content)
        assert (answer.status_code, answer.headers["Range"]) == (202, "0-0")
        assert repository.call("GET", location).headers["Range"] == "0-0"
    assert [(upload(location) or {})["received"] for location in (none, one)] == [0, 1]
    again = content_range(0, 0)
    assert repository.call("PATCH", one, content=b"x", headers=again).status_code == 416
    assert repository.call("PATCH", none, content=b"x", headers=again).status_code == 202
    for location in (none, one):
        answer = repository.call("PATCH", location, content=b"y", headers=content_range(1, 1))
        assert (answer.status_code, answer.headers["Range"]) == (202, "0-1")
        assert repository.call("PUT", f"{location}?digest={Digest.of(b'xy')}").status_code == 201


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0-99", (400, "SIZE_INVALID")),
        ("0-48", (400, "SIZE_INVALID")),
        ("5-4", (416, "BLOB_UPLOAD_INVALID")),
        ("49-0", (416, "BLOB_UPLOAD_INVALID")),
        ("1-50", (416, "BLOB_UPLOAD_INVALID")),
        ("abc", (400, "BLOB_UPLOAD_INVALID")),
        ("-5", (400, "BLOB_UPLOAD_INVALID")),
        ("0-", (400, "BLOB_UPLOAD_INVALID")),
        ("", (400, "BLOB_UPLOAD_INVALID")),
        ("bytes 0-49/50", (400, "BLOB_UPLOAD_INVALID")),
        ("0-49,50-99", (400, "BLOB_UPLOAD_INVALID")),
        ("0_0-49", (400, "BLOB_UPLOAD_INVALID")),
        ("\u00b2-49", (400, "BLOB_UPLOAD_INVALID")),
        ("0-99999999999999999999999", (400, "BLOB_UPLOAD_INVALID")),
        ("99999999999999999999999-99999999999999999999999", (400, "BLOB_UPLOAD_INVALID")),
        ("0-9223372036854775807", (400, "SIZE_INVALID")),
        ("9223372036854775758-9223372036854775807", (416, "BLOB_UPLOAD_INVALID")),
    ],
)
def test_a_content_range_that_contradicts_body_or_offset_is_refused_and_nothing_is_kept(
    world: World, given: str, expected: tuple[int, str]
) -> None:
    """Case 19."""
    repository, content = world.repository(), fresh(50)
    location = repository.start()
    path = f"/v2/{repository.name}/{location}?digest={Digest.of(content)}"
    headers = bearer(repository) | {"Content-Range": given}
    for method in ("PATCH", "PUT"):
        answer = send(world.registry, method, path, body=content, headers=headers)
        assert refused(answer) == expected
        if expected[0] == 416:
            assert answer.headers["Range"] == "0-0"
            assert answer.headers["Location"] == f"/v2/{repository.name}/{location}"
            assert answer.headers["Docker-Upload-UUID"] == location.rpartition("/")[2]
        assert (upload(location) or {})["received"] == 0
        assert staged(location).stat().st_size == 0
    headers["Content-Range"] = "0-49"
    assert send(world.registry, "PUT", path, body=content, headers=headers).status_code == 201
    assert is_pulled_back(repository, content)


def test_a_chunk_out_of_order_is_told_where_to_go_on_and_the_next_right_one_succeeds(world: World) -> None:
    """Case 20."""
    repository, content = world.repository(), fresh(300)
    location = repository.start()
    assert repository.call("PATCH", location, content=content[:100]).headers["Range"] == "0-99"
    put = f"{location}?digest={Digest.of(content)}"
    for method, path, first in (
        ("PATCH", location, 150),
        ("PATCH", location, 0),
        ("PUT", put, 200),
        ("PUT", put, 99),
    ):
        headers = content_range(first, first + 99)
        answer = repository.call(method, path, content=content[first : first + 100], headers=headers)
        assert refused(answer) == (416, "BLOB_UPLOAD_INVALID")
        assert answer.headers["Range"] == "0-99"
        assert answer.headers["Location"] == f"/v2/{repository.name}/{location}"
    answer = repository.call("PATCH", location, content=content[100:200], headers=content_range(100, 199))
    assert (answer.status_code, answer.headers["Range"]) == (202, "0-199")
    answer = repository.call("PUT", put, content=content[200:], headers=content_range(200, 299))
    assert answer.status_code == 201
    assert is_pulled_back(repository, content)


@pytest.mark.parametrize("digest", [None, "", "sha256:xyz", "md5:" + "a" * 32, "sha256:" + "A" * 64, "x"])
def test_a_put_without_a_digest_to_check_is_refused_and_the_session_goes_on(
    world: World, digest: str | None
) -> None:
    """Case 24."""
    repository, content = world.repository(), fresh()
    location = repository.start()
    repository.call("PATCH", location, content=content)
    query = "" if digest is None else f"?digest={digest}"
    assert refused(repository.call("PUT", location + query)) == (400, "DIGEST_INVALID")
    assert repository.call("GET", location).headers["Range"] == "0-99"
    assert repository.call("PUT", f"{location}?digest={Digest.of(content)}").status_code == 201


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_put_with_the_digest_of_other_bytes_destroys_the_session(
    world: World, algorithm: Algorithm
) -> None:
    """Case 24."""
    repository, content = world.repository(), fresh()
    location, wrong = repository.start(), Digest.of(b"other bytes" + fresh(), algorithm)
    repository.call("PATCH", location, content=content)
    assert refused(repository.call("PUT", f"{location}?digest={wrong}")) == (400, "DIGEST_INVALID")
    for digest in (wrong, Digest.of(content)):
        assert repository.call("HEAD", f"blobs/{digest}").status_code == 404
        assert files_of(digest) == []
    assert refused(repository.call("GET", location)) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert not staged(location).exists()
    assert upload(location) is None


def test_a_whole_push_with_the_digest_of_other_bytes_leaves_nothing(world: World) -> None:
    repository, wrong = world.repository(), Digest.of(fresh())
    before = set(staged("x").parent.iterdir())
    answer = repository.call("POST", f"blobs/uploads/?digest={wrong}", content=fresh())
    assert refused(answer) == (400, "DIGEST_INVALID")
    assert repository.call("HEAD", f"blobs/{wrong}").status_code == 404
    assert files_of(wrong) == []
    assert set(staged("x").parent.iterdir()) <= before


def test_a_post_that_announces_a_digest_without_bytes_opens_a_session(world: World) -> None:
    answer = world.repository().call("POST", f"blobs/uploads/?digest={Digest.of(b'later')}")
    assert (answer.status_code, answer.headers["Range"]) == (202, "0-0")


def test_a_repeated_put_succeeds_again_and_one_with_another_digest_finds_no_session(world: World) -> None:
    """Case 25."""
    repository, content = world.repository(), fresh()
    digest = Digest.of(content)
    location = repository.start()
    for body in (content, b"", content):
        answer = repository.call("PUT", f"{location}?digest={digest}", content=body)
        assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (201, str(digest))
        assert answer.headers["Location"] == f"/v2/{repository.name}/blobs/{digest}"
    other = f"{location}?digest={Digest.of(b'other')}"
    assert refused(repository.call("PUT", other)) == (404, "BLOB_UPLOAD_UNKNOWN")
    for method in ("GET", "PATCH", "DELETE"):
        assert repository.call(method, location).status_code == 404
    assert len(files_of(digest)) == 1


@pytest.mark.parametrize("chunks", [1, 3])
def test_a_sha512_digest_needs_no_hint_and_lives_apart_from_the_sha256_of_the_same_bytes(
    world: World, chunks: int
) -> None:
    """Case 26."""
    repository, content = world.repository(), fresh(300)
    by_512 = Digest.of(content, Algorithm.SHA512)
    location = repository.start()
    for number in range(chunks - 1):
        repository.call("PATCH", location, content=content[number * 100 : number * 100 + 100])
    answer = repository.call("PUT", f"{location}?digest={by_512}", content=content[(chunks - 1) * 100 :])
    assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (201, str(by_512))
    by_256 = repository.push_blob(content)
    assert repository.call("DELETE", f"blobs/{by_512}").status_code == 202
    assert repository.call("HEAD", f"blobs/{by_512}").status_code == 404
    assert repository.call("GET", f"blobs/{by_256}").content == content


@pytest.mark.parametrize(
    ("hint", "status"), [("sha512", 202), ("sha256", 202), ("md5", 400), ("SHA512", 400)]
)
def test_the_hint_of_an_algorithm_is_checked_when_the_session_opens(
    world: World, hint: str, status: int
) -> None:
    assert world.repository().call("POST", f"blobs/uploads/?digest-algorithm={hint}").status_code == status


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/html", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"],
)
def test_the_content_type_of_a_blob_says_nothing(world: World, content_type: str) -> None:
    repository, content = world.repository(), b"a=1&digest=sha256:" + fresh()
    headers = {"Content-Type": content_type}
    assert repository.call("POST", "blobs/uploads/", headers=headers).status_code == 202
    location = repository.start()
    assert repository.call("PATCH", location, content=content[:20], headers=headers).status_code == 202
    put = f"{location}?digest={Digest.of(content)}"
    assert repository.call("PUT", put, content=content[20:], headers=headers).status_code == 201
    assert is_pulled_back(repository, content)
