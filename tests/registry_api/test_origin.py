"""By which name and address a request came: foreign names are refused unrepeated, forwarded ones need a trusted proxy."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import partial

import pytest
from django.http import HttpRequest

from access import origin
from tests.registry_api.answers import refused
from tests.registry_api.client import World
from tests.registry_api.wire import bearer, send
from wharf import metrics

FORGED = [
    "evil.example", "127.0.0.1:5001", "127.0.0.1", "127.0.0.1:5000.evil.example", "evil.example:5000", "",
    "127.0.0.1:5000@evil.example", '127.0.0.1:5000",scope="x', "127.0.0.1:5000/x", "[::1", "\xff",
]  # fmt: skip


@pytest.fixture
def https_behind_a_proxy(settings) -> Iterator[None]:
    settings.WHARF_EXTERNAL_URLS = ("https://registry.example", "http://127.0.0.1:5000")
    settings.WHARF_TRUSTED_PROXIES = (ipaddress.ip_network("192.0.2.0/24"),)
    origin._known.cache_clear()
    yield
    origin._known.cache_clear()


@pytest.fixture(autouse=True)
def known_again_afterwards(settings) -> Iterator[None]:
    yield
    origin._known.cache_clear()


@pytest.mark.parametrize("host", FORGED)
def test_a_host_that_is_not_ours_is_refused_without_being_repeated(world: World, host: str) -> None:
    repository = world.repository()
    token = bearer(repository)
    requests: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("GET", "/v2/", {}),
        ("GET", f"/v2/{repository.name}/tags/list", token),
        ("POST", f"/v2/{repository.name}/blobs/uploads/", token),
        ("PUT", "/v2/", token),
        ("GET", "/service/token?scope=repository:a/b:pull", {}),
    )
    for method, path, headers in requests:
        answer = send(world.registry, method, path, headers=headers, HTTP_HOST=host)
        assert refused(answer) == (400, "UNSUPPORTED")
        assert "evil" not in answer.text + repr(answer.headers)
        assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost:5000", "LOCALHOST:5000", "testserver"])
def test_the_realm_of_a_challenge_is_the_name_the_client_used(world: World, host: str) -> None:
    answer = send(world.registry, "GET", "/v2/", HTTP_HOST=host)
    assert f'realm="http://{host.lower()}/service/token"' in answer.headers["WWW-Authenticate"]


def test_forwarded_headers_of_a_stranger_mean_nothing(world: World) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "1"}
    answer = send(world.registry, "GET", "/v2/", headers=headers, REMOTE_ADDR="198.51.100.7")
    assert 'realm="http://127.0.0.1:5000/service/token"' in answer.headers["WWW-Authenticate"]
    assert "evil" not in repr(answer.headers)


def test_a_trusted_proxy_says_that_the_client_came_by_https(world: World, https_behind_a_proxy: None) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    ours = partial(send, world.registry, "GET", "/v2/", headers=headers, HTTP_HOST="registry.example")
    answer = ours(REMOTE_ADDR="192.0.2.1")
    assert 'realm="https://registry.example/service/token"' in answer.headers["WWW-Authenticate"]
    answer = ours(REMOTE_ADDR="198.51.100.7")
    assert answer.status_code == 400


def address(peer: str, forwarded: str) -> str | None:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    return origin.client_ip(request.META)


def test_the_client_is_the_nearest_hop_that_is_no_trusted_proxy(https_behind_a_proxy: None) -> None:
    assert address("198.51.100.7", "203.0.113.9") == "198.51.100.7"
    assert address("192.0.2.1", "203.0.113.9") == "203.0.113.9"
    assert address("192.0.2.1", "6.6.6.6, 203.0.113.9, 192.0.2.2") == "203.0.113.9"
    assert address("192.0.2.1", "6.6.6.6, not an address") is None
    assert address("192.0.2.1", "") == "192.0.2.1"


def test_an_address_is_known_in_every_form_it_is_written_in(https_behind_a_proxy: None) -> None:
    assert address("::ffff:192.0.2.1", "203.0.113.9") == "203.0.113.9"
    assert address("::ffff:198.51.100.7", "203.0.113.9") == "198.51.100.7"
    assert address("192.0.2.1", "6.6.6.6, ::ffff:203.0.113.9, ::ffff:192.0.2.2") == "203.0.113.9"
    assert address("192.0.2.1", "203.0.113.9:40000") == "203.0.113.9"
    assert address("192.0.2.1", "[2001:db8::9]:40000") == "2001:db8::9"
    assert address("192.0.2.1", "[2001:db8::9]") == "2001:db8::9"
    assert address("192.0.2.1", "203.0.113.9:x") is None
    through_a_stranger = {"REMOTE_ADDR": "::ffff:127.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    assert metrics.is_allowed({"REMOTE_ADDR": "::ffff:127.0.0.1"})
    assert not metrics.is_allowed(through_a_stranger)


def test_a_plain_request_id_is_kept_and_any_other_is_replaced(world: World) -> None:
    for given, kept in (
        ("abc-123", True),
        ("a b", False),
        ("x" * 129, False),
        ('"><script>', False),
        ("", False),
    ):
        answer = send(world.registry, "GET", "/v2/", headers={"X-Request-Id": given})
        assert (answer.headers["X-Request-Id"] == given) is kept
