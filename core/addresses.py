"""IP addresses in one form. Pure functions: whoever compares, counts or stores an address asks here what it is."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_IPV6_BITS: Final = 64
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052, 2.1: the last 32 bits are an IPv4 address."""


def plain_address(text: str | None) -> Address | None:
    """The address, an IPv4 one also where it is mapped into IPv6 (::ffff:192.0.2.1), without a zone; None for what is none."""
    try:
        address = ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def customers_network(text: str | None, ipv4_bits: int) -> Network | None:
    """What counts as one client: so much of an IPv4 address, also of one behind NAT64, or the /64 of an IPv6 one.

    Whoever has one address of a /64 has them all; behind one gateway of NAT64 all clients share a /96.
    """
    address = plain_address(text)
    if address is None:
        return None
    if isinstance(address, IPv6Address) and address in _NAT64:
        address = IPv4Address(int(address) & 0xFFFF_FFFF)
    bits = ipv4_bits if isinstance(address, IPv4Address) else _IPV6_BITS
    return ip_network((address, bits), strict=False)
