"""A certificate nobody vouches for: refused, unless an administrator has said so of this very host."""

from __future__ import annotations

import ssl

import pytest

from core.errors import OutgoingFailed, OutgoingRefused
from tests.net.conftest import MakeClient
from tests.net.servers import OK, always, serving


def test_a_certificate_nobody_vouches_for_is_refused(client: MakeClient, tls: ssl.SSLContext):
    with (
        serving(always(OK), tls=tls) as server,
        pytest.raises(OutgoingFailed, match="is not accepted"),
    ):
        client().fetch("GET", f"https://127.0.0.1:{server.port}/")


def test_it_is_taken_where_certificates_are_not_checked(client: MakeClient, tls: ssl.SSLContext):
    with serving(always(OK), tls=tls) as server:
        answer = client(certificates_checked=False).fetch("GET", f"https://127.0.0.1:{server.port}/")
    assert answer.status == 200


def test_addresses_are_judged_all_the_same(client: MakeClient, tls: ssl.SSLContext):
    with serving(always(OK), tls=tls) as server, pytest.raises(OutgoingRefused):
        client(allowed=(), certificates_checked=False).fetch("GET", f"https://127.0.0.1:{server.port}/")
