"""What the token service grants, to whom, and in which shape."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx2
import pytest

from tests import people
from tests.registry_api.answers import refused
from tests.registry_api.client import Registry, World, basic
from tests.registry_api.tokens import access, genuine, payload
from tests.registry_api.wire import CHUNKED, send

FORM = "application/x-www-form-urlencoded"


def by_post(registry: Registry, content_type: str = FORM, **fields: str) -> httpx2.Response:
    form = {"service": "wharf-registry", "client_id": "test", **fields}
    return registry.request("POST", "/service/token", data=form, headers={"Content-Type": content_type})


def entry(name: str, *actions: str, kind: str = "repository") -> dict[str, object]:
    return {"type": kind, "name": name, "actions": list(actions)}


def test_scopes_may_be_repeated_and_space_separated(registry: Registry) -> None:
    """Case 5."""
    answer = registry.request(
        "GET", "/service/token?scope=repository:a/b:pull&scope=repository:c/d:pull%20repository:e/f:push"
    )
    assert access(answer.json()["token"]) == [entry("a/b"), entry("c/d"), entry("e/f")]


def test_a_name_may_hold_a_host_with_port_and_earns_nothing(world: World) -> None:
    """Case 5."""
    token = genuine(world.admin, "repository:host:5000/a/b:pull,push")
    assert access(token) == [entry("host:5000/a/b")]


def test_a_resource_class_is_ignored_and_a_star_means_what_the_caller_has(world: World) -> None:
    """Case 6."""
    name = world.name()
    assert access(genuine(world.guest, f"repository(plugin):{name}:pull")) == [entry(name, "pull")]
    assert access(genuine(world.guest, f"repository:{name}:*")) == [entry(name, "pull")]
    assert access(genuine(world.developer, f"repository:{name}:*")) == [entry(name, "pull", "push")]
    assert access(genuine(world.maintainer, f"repository:{name}:*")) == [
        entry(name, "delete", "pull", "push")
    ]
    assert access(genuine(world.outsider, f"repository:{name}:*")) == [entry(name)]


def test_grants_are_what_was_asked_and_is_allowed_with_duplicates_merged(world: World) -> None:
    name = world.name()
    token = genuine(world.guest, f"repository:{name}:push,pull", f"repository:{name}:delete,pull,fly")
    assert access(token) == [entry(name, "pull")]
    assert access(genuine(world.guest, "registry:catalog:*")) == [entry("catalog", "*", kind="registry")]


@pytest.mark.parametrize(
    "scope",
    ["garbage", ":::", "", "::", "repository", "repository:a/b", "repository::pull", "repository:A/b:pull",
     "repository:a/b:", "registry:catalog:pull", "wharf:a/b:pull", "repository:a%00b/c:pull", "repository:bare:pull",
     "%ff:%ff:%ff", "repository:" + "a" * 4000 + ":pull"],
)  # fmt: skip
def test_a_scope_that_means_nothing_grants_nothing(world: World, scope: str) -> None:
    """Cases 6 and 16."""
    answer = send(
        world.registry,
        "GET",
        f"/service/token?scope={scope}",
        headers={"Authorization": world.admin.basic or ""},
    )
    assert answer.status_code == 200
    assert not any(granted["actions"] for granted in access(answer.json()["token"]))


def test_a_wrong_password_is_unauthorized_never_an_anonymous_token(world: World) -> None:
    """Case 7."""
    name = world.guest.principal.name
    for credentials in (basic(name, "wrong password"), basic("nobody", "wrong password")):
        for scope in ("", "?scope=repository:a/b:pull"):
            answer = world.registry.request(
                "GET", f"/service/token{scope}", headers={"Authorization": credentials}
            )
            assert refused(answer) == (401, "UNAUTHORIZED")
            assert "token" not in answer.json()
    answer = by_post(world.registry, grant_type="password", username=name, password="wrong password")
    assert refused(answer) == (401, "UNAUTHORIZED")


def test_empty_basic_credentials_are_the_anonymous(world: World) -> None:
    """Case 7."""
    public = people.make_project(public=True).name
    scopes = f"scope=repository:{public}/r:pull,push&scope=repository:{world.name('r')}:pull"
    headers = {"Authorization": "Basic Og=="}
    token = world.registry.request("GET", f"/service/token?{scopes}", headers=headers).json()["token"]
    assert access(token) == [entry(f"{public}/r", "pull"), entry(world.name("r"))]
    assert payload(token)["sub"] == ""
    assert world.registry.request("GET", "/service/token", headers=headers).status_code == 401


def test_a_login_check_is_a_token_without_grants(world: World) -> None:
    assert access(genuine(world.guest)) == []
    assert refused(world.registry.request("GET", "/service/token")) == (401, "UNAUTHORIZED")


def test_a_token_says_how_long_it_lives_in_true_utc(world: World) -> None:
    answer = world.registry.request(
        "GET",
        "/service/token?service=wharf-registry&account=x&client_id=docker&offline_token=true",
        headers={"Authorization": world.guest.basic or ""},
    )
    body = answer.json()
    assert set(body) == {"token", "access_token", "expires_in", "issued_at"}
    assert body["token"] == body["access_token"]
    assert body["expires_in"] >= 60
    issued = datetime.strptime(body["issued_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - issued).total_seconds()) < 30
    assert answer.headers["Cache-Control"] == "no-store"
    claims = payload(body["token"])
    assert claims["exp"] - claims["iat"] == body["expires_in"]
    assert claims["sub"] == world.guest.principal.name


def test_a_form_with_a_charset_and_without_any_cookie_gets_a_token(world: World) -> None:
    """Case 8."""
    name = world.name()
    answer = by_post(
        world.registry,
        f"{FORM}; charset=utf-8",
        grant_type="password",
        username=world.developer.principal.name,
        password="correct horse battery staple",
        scope=f"repository:{name}:pull,push,delete repository:x/y:pull",
        access_type="offline",
    )
    assert answer.status_code == 200
    assert access(answer.json()["access_token"]) == [entry(name, "pull", "push"), entry("x/y")]
    assert answer.json()["scope"] == f"repository:{name}:pull,push"
    assert "refresh_token" not in answer.json()


@pytest.mark.parametrize("grant_type", ["foo", "", "refresh_token"])
def test_another_grant_type_is_a_bad_request(registry: Registry, grant_type: str) -> None:
    """Case 8. Status and member as RFC 6749 says, beside the form docker reads."""
    answer = by_post(registry, grant_type=grant_type, refresh_token="x")
    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"


def test_a_chunked_form_is_read_and_a_foreign_service_is_not_served(world: World) -> None:
    form = f"grant_type=password&username={world.guest.principal.name}&password=correct+horse+battery+staple"
    answer = send(world.registry, "POST", "/service/token", body=form.encode(), length=CHUNKED)
    assert answer.status_code == 200
    assert world.registry.request("GET", "/service/token?service=other&scope=a:b:c").status_code == 400
    assert by_post(world.registry, service="other").status_code == 400


def test_a_hundred_and_one_scopes_are_capped(world: World) -> None:
    """Case 10."""
    token = genuine(world.admin, *(f"registry:x{number}:pull" for number in range(101)))
    names = [granted["name"] for granted in access(token)]
    assert 50 < len(names) <= 100
    assert names == [f"x{number}" for number in range(len(names))]


@pytest.mark.parametrize("prefix", ["u", "\N{GRINNING FACE}" * 200], ids=["short", "long"])
def test_a_token_fits_into_a_header_and_keeps_the_first_scopes_asked(world: World, prefix: str) -> None:
    user = people.make_user(prefix, password="correct horse battery staple", is_admin=True)
    scopes = [f"repository:{world.project.name}/{'n' * 100}{number}:pull,push" for number in range(100)]
    token = world.registry.token(*scopes, basic=basic(user.username, "correct horse battery staple"))
    names = [granted["name"] for granted in access(token)]
    assert len(token) <= 6000
    assert len(names) > 5
    assert [f"repository:{name}:pull,push" for name in names] == scopes[: len(names)]


@pytest.mark.parametrize(
    "form",
    [b"grant_type=password&username=a%00&password=b%00", b"grant_type=password&username=%ed%a0%80&password=abcdefgh",
     b"grant_type=password", b"grant_type=password&username=%ff&password=%ff", b"{}", b"\xff\xfe\x00"],
)  # fmt: skip
def test_a_form_of_nonsense_is_refused_never_a_fault(registry: Registry, form: bytes) -> None:
    assert send(registry, "POST", "/service/token", body=form).status_code in (400, 401)


def test_more_parameters_than_anybody_means_are_a_bad_request(registry: Registry) -> None:
    """Case 16 in the large: 4000 parameters fit into a request line."""
    for method, target, body in (
        ("GET", "/service/token?" + "a&" * 4000, b""),
        ("POST", "/service/token", b"a=1&" * 4000),
    ):
        answer = send(registry, method, target, body=body)
        assert refused(answer) == (400, "UNSUPPORTED")


def test_only_reading_and_posting_are_allowed(registry: Registry) -> None:
    answer = registry.request("DELETE", "/service/token")
    assert refused(answer) == (405, "UNSUPPORTED")
    assert answer.headers["Allow"] == "GET, HEAD, POST"
