"""What nginx lets through: lengths, times, forwarded headers, and its refusals in the registry's words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial

import httpx2
import pytest

from tests.deploy import wire
from tests.deploy.conftest import NAME, Front
from tests.e2e.registry import Registry

Get = Callable[..., httpx2.Response]


@pytest.fixture
def send(front: Front) -> Callable[..., wire.Said]:
    """Raw bytes to nginx; `{host}` is its name."""

    def exchange(text: str, *, ending: str = "Connection: close\r\n\r\n") -> wire.Said:
        request = (text.replace("{host}", front.host) + ending).encode("latin-1")
        return wire.exchange(partial(wire.by_tls, front.host, front.tls), request)

    return exchange


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /v2/" + "a" * 9000 + " HTTP/1.1\r\nHost: {host}\r\n", 414),
        ("GET /v2/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer " + "a" * 9000 + "\r\n", 431),
        ("GET /v2/ HTTP/1.1\r\n", 400),
        ("GET /v2/ HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n", 400),
        ("nonsense\r\n", 400),
        ("GET /v2/ HTTP/1.1\r\nHost: evil.example\r\n", 400),
    ],
    ids=["long address", "long header", "no host", "two hosts", "no request", "foreign host"],
)
def test_refusals_have_the_error_body_of_the_api(
    send: Callable[..., wire.Said], request_text: str, status: int
) -> None:
    said = send(request_text)
    assert said.statuses == [status]
    head, _, body = said.raw.partition(b"\r\n\r\n")
    assert b"application/json" in head
    assert b"registry/2.0" in head
    assert b"evil.example" not in said.raw
    assert json.loads(body)["errors"][0]["code"].isupper()


def logged(front: Front, request_id: str) -> str:
    """The registry's log line of a request; it may be written a moment after the answer."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for line in front.roles.log("registry").splitlines():
            if request_id in line:
                return line
        time.sleep(0.1)
    raise AssertionError(f"no line of {request_id}")


def test_forwarded_headers_of_a_client_count_for_nothing(front: Front, anonymous: Get) -> None:
    forged = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "203.0.113.9",
        "X-Request-Id": "chosen-by-the-client",
        "Forwarded": "for=203.0.113.9;host=evil.example;proto=http",
        "X_Forwarded_For": "203.0.113.9",
        "SCRIPT_NAME": "/elsewhere",
    }
    answer = anonymous("/v2/probe/forged/tags/list", headers=forged)
    assert answer.status_code == 401
    assert f'realm="https://{front.host}/service/token"' in answer.headers["www-authenticate"]
    request_id = answer.headers["x-request-id"]
    assert request_id != "chosen-by-the-client"
    line = logged(front, request_id)
    assert "127.0.0.1" in line
    assert "203.0.113.9" not in line


def test_both_of_its_names_are_answered_with_their_own_realm(front: Front, anonymous: Get) -> None:
    named = f"{NAME}:{front.nginx.tls_port}"
    challenge = anonymous("/v2/", headers={"Host": named}).headers["www-authenticate"]
    assert f'realm="https://{named}/service/token"' in challenge


def test_http_2_is_spoken(front: Front) -> None:
    context = front.tls
    context.set_alpn_protocols(["h2", "http/1.1"])
    with wire.by_tls(front.host, context) as connection:
        assert connection.selected_alpn_protocol() == "h2"


def test_a_head_that_takes_longer_than_ten_seconds_is_cut_off(front: Front) -> None:
    with wire.by_tls(front.host, front.tls) as connection:
        connection.sendall(b"GET /v2/ HTTP/1.1\r\n")
        connection.settimeout(20)
        begun = time.monotonic()
        assert connection.recv(1000) == b""
        assert 8 < time.monotonic() - begun < 19


def test_plain_http_leads_a_browser_to_https_and_a_client_nowhere(front: Front) -> None:
    plain = f"http://127.0.0.1:{front.nginx.plain_port}"
    with httpx2.Client(base_url=plain, trust_env=False) as client:
        page, api = client.get("/"), client.get("/v2/")
    assert (page.status_code, page.headers["location"]) == (301, "https://127.0.0.1/")
    assert (api.status_code, api.json()["errors"][0]["message"]) == (403, "use https")


def test_the_web_side_and_the_probes_are_reached_and_the_figures_are_not(anonymous: Get) -> None:
    assert "<html" in anonymous("/").text
    assert anonymous("/").headers["strict-transport-security"] == "max-age=31536000"
    assert anonymous("/readyz").json()["ok"] is True
    assert anonymous("/metrics").status_code == 404


def test_a_body_of_any_size_goes_through_unbuffered(front: Front, registry: Registry, project: str) -> None:
    """An upload without an end is answered at once when it may not be: nothing waits for the body."""
    refused = registry.http.post(
        "/v2/nobody/knows/blobs/uploads/", content=(b"x" * 65536 for _ in range(4000)), timeout=20
    )
    assert refused.status_code == 401
    spooled = [path for path in front.nginx.root.glob("nginx-*/**/*") if path.is_file()]
    answer = registry.push_blob(f"{project}/big", b"y" * 40_000_000)
    assert answer.status_code == 201
    assert [path for path in front.nginx.root.glob("nginx-*/**/*") if path.is_file()] == spooled == []
