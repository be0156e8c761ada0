from __future__ import annotations

import json

import pytest

from core.oci.digest import Digest
from core.oci.manifest import MAX_MANIFEST_BYTES, Kind, Platform, parse_manifest
from core.oci.media_types import DOCKER_LIST, DOCKER_MANIFEST, MANIFESTS, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST
from core.oci.strict_json import ascii_json
from tests.core.oci.documents import (
    child,
    descriptor,
    digest_of,
    docker_image,
    docker_list,
    encoded,
    image,
    index,
)


def test_an_image_manifest_is_read_whole() -> None:
    document = image(
        artifactType="application/example",
        subject=descriptor("subject", OCI_MANIFEST),
        annotations={"a": "b"},
    )
    manifest = parse_manifest(encoded(document), OCI_MANIFEST)
    assert (manifest.media_type, manifest.kind, manifest.artifact_type) == (
        OCI_MANIFEST,
        Kind.IMAGE,
        "application/example",
    )
    assert manifest.config is not None
    assert str(manifest.config.digest) == digest_of("config")
    assert [str(layer.digest) for layer in manifest.layers] == [digest_of("layer 1"), digest_of("layer 2")]
    assert manifest.subject is not None
    assert manifest.subject.size == 10
    assert manifest.annotations == {"a": "b"}
    assert manifest.children == ()


def test_an_index_is_read_whole() -> None:
    entry = descriptor(
        "one",
        OCI_MANIFEST,
        artifactType="application/example",
        annotations={"k": "v"},
        urls=["https://x.example/"],
        data="e30=",
        platform={
            "os": "windows",
            "architecture": "arm64",
            "variant": "v8",
            "os.version": "10.0",
            "os.features": ["f"],
        },
    )
    [read] = parse_manifest(encoded(index(entry)), OCI_INDEX).children
    assert read.platform == Platform("windows", "arm64", "v8", "10.0", ("f",))
    assert str(read.platform) == "windows/arm64/v8"
    assert (read.artifact_type, read.annotations) == ("application/example", {"k": "v"})
    assert (read.urls, read.data) == (("https://x.example/",), "e30=")


@pytest.mark.parametrize(
    ("media_type", "document"),
    [
        (OCI_MANIFEST, image()),
        (DOCKER_MANIFEST, docker_image()),
        (OCI_INDEX, index(child(1))),
        (DOCKER_LIST, docker_list(child(1, media_type=DOCKER_MANIFEST))),
    ],
)
def test_each_type_is_known_by_content_type_or_body(media_type: str, document: dict[str, object]) -> None:
    assert media_type in MANIFESTS
    assert parse_manifest(encoded(document), f"{media_type}; charset=utf-8").media_type == media_type
    for absent in (None, "", " ", ";charset=utf-8"):
        assert parse_manifest(encoded(document), absent).media_type == media_type
    for silent in ({}, {"mediaType": None}, {"mediaType": ""}):
        body = {key: value for key, value in document.items() if key != "mediaType"} | silent
        assert parse_manifest(encoded(body), media_type).media_type == media_type


def test_without_any_type_the_shape_decides() -> None:
    shapes = {OCI_MANIFEST: image(), OCI_INDEX: index()}
    for media_type, document in shapes.items():
        del document["mediaType"]
        assert parse_manifest(encoded(document), None).media_type == media_type


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(image(), indent=4).encode() + b"\n",
        json.dumps(image(), sort_keys=True, separators=(",", ":")).encode(),
        json.dumps(dict(reversed(image().items()))).encode() + b"  \r\n\t",
        json.dumps({"org.example": {"Layers": [1.5, None]}, **image(), "x": True}).encode(),
        json.dumps(image(annotations={"\u00e9": "\U0001f600"}), ensure_ascii=False).encode(),
    ],
)
def test_white_space_key_order_and_unknown_members_are_kept_byte_for_byte(payload: bytes) -> None:
    assert parse_manifest(payload, OCI_MANIFEST).payload == payload


def test_the_largest_manifest_has_exactly_four_mebibytes() -> None:
    payload = encoded(image())
    largest = payload + b" " * (4_194_304 - len(payload))
    assert MAX_MANIFEST_BYTES == 4_194_304
    assert len(parse_manifest(largest, OCI_MANIFEST).payload) == 4_194_304


