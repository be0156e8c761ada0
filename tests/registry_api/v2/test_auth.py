"""Who is asked for what: challenges, Basic credentials, and answers that do not tell what exists."""

from __future__ import annotations

import time

import httpx2
import pytest

from tests import people
from tests.registry_api.answers import refused
from tests.registry_api.client import HOST, Registry, World, basic
from tests.registry_api.tokens import altered, genuine
from tests.registry_api.wire import Body, send

# Of nobody; fixed, because parallel workers must collect tests of the same names.
UPLOAD = "5f0a4f9e-3c1f-4f0e-9d5b-7b0c6a1f2e3d"

REALM = f'Bearer realm="http://{HOST}/service/token",service="wharf-registry"'
DIGEST = "sha256:" + "a" * 64
ASKED = [
    ("GET", f"blobs/{DIGEST}", "pull"),
    ("HEAD", f"blobs/{DIGEST}", "pull"),
    ("DELETE", f"blobs/{DIGEST}", "delete"),
    ("POST", "blobs/uploads/", "pull,push"),
    ("GET", f"blobs/uploads/{UPLOAD}", "pull"),
    ("PATCH", f"blobs/uploads/{UPLOAD}", "pull,push"),
    ("PUT", f"blobs/uploads/{UPLOAD}", "pull,push"),
    ("DELETE", f"blobs/uploads/{UPLOAD}", "pull,push"),
    ("GET", "manifests/latest", "pull"),
    ("HEAD", "manifests/latest", "pull"),
    ("PUT", "manifests/latest", "pull,push"),
    ("DELETE", "manifests/latest", "delete"),
    ("GET", "tags/list", "pull"),
    ("GET", f"referrers/{DIGEST}", "pull"),
]


def presented(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/v2/", "/v2"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_ping_without_credentials_is_told_where_tokens_come_from(
    registry: Registry, method: str, path: str
) -> None:
    """Case 1."""
    answer = registry.request(method, path)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, REALM)


def test_a_ping_with_an_expired_token_is_told_so_and_one_with_a_pull_token_passes(world: World) -> None:
    """Case 2."""
    token = genuine(world.guest, f"repository:{world.name()}:pull")
    now = int(time.time())
    assert world.registry.request("GET", "/v2/", headers=presented(token)).json() == {}
    for seconds_ago, status in ((30, 200), (90, 401)):
        expired = altered(token, exp=now - seconds_ago, iat=now - 400, nbf=now - 400)
        answer = world.registry.request("GET", "/v2/", headers=presented(expired))
        assert answer.status_code == status
    assert answer.headers["WWW-Authenticate"] == f'{REALM},error="invalid_token"'


def test_a_ping_passes_with_basic_and_with_an_anonymous_token_but_not_with_empty_basic(world: World) -> None:
    token = world.registry.token(f"repository:{world.name()}:pull")
    assert world.registry.request("GET", "/v2/", headers=presented(token)).status_code == 200
    for credentials, status in ((world.guest.basic or "", 200), (basic("", ""), 401)):
        answer = world.registry.request("GET", "/v2/", headers={"Authorization": credentials})
        assert answer.status_code == status


def _comparable(answer: httpx2.Response, name: str) -> tuple[int, str, str]:
    headers = {key: value for key, value in answer.headers.items() if key != "x-request-id"}
    return answer.status_code, repr(headers).replace(name, "<name>"), answer.text.replace(name, "<name>")


def test_private_and_never_existing_repositories_are_refused_in_the_same_bytes(world: World) -> None:
    """Case 4."""
    existing = world.repository()
    existing.push_image()
    nowhere = people.unique("project") + existing.name.removeprefix(world.project.name)
    for method, path, asked in ASKED:
        answers = [
            _comparable(world.outsider.call(method, f"/v2/{name}/{path}", scope=f"{name}:{asked}"), name)
            for name in (existing.name, world.name(), nowhere)
        ]
        assert answers[0] == answers[1] == answers[2]
        status, headers, _ = answers[0]
        assert status == 401
        assert 'error="insufficient_scope"' in headers


