from __future__ import annotations

import pytest

from core.oci.digest import Digest
from core.oci.manifest import parse_manifest
from core.oci.media_types import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, AcceptList
from core.oci.negotiation import child_to_serve, default_child
from tests.core.oci.documents import Json, child, descriptor, digest_of, docker_list, encoded, image, index

ONLY_IMAGES = AcceptList.parse([DOCKER_MANIFEST])
ARM, AMD = child("arm", "arm64"), child("amd")
ATTESTATION = descriptor("att", OCI_MANIFEST, platform={"os": "unknown", "architecture": "unknown"})


def chosen(accept: AcceptList, document: Json) -> Digest | None:
    manifest = parse_manifest(encoded(document), None)
    return child_to_serve(accept, manifest.media_type, manifest.children)


def test_a_client_that_knows_no_index_gets_the_linux_amd64_child() -> None:
    expected = Digest.parse(digest_of("amd"))
    assert chosen(ONLY_IMAGES, index(ATTESTATION, ARM, AMD)) == expected
    assert chosen(ONLY_IMAGES, docker_list(ARM, AMD)) == expected
    assert chosen(AcceptList.parse([OCI_MANIFEST, DOCKER_MANIFEST]), index(AMD)) == expected


@pytest.mark.parametrize(
    "accept", [[], ["*/*"], ["application/*"], [OCI_INDEX], [DOCKER_LIST, DOCKER_MANIFEST], ["text/html"]]
)
def test_every_other_client_gets_the_index_as_stored(accept: list[str]) -> None:
    assert chosen(AcceptList.parse(accept), index(ARM, AMD)) is None
    assert chosen(AcceptList.parse(accept), docker_list(ARM, AMD)) is None


def test_an_index_without_such_a_child_is_served_as_stored() -> None:
    assert chosen(ONLY_IMAGES, index(ARM, ATTESTATION)) is None
    assert chosen(ONLY_IMAGES, index()) is None
    assert chosen(ONLY_IMAGES, index(descriptor("no platform", OCI_MANIFEST))) is None
    windows = descriptor("w", OCI_MANIFEST, platform={"os": "windows", "architecture": "amd64"})
    assert chosen(ONLY_IMAGES, index(windows)) is None


def test_an_image_is_never_replaced() -> None:
    assert chosen(ONLY_IMAGES, image()) is None
    assert child_to_serve(ONLY_IMAGES, OCI_MANIFEST, []) is None


def test_a_nested_index_or_a_blob_is_no_child_to_serve() -> None:
    nested = child("nested", media_type=OCI_INDEX)
    blob = child("blob", media_type="application/vnd.buildkit.cacheconfig.v0")
    assert chosen(ONLY_IMAGES, index(nested, blob)) is None
    assert chosen(ONLY_IMAGES, index(nested, AMD)) == Digest.parse(digest_of("amd"))


def test_the_plain_amd64_child_comes_before_those_for_newer_processors() -> None:
    newer = child("v3", variant="v3")
    children = parse_manifest(encoded(index(newer, AMD, child("second"))), None).children
    assert default_child(children) == Digest.parse(digest_of("amd"))
    assert default_child(children[:1]) == Digest.parse(digest_of("v3"))
