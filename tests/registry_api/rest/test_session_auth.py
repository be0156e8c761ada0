"""The session of a browser as credentials of the REST API, and of nothing else."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.request import Request

from access.principal import AuthMethod
from access.table import Role
from accounts.models import User
from accounts.services import sessions, users
from audit.models import AuditEvent
from database import sql
from registry_api.rest import answers
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.urls import ROUTES
from tests.people import ORIGIN, SYSTEM, make_member, make_user
from tests.registry_api.client import HOST, PASSWORD, basic
from tests.registry_api.rest.api import BASE, World
from tests.registry_api.rest.test_authorization_matrix import METHODS, route_path

SECRET = "s" * 32
UNSAFE = sorted(
    (route, name.upper()) for route, view, _ in ROUTES for name in METHODS[1:] if hasattr(view, name)
)


class Browser:
    """A person's browser, after signing in. `key` is that of its session."""

    def __init__(self, http: httpx2.Client, user: User) -> None:
        self.http = http
        self.user = user
        self.key = sessions.start(user, AuthMethod.BASIC, ORIGIN)

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = SECRET,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        """`token`: what goes into X-CSRFToken, None for no such header."""
        own = {"Cookie": f"wharf_session={self.key}; wharf_csrf={SECRET}"}
        own |= {} if token is None else {"X-CSRFToken": token}
        return self.http.request(method, f"{BASE}{path}", headers={**own, **(headers or {})}, **more)

    def confirm(self) -> None:
        session = sessions.find(self.key, ORIGIN)
        assert session is not None
        self.key = sessions.confirm(session, self.user.pk)

    def wait(self) -> None:
        """As if a quarter of an hour had passed since the last proof."""
        sql.execute(
            "UPDATE web_session SET confirmed_at = confirmed_at - interval '16 minutes' WHERE user_id = %s",
            (self.user.pk,),
        )


@pytest.fixture
def maintainer(world: World) -> Browser:
    return Browser(world.http, make_member(world.project, Role.MAINTAINER, password=PASSWORD))


def test_a_session_reads_and_changes_what_its_user_may(world: World, maintainer: Browser):
    run = world.run(state="running")
    assert maintainer.call("GET", f"/jobs/{run.pk}").status_code == 200
    assert maintainer.call("POST", f"/jobs/{run.pk}/stop").status_code == 202
    assert maintainer.call("GET", "/jobservice/pools").status_code == 403
    event = AuditEvent.objects.filter(actor_id=maintainer.user.pk, operation="job.stop").get()
    assert event.auth == "session"


@pytest.mark.parametrize(("route", "method"), UNSAFE)
def test_every_route_that_changes_something_needs_the_token(world: World, route: str, method: str):
    admin = Browser(world.http, make_user(is_admin=True))
    answer = admin.call(method, route_path(world, route), token=None, json={})
    assert answer.status_code == 403
    assert "X-CSRFToken" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "wrong", ["", "x" * 32, "x" * 64, "s" * 31, f"{SECRET} "], ids=["none", "other", "masked", "short", "more"]
)  # fmt: skip
def test_a_token_that_is_not_the_cookies_is_none(world: World, maintainer: Browser, wrong: str):
    run = world.run(state="running")
    assert maintainer.call("POST", f"/jobs/{run.pk}/stop", token=wrong).status_code == 403


def test_a_token_in_the_body_does_not_count(world: World, maintainer: Browser):
    run = world.run(state="running")
    form = {"csrfmiddlewaretoken": SECRET}
    assert maintainer.call("POST", f"/jobs/{run.pk}/stop", token=None, data=form).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)  # fmt: skip
def test_a_page_of_another_site_changes_nothing_even_with_the_token(
    world: World, maintainer: Browser, headers: dict[str, str]
):
    run = world.run(state="running")
    answer = maintainer.call("POST", f"/jobs/{run.pk}/stop", headers=headers)
    assert answer.status_code == 403


def test_beside_other_credentials_the_cookie_is_not_looked_at(world: World, maintainer: Browser):
    user = make_user(password=PASSWORD)
    run = world.run(state="running")
    path = f"/jobs/{run.pk}"
    own = {"Authorization": basic(user.username, PASSWORD)}
    assert maintainer.call("GET", path, headers=own).status_code == 404
    for useless in (basic(user.username, "wrong"), "Bearer x", "Basic", "", "Negotiate x"):
        assert maintainer.call("GET", path, headers={"Authorization": useless}).status_code == 401
    # Empty name and password say: the anonymous.
    assert maintainer.call("GET", path, headers={"Authorization": basic("", "")}).status_code == 401


