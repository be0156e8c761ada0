"""Two tenants of one registry never read each other's names, by whatever route, and cannot tell what is there from what is not.

Every GET of every table of routes is asked by everybody of one tenant: with his own ids, with the other's, and with those of
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx2
import pytest
import yaml
from pytest_django.plugin import DjangoDbBlocker

from frontend import assets
from frontend.urls import urlpatterns as pages
from registry_api.rest import explorer
from registry_api.rest.urls import BASE, ROUTES
from registry_api.rest.urls import urlpatterns as rest_urls
from registry_api.v2 import urls as v2
from tests import people
from tests.instances import CHECKOUT
from tests.registry_api.client import HOST, PASSWORD, basic
from tests.registry_api.rest import tenants
from tests.registry_api.rest.crawl import GROUP, PART, Crawl, Place, filled
from tests.registry_api.rest.tenants import Asker, bearer
from wharf import wsgi

GETS: Final = sorted(route for route, view, _ in ROUTES if hasattr(view, "get"))
DOCUMENT: Final = yaml.safe_load((CHECKOUT / "registry_api/rest/openapi.yaml").read_text())["paths"]
ASKERS: Final = (
    *tenants.ROLES, *(f"{role} in a browser" for role in tenants.ROLES), "robot", "token", "anonymous",
)  # fmt: skip
PROGRAMS: Final = tuple(kind for kind in ASKERS if "browser" not in kind)
# Questions beside a path, of what the other one has.
QUESTIONS: Final = (
    "projects?name={word}", "projects?owner={user}", "search?q={word}", "search?q={repository}", "labels?name={label}",
    "labels?scope=p&project_id={project_id}", "quotas?reference=project&reference_id={project_id}",
    "users/search", "users/search?username={word}", "usergroups/search", "usergroups/search?groupname={word}",
    "usergroups?groupname={group}", "users/current/permissions?scope=/project/{project_id}",
    "users/current/permissions?scope=/project/{project_id}&relative=true", "robots?q=Level=project,ProjectID={project_id}",
    "audit-logs?q=resource={repository}:{tag}", "audit-events?q=project={project}", "audit-events?q=project_id={project_id}",
    "auditlog-exts/export?q=project_id={project_id}", "auditlog-exts/export?q=username={user}",
    "audit-events/histogram?q=project={project}", "audit-events/histogram?q=username={user}",
    "ldap/users/search?username={user}",
)  # fmt: skip
# Of the distribution API.
ASKED: Final = (
    "/service/token/jwks.json", "/v1/search?q={word}", "/v1/search?q={repository}", "/v2/_catalog?n=100",
    "/service/token?scope=repository:{repository}:pull", "/service/token?scope=repository:{repository}:*",
    "/service/token?scope=repository:{repository}:pull,push,delete&scope=registry:catalog:*&account={user}",
)  # fmt: skip
# Who adds members to a project finds people and groups of others by their whole names, which he has to know.
FINDING: Final = {
    "users/search?username={user}": "username",
    "usergroups/search?groupname={group}": "group_name",
}
FINDERS: Final = {"project_admin", "project_admin in a browser"}
PLACES: Final = {
    "project": "<str:project>", "repository": "<repository:repository>", "reference": "<str:reference>",
    "pool_id": "<str:pool_id>", "run_id": "<id:run_id>", "purge_id": "<id:purge_id>", "job_id": "<str:job_id>",
}  # fmt: skip
# Show nothing of anybody's by name, also to an administrator.
NAMELESS: Final = {
    "icons/<str:digest>", "projects/<str:project>/_deletable", "projects/<str:project>/summary",
    "projects/<str:project>/metadatas", "projects/<str:project>/metadatas/<str:key>", "schedules/<str:job_type>/paused",
    "jobservice/pools/<str:pool_id>/workers", "system/purgeaudit/<id:purge_id>", "system/purgeaudit/<id:purge_id>/log",
    "projects/<str:project>/repositories/<repository:repository>/star", "export/audit-logs/executions/<id:execution_id>",
    # Their owner's alone.
    "users/current/tokens/<id:token_id>", "export/audit-logs/download/<id:execution_id>",
}  # fmt: skip


@contextmanager
def two_tenants(application: Any, blocker: DjangoDbBlocker) -> Iterator[Place]:
    with blocker.unblock():
        transport = httpx2.WSGITransport(application, raise_app_exceptions=True)
        with httpx2.Client(transport=transport, base_url=f"http://{HOST}", timeout=60) as http:
            admin = people.make_user("admin", password=PASSWORD, is_admin=True)
            shown = basic(admin.username, PASSWORD)
            both = tenants.make(http), tenants.make(http)
            for tenant in both:
                # Everybody sees it, and it is spelt nearly like the tenant's and not like what is not there.
                people.make_project(public=True, name=f"y{tenant.project.name[1:-6]}xxxxxx")
            yield Place(http, both, Asker({"Authorization": shown}, shown))


@pytest.fixture(scope="module")
def place(application: Any, django_db_blocker: DjangoDbBlocker) -> Iterator[Place]:
    with two_tenants(application, django_db_blocker) as both:
        yield both


@pytest.fixture(scope="module")
def knocked(application: Any, django_db_blocker: DjangoDbBlocker) -> Iterator[Place]:
    """Two others: a refused pull is logged, and the log of a project names to its administrator whoever tried."""
    with two_tenants(application, django_db_blocker) as both:
        yield both


def both_ways(kind: str, place: Place) -> Iterator[Crawl]:
    for own, other in (place.both, place.both[::-1]):
        yield Crawl(place, own, other, kind)


@pytest.mark.parametrize("kind", ASKERS)
def test_nobody_learns_of_the_other_tenant_by_a_path_of_the_rest_api(place: Place, kind: str) -> None:
    for crawl in both_ways(kind, place):
        for route in GETS:
            crawl.route(PART, route, f"/{BASE}")
        assert not crawl.faults, "\n".join(crawl.faults)


def filters() -> Iterator[tuple[str, str]]:
    """Every list with every field it is filtered by, as the document names them."""
    for path, operations in DOCUMENT.items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["name"] == "q" and (found := re.search("Fields: (.*)[.]", parameter["description"])):
                yield from ((path.removeprefix("/"), name) for name in found[1].split(", "))


@pytest.mark.parametrize("kind", PROGRAMS)
def test_nobody_finds_the_other_tenant_by_asking_a_list_for_it(place: Place, kind: str) -> None:
    assert len(list(filters())) > 50
    crawl = Crawl(place, *place.both, kind)
    for path, name in filters():
        route = re.sub(r"{(\w+)}", lambda found: crawl.own.places[PLACES[found[1]]][0], path)
        # Other numbers may be those of one's own things as well.
        for value in ("~{word}", "{project_id}" if "project" in name.lower() else "{user}"):
            crawl.question(f"/{BASE}{route}?page_size=100&q={name}={value}")
    for question in QUESTIONS:
        crawl.question(f"/{BASE}{question}")
    crawl.question(f"/{BASE}projects?project_name={{project}}", method="HEAD")
    assert not crawl.faults, "\n".join(crawl.faults)


@pytest.mark.parametrize("kind", sorted(FINDERS))
def test_who_adds_members_finds_who_is_named_in_full_and_nothing_else(place: Place, kind: str) -> None:
    own, other = place.both
    for question, name in FINDING.items():
        asked = f"/{BASE}{question.format(**other.facts)}"
        (found,) = place.http.get(asked, headers=own.askers[kind].headers).json()
        assert found.pop(name) in other.facts.values()
        assert set(found) <= {"user_id", "id", "group_type"}


@pytest.mark.parametrize("kind", PROGRAMS)
def test_nobody_learns_of_the_other_tenant_by_the_distribution_api(knocked: Place, kind: str) -> None:
    for crawl in both_ways(kind, knocked):
        shown = crawl.asker.basic

        def token(values: dict[str, str], shown: str | None = shown) -> dict[str, str]:
            if shown is None:
                return {}
            scope = f"repository:{values.get('name', 'any/thing')}:pull,push,delete"
            return {"Authorization": bearer(knocked.http, shown, scope, "registry:catalog:*")}

        for route in (route for route, operations in v2.ROUTES.items() if "GET" in operations):
            crawl.route(GROUP, route.replace("/?", ""), "/", token)
            crawl.route(GROUP, route.replace("/?", ""), "/")
        for question in ASKED:
            crawl.question(question)
            crawl.question(question, **token({}))
        assert not crawl.faults, "\n".join(crawl.faults)


@pytest.mark.parametrize("kind", ASKERS)
def test_no_page_and_no_document_names_the_other_tenant(place: Place, kind: str) -> None:
    files: dict[str, dict[str, Any]] = {
        "static/<str:name>": assets.assets(),
        "api/docs/<str:name>": explorer.assets(),
    }
    routes = [str(each.pattern) for each in (*pages, *rest_urls)]
    plain = [route for route in routes if not route.startswith((BASE, "\\A"))]
    assert {*files, "auth/login", "api/docs"} < set(plain)
    for crawl in both_ways(kind, place):
        for route in plain:
            if route in files:
                for each in files[route].values():
                    crawl.ask(f"/{PART.sub(each.name, route)}")
            else:
                crawl.route(PART, route, "/", lambda _: {"Accept": "text/html"})
        for path in (*wsgi.PROBES, "/api/v2.0/nothing", "/v2/nothing", "/no/such/page"):
            crawl.ask(path)
        assert not crawl.faults, "\n".join(crawl.faults)
        if "browser" in kind:
            still = place.http.get(f"/{BASE}users/current", headers=crawl.asker.headers)
            assert still.status_code == 200, "a page that was only read has signed somebody out"


def test_the_names_are_there_to_be_read(place: Place) -> None:
    """Whoever may read them does: an administrator by every route that names something of a tenant's."""
    tenant, unnamed = place.both[0], set()
    values = {part: names[0] for part, names in tenant.places.items()}
    for route in (route for route in GETS if PART.search(route)):
        answer = place.http.get(f"/{BASE}{filled(PART, route, values)}", headers=place.admin.headers)
        if tenant.word not in answer.text:
            unnamed.add(route)
    assert unnamed == NAMELESS
