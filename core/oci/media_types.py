"""Media types the registry decides by, and Accept negotiation of manifests (RFC 9110 §12.5.1, simplified)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCTET_STREAM = "application/octet-stream"

OCI_ARTIFACT_MANIFEST = "application/vnd.oci.artifact.manifest.v1+json"
SCHEMA_1 = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)

IMAGES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFESTS = IMAGES | INDEXES
OCI_MANIFESTS = frozenset({OCI_MANIFEST, OCI_INDEX})

IMAGE_CONFIGS = frozenset({OCI_CONFIG, DOCKER_CONFIG})
# Layers that clients fetch from their own URLs and do not push (OCI image specification, layer.md).
NONDISTRIBUTABLE_LAYERS = frozenset(
    {
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    }
)

_ANYTHING = frozenset({"*/*", "application/*"})
# An Accept header longer than this is no client's; the rest of it is not looked at.
_MAX_RANGES = 200


def strip_parameters(content_type: str) -> str:
    """The media type without its parameters and surrounding white space (`a/b; charset=utf-8` is `a/b`)."""
    return content_type.partition(";")[0].strip(" \t")


@dataclass(frozen=True, slots=True)
class AcceptList:
    """The media ranges of all Accept headers of a request; weights and parameters are ignored."""

    ranges: frozenset[str]

    @classmethod
    def parse(cls, headers: Iterable[str]) -> Self:
        """Repeated and comma-joined headers are one list; empty elements are skipped; never an error."""
        elements = (element for header in headers for element in header.split(",", _MAX_RANGES))
        return cls(frozenset(filter(None, map(strip_parameters, elements))))

    def accepts(self, media_type: str) -> bool:
        """Whether the client named this type, a wildcard that covers it, or nothing at all."""
        return not self.ranges or media_type in self.ranges or not self.ranges.isdisjoint(_ANYTHING)

    @property
    def only_images(self) -> bool:
        """True when the client names manifests of single images and neither an index type nor a wildcard."""
        return not self.ranges.isdisjoint(IMAGES) and self.ranges.isdisjoint(INDEXES | _ANYTHING)


def accepts(accept_headers: Iterable[str], media_type: str) -> bool:
    """Whether a manifest stored as `media_type` is what these Accept header values ask for."""
    return AcceptList.parse(accept_headers).accepts(media_type)
