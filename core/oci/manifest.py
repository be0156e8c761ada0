"""Manifests, parsed strictly and kept byte for byte (OCI image spec, manifest.md and image-index.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from core.errors import ManifestTooLarge
from core.oci import media_types
from core.oci.accessory import AccessoryKind, accessory_kind
from core.oci.descriptor import Descriptor, Platform, read_descriptor
from core.oci.members import Members, folded
from core.oci.quoting import quoted
from core.oci.strict_json import member_path, parse_json, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "MAX_DESCRIPTORS",
    "MAX_MANIFEST_BYTES",
    "Descriptor",
    "Kind",
    "Manifest",
    "Platform",
    "parse_manifest",
]

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
# Layers of an image or children of an index; a manifest of 4 MiB has room for some 38 000 bare descriptors.
MAX_DESCRIPTORS = 10_000
_KEYS = folded(
    (
        "schemaVersion",
        "mediaType",
        "artifactType",
        "config",
        "layers",
        "manifests",
        "subject",
        "annotations",
    )
)


class Kind(StrEnum):
    """What a manifest describes: one image (or artifact), or an index of others."""

    IMAGE = "image"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked manifest with the bytes it was read from, which alone are stored and served.

    `artifact_type` and `subject` are read from OCI types alone: "" and None in Docker's, whatever their bytes
    say. `children` are all entries of an index, also those that are blobs; `annotations` may hold any code
    point.
    """

    media_type: str
    payload: bytes = field(repr=False)
    kind: Kind
    artifact_type: str = ""
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    children: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def required_blobs(self) -> tuple[Descriptor, ...]:
        """What must be linked as blobs of equal size: config, layers, index children that are no manifests.

        Non-distributable layers are left out; equal digest and size are named once.
        """
        config = () if self.config is None else (self.config,)
        # A layer is a blob whatever its type says, else one that claims to be a manifest would go unchecked.
        content = (*self.layers, *(child for child in self.children if not child.is_manifest))
        blobs = (*config, *(blob for blob in content if not blob.is_nondistributable))
        return tuple({(blob.digest, blob.size): blob for blob in blobs}.values())

    @property
    def required_manifests(self) -> tuple[Descriptor, ...]:
        """Index children that are manifests or indexes, each digest once."""
        return tuple({child.digest: child for child in self.children if child.is_manifest}.values())

    @property
    def referrer_type(self) -> str:
        """The artifactType of the referrers API: the manifest's own, else an image's config type, else ""."""
        if self.artifact_type or self.config is None:
            return self.artifact_type
        return self.config.media_type

    @property
    def accessory_kind(self) -> AccessoryKind:
        """What it is to the artifact it belongs to; see `core.oci.accessory`."""
        return accessory_kind(self)


def parse_manifest(payload: bytes, content_type: str | None) -> Manifest:
    """The manifest sent with this Content-Type header (None or "" when there was none).

    Raises ManifestTooLarge above 4 MiB, and ManifestInvalid, naming the JSON path, for what is not clearly
    one of the four types of `media_types.MANIFESTS`.
    """
    if len(payload) > MAX_MANIFEST_BYTES:
        raise ManifestTooLarge(f"the manifest has {len(payload)} bytes, the limit is {MAX_MANIFEST_BYTES}")
    declared = media_types.strip_parameters(content_type or "")
    if declared:
        _check_type(declared, "Content-Type")
    document = Members.of(parse_json(payload), "", _KEYS)
    _check_schema_version(document)
    media_type = _media_type(document, declared)
    if media_type in media_types.INDEXES:
        return _read_index(document, media_type, payload)
    return _read_image(document, media_type, payload)


def _check_type(media_type: str, where: str) -> None:
    if media_type in media_types.MANIFESTS:
        return
    if media_type in media_types.SCHEMA_1:
        refuse(where, "Docker schema 1 manifests are not accepted: push with a client that writes schema 2")
    if media_type == media_types.OCI_ARTIFACT_MANIFEST:
        refuse(where, "OCI artifact manifests were withdrawn: use an OCI image manifest with artifactType")
    accepted = ", ".join(sorted(media_types.MANIFESTS))
    refuse(where, f"{quoted(media_type)} is not an accepted manifest type; accepted are {accepted}")


def _check_schema_version(document: Members) -> None:
    version = document.get("schemaVersion")
    if version is None:
        refuse("schemaVersion", "is required and must be 2")
    if type(version) is int and version == 1:
        refuse(
            "schemaVersion",
            "Docker schema 1 manifests are not accepted: push with a client that writes schema 2",
        )
    if type(version) is not int or version != 2:
        refuse("schemaVersion", "must be the number 2")


def _media_type(document: Members, declared: str) -> str:
    """The type by Content-Type, else by the body's mediaType, else by its shape; no contradictions."""
    stated = document.text("mediaType")
    if stated and declared and stated != declared:
        refuse("mediaType", f"{quoted(stated)} contradicts the Content-Type {quoted(declared)}")
    if stated and not declared:
        _check_type(stated, "mediaType")
    return declared or stated or _type_by_shape(document)


def _type_by_shape(document: Members) -> str:
    if "manifests" in document.values:
        return media_types.OCI_INDEX
    if not {"config", "layers"} <= document.values.keys():
        refuse(
            "", "no Content-Type, no mediaType, no manifests, no config and layers: nothing says what it is"
        )
    return media_types.OCI_MANIFEST


def _read_image(document: Members, media_type: str, payload: bytes) -> Manifest:
    _refuse_members(document, media_type, "manifests")
    _require_member(document, "layers")
    if document.get("config") is None:
        refuse("config", f"is required in {media_type}")
    return Manifest(
        media_type=media_type,
        payload=payload,
        kind=Kind.IMAGE,
        artifact_type=_artifact_type(document, media_type),
        config=read_descriptor(document.get("config"), "config"),
        layers=_descriptors(document, "layers"),
        subject=_subject(document, media_type),
        annotations=document.string_map("annotations"),
    )


def _read_index(document: Members, media_type: str, payload: bytes) -> Manifest:
    _refuse_members(document, media_type, "config", "layers")
    _require_member(document, "manifests")
    return Manifest(
        media_type=media_type,
        payload=payload,
        kind=Kind.INDEX,
        artifact_type=_artifact_type(document, media_type),
        children=_descriptors(document, "manifests"),
        subject=_subject(document, media_type),
        annotations=document.string_map("annotations"),
    )


def _refuse_members(document: Members, media_type: str, *keys: str) -> None:
    # A body that reads as an image and as an index would show the scanner one content, the client another.
    rule = "image manifests have config and layers, indexes have manifests"
    for key in keys:
        if key in document.values:
            refuse(key, f"does not belong in {media_type}: {rule}")


def _require_member(document: Members, key: str) -> None:
    # Present but null is what Go writes for an empty slice.
    if key not in document.values:
        refuse(key, "is required (it may be empty)")


def _descriptors(document: Members, key: str) -> tuple[Descriptor, ...]:
    values = document.array(key)
    if len(values) > MAX_DESCRIPTORS:
        refuse(key, f"has {len(values)} entries, the limit is {MAX_DESCRIPTORS}")
    return tuple(read_descriptor(value, member_path(key, index)) for index, value in enumerate(values))


def _artifact_type(document: Members, media_type: str) -> str:
    return document.text("artifactType") if media_type in media_types.OCI_MANIFESTS else ""


def _subject(document: Members, media_type: str) -> Descriptor | None:
    value = document.get("subject")
    if value is None or media_type not in media_types.OCI_MANIFESTS:
        return None
    return read_descriptor(value, "subject")
