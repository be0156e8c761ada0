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


def manifest(
    config: bytes | dict[str, Any], layers: Iterable[bytes | dict[str, Any]] = (), **extra: Any
) -> bytes:
    """An OCI manifest of contents or ready descriptors; `extra` adds or replaces members."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _described(config, CONFIG),
        "layers": [_described(layer, LAYER) for layer in layers],
    }
    return json.dumps(document | extra).encode()


def _described(content: bytes | dict[str, Any], media_type: str) -> dict[str, Any]:
    return content if isinstance(content, dict) else descriptor(content, media_type)


def index(children: Iterable[dict[str, Any]], **extra: Any) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(children)} | extra).encode()
