"""Manifest documents as plain dicts, for tests to bend before they are parsed."""

from __future__ import annotations

import json
from typing import Any

from core.oci.digest import Digest
from core.oci.media_types import DOCKER_LIST, DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST

OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

Json = dict[str, Any]


def digest_of(seed: object) -> str:
    return str(Digest.of(str(seed).encode()))


def descriptor(seed: object = "x", media_type: str = OCI_LAYER, /, **members: Any) -> Json:
    return {"mediaType": media_type, "digest": digest_of(seed), "size": 10, **members}


def image(media_type: str = OCI_MANIFEST, /, **members: Any) -> Json:
    return {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": descriptor("config", OCI_CONFIG),
        "layers": [descriptor("layer 1"), descriptor("layer 2")],
        **members,
    }


def docker_image(**members: Any) -> Json:
    return image(DOCKER_MANIFEST, **members)


def index(*children: Json, **members: Any) -> Json:
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(children), **members}


def docker_list(*children: Json, **members: Any) -> Json:
    return index(*children, mediaType=DOCKER_LIST, **members)


def child(seed: object, architecture: str = "amd64", media_type: str = OCI_MANIFEST, **platform: str) -> Json:
    return descriptor(seed, media_type, platform={"os": "linux", "architecture": architecture, **platform})


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()
