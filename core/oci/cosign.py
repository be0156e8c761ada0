"""Whom a cosign signature names: what stands in the certificate that keyless signing leaves in the signature's manifest.

Nothing is checked here. Anybody may push a manifest that says anything: only `cosign verify` tells whether it is so.
Source: sigstore's certificate specification (the extensions below 1.3.6.1.4.1.57264.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509

from core.errors import ManifestInvalid
from core.oci.strict_json import parse_json

CERTIFICATE: Final = "dev.sigstore.cosign/certificate"
LONGEST: Final = 16 * 1024
_ISSUER: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_ISSUER_BEFORE: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_UTF8: Final = 0x0C
_NO_CERTIFICATE: Final = (
    x509.InvalidVersion, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signer:
    """`identity`: a mail address or the address of a workflow; `issuer`: who vouched for it, "" where nobody is named."""

    identity: str
    issuer: str


def signer(manifest: bytes) -> Signer | None:
    """Of the first layer of a signature's manifest that has a certificate; None for a signature by a key, or no signature."""
    try:
        document = parse_json(manifest)
    except ManifestInvalid:
        return None
    layers = document.get("layers") if isinstance(document, dict) else None
    for layer in layers if isinstance(layers, list) else ():
        notes = layer.get("annotations") if isinstance(layer, dict) else None
        text = notes.get(CERTIFICATE) if isinstance(notes, dict) else None
        if isinstance(text, str) and text:
            return _named(text)
    return None


def _named(text: str) -> Signer | None:
    try:
        found = x509.load_pem_x509_certificate(text[:LONGEST].encode())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        told = [
            *names.get_values_for_type(x509.RFC822Name),
            *names.get_values_for_type(x509.UniformResourceIdentifier),
        ]
        return Signer(told[0], _issuer(found.extensions)) if told else None
    except (ValueError, *_NO_CERTIFICATE):
        return None


def _issuer(extensions: x509.Extensions) -> str:
    for each in extensions:
        value: Any = each.value
        if isinstance(value, x509.UnrecognizedExtension) and each.oid in (_ISSUER, _ISSUER_BEFORE):
            data = value.value
            # The newer one is a DER string (its length in one byte); the older one the bare text.
            is_der = each.oid == _ISSUER and len(data) > 1 and data[0] == _UTF8 and data[1] == len(data) - 2
            return (data[2:] if is_der else data).decode(errors="replace")
    return ""
