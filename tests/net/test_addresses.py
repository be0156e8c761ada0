"""Which addresses may be connected to: the public internet, and what an administrator opened."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from net.addresses import SPECIAL, openable, refusal

pytestmark = pytest.mark.unit

REFUSED = [
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "168.63.129.16",
    "198.18.0.1",
    "192.0.0.192",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "239.1.1.1",
    "255.255.255.255",
    "240.0.0.1",
    "ff02::1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "2001:db8::1",
    "3fff::1",
    "192.88.99.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::7f00:1",
    "::10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::10.0.0.1",
    "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:808:808::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:10::1",
    "2001:20::1",
    "2a00:1450::5efe:10.0.0.1",
    "2a00:1450::200:5efe:10.0.0.1",
    "100::1",
    "5f00::1",
    "4000::1",
    "1::1",
]

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.1.1",
    "169.253.1.1",
    "11.0.0.1",
    "128.0.0.1",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "2620:4f:8000::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert refusal(ip_address(address), ()) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address: str) -> None:
    assert refusal(ip_address(address), ()) is None


@given(st.ip_addresses(v=4))
def test_an_address_written_inside_another_is_judged_like_itself(address: object) -> None:
    plain = refusal(ip_address(str(address)), ())
    assert refusal(ip_address(f"::ffff:{address}"), ()) == plain
    assert (refusal(ip_address(f"64:ff9b::{address}"), ()) is None) == (plain is None)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_is_let_through_that_python_calls_private(address: object) -> None:
    judged = ip_address(str(address))
    if refusal(judged, ()) is None:
        assert not judged.is_loopback
        assert not judged.is_link_local
        assert not judged.is_multicast
        assert not judged.is_unspecified


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("::ffff:10.1.2.3", "10.1.0.0/16"),
        ("fd12::1", "fd12::/32"),
        ("127.0.0.1", "127.0.0.1/32"),
    ],
)
def test_an_administrator_opens_a_network_and_nothing_beside_it(address: str, network: str) -> None:
    assert refusal(ip_address(address), [ip_network(network)]) is None
    assert refusal(ip_address("192.168.0.1"), [ip_network(network)]) is not None


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "224.0.0.1", "2002:a00:1::1", "::", "240.0.0.1", "64:ff9b::10.0.0.1"]
)
def test_some_addresses_nobody_opens(address: str) -> None:
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    assert refusal(ip_address(address), everything) is not None


def test_an_entry_lies_within_one_range_that_can_be_opened() -> None:
    for each in SPECIAL:
        assert openable(each.network) is each.can_open
    for wide in ("0.0.0.0/0", "::/0", "8.0.0.0/7", "8.8.8.8/32", "2606:4700::/32", "fc00::/6"):
        assert not openable(ip_network(wide))
