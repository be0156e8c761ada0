"""What a manifest references must be here, in this repository and in the size it says."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from core.oci.digest import Digest
from projects.models import Project
from tests.registry_api import documents
from tests.registry_api.answers import codes, refused
from tests.registry_api.client import MANIFEST, Repository, World

CONFIG = b"{}"
FOREIGN = [
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
]


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("developer")
    made.push_blob(CONFIG)
    return made


def child(payload: bytes) -> dict[str, object]:
    media_type = str(json.loads(payload)["mediaType"])
    return documents.descriptor(payload, media_type)


def test_each_missing_blob_is_named(world: World) -> None:
    """Case 49."""
    repository = world.repository("developer")
    parts = [f"missing {uuid4()}".encode() for _ in range(3)]
    answer = repository.put_manifest("latest", documents.manifest(parts[0], parts[1:]))
    assert answer.status_code == 400
    assert codes(answer) == ["MANIFEST_BLOB_UNKNOWN"] * 3
    named = {entry["detail"]["digest"] for entry in answer.json()["errors"]}
    assert named == {str(Digest.of(part)) for part in parts}


def test_a_layer_in_another_repository_of_the_project_does_not_count(
    world: World, repository: Repository
) -> None:
    """Case 49."""
    layer = f"elsewhere {uuid4()}".encode()
    world.repository("developer").push_blob(layer)
    answer = repository.put_manifest("latest", documents.manifest(CONFIG, [layer]))
    assert refused(answer) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert refused(repository.call("GET", "tags/list")) == (404, "NAME_UNKNOWN")


def test_a_descriptor_of_another_size_is_refused(repository: Repository) -> None:
    """Case 50."""
    layer = b"a layer"
    repository.push_blob(layer)
    wrong = documents.descriptor(layer, documents.LAYER) | {"size": len(layer) + 1}
    answer = repository.put_manifest("latest", documents.manifest(CONFIG, layers=[wrong]))
    assert refused(answer) == (400, "MANIFEST_INVALID")
    twice = [documents.descriptor(layer, documents.LAYER), wrong]
    answer = repository.put_manifest("latest", documents.manifest(CONFIG, layers=twice))
    assert refused(answer) == (400, "MANIFEST_INVALID")


@pytest.mark.parametrize("media_type", FOREIGN)
def test_a_layer_that_clients_fetch_elsewhere_need_not_be_here(
    repository: Repository, media_type: str
) -> None:
    """Case 50."""
    foreign = documents.descriptor(f"{uuid4()}".encode(), media_type, urls=["https://example.com/layer"])
    payload = documents.manifest(CONFIG, layers=[foreign])
    assert repository.put_manifest("latest", payload).status_code == 201
    assert repository.call("GET", f"blobs/{foreign['digest']}").status_code == 404


def test_a_build_cache_lists_blobs_in_an_index(repository: Repository) -> None:
    """Case 51."""
    layer, cache = f"layer {uuid4()}".encode(), f"cache {uuid4()}".encode()
    payload = documents.index(
        [
            documents.descriptor(layer, "application/vnd.oci.image.layer.v1.tar+gzip"),
            documents.descriptor(cache, "application/vnd.buildkit.cacheconfig.v0"),
        ]
    )
    repository.push_blob(cache)
    answer = repository.put_manifest("cache", payload, documents.INDEX)
    assert refused(answer) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert answer.json()["errors"][0]["detail"] == {"digest": str(Digest.of(layer))}
    repository.push_blob(layer)
    assert repository.put_manifest("cache", payload, documents.INDEX).status_code == 201


def test_an_index_may_list_what_is_not_here_unless_the_project_says_no(
    world: World, repository: Repository
) -> None:
    """Case 51."""
    absent = documents.manifest(CONFIG, annotations={"n": str(uuid4())})
    payload = documents.index([child(absent)])
    assert repository.put_manifest("sparse", payload, documents.INDEX).status_code == 201
    assert refused(repository.call("GET", f"manifests/{Digest.of(absent)}")) == (404, "MANIFEST_UNKNOWN")
    Project.objects.filter(pk=world.project.pk).update(sparse_indexes=False)
    other = documents.index([child(absent)], annotations={"n": "2"})
    answer = repository.put_manifest("sparse", other, documents.INDEX)
    assert refused(answer) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert repository.put_manifest("child", absent).status_code == 201
    assert repository.put_manifest("sparse", other, documents.INDEX).status_code == 201


def test_an_index_may_be_empty_and_an_image_without_layers(repository: Repository) -> None:
    """Case 52."""
    assert repository.put_manifest("index", documents.index([]), documents.INDEX).status_code == 201
    assert repository.put_manifest("image", documents.manifest(CONFIG)).status_code == 201
    nothing = documents.descriptor(b"{}", "application/vnd.oci.empty.v1+json", data="e30=")
    artifact = documents.manifest(nothing, [nothing], artifactType="text/x-note")
    assert repository.put_manifest("artifact", artifact).status_code == 201


def test_indexes_may_be_nested_and_list_a_child_twice(repository: Repository) -> None:
    """Case 52."""
    payload = documents.manifest(CONFIG, annotations={"depth": "0"})
    assert repository.put_manifest("depth-0", payload).status_code == 201
    for depth in range(1, 4):
        payload = documents.index([child(payload), child(payload)], annotations={"depth": str(depth)})
        answer = repository.put_manifest(f"depth-{depth}", payload, documents.INDEX)
        assert answer.status_code == 201, answer.text
    assert repository.call("GET", "manifests/depth-3").content == payload


def test_an_index_may_have_a_thousand_children(repository: Repository) -> None:
    """Case 52."""
    present = documents.manifest(CONFIG)
    assert repository.put_manifest("child", present).status_code == 201
    absent = [documents.descriptor(f"child {n}".encode(), MANIFEST) for n in range(999)]
    payload = documents.index([child(present), *absent])
    answer = repository.put_manifest("large", payload, documents.INDEX)
    assert answer.status_code == 201, answer.text
    assert repository.call("GET", "manifests/large").content == payload


def test_two_manifests_that_name_each_other_as_subject_are_stored_and_listed(repository: Repository) -> None:
    """Case 52."""
    # A cycle of digests cannot be computed, but a chain through an absent subject can: both ends are listed.
    first = documents.manifest(CONFIG, annotations={"n": str(uuid4())})
    second = documents.manifest(CONFIG, subject=child(first))
    third = documents.manifest(CONFIG, subject=child(second), annotations={"n": "3"})
    for tag, payload in (("third", third), ("second", second), ("first", first)):
        assert repository.put_manifest(tag, payload).status_code == 201
    for subject, referrer in ((first, second), (second, third)):
        listed = repository.call("GET", f"referrers/{Digest.of(subject)}").json()["manifests"]
        assert [each["digest"] for each in listed] == [str(Digest.of(referrer))]
