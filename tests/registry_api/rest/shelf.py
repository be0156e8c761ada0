"""Real images in repositories, put there as a push does, for tests of what the REST API shows of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from artifacts import manifests, uploads
from artifacts.manifests import Push
from artifacts.repositories import Target
from artifacts.tags import NO_CONDITIONS
from core.oci.digest import Digest
from core.oci.manifest import parse_manifest
from core.oci.reference import Tag, parse_reference
from tests.arch.callers import chunk, target
from tests.images import Image, Index
from tests.people import SYSTEM

__all__ = ["at", "push", "shelf", "target"]


def push(where: Target, what: Image | Index, *tags: str) -> str:
    """The image or index with all it needs, under these tags or its digest alone; its digest."""
    for blob in what.blobs:
        uploads.push(SYSTEM, where, Digest.parse(blob.digest), chunk(blob.data))
    if isinstance(what, Index):
        for child in what.images:
            push(where, child)
    manifest = parse_manifest(what.manifest.data, what.manifest.media_type)
    reference = parse_reference(tags[0] if tags else what.digest)
    further = [Tag.parse(name) for name in tags[1:]]
    manifests.put(SYSTEM, where, Push.of(manifest, reference, further, NO_CONDITIONS))
    return what.digest


def shelf(project: Any, path: str, what: Image | Index, *tags: str) -> Target:
    """A repository that holds it."""
    where = target(project, path)
    push(where, what, *tags)
    return where


def at(where: Target, below: str = "") -> str:
    """The path of the repository, or of something below it, as Harbor's clients write it."""
    whole = f"/projects/{where.name.project}/repositories/{quote(quote(where.name.path, safe=''), safe='')}"
    return f"{whole}/{below}" if below else whole