@pytest.mark.parametrize("key", ["", "x" * 43, "x" * 5000, '"; DROP', "%00"])
def test_a_cookie_that_opens_nothing_is_nobody(world: World, key: str):
    cookie = {"Cookie": f"wharf_session={key}"}
    assert world.http.get(f"{BASE}/jobs", headers=cookie).status_code == 401
    assert world.http.get(f"{BASE}/ping", headers=cookie).status_code == 200


def test_a_lost_right_ends_it_at_the_next_request(world: World, maintainer: Browser):
    assert maintainer.call("GET", "/jobs").status_code == 200
    users.end_sessions(maintainer.user.pk)
    assert maintainer.call("GET", "/jobs").status_code == 401
    maintainer.key = sessions.start(User.objects.get(pk=maintainer.user.pk), AuthMethod.BASIC, ORIGIN)
    users.disable_user(SYSTEM, maintainer.user)
    assert maintainer.call("GET", "/jobs").status_code == 401


class OneAuditor(Endpoint):
    """Makes somebody an auditor: what a session does only a short while after a proof."""

    def put(self, _request: Request, user_id: int) -> HttpResponse:
        users.set_auditor(self.actor, User.objects.get(pk=user_id), value=True)
        return answers.done()


def make_auditor(user: User, **headers: str) -> HttpResponse:
    request = RequestFactory().put("/api/v2.0/x", HTTP_HOST=HOST, **headers)  # type: ignore[arg-type]
    response: HttpResponse = OneAuditor.as_view()(request, user_id=user.pk)
    return response


def test_what_is_dangerous_needs_a_proof_of_the_last_quarter_of_an_hour(world: World):
    admin, user = Browser(world.http, make_user(is_admin=True)), make_user()

    def attempt() -> HttpResponse:
        cookies = f"wharf_session={admin.key}; wharf_csrf={SECRET}"
        return make_auditor(user, HTTP_COOKIE=cookies, HTTP_X_CSRFTOKEN=SECRET)

    admin.wait()
    refusal = attempt()
    assert refusal.status_code == 403
    (told,) = json.loads(refusal.content)["errors"]
    assert (told["code"], "/auth/confirm" in told["message"]) == ("FORBIDDEN", True)
    assert not User.objects.get(pk=user.pk).is_auditor
    assert admin.call("GET", "/jobs").status_code == 200
    admin.confirm()
    assert attempt().status_code == 200
    assert User.objects.get(pk=user.pk).is_auditor


def test_basic_credentials_are_a_proof_each_time(world: World):
    admin, user = make_user(password=PASSWORD, is_admin=True), make_user()
    answer = make_auditor(user, HTTP_AUTHORIZATION=basic(admin.username, PASSWORD))
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/v2/", "/v2/_catalog", "/v2/{project}/app/tags/list"])
def test_the_distribution_api_takes_no_cookie(world: World, path: str):
    admin = Browser(world.http, make_user(is_admin=True))
    url = path.replace("{project}", world.project.name)
    headers = {"Cookie": f"wharf_session={admin.key}; wharf_csrf={SECRET}", "X-CSRFToken": SECRET}
    with httpx2.Client(transport=world.http._transport, base_url=world.http.base_url) as plain:
        with_cookie = plain.get(url, headers=headers)
        without = plain.get(url)
    assert with_cookie.status_code == without.status_code == 401
    assert "Set-Cookie" not in with_cookie.headers


def test_the_token_service_takes_no_cookie(world: World):
    admin = Browser(world.http, make_user(is_admin=True))
    tags = f"/v2/{world.project.name}/app/tags/list"
    with httpx2.Client(transport=world.http._transport, base_url=world.http.base_url) as plain:
        answer = plain.get(
            "/service/token",
            params={"scope": f"repository:{world.project.name}/app:pull,push"},
            headers={"Cookie": f"wharf_session={admin.key}"},
        )
        assert answer.status_code == 200
        # It is the anonymous one's, who may do nothing here.
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        assert plain.get(tags, headers=bearer).status_code == 401
