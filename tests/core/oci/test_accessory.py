from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.oci.accessory import AccessoryKind, fallback_tag_subject
from core.oci.digest import Digest
from core.oci.manifest import parse_manifest
from core.oci.media_types import OCI_EMPTY, OCI_MANIFEST
from core.oci.reference import Tag
from tests.core.oci.documents import Json, child, descriptor, docker_image, encoded, image, index

HEX = "0123456789abcdef" * 4
SUBJECT = {"subject": descriptor("subject", OCI_MANIFEST)}
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
EMPTY_CONFIG = descriptor("{}", OCI_EMPTY, size=2)
IN_TOTO = "application/vnd.in-toto+json"


def artifact(layer_type: str = "application/octet-stream", /, **members: object) -> Json:
    return image(config=EMPTY_CONFIG, layers=[descriptor("payload", layer_type)], **members)


def kind_of(document: Json) -> str:
    return parse_manifest(encoded(document), None).accessory_kind


def bundle(**annotations: str) -> Json:
    prefixed = {f"dev.sigstore.bundle.{key}": value for key, value in annotations.items()}
    return artifact(BUNDLE, artifactType=BUNDLE, annotations=prefixed, **SUBJECT)


@pytest.mark.parametrize(
    "document", [image(), docker_image(), index(child(1)), index(), artifact(), image(layers=[])]
)
def test_an_artifact_of_its_own_is_no_accessory(document: Json) -> None:
    assert kind_of(document) == ""


def test_cosign_signatures_are_known_with_and_without_subject() -> None:
    simple_signing = "application/vnd.dev.cosign.simplesigning.v1+json"
    assert kind_of(image(layers=[descriptor(1, simple_signing)])) == "signature.cosign"
    assert (
        kind_of(image(layers=[descriptor(1, simple_signing), descriptor(2, simple_signing)]))
        == "signature.cosign"
    )
    stated = artifact(artifactType="application/vnd.dev.cosign.artifact.sig.v1+json", **SUBJECT)
    assert kind_of(stated) == "signature.cosign"


@pytest.mark.parametrize(
    ("annotations", "kind"),
    [
        ({}, "signature.cosign"),
        ({"content": "message-signature"}, "signature.cosign"),
        (
            {"content": "dsse-envelope", "predicateType": "https://sigstore.dev/cosign/sign/v1"},
            "signature.cosign",
        ),
        ({"content": "dsse-envelope", "predicateType": "https://slsa.dev/provenance/v1"}, "attestation"),
        ({"predicateType": "https://cyclonedx.org/bom"}, "attestation"),
        ({"content": "dsse-envelope"}, "attestation"),
    ],
)
def test_a_sigstore_bundle_is_a_signature_or_an_attestation_by_its_predicate(
    annotations: dict[str, str], kind: str
) -> None:
    assert kind_of(bundle(**annotations)) == kind


def test_notation_signatures_are_known_by_artifact_type_or_config_type() -> None:
    notation = "application/vnd.cncf.notary.signature"
    assert (
        kind_of(artifact("application/jose+json", artifactType=notation, **SUBJECT)) == "signature.notation"
    )
    by_config = image(config=descriptor("c", notation), layers=[descriptor(1, "application/cose")], **SUBJECT)
    assert kind_of(by_config) == "signature.notation"


@pytest.mark.parametrize(
    "document",
    [
        image(layers=[descriptor(1, IN_TOTO), descriptor(2, IN_TOTO)]),
        image(layers=[descriptor(1, "application/vnd.dsse.envelope.v1+json")]),
        artifact(IN_TOTO, artifactType="application/vnd.docker.attestation.manifest.v1+json", **SUBJECT),
        artifact(artifactType=IN_TOTO, **SUBJECT),
    ],
)
def test_attestations_of_buildkit_and_cosign_are_known(document: Json) -> None:
    assert kind_of(document) == "attestation"


def test_an_image_with_one_attestation_layer_among_others_is_no_attestation() -> None:
    assert kind_of(image(layers=[descriptor(1), descriptor(2, IN_TOTO)])) == ""


@pytest.mark.parametrize(
    "media_type",
    ["application/spdx+json", "application/vnd.cyclonedx+json", "application/vnd.goharbor.harbor.sbom.v1"],
)
def test_an_sbom_is_an_accessory_of_its_subject_and_else_an_artifact_of_its_own(media_type: str) -> None:
    assert kind_of(artifact(artifactType=media_type, **SUBJECT)) == "sbom"
    assert kind_of(artifact(media_type, **SUBJECT)) == "sbom"
    assert kind_of(artifact(artifactType=media_type)) == ""


def test_a_nydus_copy_names_its_source_and_else_is_an_image_of_its_own() -> None:
    bootstrap = {"containerd.io/snapshot/nydus-bootstrap": "true"}
    source = {"io.goharbor.artifact.v1alpha1.acceleration.source.digest": "sha256:abc"}
    assert (
        kind_of(image(layers=[descriptor(1), descriptor(2, annotations=bootstrap | source)]))
        == "accelerator.nydus"
    )
    assert kind_of(image(layers=[descriptor(2, annotations=bootstrap)], **SUBJECT)) == "accelerator.nydus"
    assert kind_of(image(layers=[descriptor(2, annotations=bootstrap)])) == ""
    assert kind_of(image(layers=[descriptor(1, annotations=bootstrap | source), descriptor(2)])) == ""


def test_anything_else_with_a_subject_is_a_plain_accessory() -> None:
    assert kind_of(artifact(artifactType="application/example", **SUBJECT)) == "subject.accessory"
    assert kind_of(index(child(1), **SUBJECT)) == "subject.accessory"
    assert kind_of(docker_image(**SUBJECT)) == ""


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [(".sig", "signature.cosign"), (".att", "attestation"), (".sbom", "sbom"), ("", "subject.accessory")],
)
def test_a_fallback_tag_names_its_subject_and_kind(suffix: str, kind: str) -> None:
    found = fallback_tag_subject(f"sha256-{HEX}{suffix}")
    assert found == (Digest.parse(f"sha256:{HEX}"), kind)
    assert found is not None
    assert isinstance(found.kind, AccessoryKind)


@pytest.mark.parametrize(
    "tag",
    [
        "latest",
        "",
        "sha256-",
        f"sha256-{HEX}.SIG",
        f"sha256-{HEX}.sig\n",
        f"sha256-{HEX}x",
        f"sha256-{HEX[1:]}",
        f"sha256-{HEX.upper()}",
        f"sha512-{HEX}",
        f"sha512-{HEX}{HEX}",
        f"sha256:{HEX}",
    ],
)
def test_any_other_tag_names_no_subject(tag: str) -> None:
    assert fallback_tag_subject(tag) is None


@given(st.binary(max_size=20), st.sampled_from(["", ".sig", ".att", ".sbom"]))
def test_every_fallback_tag_is_a_legal_tag(data: bytes, suffix: str) -> None:
    digest = Digest.of(data)
    tag = Tag.parse(f"sha256-{digest.hex}{suffix}")
    found = fallback_tag_subject(tag.value)
    assert found is not None
    assert found.subject == digest
