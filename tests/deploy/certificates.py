"""A throwaway certificate authority, and a server certificate signed by it."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """Files in PEM: the authority to trust, the server's chain and its key."""

    authority: Path
    chain: Path
    key: Path


def issue(folder: Path, *names: str) -> Issued:
    """A new authority and a certificate for `names` (host names or addresses), written below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    issued = Issued(folder / "ca.crt", folder / "fullchain.pem", folder / "privkey.pem")
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _builder("wharf test authority", key=root_key, issuer="wharf test authority").add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    leaf = _builder(names[0], key=key, issuer="wharf test authority").add_extension(
        x509.SubjectAlternativeName([_name(name) for name in names]), critical=False
    )
    signed = [builder.sign(root_key, hashes.SHA256()) for builder in (root, leaf)]
    pems = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in signed]
    issued.authority.write_bytes(pems[0])
    issued.chain.write_bytes(pems[1] + pems[0])
    issued.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return issued


def _builder(subject: str, *, key: ec.EllipticCurvePrivateKey, issuer: str) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_common_name(subject))
        .issuer_name(_common_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
