"""Manifests as JSON bytes, small and deterministic."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from core.oci.digest import Digest

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def descriptor(content: bytes, media_type: str, **extra: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content), **extra}


def manifest(config: bytes, layers: Iterable[bytes] = (), **extra: Any) -> bytes:
    """An OCI manifest; `extra` adds or replaces members."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(config, CONFIG),
        "layers": [descriptor(layer, LAYER) for layer in layers],
    }
    return json.dumps(document | extra).encode()


def index(children: Iterable[dict[str, Any]], **extra: Any) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(children)} | extra).encode()
