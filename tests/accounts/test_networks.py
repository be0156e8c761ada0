from __future__ import annotations

import pytest

from accounts.keys.networks import is_within, parse_networks
from core.errors import InvalidInput


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("10.1.2.3", "10.1.2.3/32"),
        (" 10.0.0.0/255.0.0.0 ", "10.0.0.0/8"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("2001:DB8::1", "2001:db8::1/128"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_is_stored_in_one_form(written: str, stored: str):
    assert parse_networks([written, stored]) == [stored]


@pytest.mark.parametrize(
    "wrong", ["", "localhost", "10.0.0.0/33", "300.1.1.1", "1.2.3", "x" * 1000, "10.0.0.0/-1", "1/8\0"]
)
def test_what_is_no_network_is_refused(wrong: str):
    with pytest.raises(InvalidInput, match="is no network"):
        parse_networks(["192.0.2.0/24", wrong])


def test_a_host_with_a_mask_does_not_become_a_network():
    with pytest.raises(InvalidInput, match=r"write 10.0.0.0/8, or 10.1.2.3 for that address alone"):
        parse_networks(["10.1.2.3/8"])


def test_a_hundred_networks_are_enough():
    networks = [f"10.0.{number}.0/24" for number in range(101)]
    assert len(parse_networks(networks[:100])) == 100
    with pytest.raises(InvalidInput, match="at most 100"):
        parse_networks(networks)


@pytest.mark.parametrize(
    ("networks", "ip", "is_in"),
    [
        ([], "203.0.113.9", True),
        ([], None, True),
        (["192.0.2.0/24"], "192.0.2.255", True),
        (["192.0.2.0/24"], "192.0.3.0", False),
        (["192.0.2.0/24"], "::ffff:192.0.2.1", True),
        (["192.0.2.0/24"], None, False),
        (["192.0.2.0/24"], "nonsense", False),
        (["10.0.0.0/8", "2001:db8::/32"], "2001:db8:1::1", True),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["0.0.0.0/0"], "2001:db8::1", False),
    ],
)
def test_an_address_is_in_a_network_or_not(networks: list[str], ip: str | None, is_in: bool):
    assert is_within(networks, ip) is is_in