@pytest.mark.parametrize(("method", "path", "asked"), ASKED)
def test_without_credentials_a_repository_asks_for_the_scope_of_the_act_even_in_a_public_project(
    registry: Registry, method: str, path: str, asked: str
) -> None:
    name = f"{people.make_project(public=True).name}/r"
    answer = registry.request(method, f"/v2/{name}/{path}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f'{REALM},scope="repository:{name}:{asked}"'


def test_the_catalog_and_a_mount_ask_for_scopes_of_their_own(registry: Registry) -> None:
    answer = registry.request("GET", "/v2/_catalog")
    assert answer.headers["WWW-Authenticate"] == f'{REALM},scope="registry:catalog:*"'
    answer = registry.request("POST", f"/v2/a/b/blobs/uploads/?mount={DIGEST}&from=c/d")
    assert (
        answer.headers["WWW-Authenticate"] == f'{REALM},scope="repository:a/b:pull,push repository:c/d:pull"'
    )


def test_a_token_without_the_action_is_told_which_scope_is_missing(world: World) -> None:
    repository = world.repository("guest")
    answer = repository.call("POST", "blobs/uploads/")
    assert refused(answer) == (401, "UNAUTHORIZED")
    scope = f'scope="repository:{repository.name}:pull,push"'
    assert answer.headers["WWW-Authenticate"].startswith(f'{REALM},{scope},error="insufficient_scope"')


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_of_a_token_is_read_in_any_case(world: World, scheme: str) -> None:
    """Case 10."""
    headers = {"Authorization": f"{scheme} {genuine(world.guest)}"}
    assert world.registry.request("GET", "/v2/", headers=headers).status_code == 200


def test_two_authorization_headers_are_refused(world: World) -> None:
    """Case 10. WSGI joins repeated headers with a comma."""
    token = genuine(world.guest)
    for twice in (f"Bearer {token},Bearer {token}", f"Bearer {token},{world.guest.basic}"):
        answer = send(world.registry, "GET", "/v2/", headers={"Authorization": twice})
        assert refused(answer) == (401, "UNAUTHORIZED")


def test_basic_credentials_read_a_blob_with_rights_and_are_denied_without(world: World) -> None:
    """Case 10."""
    repository = world.repository()
    digest = repository.push_blob(b"a blob")
    path = f"/v2/{repository.name}/blobs/{digest}"
    for client, status in ((world.guest, 200), (world.outsider, 403)):
        answer = world.registry.request("GET", path, headers={"Authorization": client.basic or ""})
        assert answer.status_code == status
    assert refused(answer) == (403, "DENIED")


def test_basic_without_rights_is_denied_alike_whether_or_not_the_repository_exists(world: World) -> None:
    repository = world.repository()
    repository.push_image()
    nowhere = people.unique("project") + repository.name.removeprefix(world.project.name)
    answers = []
    for name in (repository.name, world.name(), nowhere):
        headers = {"Authorization": world.outsider.basic or ""}
        answer = world.registry.request("GET", f"/v2/{name}/tags/list", headers=headers)
        answers.append(_comparable(answer, name))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 403


@pytest.mark.parametrize(
    "header",
    [
        "Basic", "Basic ", "Basic !!!", "Basic YWJj", "Basic \xff\xfe", "Basic YTpi=YTpi", "Digest x", "", "Bearer",
        "Bearer a.b", "Bearer ....", "Bearer \xff.\xff.\xff", "Bearer " + "W" * 16_000, "Bearer " + "a" * 17_000,
        "Basic YQBiOmMAZA==", "Basic YTrtoIA=", "Basic " + "YTpi" * 4000,
    ],
)  # fmt: skip
def test_credentials_that_prove_nothing_are_unauthorized_never_a_fault(
    registry: Registry, header: str
) -> None:
    for path in ("/v2/", "/v2/a/b/tags/list", "/service/token?scope=repository:a/b:pull"):
        answer = send(registry, "GET", path, headers={"Authorization": header})
        assert refused(answer) == (401, "UNAUTHORIZED")


def test_a_cookie_proves_nothing(world: World) -> None:
    answer = world.registry.request("GET", "/v2/", headers={"Cookie": "sessionid=abc; csrftoken=def"})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["blobs/uploads/", "manifests/latest", f"blobs/uploads/{UPLOAD}"])
def test_a_bad_token_is_refused_before_a_byte_of_the_body_is_read(registry: Registry, path: str) -> None:
    """Case 31: with `Expect: 100-continue` the server then never asks for the body."""
    body = Body(b"x" * 100)
    method = "POST" if path.endswith("/") else "PUT"
    headers = {"Authorization": "Bearer nonsense", "Expect": "100-continue"}
    answer = send(registry, method, f"/v2/a/b/{path}?digest={DIGEST}", body=body, headers=headers)
    assert refused(answer) == (401, "UNAUTHORIZED")
    assert not body.was_read
