"""Where a key may be used from: networks as CIDR, parsed where they enter."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from core.addresses import Network, plain_address
from core.errors import InvalidInput
from core.oci.quoting import quoted

MAX_NETWORKS: Final = 100
MAX_CHARACTERS: Final = 64
MAPPED_BITS: Final = 96
"""Of an IPv4 network written in IPv6 (RFC 4291, 2.5.5.2)."""


def parse_networks(texts: Iterable[str]) -> list[str]:
    """In canonical form and once each: "10.1.2.3" is 10.1.2.3/32. Raises InvalidInput, also for an address with bits beyond
    its mask: what was meant as one host must not become a network."""
    found = list(dict.fromkeys(str(_parsed(text)) for text in texts))
    if len(found) > MAX_NETWORKS:
        raise InvalidInput(f"at most {MAX_NETWORKS} networks: these are {len(found)}")
    return found


def is_within(networks: Sequence[str], ip: str | None) -> bool:
    """Whether a request from `ip` comes from one of them. True of no networks; an unknown address is in none."""
    if not networks:
        return True
    address = plain_address(ip)
    return address is not None and any(address in _known(network) for network in networks)


def _parsed(text: str) -> Network:
    try:
        if len(text) > MAX_CHARACTERS:
            raise ValueError
        network = ipaddress.ip_network(text.strip(), strict=False)
        written = ipaddress.ip_interface(text.strip())
    except ValueError as error:
        raise InvalidInput(
            f"{quoted(text[:MAX_CHARACTERS])} is no network: write it as 192.0.2.0/24 or 2001:db8::/32"
        ) from error
    if written.ip != network.network_address:
        raise InvalidInput(
            f"{quoted(text)} has bits beyond /{network.prefixlen}: write {network}, or {written.ip} for that address alone"
        )
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= MAPPED_BITS:
        return ipaddress.ip_network((mapped, network.prefixlen - MAPPED_BITS))
    return network


@lru_cache(maxsize=4096)
def _known(network: str) -> Network:
    return ipaddress.ip_network(network)
