"""A page lets in whom the REST API lets in: for each kind of visitor, page by page, form by form.

What the API does stands in the matrix of its own tests, which ask it; here the pages are asked, of a private project.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.urls import resolve

from access.models import Member
from access.table import Role
from artifacts.repositories import Target
from core.oci.digest import Digest
from frontend.urls import urlpatterns
from tests import images
from tests.frontend.shelf import settled, shelf
from tests.frontend.visitor import Visitor
from tests.people import make_project, make_user, unique
from tests.registry_api.client import PASSWORD
from tests.registry_api.rest.matrix import MATRIX
from tests.registry_api.rest.matrix.contents import ARTIFACT, ARTIFACTS, IN_PROJECT, ONE

KINDS: Final = (
    "anonymous",
    "outsider",
    "auditor",
    "limited_guest",
    "guest",
    "developer",
    "maintainer",
    "project_admin",
    "admin",
)
PROJECT: Final = "projects/<str:project>"
RULES: Final = f"{PROJECT}/immutabletagrules"
ALLOWED: Final = (200, 303, 409, 422)
Route = tuple[str, str]

# A page of a project or repository -> the route of the API that tells or does the same.
READ: Final[dict[str, Route]] = {
    "/p/{project}/": (PROJECT, "GET"),
    "/p/{project}/repos": (IN_PROJECT, "GET"),
    "/r/{repository}": (ARTIFACTS, "GET"),
    "/r/{repository}/-/artifacts": (ARTIFACTS, "GET"),
    "/r/{repository}/-/about": (ONE, "GET"),
    "/r/{repository}/-/timeline": (ARTIFACTS, "GET"),
    "/r/{repository}/-/compare?from=latest&to={digest}": (ARTIFACTS, "GET"),
    "/r/{repository}/-/usage": (ONE, "GET"),
    # Whoever may add a tag may push.
    "/r/{repository}/-/restore?tag=latest&digest={digest}": (f"{ARTIFACT}/tags/<str:tag>", "PUT"),
    "/r/{repository}/-/uploads": (f"{ARTIFACT}/tags", "POST"),
    "/r/{repository}/-/t/latest": (ARTIFACT, "GET"),
    "/r/{repository}/-/t/latest?tab=layers": (f"{ARTIFACT}/additions/build_history", "GET"),
    "/r/{repository}/-/t/latest?tab=referrers": (f"{ARTIFACT}/accessories", "GET"),
    "/r/{repository}/-/m/{digest}": (ARTIFACT, "GET"),
    "/r/{repository}/-/m/{digest}/raw": (ARTIFACT, "GET"),
    # To fix a tag is to add a rule for it.
    "/r/{repository}/-/immutable?tag=latest": (RULES, "POST"),
    "/r/{repository}/-/fix-tags?selected=latest": (RULES, "POST"),
    # The forms whose deed would leave nothing to ask the next visitor about.
    "/r/{repository}/-/delete-artifact?digest={digest}": (ARTIFACT, "DELETE"),
    "/r/{repository}/-/copy?reference={digest}": (ARTIFACT, "GET"),
}
# A form -> what is typed, and the route of the API that does the same.
WRITE: Final[dict[str, tuple[dict[str, str], Route]]] = {
    "/projects/new": ({"name": "", "visibility": "private"}, ("projects", "POST")),
    "/r/{repository}/-/about/edit": ({"text": "what it is"}, (ONE, "PUT")),
    "/p/{project}/-/about/edit": ({"text": "what it is for"}, (PROJECT, "PUT")),
    "/r/{repository}/-/add-tag": ({"digest": "{digest}", "name": "more"}, (f"{ARTIFACT}/tags", "POST")),
    "/r/{repository}/-/labels": ({"digest": "{digest}"}, (f"{ARTIFACT}/labels", "POST")),
    "/r/{repository}/-/delete-tags": (
        {"confirmed": "latest@{digest}"},
        (f"{ARTIFACT}/tags/<str:tag>", "DELETE"),
    ),
    "/r/{repository}/-/label-tags": (
        {"digest": "{digest}", "selected": "latest"},
        (f"{ARTIFACT}/labels", "POST"),
    ),
    "/r/{repository}/-/delete-artifacts": ({"selected": "{digest}"}, (ARTIFACT, "DELETE")),
    "/p/{project}/repos/delete": ({"selected": "{repository}"}, (ONE, "DELETE")),
}

# Pages below a project that tell and do nothing.
NOTHING: Final = frozenset({"repository_nowhere"})


@dataclass
class Place:
    """A private project with an image `latest`, and a visitor of each kind."""

    target: Target
    digest: Digest
    visitors: dict[str, Visitor]

    def filled(self, text: str) -> str:
        told = {"repository": str(self.target.name), "project": self.target.project.name}
        return text.format(**told, digest=self.digest)


@pytest.fixture
def place(application: Any) -> Place:
    project = make_project("rights")
    image = images.image({"x": unique("x").encode()})
    target = shelf(project, "app", image, "latest")
    settled()
    visitors = {kind: _visitor(application, project, kind) for kind in KINDS}
    return Place(target, Digest.parse(image.digest), visitors)


def _visitor(application: Any, project: Any, kind: str) -> Visitor:
    visitor = Visitor(application)
    if kind == "anonymous":
        return visitor
    visitor.user = make_user(kind, password=PASSWORD, is_admin=kind == "admin", is_auditor=kind == "auditor")
    if kind.upper() in Role.__members__:
        Member.objects.create(project=project, user=visitor.user, role_id=Role[kind.upper()])
    visitor.sign_in(visitor.user.username, PASSWORD)
    return visitor


def let_in(place: Place, ask: Callable[[Visitor], Any]) -> set[str]:
    """The kinds that are shown or do something; all others are sent to sign in, refused, or told that nothing is there."""
    allowed = set()
    for kind, visitor in place.visitors.items():
        answer = ask(visitor)
        is_sent_away = answer.headers.get("Location", "").startswith("/auth/login")
        if answer.status_code in ALLOWED and not is_sent_away:
            allowed.add(kind)
        else:
            assert answer.status_code in (303, 403, 404), (kind, answer.status_code, answer.text[:500])
    return allowed


def allowed_by_the_api(route: Route) -> set[str]:
    return set(MATRIX[route][0]) & set(KINDS)


def test_every_page_of_a_project_or_repository_stands_here() -> None:
    named = {"project": "p", "repository": "p/r", "digest": f"sha256:{'0' * 64}"}
    paths = [path.format(**named).partition("?")[0] for path in (*READ, *WRITE)]
    here = {resolve(path, urlconf="frontend.urls").url_name for path in paths}
    below = {each.name for each in urlpatterns if {"project", "repository"} & set(each.pattern.converters)}
    assert below - here == NOTHING


@pytest.mark.parametrize("path", list(READ))
def test_a_page_is_shown_to_whom_the_api_tells_it(place: Place, path: str) -> None:
    shown = let_in(place, lambda visitor: visitor.get(place.filled(path)))
    assert shown == allowed_by_the_api(READ[path])


@pytest.mark.parametrize("path", list(WRITE))
def test_a_form_does_it_for_whom_the_api_does_it(place: Place, path: str) -> None:
    typed, route = WRITE[path]
    data = {name: place.filled(value) for name, value in typed.items()}

    def send(visitor: Visitor) -> Any:
        visitor.get("/auth/login")
        # Asked to show what it would do, so that the next visitor finds the same.
        sent = {"csrfmiddlewaretoken": visitor.token, "preview": "1", **data}
        origin = str(visitor.http.base_url).rstrip("/")
        return visitor.http.post(place.filled(path), data=sent, headers={"Origin": origin})

    assert let_in(place, send) == allowed_by_the_api(route)
