from __future__ import annotations

import pytest

from core.oci.descriptor import Descriptor
from core.oci.manifest import parse_manifest
from core.oci.media_types import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    NONDISTRIBUTABLE_LAYERS,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
)
from tests.core.oci.documents import (
    OCI_LAYER,
    child,
    descriptor,
    digest_of,
    docker_image,
    encoded,
    image,
    index,
)


def digests(found: tuple[Descriptor, ...]) -> list[str]:
    return [str(reference.digest) for reference in found]


def test_an_image_requires_its_config_and_layers() -> None:
    manifest = parse_manifest(encoded(image()), OCI_MANIFEST)
    assert digests(manifest.required_blobs) == [
        digest_of("config"),
        digest_of("layer 1"),
        digest_of("layer 2"),
    ]
    assert manifest.required_manifests == ()


@pytest.mark.parametrize("media_type", sorted(NONDISTRIBUTABLE_LAYERS))
def test_a_layer_fetched_from_elsewhere_is_not_required(media_type: str) -> None:
    document = image(
        layers=[descriptor("foreign", media_type, urls=["https://x.example/l"]), descriptor("own")]
    )
    manifest = parse_manifest(encoded(document), OCI_MANIFEST)
    assert digests(manifest.required_blobs) == [digest_of("config"), digest_of("own")]
    assert len(manifest.layers) == 2


def test_the_nondistributable_types_are_the_specified_four() -> None:
    oci = "application/vnd.oci.image.layer.nondistributable.v1.tar"
    docker = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    assert {oci, f"{oci}+gzip", f"{oci}+zstd", docker} == NONDISTRIBUTABLE_LAYERS


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, OCI_INDEX, DOCKER_LIST])
def test_a_layer_that_claims_to_be_a_manifest_is_required_as_the_blob_it_is(media_type: str) -> None:
    manifest = parse_manifest(encoded(image(layers=[descriptor("odd", media_type)])), OCI_MANIFEST)
    assert digests(manifest.required_blobs) == [digest_of("config"), digest_of("odd")]
    assert manifest.required_manifests == ()


def test_a_config_is_required_whatever_its_type_says() -> None:
    for media_type in (*NONDISTRIBUTABLE_LAYERS, OCI_MANIFEST):
        document = image(config=descriptor("config", media_type), layers=[])
        assert digests(parse_manifest(encoded(document), None).required_blobs) == [digest_of("config")]


def test_equal_references_are_required_once_and_unequal_sizes_each() -> None:
    layers = [descriptor("a"), descriptor("a"), descriptor("a", size=11), descriptor("config", OCI_CONFIG)]
    manifest = parse_manifest(encoded(image(layers=layers)), OCI_MANIFEST)
    assert [(str(blob.digest), blob.size) for blob in manifest.required_blobs] == [
        (digest_of("config"), 10),
        (digest_of("a"), 10),
        (digest_of("a"), 11),
    ]


def test_an_index_requires_its_manifests_once_each() -> None:
    children = [
        child(1),
        child(2, media_type=DOCKER_MANIFEST),
        descriptor(3, OCI_INDEX),
        descriptor(4, DOCKER_LIST),
    ]
    manifest = parse_manifest(encoded(index(*children, child(1, "arm64"))), OCI_INDEX)
    assert digests(manifest.required_manifests) == [digest_of(number) for number in (1, 2, 3, 4)]
    assert manifest.required_blobs == ()
    assert len(manifest.children) == 5


def test_a_buildkit_cache_index_requires_layers_and_cache_config_as_blobs() -> None:
    cache = descriptor("cache", "application/vnd.buildkit.cacheconfig.v0")
    manifest = parse_manifest(encoded(index(descriptor("l1"), descriptor("l2"), cache)), OCI_INDEX)
    assert digests(manifest.required_blobs) == [digest_of("l1"), digest_of("l2"), digest_of("cache")]
    assert manifest.required_manifests == ()


def test_a_subject_is_never_required() -> None:
    document = image(subject=descriptor("s", OCI_MANIFEST), layers=[])
    manifest = parse_manifest(encoded(document), OCI_MANIFEST)
    assert digests(manifest.required_blobs) == [digest_of("config")]
    assert manifest.required_manifests == ()


def test_an_index_naming_blobs_and_manifests_requires_both() -> None:
    manifest = parse_manifest(encoded(index(child(1), descriptor("l", OCI_LAYER))), OCI_INDEX)
    assert digests(manifest.required_manifests) == [digest_of(1)]
    assert digests(manifest.required_blobs) == [digest_of("l")]


def test_the_referrer_type_is_the_artifact_type_else_the_config_type_else_nothing() -> None:
    typed = parse_manifest(encoded(image(artifactType="application/example")), OCI_MANIFEST)
    assert typed.referrer_type == "application/example"
    assert parse_manifest(encoded(image()), OCI_MANIFEST).referrer_type == OCI_CONFIG
    assert parse_manifest(encoded(image(artifactType="")), OCI_MANIFEST).referrer_type == OCI_CONFIG
    assert parse_manifest(encoded(docker_image()), DOCKER_MANIFEST).referrer_type == OCI_CONFIG
    assert parse_manifest(encoded(index()), OCI_INDEX).referrer_type == ""
    assert parse_manifest(encoded(index(artifactType="a/b")), OCI_INDEX).referrer_type == "a/b"
