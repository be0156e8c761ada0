"""A real rsyslogd with a certificate of the test's own authority, and messages as it wrote them down."""

from __future__ import annotations

import datetime as dt
import json
import re
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import find_tool

CONFIGURATION = """
global(workDirectory="{folder}" maxMessageSize="64k" net.enableDNS="off"
       defaultNetstreamDriverCAFile="{folder}/ca.pem" defaultNetstreamDriverCertFile="{folder}/server.pem"
       defaultNetstreamDriverKeyFile="{folder}/server.key")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="{mode}" streamDriver.authMode="anon" maxSessions="500")
module(load="imudp")
template(name="raw" type="string" string="%rawmsg%\\n")
input(type="imtcp" address="127.0.0.1" port="{port}")
input(type="imudp" address="127.0.0.1" port="{port}")
action(type="omfile" file="{folder}/received" template="raw")
"""
_MESSAGE = re.compile(r"<(\d+)>1 (\S+) (\S+) (\S+) (\S+) (\S+) (\[.*?(?<!\\)\]) (.*)")
_PARAMETER = re.compile(r' ([a-z]+)="((?:[^"\\\]]|\\.)*)"')


@dataclass(frozen=True)
class Message:
    """A message taken apart. `told`: the structured data; `facts`: the JSON."""

    priority: int
    time: str
    app_name: str
    name: str
    told: dict[str, str]
    facts: dict[str, Any]

    @classmethod
    def of(cls, line: str) -> Message:
        found = _MESSAGE.fullmatch(line)
        assert found is not None, line
        told = {name: re.sub(r"\\(.)", r"\1", value) for name, value in _PARAMETER.findall(found[7])}
        return cls(int(found[1]), found[2], found[4], found[6], told, json.loads(found[8]))


@dataclass
class Rsyslog:
    """On a port of its own, the same at each start."""

    folder: Path
    is_secure: bool = True
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    authority: str = field(default="")

    def __post_init__(self) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.folder.mkdir()
        self.authority = make_certificates(self.folder)
        mode = 1 if self.is_secure else 0
        text = CONFIGURATION.format(folder=self.folder, port=self.port, mode=mode)
        if not self.is_secure:
            text = text.replace('streamDriver.name="gtls" ', 'streamDriver.name="ptcp" ')
        (self.folder / "rsyslog.conf").write_text(text)

    @property
    def endpoint(self) -> str:
        return f"{'tls' if self.is_secure else 'tcp'}://localhost:{self.port}"

    def start(self) -> None:
        program = find_tool("rsyslogd", "apt-get install -y rsyslog rsyslog-gnutls")
        files = ["-f", str(self.folder / "rsyslog.conf"), "-i", str(self.folder / "pid")]
        with (self.folder / "log").open("ab") as log:
            (self.folder / "pid").unlink(missing_ok=True)
            self.process = subprocess.Popen([program, "-n", *files], stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def messages(self) -> list[Message]:
        """Those that arrived whole; whoever was killed may have left a torn line at its end."""
        try:
            lines = (self.folder / "received").read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [Message.of(line.decode()) for line in lines if line.startswith(b"<")]

    def ids(self) -> set[int]:
        return {message.facts["id"] for message in self.messages() if "id" in message.facts}

    def wait_for(self, ids: Sequence[int] | set[int], seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while missing := set(ids) - self.ids():
            assert time.monotonic() < deadline, f"{len(missing)} of {len(set(ids))} are missing"
            time.sleep(0.1)


def make_certificates(folder: Path) -> str:
    """server.pem and server.key for localhost and 127.0.0.1, signed by an authority made for it: its certificate."""
    authority, key = _certificate("authority", None, None)
    server, server_key = _certificate("localhost", authority, key)
    pem = authority.public_bytes(serialization.Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem.decode()


def _certificate(
    name: str, issuer: x509.Certificate | None, signer: ec.EllipticCurvePrivateKey | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(names, critical=False)
    )
    return built.sign(signer or key, hashes.SHA256()), key