def test_annotations_keep_nul_lone_surrogates_emoji_and_three_megabytes() -> None:
    annotations = {"nul": "\0", "lone": "\ud800", "emoji": "\U0001f600", "big": "x" * 3_000_000, "\udfff": ""}
    manifest = parse_manifest(encoded(image(annotations=annotations)), OCI_MANIFEST)
    assert manifest.annotations == annotations
    stored = ascii_json(manifest.annotations)
    assert stored.isascii()
    assert json.loads(stored) == annotations


def test_empty_layers_an_empty_index_and_the_empty_config_are_valid() -> None:
    empty = descriptor("{}", OCI_EMPTY, size=2, data="e30=")
    assert parse_manifest(encoded(image(config=empty, layers=[])), OCI_MANIFEST).layers == ()
    assert parse_manifest(encoded(image(config=empty, layers=None)), OCI_MANIFEST).layers == ()
    assert parse_manifest(encoded(index()), OCI_INDEX).children == ()
    assert parse_manifest(encoded(index() | {"manifests": None}), OCI_INDEX).children == ()


def test_null_members_read_as_absent() -> None:
    nothing = {"urls": None, "annotations": None, "data": None, "platform": None, "artifactType": None}
    document = image(layers=[descriptor(**nothing)], subject=None, annotations=None, artifactType=None)
    manifest = parse_manifest(encoded(document), OCI_MANIFEST)
    assert manifest.layers == parse_manifest(encoded(image(layers=[descriptor()])), OCI_MANIFEST).layers
    assert (manifest.subject, manifest.annotations, manifest.artifact_type) == (None, {}, "")
    [read] = parse_manifest(encoded(index(descriptor(platform={"os": None}))), OCI_INDEX).children
    assert read.platform == Platform("", "")


@pytest.mark.parametrize("size", [0, 1, 2**53 + 1, 2**63 - 1])
def test_sizes_reach_from_zero_to_the_largest_64_bit_integer(size: int) -> None:
    [read] = parse_manifest(encoded(image(layers=[descriptor(size=size)])), OCI_MANIFEST).layers
    assert read.size == size


def test_sha512_digests_are_accepted_anywhere() -> None:
    digest = f"sha512:{'a' * 128}"
    manifest = parse_manifest(encoded(image(config=descriptor(digest=digest))), OCI_MANIFEST)
    assert manifest.config is not None
    assert manifest.config.digest == Digest.parse(digest)


def test_an_index_may_be_nested_repeat_a_child_and_have_a_thousand() -> None:
    nested = parse_manifest(encoded(index(descriptor(1, OCI_INDEX), descriptor(2, DOCKER_LIST))), OCI_INDEX)
    assert [read.is_manifest for read in nested.children] == [True, True]
    repeated = parse_manifest(encoded(index(child(1), child(1))), OCI_INDEX)
    assert len(repeated.children) == 2
    many = parse_manifest(encoded(index(*(child(number) for number in range(1000)))), OCI_INDEX)
    assert len(many.children) == 1000


@pytest.mark.parametrize("subject", [descriptor("s", OCI_MANIFEST), {"digest": "nonsense"}, "x", 5])
@pytest.mark.parametrize("document", [docker_image(), docker_list(child(1))])
def test_docker_types_have_no_subject_and_no_artifact_type_whatever_they_say(
    document: dict[str, object], subject: object
) -> None:
    manifest = parse_manifest(encoded({**document, "subject": subject, "artifactType": "a/b"}), None)
    assert (manifest.subject, manifest.artifact_type) == (None, "")


def test_an_index_has_a_subject_and_an_artifact_type_of_its_own() -> None:
    document = index(subject=descriptor("s", OCI_MANIFEST), artifactType="application/example")
    manifest = parse_manifest(encoded(document), OCI_INDEX)
    assert manifest.subject is not None
    assert manifest.referrer_type == "application/example"


def test_equal_manifests_are_equal_and_can_be_keys() -> None:
    one, two = (parse_manifest(encoded(image(annotations={"a": "b"})), OCI_MANIFEST) for _ in range(2))
    assert one == two
    assert len({one, two}) == 1
