"""Whom the certificate of a signature names, and that whatever else stands there is no answer and no fault."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from core.oci import cosign
from core.oci.cosign import Signer

ISSUER = "https://token.actions.example"
WORKFLOW = "https://git.example/team/app/.github/workflows/release.yml@refs/heads/main"


def certificate(*names: x509.GeneralName, oid: str = "1.3.6.1.4.1.57264.1.8") -> str:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    told = ISSUER.encode() if oid.endswith(".1.1") else bytes([0x0C, len(ISSUER)]) + ISSUER.encode()
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(minutes=10))
        .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), told), critical=False)
    )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=True)
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def manifest(text: object) -> bytes:
    return json.dumps({"layers": [{"annotations": {cosign.CERTIFICATE: text}}]}).encode()


def test_a_workflow_and_who_vouched_for_it_are_named() -> None:
    name = x509.UniformResourceIdentifier(WORKFLOW)
    assert cosign.signer(manifest(certificate(name))) == Signer(WORKFLOW, ISSUER)


def test_so_is_a_person_by_an_older_certificate() -> None:
    name = x509.RFC822Name("ann@corp.example")
    found = cosign.signer(manifest(certificate(name, oid="1.3.6.1.4.1.57264.1.1")))
    assert found == Signer("ann@corp.example", ISSUER)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b'{"layers": 1}', b'{"layers": [1, {"annotations": []}]}', manifest(""), manifest(7),
        manifest("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), manifest("\ud800"), manifest("x" * 99_999),
    ],
)  # fmt: skip
def test_what_has_no_certificate_names_nobody(data: bytes) -> None:
    assert cosign.signer(data) is None


def test_a_certificate_without_a_name_names_nobody() -> None:
    assert cosign.signer(manifest(certificate())) is None
