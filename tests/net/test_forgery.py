"""URLs made to reach what this installation can reach and their author cannot (SSRF): none gets a connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from ipaddress import ip_address, ip_network

import pytest

from core.errors import OutgoingFailed, OutgoingRefused
from net.addresses import Address
from net.safe_http import SafeHttp
from tests.net.conftest import MakeClient, names
from tests.net.hostile import HOSTS, SPACED, URLS
from tests.net.servers import OK, Server, always, serving

RESOLVER = names(
    evil_example_org="127.0.0.1",
    inner_example_org="10.0.0.5 192.168.7.7",
    metadata_example_org="169.254.169.254",
    six_example_org="::1 fd00::1",
    mapped_example_org="::ffff:127.0.0.1 64:ff9b::7f00:1",
    two_example_org="fe80::1 127.0.0.1",
    localhost="127.0.0.1 ::1",
    public_example_org="127.0.0.1",
)


@pytest.fixture(scope="module")
def inner() -> Iterator[Server]:
    """What must not be reached. It listens on all of this machine."""
    with serving(always(OK), address="0.0.0.0") as server:
        yield server


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_way_to_write_an_inner_address_reaches_it(
    client: MakeClient, inner: Server, host: str, scheme: str
) -> None:
    with pytest.raises(OutgoingRefused):
        client(allowed=(), resolve=RESOLVER).fetch("GET", f"{scheme}://{host}:{inner.port}/")
    assert inner.connections == 0


@pytest.mark.parametrize("url", [*URLS, *SPACED])
def test_no_url_that_can_be_read_in_two_ways_reaches_anything(
    client: MakeClient, inner: Server, url: str
) -> None:
    # Even where the address itself is allowed: what is refused here is the URL.
    with pytest.raises(OutgoingRefused):
        client(resolve=RESOLVER).fetch("GET", url.format(host="127.0.0.1", port=inner.port))
    assert inner.connections == 0


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.", "①②⑦.⓪.⓪.①", "[fe80::1%25lo]"]
)
def test_an_odd_way_to_write_an_allowed_address_is_refused_too(
    client: MakeClient, inner: Server, host: str
) -> None:
    with pytest.raises(OutgoingRefused):
        client(resolve=RESOLVER).fetch("GET", f"http://{host}:{inner.port}/")
    assert inner.connections == 0


def test_the_refusal_tells_what_an_administrator_can_do_and_not_how_the_inner_network_is_made(
    client: MakeClient,
) -> None:
    with pytest.raises(OutgoingRefused) as refused:
        client(allowed=(), resolve=RESOLVER).fetch("GET", "http://inner.example.org:5000/secret?token=canary")
    assert refused.value.message == (
        "inner.example.org has no public address (private): an administrator can allow its network in "
        "outgoing_allowed_networks"
    )
    assert "canary" not in str(refused.value.detail)


def test_a_name_with_inner_and_allowed_addresses_is_asked_at_the_allowed_one(client: MakeClient) -> None:
    with serving(always(OK)) as server:
        http = client(allowed=["127.0.0.1/32"], resolve=names(two_example_org="10.0.0.1 127.0.0.2 127.0.0.1"))
        assert http.fetch("GET", server.url(host="two.example.org")).body == b"ok"


class Rebinding:
    """Tells another address each time it is asked, as a hostile name server does."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, _host: str) -> Sequence[Address]:
        self.asked += 1
        return [ip_address(self.answers.pop(0))]


def test_a_name_that_changes_between_check_and_connection_gains_nothing(client: MakeClient) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    with (
        serving(always(answer)) as public,
        serving(always(OK), address="127.0.0.2", port=public.port) as inner,
    ):
        rebinding = Rebinding("127.0.0.1", "127.0.0.2", "127.0.0.2")
        http = client(allowed=["127.0.0.1/32"], resolve=rebinding)
        assert http.fetch("GET", public.url(host="rebinding.example.org")).body == b"ok"
        assert rebinding.asked == 1
        with pytest.raises(OutgoingRefused):
            http.fetch("GET", public.url(host="rebinding.example.org"))
        assert (public.connections, inner.connections) == (1, 0)


def test_a_name_without_address_is_told_as_such(client: MakeClient) -> None:
    with pytest.raises(OutgoingFailed, match=r"there is no address for nowhere\.example\.org"):
        client(resolve=names()).fetch("GET", "http://nowhere.example.org:5000/")


def test_the_ports_are_listed(client: MakeClient) -> None:
    with serving(always(OK)) as server:
        http = client(ports=lambda: {80, 443})
        with pytest.raises(
            OutgoingRefused, match=rf"port {server.port} is not one of those allowed .*\(80, 443\)"
        ):
            http.fetch("GET", server.url())
        assert server.connections == 0


def test_a_network_that_is_closed_again_is_closed_for_the_next_connection() -> None:
    opened = [ip_network("127.0.0.0/8")]
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with serving(always(answer)) as server:
        http = SafeHttp(allowed=lambda: opened, ports=lambda: {server.port})
        with closing(http):
            assert http.fetch("GET", server.url()).status == 200
            opened.clear()
            with pytest.raises(OutgoingRefused):
                http.fetch("GET", server.url())
