"""The main job: push an image layer by layer, pull it back byte for byte."""

from __future__ import annotations

from core.oci.digest import Digest
from tests.registry_api import documents
from tests.registry_api.client import World


def test_an_image_pushed_in_chunks_is_pulled_back_byte_for_byte(world: World) -> None:
    repository = world.repository("developer")
    layer, config = b"a layer" * 1000, b'{"os":"linux","architecture":"amd64"}'
    location = repository.start()
    answer = repository.call("PATCH", location, content=layer[:3000])
    assert (answer.status_code, answer.headers["Range"]) == (202, "0-2999")
    answer = repository.call(
        "PATCH", location, content=layer[3000:], headers={"Content-Range": f"3000-{len(layer) - 1}"}
    )
    assert (answer.status_code, answer.headers["Range"]) == (202, f"0-{len(layer) - 1}")
    digest = str(Digest.of(layer))
    answer = repository.call("PUT", location, params={"digest": digest})
    assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (201, digest)
    repository.push_blob(config)
    manifest = documents.manifest(config, [layer])
    answer = repository.put_manifest("1.0", manifest)
    assert answer.status_code == 201, answer.text
    pulled = repository.call("GET", "manifests/1.0")
    assert (pulled.status_code, pulled.content) == (200, manifest)
    assert pulled.headers["Docker-Content-Digest"] == str(Digest.of(manifest))
    assert repository.call("GET", f"blobs/{digest}").content == layer
    assert repository.call("HEAD", f"blobs/{digest}").headers["Content-Length"] == str(len(layer))
    assert repository.call("GET", "tags/list").json() == {"name": repository.name, "tags": ["1.0"]}
