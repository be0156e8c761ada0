"""What is accepted as a manifest, and that what was accepted is kept byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.oci.digest import Digest
from core.oci.manifest import MAX_MANIFEST_BYTES
from tests.registry_api import documents
from tests.registry_api.answers import refused
from tests.registry_api.client import MANIFEST, Repository, World

CONFIG = b"{}"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INVALID = (400, "MANIFEST_INVALID")


@pytest.fixture
def repository(world: World) -> Repository:
    """A repository that holds the config every manifest here names."""
    made = world.repository("developer")
    made.push_blob(CONFIG)
    return made


def padded(size: int) -> bytes:
    """A valid manifest of exactly that many bytes."""
    short = documents.manifest(CONFIG, annotations={"pad": ""})
    return documents.manifest(CONFIG, annotations={"pad": "x" * (size - len(short))})


def test_a_manifest_of_exactly_four_mebibytes_is_stored(repository: Repository) -> None:
    """Case 43."""
    largest = padded(MAX_MANIFEST_BYTES)
    assert len(largest) == 4_194_304
    assert repository.put_manifest("largest", largest).status_code == 201
    assert repository.call("GET", "manifests/largest").content == largest


@pytest.mark.parametrize("chunked", [False, True])
def test_one_byte_more_is_refused_with_or_without_a_length(repository: Repository, chunked: bool) -> None:
    """Case 43."""
    payload = padded(MAX_MANIFEST_BYTES + 1)

    def pieces() -> Iterator[bytes]:
        yield from (payload[start : start + 65_536] for start in range(0, len(payload), 65_536))

    headers = {"Content-Type": MANIFEST}
    content: Any = pieces() if chunked else payload
    answer = repository.call("PUT", "manifests/big", content=content, headers=headers)
    assert ("Content-Length" in answer.request.headers) is not chunked
    assert refused(answer) == (413, "MANIFEST_INVALID")
    assert repository.call("HEAD", "manifests/big").status_code == 404


@pytest.mark.parametrize("second", ["layers", "Layers", "LAYERS", "layer\u017f"])
def test_a_key_that_could_hide_another_is_refused(repository: Repository, second: str) -> None:
    """Case 44."""
    first = documents.manifest(CONFIG).decode()
    payload = f'{first[:-1]}, "{second}": []}}'.encode()
    assert refused(repository.put_manifest("latest", payload)) == INVALID


def broken() -> dict[str, bytes]:
    good = documents.manifest(CONFIG).decode()

    def with_size(text: str) -> bytes:
        return good.replace('"size": 2', f'"size": {text}').encode()

    return {
        "100 000 nested arrays": b"[" * 100_000,
        "nested inside": good.replace('"layers": []', f'"layers": [], "x": {"[" * 100_000}').encode(),
        "a number of 5000 digits": with_size("9" * 5000),
        "NaN": with_size("NaN"),
        "Infinity": with_size("Infinity"),
        "1e400": with_size("1e400"),
        "true": with_size("true"),
        "-1": with_size("-1"),
        "1.5": with_size("1.5"),
        "byte order mark": b"\xef\xbb\xbf" + good.encode(),
        "UTF-16": good.encode("utf-16"),
        "UTF-16 without mark": good.encode("utf-16-le"),
        "UTF-32": good.encode("utf-32"),
        "no UTF-8": good.replace("{", '{"x": "\udcff", ', 1).encode("utf-8", "surrogateescape"),
        "trailing garbage": good.encode() + b"x",
        "two documents": good.encode() * 2,
        "empty": b"",
        "null": b"null",
        "array": b"[]",
        "string": b'"manifest"',
        "truncated": good.encode()[:-1],
        "schemaVersion 1": good.replace('"schemaVersion": 2', '"schemaVersion": 1').encode(),
        "no schemaVersion": good.replace('"schemaVersion": 2, ', "").encode(),
    }


@pytest.mark.parametrize("kind", broken())
def test_what_two_readers_could_understand_differently_is_refused(repository: Repository, kind: str) -> None:
    """Case 45."""
    assert refused(repository.put_manifest("latest", broken()[kind])) == INVALID


ODD_TEXTS = {"nul": "a\0b", "surrogate": "\ud800", "emoji": "\U0001f6a2", "long": "x" * 3_000_000}


@pytest.mark.parametrize("kind", ODD_TEXTS)
def test_annotations_may_hold_any_text_and_come_back_verbatim(repository: Repository, kind: str) -> None:
    """Case 46."""
    subject = repository.push_image("subject")
    names = {"mediaType": MANIFEST, "digest": subject, "size": 1}
    payload = documents.manifest(CONFIG, annotations={"text": ODD_TEXTS[kind]}, subject=names)
    answer = repository.put_manifest("odd", payload)
    assert answer.status_code == 201, answer.text
    assert repository.call("GET", "manifests/odd").content == payload
    answer = repository.call("GET", f"referrers/{subject}")
    assert answer.status_code == 200
    (referrer,) = json.loads(answer.content)["manifests"]
    assert referrer["annotations"] == {"text": ODD_TEXTS[kind]}


def test_an_annotation_may_hold_raw_utf_8(repository: Repository) -> None:
    """Case 46."""
    payload = documents.manifest(CONFIG).replace(b"{", '{"annotations": {"ключ": "🚢"}, '.encode(), 1)
    assert repository.put_manifest("raw", payload).status_code == 201
    assert repository.call("GET", "manifests/raw").content == payload


def test_parameters_of_the_content_type_are_dropped(repository: Repository) -> None:
    """Case 47."""
    payload = documents.manifest(CONFIG)
    assert repository.put_manifest("latest", payload, f"{MANIFEST}; charset=utf-8").status_code == 201
    assert repository.call("GET", "manifests/latest").headers["Content-Type"] == MANIFEST


def test_without_a_content_type_the_body_tells(repository: Repository) -> None:
    """Case 47."""
    untyped = json.dumps(
        {k: v for k, v in json.loads(documents.manifest(CONFIG)).items() if k != "mediaType"}
    )
    assert repository.put_manifest("image", untyped.encode(), None).status_code == 201
    assert repository.call("HEAD", "manifests/image").headers["Content-Type"] == MANIFEST
    index = json.dumps({"schemaVersion": 2, "manifests": []})
    assert repository.put_manifest("index", index.encode(), None).status_code == 201
    assert repository.call("HEAD", "manifests/index").headers["Content-Type"] == documents.INDEX
    assert refused(repository.put_manifest("none", b'{"schemaVersion": 2}', None)) == INVALID


def test_a_body_that_contradicts_its_type_is_refused(repository: Repository) -> None:
    """Case 47."""
    image, index = documents.manifest(CONFIG), documents.index([])
    untyped_index = b'{"schemaVersion": 2, "manifests": []}'
    for payload, media_type in (
        (image, DOCKER_MANIFEST),
        (index, MANIFEST),
        (untyped_index, MANIFEST),
        (image, documents.INDEX),
    ):
        assert refused(repository.put_manifest("latest", payload, media_type)) == INVALID


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.oci.artifact.manifest.v1+json",
        "text/html",
        "application/json",
        "garbage",
    ],
)
def test_other_types_are_refused_by_header_and_by_body(repository: Repository, media_type: str) -> None:
    """Case 47."""
    payload = documents.manifest(CONFIG, mediaType=media_type)
    assert refused(repository.put_manifest("latest", payload, media_type)) == INVALID
    assert refused(repository.put_manifest("latest", payload, None)) == INVALID
    assert refused(repository.put_manifest("latest", documents.manifest(CONFIG), media_type)) == INVALID


def test_unusual_but_valid_bytes_are_preserved(repository: Repository) -> None:
    """Case 48."""
    document = json.loads(documents.manifest(CONFIG)) | {"x-unknown": {"b": 1, "a": [1.50, None]}}
    pretty = json.dumps(dict(reversed(document.items())), indent=3).encode() + b"\n"
    answer = repository.put_manifest("pretty", pretty)
    digest = str(Digest.of(pretty))
    assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (201, digest)
    for reference in ("pretty", digest):
        pulled = repository.call("GET", f"manifests/{reference}")
        assert (pulled.content, pulled.headers["Docker-Content-Digest"]) == (pretty, digest)
        assert pulled.headers["Content-Length"] == str(len(pretty))
