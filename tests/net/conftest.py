"""Clients for servers on this machine, and certificates for them."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from net.addresses import Address
from net.safe_http import Limits, SafeHttp
from tests.deploy.certificates import Issued, issue

LOOPBACK = ("127.0.0.0/8", "::1/128")
QUICK = Limits(connect_seconds=2, idle_seconds=2, total_seconds=10)

MakeClient = Callable[..., SafeHttp]


class AnyPort:
    """Servers of tests listen where there is room."""

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and 1024 < port < 65_536

    def __iter__(self) -> Iterator[int]:
        return iter((80, 443))

    def __len__(self) -> int:
        return 2


def names(**known: str) -> Callable[[str], Sequence[Address]]:
    """A resolver that knows these names (with _ for .) and no others."""

    def resolve(host: str) -> Sequence[Address]:
        found = known.get(host.replace(".", "_").replace("-", "_"))
        if found is None:
            raise OSError("no such host")
        return [ip_address(each) for each in found.split()]

    return resolve


@pytest.fixture
def client() -> Iterator[MakeClient]:
    """Makes clients; without more said, one that may talk to this machine."""
    with ExitStack() as stack:

        def make(*, allowed: Sequence[str] = LOOPBACK, **options: Any) -> SafeHttp:
            networks = [ip_network(each) for each in allowed]
            made = SafeHttp(
                **{"allowed": lambda: networks, "ports": AnyPort, "limits": QUICK, **options},
            )
            return stack.enter_context(closing(made))

        yield make


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("certificates"), "registry.example.org", "127.0.0.1")


@pytest.fixture
def tls(issued: Issued) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.chain, issued.key)
    return context


@pytest.fixture
def authorities(issued: Issued) -> str:
    return Path(issued.authority).read_text()
