"""Tiny, real and deterministic images: the same arguments always give the same bytes and digests.

An `Image` or an `Index` knows its manifest bytes and everything below it, so that a test can push it
through the raw API, or write it as an OCI layout (skopeo, buildah, podman) or a docker archive
(`docker load`). Nothing here talks to a registry.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CREATED = "2024-01-02T03:04:05Z"


def sha256(data: bytes) -> str:
    """The digest of `data` as the registry writes it: "sha256:<64 hex>"."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encode(document: Mapping[str, object]) -> bytes:
    """JSON with a fixed key order and no blanks, so that digests never depend on the run."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes with their media type: a layer, a config or a manifest."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        return sha256(self.data)

    @property
    def hex(self) -> str:
        return self.digest.partition(":")[2]

    def descriptor(self, **extra: object) -> dict[str, object]:
        """The OCI descriptor of these bytes (image-spec, descriptor.md); `extra` members are added."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data), **extra}


@dataclass(frozen=True, slots=True)
class Image:
    """One manifest with the blobs it names; `diff_tars` are the layers as they are uncompressed."""

    manifest: Content
    config: Content
    layers: tuple[Content, ...]
    diff_tars: tuple[bytes, ...] = ()
    platform: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def blobs(self) -> tuple[Content, ...]:
        """Config and layers, each digest once."""
        return tuple({blob.digest: blob for blob in (self.config, *self.layers)}.values())


@dataclass(frozen=True, slots=True)
class Index:
    """A multi-platform index with its children."""

    manifest: Content
    images: tuple[Image, ...]

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def blobs(self) -> tuple[Content, ...]:
        return tuple({blob.digest: blob for image in self.images for blob in image.blobs}.values())


def tar(files: Mapping[str, bytes]) -> bytes:
    """A tar archive of regular files with fixed owner, mode and time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), 0o644, 0
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def layer(files: Mapping[str, bytes], *, media_type: str = OCI_LAYER) -> Content:
    """A gzip-compressed layer of these files."""
    return Content(media_type, gzip.compress(tar(files), mtime=0))


def _config(
    diff_tars: Sequence[bytes], platform: Mapping[str, str], command: str = "COPY"
) -> dict[str, object]:
    history = [
        {"created": CREATED, "created_by": f"{command} layer-{number} /"} for number in range(len(diff_tars))
    ]
    return {
        "created": CREATED,
        "author": "Wharf tests",
        **platform,
        "config": {"Env": ["PATH=/bin"], "Cmd": ["/hello"]},
        "rootfs": {"type": "layers", "diff_ids": [sha256(data) for data in diff_tars]},
        "history": history,
    }


def image(
    *layers: Mapping[str, bytes],
    os: str = "linux",
    architecture: str = "amd64",
    docker: bool = False,
    annotations: Mapping[str, str] | None = None,
    command: str = "COPY",
) -> Image:
    """An image whose layers hold the given files; one layer with a greeting if none is given. `command` made them.

    `docker=True` builds a Docker schema 2 manifest instead of an OCI one.
    """
    contents = layers or ({"hello": b"hello from wharf\n"},)
    platform = {"os": os, "architecture": architecture}
    diff_tars = tuple(tar(files) for files in contents)
    blobs = tuple(layer(files, media_type=DOCKER_LAYER if docker else OCI_LAYER) for files in contents)
    config = Content(DOCKER_CONFIG if docker else OCI_CONFIG, encode(_config(diff_tars, platform, command)))
    media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": config.descriptor(),
        "layers": [blob.descriptor() for blob in blobs],
    }
    if annotations:
        document["annotations"] = dict(annotations)
    return Image(Content(media_type, encode(document)), config, blobs, diff_tars, platform)


def index(*images: Image) -> Index:
    """An OCI index of the given images, each with its platform."""
    children = [child.manifest.descriptor(platform=dict(child.platform)) for child in images]
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}
    return Index(Content(OCI_INDEX, encode(document)), images)


def two_platforms(name: str = "hello") -> Index:
    """An index of linux/amd64 and linux/arm64 that share their first layer and differ in the second."""
    base = {"etc/motd": f"{name}\n".encode()}
    return index(
        *(
            image(base, {"bin/hello": f"{name} for {architecture}\n".encode()}, architecture=architecture)
            for architecture in ("amd64", "arm64")
        )
    )


def artifact(
    *files: bytes,
    artifact_type: str = "application/vnd.example.note",
    subject: Content | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Image:
    """An OCI 1.1 artifact: the empty config, one octet-stream layer per file, maybe a subject."""
    config = Content(OCI_EMPTY, b"{}")
    layers = tuple(Content("application/octet-stream", data) for data in (files or (b"a note\n",)))
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": config.descriptor(),
        "layers": [blob.descriptor() for blob in layers],
    }
    if subject:
        document["subject"] = subject.descriptor()
    if annotations:
        document["annotations"] = dict(annotations)
    return Image(Content(OCI_MANIFEST, encode(document)), config, layers)


def _contents(root: Image | Index) -> Iterable[Content]:
    yield root.manifest
    yield from root.blobs
    if isinstance(root, Index):
        yield from (child.manifest for child in root.images)


def write_oci_layout(folder: Path, tagged: Mapping[str, Image | Index]) -> Path:
    """Write an OCI image layout (image-spec, image-layout.md): ref name -> image or index."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    for root in tagged.values():
        for content in _contents(root):
            (blobs / content.hex).write_bytes(content.data)
    roots = [
        root.manifest.descriptor(annotations={"org.opencontainers.image.ref.name": name})
        for name, root in tagged.items()
    ]
    (folder / "index.json").write_bytes(encode({"schemaVersion": 2, "manifests": roots}))
    return folder


def write_docker_archive(path: Path, source: Image, *names: str) -> Path:
    """Write what `docker save` writes; `docker load` gives the image these names ("host/repo:tag")."""
    members = {f"{source.config.hex}.json": source.config.data}
    layers = []
    for data in source.diff_tars:
        name = f"{sha256(data).partition(':')[2]}/layer.tar"
        members[name] = data
        layers.append(name)
    entry = {"Config": f"{source.config.hex}.json", "RepoTags": list(names), "Layers": layers}
    members["manifest.json"] = json.dumps([entry]).encode()
    path.write_bytes(tar(members))
    return path
