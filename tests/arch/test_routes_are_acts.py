"""Every route that changes something, of the distribution API and the pages: asked, it leads to its event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from audit.models import AuditEvent
from tests.arch import test_authorization_matrix as distribution
from tests.arch.recorded import MUTATING, done_since, last
from tests.arch.rest_acts import Route
from tests.arch.web_routes import PAGES, TOKENS
from tests.frontend.visitor import Visitor
from tests.people import make_user, unique
from tests.registry_api import client
from tests.registry_api.client import PASSWORD

# --- The distribution API: steps of an upload are no acts, the manifest is.
V2: Final[dict[Route, list[str]]] = {
    (r"v2/(?P<name>.+)/blobs/uploads/?", "POST"): [],
    (distribution.SESSION, "PATCH"): [],
    (distribution.SESSION, "PUT"): [],
    (distribution.SESSION, "DELETE"): [],
    (distribution.ODD_SESSION, "PATCH"): [],
    (distribution.ODD_SESSION, "PUT"): [],
    (distribution.ODD_SESSION, "DELETE"): [],
    (distribution.BLOB, "DELETE"): ["blob.delete"],
    (distribution.MANIFEST, "PUT"): ["artifact.push"],
    (distribution.MANIFEST, "DELETE"): ["artifact.delete"],
}


def test_every_changing_route_of_the_distribution_api_is_named_here() -> None:
    assert {route for route in distribution.MATRIX if route[1] in MUTATING} == set(V2)


@pytest.mark.parametrize("route", list(V2), ids=lambda route: f"{route[1]} {route[0]}")
def test_a_changing_request_of_the_distribution_api_is_its_event(world: client.World, route: Route) -> None:
    row = distribution.MATRIX[route]
    repository = world.maintainer.repository(world.name())
    path, options = row.path(repository, world)
    before = last()
    assert repository.call(route[1], path, **options).status_code == row.status
    assert done_since(before) == V2[route]


# --- The pages: who comes and goes, and what else is done there.
FORMS: Final[dict[str, list[str]]] = {
    "auth/login": ["user.sign-in"],
    "auth/logout": ["user.sign-out"],
    "auth/confirm": ["user.sign-in"],
    "auth/register": ["user.register", "user.sign-in"],
    "auth/onboard": [],  # tests/oidc: it needs a provider
    "c/login": ["user.sign-in"],
    "c/log_out": ["user.sign-out"],
    # What these do is looked at in tests/frontend/lists.
    "projects/new": ["project.create"],
    "r/<path:repository>/-/delete-tags": ["tag.delete"],
    "r/<path:repository>/-/label-tags": ["artifact.label", "artifact.unlabel"],
    "r/<path:repository>/-/fix-tags": ["tag.update"],
    "r/<path:repository>/-/delete-artifacts": ["artifact.delete"],
    "p/<str:project>/repos/delete": ["repository.delete"],
    "filters": ["saved-filter.create"],
    "projects/pin": ["project-pin.create", "project-pin.delete"],
    "preferences/rows": ["user.preferences"],
    # And these in tests/frontend/history; a form of two tags only leads to what compares them.
    "r/<path:repository>/-/restore": ["tag.restore"],
    "r/<path:repository>/-/compare": [],
    # And these in tests/frontend/jobs.
    "jobs/<int:run>/stop": ["job.stop"],
    "jobs/<int:run>/retry": ["job.retry"],
    "jobs/<int:run>/retry-failed": ["job.retry-failed"],
    # And these in tests/frontend/artifacts.
    "r/<path:repository>/-/add-tag": ["tag.create"],
    "r/<path:repository>/-/copy": ["artifact.copy"],
    "r/<path:repository>/-/delete-artifact": ["artifact.delete"],
    "r/<path:repository>/-/immutable": ["tag.update"],
    "r/<path:repository>/-/labels": ["artifact.label", "artifact.unlabel"],
    "preferences/tool": ["user.preferences"],
    # And these in tests/frontend/about.
    "r/<path:repository>/-/about/edit": ["repository.update"],
    "p/<str:project>/-/about/edit": ["project.update"],
    # And these in tests/frontend/account.
    "me/profile": ["user.update"],
    "me/security/password": ["user.password"],
    "me/security/cli-secret": ["access-token.create"],
    "me/security/sessions": ["session.revoke"],
    "me/tokens/new": ["access-token.create"],
    "me/tokens/<int:token>/revoke": ["access-token.delete"],
    # And these in tests/frontend/test_preferences.py; of who is not signed in a cookie keeps them.
    "preferences": ["user.preferences"],
    "preferences/language": ["user.preferences"],
    "preferences/theme": ["user.preferences"],
}


def test_every_form_is_named_here() -> None:
    assert {route for route, method in PAGES if method in MUTATING} == set(FORMS)
    # A token is no change: what is done with it is; that somebody came for it is a sign-in.
    assert {route for route, method in TOKENS if method in MUTATING} == {"service/token/?"}


def _since(event: int) -> list[str]:
    return list(AuditEvent.objects.filter(id__gt=event).order_by("id").values_list("operation", flat=True))


def test_who_comes_and_goes_by_the_pages_is_on_record(application: Any) -> None:
    user, visitor = make_user("ann", password=PASSWORD), Visitor(application)
    before = last()
    visitor.sign_in(user.username, PASSWORD)
    assert _since(before) == FORMS["auth/login"]
    before = last()
    assert visitor.send("/auth/confirm", {"password": PASSWORD}).status_code == 303
    assert _since(before) == FORMS["auth/confirm"]
    before = last()
    visitor.sign_out()
    assert _since(before) == FORMS["auth/logout"]


def test_who_comes_and_goes_by_harbors_paths_is_on_record(application: Any) -> None:
    user, visitor = make_user("bea", password=PASSWORD), Visitor(application)
    visitor.page("/auth/login")
    before, right = last(), {"principal": user.username, "password": PASSWORD}
    visitor.http.post("/c/login", data=right, headers={"X-CSRFToken": visitor.token})
    assert _since(before) == FORMS["c/login"]
    visitor.page("/")
    before = last()
    visitor.http.post("/c/log_out", headers={"X-CSRFToken": visitor.token})
    assert _since(before) == FORMS["c/log_out"]


@pytest.fixture
def registration(application: Any, configure: Any) -> Iterator[None]:
    """Everybody may make an account; what these tests do is committed, so it is taken back."""
    configure(self_registration=True)
    yield
    configure(self_registration=False)


def test_who_makes_an_account_of_his_own_is_on_record(application: Any, registration: None) -> None:
    name = unique("cid")
    before = last()
    typed = {"principal": name, "password": PASSWORD, "again": PASSWORD, "email": "cid@example.org"}
    answer = Visitor(application).send("/auth/register", typed)
    assert answer.status_code == 303, answer.text
    assert _since(before) == FORMS["auth/register"]
