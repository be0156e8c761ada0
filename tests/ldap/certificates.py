"""Certificates of directories: good ones, and each kind of bad one."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY: Final = dt.timedelta(days=1)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Issued:
    """Files in PEM: the authority to trust, the server's certificate and its key."""

    authority: Path
    certificate: Path
    key: Path

    @property
    def authority_pem(self) -> str:
        return self.authority.read_text()


def issue(folder: Path, *names: str, expired: bool = False, elliptic: bool = True) -> Issued:
    """A new authority and a certificate of it for `names` (hosts or addresses), written below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    issued = Issued(folder / "ca.crt", folder / "server.crt", folder / "server.key")
    root_key = ec.generate_private_key(ec.SECP256R1())
    key: PrivateKey = (
        ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)
    )
    # Two authorities of one name would be taken for one another before the signature tells.
    name = f"wharf test authority {os.urandom(4).hex()}"
    root = _builder(name, name, root_key, DAY).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    leaf = _builder(names[0], name, key, -DAY if expired else DAY).add_extension(
        x509.SubjectAlternativeName([_name(name) for name in names]), critical=False
    )
    issued.authority.write_bytes(_pem(root.sign(root_key, hashes.SHA256())))
    issued.certificate.write_bytes(_pem(leaf.sign(root_key, hashes.SHA256())))
    issued.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    issued.key.chmod(0o600)
    return issued


def _builder(subject: str, issuer: str, key: PrivateKey, valid: dt.timedelta) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_common_name(subject))
        .issuer_name(_common_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 3 * DAY)
        .not_valid_after(now + valid)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
