"""Pages, documents, probes and the token service x who asks; and that no route of any table is left out of a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import httpx2
import pytest
from django.urls.resolvers import URLPattern, URLResolver
from pytest_django.plugin import DjangoDbBlocker

from access.principal import AuthMethod
from accounts.services import sessions
from frontend import assets
from registry_api.rest import explorer
from registry_api.rest.urls import BASE, ROUTES
from registry_api.v2 import urls as v2
from tests import images, keys, people
from tests.arch import test_authorization_matrix as distribution
from tests.arch.web_routes import DOCUMENTS, NOTHING, PAGES, PROBES, TOKENS, Cell
from tests.registry_api.client import HOST, PASSWORD, basic
from tests.registry_api.rest import matrix as rest
from tests.registry_api.rest import shelf
from wharf import urls_registry, urls_web, wsgi

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# A program's credentials open no page: it has no browser, and a page takes no Basic.
WITH_A_SESSION = ("outsider", "auditor", "admin")
BROWSERS = ("anonymous", *WITH_A_SESSION, "pull_robot", "admin_pat")


@pytest.fixture(scope="module")
def http(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[httpx2.Client]:
    with django_db_blocker.unblock():
        from artifacts.storage import store
        from wharf.environment import Role

        store().prepare()
        _something_public()
        application = wsgi.build(Role.ALL, fast_lane=False)
        transport = httpx2.WSGITransport(application, raise_app_exceptions=True)
        yield httpx2.Client(transport=transport, base_url=f"http://{HOST}", follow_redirects=False)


@pytest.fixture(scope="module")
def headers(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, dict[str, str]]:
    """What each kind sends along."""
    with django_db_blocker.unblock():
        project = people.make_project()
        made: dict[str, dict[str, str]] = {"anonymous": {}}
        for kind in WITH_A_SESSION:
            user = people.make_user(kind, is_admin=kind == "admin", is_auditor=kind == "auditor")
            made[kind] = {"Cookie": f"wharf_session={sessions.start(user, AuthMethod.BASIC, people.ORIGIN)}"}
        for kind in keys.KINDS:
            key = keys.KINDS[kind](project)
            made[kind] = {"Authorization": basic(key.username, key.secret)}
        user = people.make_user("basic", password=PASSWORD)
        return made | {"basic": {"Authorization": basic(user.username, PASSWORD)}}


def _walk(patterns: Iterable[Any], ahead: str = "") -> Iterator[str]:
    """The routes of a table and of those it includes, as they are written there."""
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, ahead + str(each.pattern))
        else:
            assert isinstance(each, URLPattern)
            yield ahead + str(each.pattern)


def test_no_route_of_any_table_is_left_out() -> None:
    plain = {route for route, _ in (*PAGES, *DOCUMENTS)} | {NOTHING[0]}
    api = {BASE + route for route, _ in rest.MATRIX}
    # Some clients write a slash at the end. It would be a part of a repository's name.
    with_a_slash = {f"{route}/" for route in api if not route.endswith("<repository:repository>")}
    assert set(_walk(urls_web.urlpatterns)) == plain | api | with_a_slash
    whole = {v2._whole(route) for route, _ in (*distribution.MATRIX, *TOKENS)}
    assert set(_walk(urls_registry.urlpatterns)) == whole | {NOTHING[1]}
    assert set(wsgi.PROBES) == set(PROBES)


def test_no_method_of_a_table_of_methods_is_left_out() -> None:
    served = {(route, method) for route, operations in v2.ROUTES.items() for method in operations}
    assert served == set(distribution.MATRIX)
    named = {
        (route, method) for route, view, _ in ROUTES for method in METHODS if hasattr(view, method.lower())
    }
    assert {cell for cell in named if cell[1] != "HEAD"} == set(rest.MATRIX)


PUBLIC = "shown-to-everybody"


def _something_public() -> None:
    """What the routes of a project and of a repository are asked for."""
    shelf.shelf(people.make_project(public=True, name=PUBLIC), "app", images.image(), "1.0")


def _path(route: str) -> str:
    pages: dict[str, Any] = assets.assets()
    documents: dict[str, Any] = explorer.assets()
    files = {"static/<str:name>": pages, "api/docs/<str:name>": documents}
    names = {each: next(iter(found.values())).name for each, found in files.items()}
    filled = route.replace("<str:name>", names[route]) if route in names else route
    filled = filled.replace("<str:project>", PUBLIC).replace("<path:repository>", f"{PUBLIC}/app")
    filled = filled.replace("<str:tag>", "1.0").replace("<str:digest>", images.image().digest)
    filled = filled.replace("<int:run>", "0").replace("<int:token>", "0")
    return "/" + filled.replace("/?", "").replace("\\", "")


def _cells(matrix: dict[tuple[str, str], Cell], kinds: Iterable[str]) -> list[Any]:
    routes = dict.fromkeys(route for route, _ in matrix)
    return [
        pytest.param(route, method, kind, id=f"{method} /{route} {kind}")
        for route in routes
        for method in METHODS
        for kind in kinds
    ]


@pytest.mark.parametrize(("route", "method", "kind"), _cells({**PAGES, **DOCUMENTS}, BROWSERS))
def test_a_browser_gets_what_is_for_it(
    http: httpx2.Client, headers: dict[str, dict[str, str]], route: str, method: str, kind: str
) -> None:
    answer = http.request(method, _path(route), headers=headers[kind])
    cell = {**PAGES, **DOCUMENTS}.get((route, method))
    if cell is None:
        # Before any view where a form would be read: without its token nothing is.
        assert answer.status_code in (403, 405)
        return
    assert answer.status_code == (cell[-1] if kind == "admin" else cell[kind in WITH_A_SESSION]), answer.text


@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_there_is_not_there_for_anybody(
    http: httpx2.Client, headers: dict[str, dict[str, str]], method: str
) -> None:
    for kind in BROWSERS:
        assert http.request(method, "/api/v9/nothing", headers=headers[kind]).status_code == 404
        assert http.request(method, "/v2/nothing", headers=headers[kind]).status_code == 404
        assert http.request(method, "/no/such/page", headers=headers[kind]).status_code in (403, 404)


@pytest.mark.parametrize("path", PROBES)
def test_probes_ask_nobody_who_he_is(
    http: httpx2.Client, headers: dict[str, dict[str, str]], path: str
) -> None:
    for kind in BROWSERS:
        assert http.get(path, headers=headers[kind]).status_code == PROBES[path]


@pytest.mark.parametrize(("route", "method", "kind"), _cells(TOKENS, ("anonymous", "basic", *keys.KINDS)))
def test_the_token_service_serves_who_proves_himself(
    http: httpx2.Client, headers: dict[str, dict[str, str]], route: str, method: str, kind: str
) -> None:
    answer = http.request(method, _path(route), headers=headers[kind])
    cell = TOKENS.get((route, method))
    if cell is None:
        assert answer.status_code == (200 if "jwks" in route else 405)
        return
    assert answer.status_code == cell[kind != "anonymous"], answer.text
