"""While the directory is down, frozen or refuses: local people get in at once, and nobody learns which names are local."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import resolve

from access.principal import Origin
from accounts.ldap import limits
from accounts.models import User
from core.errors import DirectoryUnavailable
from tests.accounts.directories import PASSWORD, Configure, forget_passwords, sign_in
from tests.ldap.slapd import Slapd, slapd
from tests.people import make_user, unique
from tests.registry_api.client import basic

pytestmark = pytest.mark.django_db
LOCAL = "a local horse"
AT_ONCE = 3.0
LONGEST = 10.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("ldap")) as found:
        yield found


@pytest.fixture(params=["stopped", "frozen", "refuses"])
def away(
    request: pytest.FixtureRequest, server: Slapd, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Slapd]:
    """Somebody of the directory exists: `ann`."""
    forget_passwords(monkeypatch)
    broken, mend = {
        "stopped": (server.stop, server.start),
        "frozen": (server.pause, server.resume),
        "refuses": (lambda: configure(ldap_search_password="not the password"), lambda: None),
    }[request.param]
    configure(**server.settings)
    broken()
    try:
        yield server
    finally:
        mend()


def test_an_address_that_asks_too_much_at_once_is_told_apart(
    server: Slapd, configure: Configure, monkeypatch: pytest.MonkeyPatch
):
    forget_passwords(monkeypatch)
    configure(**server.settings)
    name = unique("ann")
    server.add_person(name, PASSWORD)
    busy, other = Origin("192.0.2.1"), Origin("192.0.2.2")
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.001)
    with ExitStack() as guesses:
        for _ in range(limits.CALLS_OF_CLIENT):
            guesses.enter_context(limits.slots.one(limits.Deadline(60), busy.ip or ""))
        with pytest.raises(DirectoryUnavailable):
            sign_in(name, PASSWORD, busy)
        assert sign_in(name, PASSWORD, other) is not None


def seconds(call: Callable[[], Any]) -> float:
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


def test_a_right_local_password_does_not_wait(away: Slapd):
    user = make_user(password=LOCAL)
    assert seconds(lambda: sign_in(user.username, LOCAL)) < AT_ONCE
    assert sign_in(user.username, LOCAL) == user


def test_every_other_attempt_cannot_be_checked_now(away: Slapd):
    names = [make_user(password=LOCAL).username, make_user().username, unique("nobody")]
    told = set()
    for name in names:
        with pytest.raises(DirectoryUnavailable) as caught:
            sign_in(name, PASSWORD)
        told.add((caught.value.message, caught.value.retry_after))
    assert len(told) == 1
    assert not User.objects.filter(username=names[2]).exists()


def test_nobody_waits_long_and_after_the_first_nobody_waits_at_all(away: Slapd):
    def refused() -> None:
        with pytest.raises(DirectoryUnavailable):
            sign_in(unique("nobody"), PASSWORD)

    assert seconds(refused) < LONGEST
    assert seconds(refused) < AT_ONCE


def asked(path: str, who: str) -> HttpResponseBase:
    """The answer of a face of Wharf to these credentials."""
    urls = "wharf.urls_web" if path.startswith("/api") else "wharf.urls_registry"
    view, arguments, named = resolve(path, urlconf=urls)
    request = RequestFactory().get(path, headers={"authorization": who, "host": "127.0.0.1:5000"})
    request.META["HTTP_HOST"] = "127.0.0.1:5000"
    answer: HttpResponseBase = view(request, *arguments, **named)
    return answer


@pytest.mark.parametrize("path", ["/v2/", "/service/token", "/api/v2.0/jobservice/queues"])
def test_every_face_says_that_it_can_be_tried_again(away: Slapd, path: str):
    answers = [
        asked(path, basic(name, PASSWORD)) for name in (make_user(password=LOCAL).username, unique("nobody"))
    ]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(answer["Retry-After"] for answer in answers)
    assert {answer.content for answer in answers} == {answers[0].content}  # type: ignore[attr-defined]
    assert b"UNAVAILABLE" in answers[0].content or path.startswith("/api")  # type: ignore[attr-defined]
    assert asked(path, basic(make_user(password=LOCAL, is_admin=True).username, LOCAL)).status_code == 200


def test_the_reason_is_for_the_log_alone(away: Slapd, caplog: pytest.LogCaptureFixture):
    answer = asked("/service/token", basic(unique("nobody"), PASSWORD))
    body = answer.content.decode()  # type: ignore[attr-defined]
    assert str(away.port) not in body
    assert "ldap" not in body.lower()
    assert "cannot be asked" in caplog.text
    assert PASSWORD not in caplog.text


def test_what_is_malformed_is_refused_without_asking(away: Slapd):
    assert sign_in(unique("nobody"), "") is None
    assert sign_in("a b", PASSWORD) is None
