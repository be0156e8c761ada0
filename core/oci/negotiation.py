"""Which manifest a GET by tag serves: the one stored, or a child of an index for clients without indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.oci.media_types import IMAGES, INDEXES, AcceptList

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.oci.descriptor import Descriptor
    from core.oci.digest import Digest

# Every amd64 client runs these; a child for v2 to v4 of the architecture is chosen only if there is no other.
_BASELINES = frozenset({"", "v1"})


def child_to_serve(accept: AcceptList, media_type: str, children: Iterable[Descriptor]) -> Digest | None:
    """The linux/amd64 child to serve instead of the manifest a tag names, or None to serve that as stored.

    Only an index (`media_type`) is ever replaced, and only for an Accept that names manifests of single
    images and neither an index type nor a wildcard. By digest, the manifest itself is served: do not ask.
    """
    if media_type not in INDEXES or not accept.only_images:
        return None
    return default_child(children)


def default_child(children: Iterable[Descriptor]) -> Digest | None:
    """The linux/amd64 image of an index, the plain one before those for newer processors; else None."""
    candidates = [child for child in children if child.media_type in IMAGES and _is_linux_amd64(child)]
    candidates.sort(key=lambda child: child.platform is not None and child.platform.variant not in _BASELINES)
    return candidates[0].digest if candidates else None


def _is_linux_amd64(child: Descriptor) -> bool:
    platform = child.platform
    return platform is not None and platform.os == "linux" and platform.architecture == "amd64"
