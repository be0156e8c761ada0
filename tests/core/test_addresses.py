"""One form of an address, and what counts as one client."""

from __future__ import annotations

import pytest

from core.addresses import customers_network, plain_address

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("64:ff9b::192.0.2.7", "64:ff9b::c000:207"),
        ("192.0.2.7:80", "None"),
        ("nonsense", "None"),
        ("", "None"),
        (None, "None"),
    ],
)
def test_an_address_has_one_form(text: str | None, plain: str):
    assert str(plain_address(text)) == plain


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("64:ff9b::192.0.2.7", "192.0.2.0/24"),
        ("64:ff9b::198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("nonsense", "None"),
    ],
)
def test_behind_one_gateway_of_nat64_are_many_clients(text: str, network: str):
    assert str(customers_network(text, 24)) == network
