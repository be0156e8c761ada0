"""Credentials travel to their own site alone; and what a caller may not say is not said."""

from __future__ import annotations

import ssl

import pytest

from core.errors import OutgoingRefused
from net.credentials import Credentials, same_site
from net.safe_http import SafeHttp
from tests.net.conftest import MakeClient, names
from tests.net.servers import OK, always, serving

HOSTS = names(registry_example_org="127.0.0.1", auth_example_org="127.0.0.1", other_example_com="127.0.0.1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("registry-1.docker.io", "auth.docker.io"),
        ("example.co.uk", "auth.example.co.uk"),
        ("registry", "registry"),
        ("127.0.0.1", "127.0.0.1"),
        ("harbor.corp.local", "auth.corp.local"),
        ("ann.github.io", "ann.github.io"),
    ],
)
def test_hosts_of_one_registrable_domain_belong_together(one: str, other: str) -> None:
    assert same_site(one, other)
    assert same_site(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("registry.example.org", "registry.example.com"),
        ("victim.co.uk", "evil.co.uk"),
        ("ann.github.io", "eve.github.io"),
        ("bucket.s3.amazonaws.com", "evil.s3.amazonaws.com"),
        ("example.org", "example.org.evil.com"),
        ("example.org", "evilexample.org"),
        ("registry", "evil"),
        ("co.uk", "evil.co.uk"),
        ("10.0.0.1", "11.0.0.1"),
        ("1.0.0.1", "2.0.0.1"),
        ("::1", "::2"),
    ],
)
def test_others_do_not(one: str, other: str) -> None:
    assert not same_site(one, other)
    assert not same_site(other, one)


def credentials(http: SafeHttp, url: str) -> Credentials:
    return Credentials.bearer(http.target(url), "canary")


def test_credentials_go_to_another_host_of_their_site(client: MakeClient) -> None:
    with serving(always(OK)) as server:
        http = client(resolve=HOSTS)
        home = server.url(host="registry.example.org")
        http.fetch("GET", server.url(host="auth.example.org"), credentials=credentials(http, home))
        assert "Authorization: Bearer canary\r\n" in server.heads[0]


def test_and_to_no_other_site(client: MakeClient) -> None:
    with serving(always(OK)) as server:
        http = client(resolve=HOSTS)
        home = server.url(host="registry.example.org")
        with pytest.raises(OutgoingRefused) as refused:
            http.fetch("GET", server.url(host="other.example.com"), credentials=credentials(http, home))
        assert refused.value.message == (
            f"credentials for registry.example.org are not sent to http://other.example.com:{server.port}"
        )
        assert server.connections == 0


def test_credentials_for_https_are_not_said_in_the_clear(client: MakeClient) -> None:
    with serving(always(OK)) as server:
        http = client(resolve=HOSTS)
        home = server.url(host="registry.example.org", scheme="https")
        with pytest.raises(OutgoingRefused, match="are not sent to http://"):
            http.fetch("GET", server.url(host="registry.example.org"), credentials=credentials(http, home))
        assert server.connections == 0


def test_credentials_do_not_show_themselves(client: MakeClient) -> None:
    http = client()
    made = Credentials.basic(http.target("https://registry.example.org:5000"), "ann", "canary")
    assert "canary" not in f"{made} {made!r}"
    with pytest.raises(OutgoingRefused, match="colon"):
        Credentials.basic(http.target("https://registry.example.org:5000"), "an:n", "canary")


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "proxy-authorization",
        "Cookie",
        "HOST",
        "Connection",
        "Content-Length",
        "transfer-encoding",
        "Upgrade",
    ],
)
def test_a_header_of_the_client_is_not_the_callers_to_say(client: MakeClient, name: str) -> None:
    with serving(always(OK)) as server, pytest.raises(OutgoingRefused, match=f"the header {name} is not"):
        client().fetch("GET", server.url(), headers={name: "x"})
    assert server.connections == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "1\r\nX-Evil: 1"),
        ("X-A", "1\nX-Evil: 1"),
        ("X-A", "1\x00"),
        ("X-A", " 1"),
        ("X-A", "1 "),
        ("X-A", "ä"),
        ("X-A\r\nX-Evil", "1"),
        ("X-A:", "1"),
        ("X A", "1"),
        ("", "1"),
    ],
)
def test_a_header_cannot_begin_another_one(client: MakeClient, name: str, value: str) -> None:
    with serving(always(OK)) as server, pytest.raises(OutgoingRefused, match="characters that do not belong"):
        client().fetch("GET", server.url(), headers={name: value})
    assert server.connections == 0


def test_a_token_cannot_begin_a_header(client: MakeClient) -> None:
    with serving(always(OK)) as server:
        http = client()
        hostile = Credentials.bearer(http.target(server.url()), "x\r\nX-Evil: 1")
        with pytest.raises(OutgoingRefused):
            http.fetch("GET", server.url(), credentials=hostile)
        assert server.connections == 0


@pytest.mark.parametrize("method", ["get", "GET\r\n", "CONNECT", "TRACE", "", "G ET"])
def test_a_method_is_one_of_http(client: MakeClient, method: str) -> None:
    with serving(always(OK)) as server, pytest.raises(OutgoingRefused):
        client().fetch(method, server.url())
    assert server.connections == 0


def test_cookies_are_not_kept(client: MakeClient) -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=canary; Path=/\r\nContent-Length: 0\r\n\r\n"
    with serving(always(answer)) as server:
        http = client()
        for _ in range(2):
            http.fetch("GET", server.url())
        assert "canary" not in "".join(server.heads)


def test_the_environment_has_no_say(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / ".netrc"
    netrc.write_text("machine 127.0.0.1 login ann password canary\ndefault login ann password canary\n")
    netrc.chmod(0o600)
    with serving(always(OK)) as proxy, serving(always(OK)) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(netrc.parent))
        assert client().fetch("GET", server.url()).body == b"ok"
        assert proxy.connections == 0
        assert "Authorization" not in server.heads[0]


def test_a_certificate_is_asked_of_the_name_and_not_of_the_address(
    client: MakeClient, tls: ssl.SSLContext, authorities: str
) -> None:
    with serving(always(OK), tls=tls) as server:
        http = client(resolve=HOSTS, authorities=authorities)
        assert http.fetch("GET", server.url(host="registry.example.org", scheme="https")).body == b"ok"
        assert server.names == ["registry.example.org"]
        assert f"Host: registry.example.org:{server.port}" in server.heads[0]
