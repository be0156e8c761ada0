"""What an artifact is to another: signature, attestation, SBOM, accelerated copy (kinds of Harbor's API)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from core.oci.digest import Digest

if TYPE_CHECKING:
    from core.oci.manifest import Manifest

COSIGN_SIGNATURE_LAYER = "application/vnd.dev.cosign.simplesigning.v1+json"
_COSIGN_SIGNATURE = "application/vnd.dev.cosign.artifact.sig.v1+json"
_SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle."
_BUNDLE_PREDICATE = "dev.sigstore.bundle.predicateType"
_BUNDLE_CONTENT = "dev.sigstore.bundle.content"
# Since version 3 cosign writes signatures, too, as in-toto statements: this predicate alone tells them apart.
_SIGNATURE_PREDICATE = "https://sigstore.dev/cosign/sign/v1"
_NOTATION_SIGNATURES = frozenset(
    {
        "application/vnd.cncf.notary.signature",
        "application/vnd.cncf.notary.v2.signature",
    }
)
_ATTESTATION_TYPES = frozenset(
    {
        "application/vnd.dev.cosign.artifact.att.v1+json",
        "application/vnd.docker.attestation.manifest.v1+json",
        "application/vnd.in-toto+json",
        "application/vnd.dsse.envelope.v1+json",
    }
)
_SBOM_TYPES = frozenset(
    {
        "application/vnd.dev.cosign.artifact.sbom.v1+json",
        "application/vnd.goharbor.harbor.sbom.v1",
        "application/vnd.cyclonedx",
        "application/vnd.cyclonedx+json",
        "application/vnd.cyclonedx+xml",
        "application/vnd.syft+json",
        "application/spdx+json",
        "text/spdx",
        "text/spdx+json",
        "text/spdx+xml",
    }
)
_NYDUS_BOOTSTRAP = "containerd.io/snapshot/nydus-bootstrap"
_NYDUS_SOURCE = "io.goharbor.artifact.v1alpha1.acceleration.source.digest"

_FALLBACK_TAG = re.compile(r"sha256-([a-f0-9]{64})(\.sig|\.att|\.sbom|)", re.ASCII)


class AccessoryKind(StrEnum):
    """The values stored and shown; NONE is an artifact of its own."""

    NONE = ""
    COSIGN_SIGNATURE = "signature.cosign"
    NOTATION_SIGNATURE = "signature.notation"
    SBOM = "sbom"
    ATTESTATION = "attestation"
    NYDUS = "accelerator.nydus"
    SUBJECT = "subject.accessory"


class FallbackTag(NamedTuple):
    """What a fallback tag says: the digest it belongs to and what the tagged artifact is to it."""

    subject: Digest
    kind: AccessoryKind


_FALLBACK_KINDS = {
    ".sig": AccessoryKind.COSIGN_SIGNATURE,
    ".att": AccessoryKind.ATTESTATION,
    ".sbom": AccessoryKind.SBOM,
    "": AccessoryKind.SUBJECT,
}


def fallback_tag_subject(tag: str) -> FallbackTag | None:
    """What cosign's `sha256-<hex>.sig|.att|.sbom` and the referrers tag `sha256-<hex>` point at; else None.

    A sha512 digest does not fit a tag: the referrers tag schema cuts it, so such a tag names no digest.
    """
    matched = _FALLBACK_TAG.fullmatch(tag)
    if matched is None:
        return None
    return FallbackTag(Digest.parse(f"sha256:{matched[1]}"), _FALLBACK_KINDS[matched[2]])


def accessory_kind(manifest: Manifest) -> AccessoryKind:
    """The kind by type, layers and annotations.

    Signatures and attestations are recognised without a subject as well, because older cosign and
    BuildKit write none. An SBOM without a subject is an artifact of its own.
    """
    return _signature_kind(manifest) or _attestation_kind(manifest) or _subject_kind(manifest)


def _signature_kind(manifest: Manifest) -> AccessoryKind:
    stated = manifest.referrer_type
    if stated in _NOTATION_SIGNATURES:
        return AccessoryKind.NOTATION_SIGNATURE
    if stated.startswith(_SIGSTORE_BUNDLE):
        return _bundle_kind(manifest)
    if stated == _COSIGN_SIGNATURE or _layers_are(manifest, frozenset({COSIGN_SIGNATURE_LAYER})):
        return AccessoryKind.COSIGN_SIGNATURE
    return AccessoryKind.NONE


def _bundle_kind(manifest: Manifest) -> AccessoryKind:
    predicate = manifest.annotations.get(_BUNDLE_PREDICATE, "")
    if predicate == _SIGNATURE_PREDICATE:
        return AccessoryKind.COSIGN_SIGNATURE
    if predicate or manifest.annotations.get(_BUNDLE_CONTENT) == "dsse-envelope":
        return AccessoryKind.ATTESTATION
    return AccessoryKind.COSIGN_SIGNATURE


def _attestation_kind(manifest: Manifest) -> AccessoryKind:
    attests = manifest.referrer_type in _ATTESTATION_TYPES or _layers_are(manifest, _ATTESTATION_TYPES)
    return AccessoryKind.ATTESTATION if attests else AccessoryKind.NONE


def _subject_kind(manifest: Manifest) -> AccessoryKind:
    if _is_nydus_copy(manifest):
        return AccessoryKind.NYDUS
    if manifest.subject is None:
        return AccessoryKind.NONE
    if manifest.referrer_type in _SBOM_TYPES or _layers_are(manifest, _SBOM_TYPES):
        return AccessoryKind.SBOM
    return AccessoryKind.SUBJECT


def _is_nydus_copy(manifest: Manifest) -> bool:
    """A Nydus image that says of which image it is a copy; one that does not is an image of its own."""
    last = manifest.layers[-1].annotations if manifest.layers else {}
    return _NYDUS_BOOTSTRAP in last and (manifest.subject is not None or _NYDUS_SOURCE in last)


def _layers_are(manifest: Manifest, types: frozenset[str]) -> bool:
    return bool(manifest.layers) and all(layer.media_type in types for layer in manifest.layers)
