"""Where to forward to and how, as administrators say it. No database, no network."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any, Final

from net.addresses import INNER, Network

HIGHEST_PORT: Final = 65_535
# An IPv6 address in brackets, an IPv4 address, or a name.
_ENDPOINT: Final = re.compile(
    r"(?:(tls|tcp|udp)://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?)(?::([0-9]{1,5}))?/?",
    re.ASCII,
)


class Transport(StrEnum):
    """How messages travel: RFC 5425, the same frames without TLS, RFC 5426."""

    TLS = "tls"
    TCP = "tcp"
    UDP = "udp"


PORTS: Final = {Transport.TLS: 6514, Transport.TCP: 601, Transport.UDP: 514}


class Facility(StrEnum):
    """Of RFC 5424 §6.2.1, those that fit."""

    AUTH = "auth"
    AUTHPRIV = "authpriv"
    AUDIT = "audit"
    LOCAL0 = "local0"
    LOCAL1 = "local1"
    LOCAL2 = "local2"
    LOCAL3 = "local3"
    LOCAL4 = "local4"
    LOCAL5 = "local5"
    LOCAL6 = "local6"
    LOCAL7 = "local7"

    @property
    def number(self) -> int:
        if self.name.startswith("LOCAL"):
            return 16 + int(self.name[-1])
        return {"AUTH": 4, "AUTHPRIV": 10, "AUDIT": 13}[self.name]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A syslog server. `host`: an IPv6 address without its brackets."""

    transport: Transport
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """tls://host[:port], tcp://…, udp://…, or host:port as Harbor has it, which is TCP. Raises ValueError."""
        found = _ENDPOINT.fullmatch(text)
        if found is None or (found[1] is None and found[3] is None):
            raise ValueError("must be tls://host[:port], tcp://host[:port], udp://host[:port] or host:port")
        transport = Transport(found[1] or "tcp")
        port = int(found[3] or PORTS[transport])
        if not 1 <= port <= HIGHEST_PORT:
            raise ValueError(f"must have a port from 1 to {HIGHEST_PORT}")
        host = found[2].strip("[]").lower()
        if found[2].startswith("[") or host.rpartition(".")[2].isdecimal():
            # 127.1 and 2130706433 are addresses to some readers and names to others.
            host = _address(host)
        return cls(transport, host, port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}://{host}:{self.port}"


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("must have a host name, or an address in its usual form") from None


@dataclass(frozen=True, slots=True)
class Target:
    """A syslog server, and what it is sent.

    `authorities`: PEM, "" for those of this machine. `server_name`: what the certificate must be for, "" for the host.
    `max_bytes`: of one message. `allowed`: networks that are not public and may be connected to.
    """

    endpoint: Endpoint
    authorities: str = ""
    server_name: str = ""
    pulls: bool = False
    facility: Facility = Facility.AUDIT
    app_name: str = "wharf"
    max_bytes: int = 8192
    allowed: tuple[Network, ...] = INNER

    def as_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "endpoint": str(self.endpoint),
            "allowed": [str(network) for network in self.allowed],
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Target:
        """What `as_json` gave. Raises ValueError, KeyError, TypeError for anything else."""
        target = cls(**{**found, "endpoint": Endpoint.parse(found["endpoint"])})
        networks = tuple(ip_network(each) for each in found["allowed"])
        return replace(target, facility=Facility(found["facility"]), allowed=networks)

    def same_way(self, other: Target) -> bool:
        """Whether a connection made for the one serves the other."""
        return (self.endpoint, self.authorities, self.server_name) == (
            other.endpoint,
            other.authorities,
            other.server_name,
        )
