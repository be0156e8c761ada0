"""What holds for every route: errors, credentials, methods, hosts, headers."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from registry_api.rest.endpoint import Endpoint
from registry_api.rest.urls import ROUTES
from tests.registry_api.client import HOST, PASSWORD, basic
from tests.registry_api.rest.api import World


def test_every_answer_names_the_request(world: World) -> None:
    answer = world.admin.get("/jobs", headers={"X-Request-Id": "mine-1"})
    assert answer.headers["X-Request-Id"] == "mine-1"
    assert world.anonymous.get("/nothing").headers["X-Request-Id"]


def test_who_says_nothing_is_asked_for_basic_credentials(world: World) -> None:
    answer = world.anonymous.get("/jobs")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="wharf"')
    assert answer.json() == {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}


@pytest.mark.parametrize(
    "header",
    [
        "Bearer abc",
        "Basic",
        "Basic %%%",
        "Basic YWJj",
        "Digest x",
        "",
        basic("nobody-of-that-name", "password"),
        basic("a\0b", "c"),
        basic("x" * 300, "y" * 2000),
    ],
)
def test_credentials_that_prove_nothing_are_refused_even_where_anonymous_are_welcome(
    world: World, header: str
) -> None:
    assert world.anonymous.get("/jobs", headers={"Authorization": header}).status_code == 401
    assert world.anonymous.get("/systeminfo", headers={"Authorization": header}).status_code == 401


def test_a_disabled_user_is_refused(world: World) -> None:
    from accounts.models import User

    assert world.outsider.get("/jobs").status_code == 200
    User.objects.filter(pk=world.outsider.principal.id).update(is_active=False)
    assert world.outsider.get("/jobs").status_code == 401


def test_empty_credentials_are_the_anonymous(world: World) -> None:
    assert world.anonymous.get("/ping", headers={"Authorization": basic("", "")}).status_code == 200
    assert world.anonymous.get("/jobs", headers={"Authorization": basic("", "")}).status_code == 401


def test_names_are_taken_in_any_case_of_letters(world: World) -> None:
    name = world.outsider.principal.name.upper()
    assert world.anonymous.get("/jobs", headers={"Authorization": basic(name, PASSWORD)}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/v2.0", "/api/v1.0/ping", "/nothing", "/jobs/x", "/jobs//", "/%00", "/ping%0A"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_nothing_lies_at_other_paths(world: World, method: str, path: str) -> None:
    assert world.admin.call(method, path).status_code == 404


@pytest.mark.parametrize(("route", "view", "_name"), ROUTES)
def test_a_method_a_route_does_not_have_is_refused_before_credentials(
    world: World, route: str, view: type[Endpoint], _name: str
) -> None:
    path = "/" + re.sub(r"<str:(\w+)>", r"\1", re.sub(r"<id:\w+>", "1", route))
    allowed = {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}
    # What a GET hands out of the audit log is an event: those routes have no HEAD.
    expected = (
        allowed
        | {"OPTIONS"}
        | ({"HEAD"} & {each.upper() for each in view.http_method_names} if "GET" in allowed else set())
    )
    for method in ({"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed) | {"TRACE", "BREW"}:
        answer = world.anonymous.call(method, path)
        assert answer.status_code == 405, (method, path)
        assert set(answer.headers["Allow"].split(", ")) == expected
    options = world.anonymous.call("OPTIONS", path)
    assert options.status_code == 204
    assert set(options.headers["Allow"].split(", ")) == expected


def test_head_is_get_without_its_body(world: World) -> None:
    got, headed = world.admin.get("/jobs"), world.admin.call("HEAD", "/jobs")
    assert headed.status_code == 200
    assert headed.headers["Content-Length"] == got.headers["Content-Length"]
    assert headed.headers["X-Total-Count"] == got.headers["X-Total-Count"]


@pytest.mark.parametrize("path", ["/ping", "/jobs", "/nothing", "/api/version"])
def test_a_request_under_a_foreign_name_is_refused_without_echo(world: World, path: str) -> None:
    answer = world.admin.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_a_charset_in_the_content_type_changes_nothing(world: World) -> None:
    for charset in ("utf-16", "rot13", "zip", "nonsense"):
        headers = {"Content-Type": f"application/json; charset={charset}"}
        assert world.admin.get("/jobs?q=kind=~%C3%BC&page=1", headers=headers).status_code == 200


def test_the_answer_is_json_whatever_the_client_would_rather_have(world: World) -> None:
    for accept in ("text/html", "application/xml", "*/*;q=0", "nonsense"):
        assert (
            world.admin.get("/jobs", headers={"Accept": accept}).headers["Content-Type"] == "application/json"
        )


def test_a_thousand_parameters_are_refused(world: World) -> None:
    assert world.admin.get("/jobs?" + "&".join(f"a{n}=1" for n in range(1200))).status_code == 400


def test_a_database_that_is_away_is_told_as_such(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from jobs import queries

    def away(_actor: object) -> None:
        raise OperationalError("secret host name")

    monkeypatch.setattr(queries, "visible_runs", away)
    answer = world.admin.get("/jobs")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "secret" not in answer.text


def test_a_fault_of_ours_is_told_without_its_cause(
    application: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs import queries

    def broken(_actor: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(queries, "visible_runs", broken)
    transport = httpx2.WSGITransport(application, raise_app_exceptions=True)
    with httpx2.Client(transport=transport, base_url="http://127.0.0.1:5000") as plain:
        headers = {"Authorization": world.admin.authorization or "", "X-Request-Id": "r-77"}
        answer = plain.get("/api/v2.0/jobs", headers=headers)
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["code"] == "UNKNOWN"
    assert "r-77" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": f"http://{HOST}"},
    ],
)
def test_a_page_of_another_site_changes_nothing_with_remembered_credentials(
    world: World, headers: dict[str, str]
) -> None:
    run = world.run()
    assert world.admin.refused("POST", f"/jobs/{run.pk}/stop", headers=headers)[0] == 403
    assert world.admin.get(f"/jobs/{run.pk}", headers=headers).json()["is_stopping"] is False


def test_our_own_page_may_change_what_its_reader_may(world: World) -> None:
    run = world.run()
    own = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    assert world.admin.call("POST", f"/jobs/{run.pk}/stop", headers=own).status_code in (200, 202)


def test_a_time_no_database_knows_is_bad_input(world: World) -> None:
    beyond = "creation_time=[2020-01-01T00:00:00%2B20:00~]"
    assert world.admin.get(f"/jobs?q={beyond}").status_code == 200
    assert world.admin.refused("GET", "/jobs?q=creation_time=[0001-01-01T00:00:00%2B20:00~]")[0] == 400
