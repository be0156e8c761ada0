"""Redirects: not followed unless asked for, and then each is judged like the first address and learns no secret."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import OutgoingFailed, OutgoingRefused
from net.credentials import Credentials
from net.safe_http import SafeHttp
from tests.net.conftest import QUICK, MakeClient
from tests.net.servers import OK, Conversation, always, redirect, serving

FOLLOWING = replace(QUICK, redirects=3)


def secret(http: SafeHttp, url: str) -> Credentials:
    return Credentials.basic(http.target(url), "ann", "canary")


def test_a_redirect_is_an_answer_and_nothing_is_asked_for(client: MakeClient) -> None:
    with serving(always(OK)) as there, serving(always(redirect(there.url()))) as here:
        assert client().fetch("GET", here.url()).status == 302
        assert there.connections == 0


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1:5000/",
        "//10.0.0.1:5000/",
        "http://2130706433:5000/",
        "http://0x7f.1:5000/",
        "http://①②⑦.⓪.⓪.①:5000/",
        "http://ann:pw@127.0.0.1:5000/",
        "http://127.0.0.1:22/",
        "http://127.0.0.1:0/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:5000/_x",
        "unix:///run/valkey.sock",
        "http://[::ffff:10.0.0.1]:5000/",
        "http://[",
    ],
)
def test_a_redirect_to_where_nobody_may_go_is_refused(client: MakeClient, location: str) -> None:
    with serving(always(redirect(location))) as here, pytest.raises(OutgoingRefused):
        client().fetch("GET", here.url(), limits=FOLLOWING)


def test_a_relative_redirect_stays_with_the_same_host_and_keeps_what_was_said(client: MakeClient) -> None:
    def script(talk: Conversation) -> None:
        while head := talk.head():
            talk.send(redirect("../there?x=1#fragment") if " /here/" in head else OK)

    with serving(script) as here:
        http = client()
        url = here.url("/here/now")
        answer = http.fetch(
            "GET", url, headers={"X-Own": "1"}, credentials=secret(http, url), limits=FOLLOWING
        )
        assert answer.body == b"ok"
        assert here.heads[1].startswith("GET /there?x=1 HTTP/1.1\r\n")
        assert "Authorization: Basic" in here.heads[1]
        assert "X-Own: 1" in here.heads[1]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_origin_learns_neither_credentials_nor_own_headers(client: MakeClient, status: int) -> None:
    with serving(always(OK)) as there, serving(always(redirect(there.url(), status))) as here:
        http = client()
        headers = {"X-Webhook-Secret": "canary", "Accept": "application/json", "Range": "bytes=0-1"}
        asked = http.fetch(
            "GET", here.url(), headers=headers, credentials=secret(http, here.url()), limits=FOLLOWING
        )
        assert asked.body == b"ok"
        assert "canary" in here.heads[0]
        assert "Authorization: Basic" in here.heads[0]
        # The same address on another port is another origin.
        assert "canary" not in there.heads[0]
        assert "Authorization" not in there.heads[0]
        assert "Accept: application/json" in there.heads[0]
        assert "Range: bytes=0-1" in there.heads[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_changes_something_is_never_repeated_elsewhere(client: MakeClient, method: str) -> None:
    with serving(always(OK)) as there, serving(always(redirect(there.url(), 307))) as here:
        assert client().fetch(method, here.url(), limits=FOLLOWING).status == 307
        assert there.connections == 0


def test_a_chain_of_redirects_has_an_end(client: MakeClient) -> None:
    with (
        serving(always(redirect("/again"))) as here,
        pytest.raises(OutgoingFailed, match="redirects too often"),
    ):
        client().fetch("GET", here.url(), limits=FOLLOWING)
    assert len(here.heads) == 4


def test_a_redirect_out_of_encryption_is_refused(client: MakeClient, tls: object, authorities: str) -> None:
    with (
        serving(always(OK)) as there,
        serving(always(redirect(there.url())), tls=tls) as here,  # type: ignore[arg-type]
        pytest.raises(OutgoingRefused, match="redirects from https to http"),
    ):
        client(authorities=authorities).fetch("GET", here.url(scheme="https"), limits=FOLLOWING)
    assert there.connections == 0


def test_the_time_of_a_call_covers_its_redirects(client: MakeClient) -> None:
    def slow(talk: Conversation) -> None:
        while talk.head():
            talk.server.stopped.wait(0.4)
            talk.send(redirect("/again"))

    with (
        serving(slow) as here,
        pytest.raises(OutgoingFailed, match=r"did not finish in time|stopped sending"),
    ):
        client().fetch("GET", here.url(), limits=replace(FOLLOWING, redirects=30, total_seconds=1))
    assert len(here.heads) <= 4
