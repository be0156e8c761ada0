"""DELETE of blobs: only what no manifest of the repository needs, and never under a reader."""

from __future__ import annotations

from uuid import uuid4

import httpx2
import pytest

from core.oci.digest import Digest
from tests.registry_api import documents
from tests.registry_api.answers import refused
from tests.registry_api.client import World
from tests.registry_api.crowd import at_once


@pytest.mark.plain
def test_a_blob_deleted_while_ten_clients_pull_it_breaks_none_of_them(world: World) -> None:
    """Case 40."""
    repository = world.repository("maintainer")
    content = uuid4().bytes * 65_536
    digest = repository.push_blob(content)
    registry = world.registry
    token = registry.token(f"repository:{repository.name}:pull", basic=repository.client.basic)
    path, headers = f"/v2/{repository.name}/blobs/{digest}", {"Authorization": f"Bearer {token}"}

    def pull() -> httpx2.Response:
        return registry.request("GET", path, headers=headers)

    def delete() -> httpx2.Response:
        return repository.call("DELETE", f"blobs/{digest}")

    *pulls, deletion = at_once([*[pull] * 10, delete])
    assert deletion.status_code == 202
    for answer in pulls:
        assert answer.status_code in (200, 404)
        assert answer.status_code == 404 or answer.content == content
    assert refused(pull()) == (404, "BLOB_UNKNOWN")
    repository.push_blob(content)
    assert pull().content == content


def test_a_reader_in_the_middle_of_a_blob_gets_the_rest_after_its_deletion(world: World) -> None:
    """Case 40."""
    repository = world.repository("maintainer")
    content = uuid4().bytes * 65_536
    digest = repository.push_blob(content)
    registry = world.registry
    token = registry.token(f"repository:{repository.name}:pull", basic=repository.client.basic)
    path, headers = f"/v2/{repository.name}/blobs/{digest}", {"Authorization": f"Bearer {token}"}
    with registry.http.stream("GET", path, headers=headers) as answer:
        pieces = answer.iter_bytes(1000)
        received = next(pieces)
        assert repository.call("DELETE", f"blobs/{digest}").status_code == 202
        received += b"".join(pieces)
    assert received == content


def test_a_blob_that_a_manifest_needs_is_not_deleted(world: World) -> None:
    """Case 41."""
    repository = world.repository("maintainer")
    config, layer = f"config {uuid4()}".encode(), f"layer {uuid4()}".encode()
    manifest = repository.push_image("latest", config=config, layers=[layer])
    for content in (config, layer):
        assert refused(repository.call("DELETE", f"blobs/{Digest.of(content)}")) == (405, "UNSUPPORTED")
        assert repository.call("GET", f"blobs/{Digest.of(content)}").content == content
    assert repository.call("DELETE", f"manifests/{manifest}").status_code == 202
    assert repository.call("DELETE", f"blobs/{Digest.of(layer)}").status_code == 202


def test_an_unreferenced_blob_is_gone_here_and_stays_elsewhere(world: World) -> None:
    """Case 41."""
    here, elsewhere = world.repository("maintainer"), world.repository("maintainer")
    content = f"unreferenced {uuid4()}".encode()
    digest = here.push_blob(content)
    elsewhere.push_blob(content)
    answer = here.call("DELETE", f"blobs/{digest}")
    assert (answer.status_code, answer.headers["Content-Length"]) == (202, "0")
    assert here.call("HEAD", f"blobs/{digest}").status_code == 404
    assert refused(here.call("DELETE", f"blobs/{digest}")) == (404, "BLOB_UNKNOWN")
    assert elsewhere.call("GET", f"blobs/{digest}").content == content


def test_a_blob_that_is_a_child_of_a_cache_index_is_not_deleted(world: World) -> None:
    """Case 41."""
    repository = world.repository("maintainer")
    layer = f"cached layer {uuid4()}".encode()
    digest = repository.push_blob(layer)
    cache = documents.index([documents.descriptor(layer, documents.LAYER)])
    assert repository.put_manifest("cache", cache, documents.INDEX).status_code == 201
    assert refused(repository.call("DELETE", f"blobs/{digest}")) == (405, "UNSUPPORTED")


def test_deleting_a_blob_needs_more_than_pushing(world: World) -> None:
    repository = world.repository("developer")
    digest = repository.push_blob(f"mine {uuid4()}".encode())
    answer = repository.call("DELETE", f"blobs/{digest}")
    assert refused(answer) == (401, "UNAUTHORIZED")
    assert f'scope="repository:{repository.name}:delete"' in answer.headers["WWW-Authenticate"]
    assert repository.call("HEAD", f"blobs/{digest}").status_code == 200
