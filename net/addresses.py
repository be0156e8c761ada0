"""Which addresses this installation may connect to. Pure functions over the IANA special-purpose registries.

An address that is not plainly part of the public internet is refused, unless an administrator listed its network. Written
out here rather than asked of `ipaddress`, whose idea of "private" changed between patch releases of Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Range:
    """A network that is not the public internet. `can_open`: an administrator may allow parts of it."""

    network: Network
    what: str
    can_open: bool = True


def _ranges(what: str, *networks: str, can_open: bool = True) -> tuple[Range, ...]:
    return tuple(Range(ip_network(network), what, can_open) for network in networks)


SPECIAL: Final[tuple[Range, ...]] = (
    *_ranges("loopback", "127.0.0.0/8", "::1/128"),
    *_ranges("private", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
    *_ranges("shared (carrier-grade NAT)", "100.64.0.0/10"),
    # Cloud metadata services answer here.
    *_ranges("link-local", "169.254.0.0/16", "fe80::/10"),
    *_ranges("a cloud platform's", "168.63.129.16/32"),
    *_ranges("benchmarking", "198.18.0.0/15"),
    *_ranges("local NAT64", "64:ff9b:1::/48"),
    *_ranges("unspecified", "0.0.0.0/8", "::/128", can_open=False),
    *_ranges("multicast", "224.0.0.0/4", "ff00::/8", can_open=False),
    *_ranges("reserved", "192.0.0.0/24", "240.0.0.0/4", "2001::/23", can_open=False),
    *_ranges("documentation", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", can_open=False),
    *_ranges("documentation", "2001:db8::/32", "3fff::/20", can_open=False),
    *_ranges("6to4", "192.88.99.0/24", "2002::/16", can_open=False),
)
# Where hosts of an administrator's own are. Not among them: what answers as part of a machine or platform.
INNER: Final[tuple[Network, ...]] = tuple(
    each.network for each in SPECIAL if each.what in ("loopback", "private", "shared (carrier-grade NAT)")
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
# RFC 5214: the upper half of an ISATAP interface identifier; the lower one is any IPv4 address.
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})


def landing(address: Address) -> Address:
    """Where a connection to `address` really goes: an IPv4 address mapped into IPv6 (::ffff:0:0/96) is that IPv4 address."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def refusal(address: Address, allowed: Iterable[Network]) -> str | None:
    """What kind of address it is ("loopback", "private"), if no connection may be made to it; None if one may."""
    address = landing(address)
    found = _special(address)
    if found is None or (found.can_open and any(address in network for network in allowed)):
        return None
    return found.what


def openable(network: Network) -> bool:
    """Whether listing `network` makes sense: it lies in one special range that an administrator may open.

    A network that covers more than one kind of address (0.0.0.0/0) would open what nobody thought of.
    """
    return any(_within(network, each.network) and each.can_open for each in SPECIAL)


def _within(inner: Network, outer: Network) -> bool:
    return (
        inner.version == outer.version
        and inner.network_address in outer
        and inner.prefixlen >= outer.prefixlen
    )


def _special(address: Address) -> Range | None:
    listed = next((each for each in SPECIAL if address in each.network), None)
    if listed is not None or isinstance(address, IPv4Address):
        return listed
    if address in _NAT64:
        return _embedded(address, "NAT64 to")
    if address not in _GLOBAL_UNICAST:
        return Range(_NAT64.supernet(new_prefix=0), "not globally routed", can_open=False)
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return Range(_GLOBAL_UNICAST, "ISATAP", can_open=False)
    return None


def _embedded(address: IPv6Address, through: str) -> Range | None:
    """The gateway would connect us to the IPv4 address in the last 32 bits, so that is the one to judge."""
    found = _special(IPv4Address(int(address) & 0xFFFF_FFFF))
    return found and Range(_NAT64, f"{through} {found.what}", can_open=False)
