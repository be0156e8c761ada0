"""Descriptors and platforms (OCI image specification, descriptor.md and image-index.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.oci.media_types import MANIFESTS, NONDISTRIBUTABLE_LAYERS
from core.oci.members import Members, folded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.oci.digest import Digest

_DESCRIPTOR_KEYS = folded(
    (
        "mediaType",
        "digest",
        "size",
        "urls",
        "annotations",
        "data",
        "platform",
        "artifactType",
    )
)
_PLATFORM_KEYS = folded(("architecture", "os", "os.version", "os.features", "variant", "features"))


@dataclass(frozen=True, slots=True)
class Platform:
    """What an index child runs on; absent values are ""."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A reference to content: `size` in bytes, `annotations` verbatim, `data` the base64 text or None."""

    media_type: str
    digest: Digest
    size: int
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: Platform | None = None
    urls: tuple[str, ...] = ()
    data: str | None = None

    @property
    def is_manifest(self) -> bool:
        """Whether it names a manifest or an index, and not a blob."""
        return self.media_type in MANIFESTS

    @property
    def is_nondistributable(self) -> bool:
        """Whether clients fetch it from its URLs, so that the registry need not hold it."""
        return self.media_type in NONDISTRIBUTABLE_LAYERS


def read_descriptor(value: object, path: str) -> Descriptor:
    """The descriptor at `path`; raises ManifestInvalid naming the member that is wrong."""
    members = Members.of(value, path, _DESCRIPTOR_KEYS)
    return Descriptor(
        media_type=members.required_text("mediaType"),
        digest=members.digest("digest"),
        size=members.size("size"),
        artifact_type=members.text("artifactType"),
        annotations=members.string_map("annotations"),
        platform=_read_platform(members),
        urls=members.strings("urls"),
        data=members.raw_text("data"),
    )


def _read_platform(descriptor: Members) -> Platform | None:
    value = descriptor.get("platform")
    if value is None:
        return None
    members = Members.of(value, descriptor.at("platform"), _PLATFORM_KEYS)
    return Platform(
        os=members.text("os"),
        architecture=members.text("architecture"),
        variant=members.text("variant"),
        os_version=members.text("os.version"),
        os_features=members.strings("os.features"),
    )
