"""Where may be forwarded to: addresses as people write them, and those nobody may connect to."""

from __future__ import annotations

import json

import pytest

from audit.forward import wire
from audit.forward.target import Endpoint, Facility, Target, Transport
from core.errors import OutgoingRefused

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("tls://Logs.example.com", Endpoint(Transport.TLS, "logs.example.com", 6514)),
        ("tcp://logs:10514", Endpoint(Transport.TCP, "logs", 10514)),
        ("udp://192.0.2.1/", Endpoint(Transport.UDP, "192.0.2.1", 514)),
        ("tls://[2001:DB8::1]:7000", Endpoint(Transport.TLS, "2001:db8::1", 7000)),
        ("harbor-log:10514", Endpoint(Transport.TCP, "harbor-log", 10514)),
    ],
)
def test_an_endpoint_is_read_and_written(text: str, read: Endpoint):
    assert Endpoint.parse(text) == read
    assert Endpoint.parse(str(read)) == read


@pytest.mark.parametrize(
    "text",
    [
        "logs", "https://logs", "tls://", "tls://a b", "tls://u:p@host", "tls://host:0", "tls://host:65536", "tls://host/x",
        "tls://127.1", "tls://2130706433", "tls://[fe80::1%eth0]", "tls://[1.2.3]", "tls://hôst", "host:port", "/dev/log",
        "tls://host:6514\n",
    ],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused(text: str):
    with pytest.raises(ValueError, match="must"):
        Endpoint.parse(text)


def test_a_target_is_remembered_as_it_was():
    target = Target(Endpoint.parse("tls://logs"), "PEM", "other", pulls=True, facility=Facility.LOCAL3)
    assert Target.from_json(json.loads(json.dumps(target.as_json()))) == target


@pytest.mark.parametrize("endpoint", ["tls", "tcp", "udp"])
@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "[fe80::1]", "168.63.129.16", "0.0.0.0", "224.0.0.1", "[::ffff:169.254.169.254]"],
)
def test_metadata_services_and_addresses_of_nobody_are_refused(endpoint: str, address: str):
    with pytest.raises(OutgoingRefused):
        wire.opened(Target(Endpoint.parse(f"{endpoint}://{address}")))
